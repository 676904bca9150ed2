//! What this program is: version, commit, and the dates of the prices that it carries.

use std::sync::LazyLock;

use pennyspan_rules::PriceBooks;

/// The commit that was built; a build outside of a repository does not know it.
const COMMIT: &str = match option_env!("BUILT_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

static SHORT: LazyLock<String> = LazyLock::new(|| format!("{} (commit {COMMIT})", env!("CARGO_PKG_VERSION")));
static LONG: LazyLock<String> = LazyLock::new(|| format!("{}\n{}", *SHORT, prices()));

/// Returns version and commit.
#[must_use]
pub fn short() -> &'static str {
    &SHORT
}

/// Returns version, commit and the price books with their dates.
#[must_use]
pub fn long() -> &'static str {
    &LONG
}

fn prices() -> String {
    match PriceBooks::embedded() {
        Ok(books) => {
            let dated = books
                .books()
                .iter()
                .map(|book| format!("{} of {}", book.id, book.as_of));
            format!("price books: {}", dated.collect::<Vec<_>>().join(", "))
        }
        Err(error) => format!("price books: {error}"),
    }
}
