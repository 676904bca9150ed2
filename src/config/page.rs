//! The page that lists the keys of the configuration.

use std::fmt::Write as _;

use pennyspan_analyzer::report::budget::{Measure, SELECTORS};
use pennyspan_analyzer::report::suppress;

use super::entries;
use super::function;
use super::keys::{self, Key};

/// Returns the page.
#[must_use]
pub fn text() -> String {
    let mut page = "# Configuration\n\n\
        <!-- Written by `just bless` from `src/default.toml`; do not edit. -->\n\n\
        Flags win over the environment, the environment over one file (`--config FILE`, else `./pennyspan.toml`), the file \
        over the defaults. `pennyspan config show` prints what is in force and where it came from, `pennyspan config check \
        FILE` checks a file, and `pennyspan config schema` prints the JSON schema for editors.\n"
        .to_owned();
    let mut section = None;
    for key in keys::all() {
        let table = key.path.rsplit_once('.').map_or("", |(table, _)| table);
        if !key.is_open() && !key.is_list() {
            if section != Some(table.to_owned()) {
                page.push_str(&heading(table));
                section = Some(table.to_owned());
            }
            page.push_str(&row(&key));
        }
    }
    for key in keys::all().iter().filter(|key| !key.example.is_empty()) {
        page.push_str(&chapter(key));
    }
    page
}

fn heading(table: &str) -> String {
    let name = if table.is_empty() {
        "Top level".to_owned()
    } else {
        format!("`[{table}]`")
    };
    format!("\n## {name}\n\n| key | default | unit | meaning | variable |\n| --- | --- | --- | --- | --- |\n")
}

fn row(key: &Key) -> String {
    let words = if key.one_of.is_empty() {
        String::new()
    } else {
        format!(" One of `{}`.", key.one_of.join("`, `"))
    };
    format!(
        "| `{}` | `{}` | {} | {}{words} | {} |\n",
        key.path,
        key.default,
        key.unit.as_deref().unwrap_or(""),
        key.sentence,
        key.variable()
            .map_or_else(String::new, |variable| format!("`{variable}`")),
    )
}

/// Returns the chapter of a key that holds tables, with its example.
fn chapter(key: &Key) -> String {
    let header = if key.is_list() {
        format!("[[{}]]", key.path)
    } else {
        format!("[{}]", key.path)
    };
    let mut text = format!("\n## `{header}`\n\n{}\n", key.sentence);
    if key.path == super::suppress::KEY {
        text.push_str("\n| key | required | meaning |\n| --- | --- | --- |\n");
        for member in suppress::KEYS {
            let required = if member.required { "yes" } else { "no" };
            // Writing into a String cannot fail.
            let _ = writeln!(text, "| `{}` | {required} | {} |", member.name, member.sentence);
        }
    }
    if key.path == super::budget::KEY {
        text.push_str("\n| key | meaning |\n| --- | --- |\n");
        let limits = Measure::ALL.map(|measure| (measure.name(), measure.sentence()));
        for (name, sentence) in SELECTORS.into_iter().chain(limits) {
            let _ = writeln!(text, "| `{name}` | {sentence} |");
        }
        text.push_str("| `level` | `fail` closes the gate where the entry's limits are broken, `warn` lists them; `fail` without it. |\n");
    }
    if key.path == function::KEY {
        text.push_str("\n| key | meaning |\n| --- | --- |\n");
        for member in function::OF.iter().chain(function::SETTINGS) {
            let _ = writeln!(text, "| `{}` | {} |", member.name, member.sentence);
        }
    }
    if let Some(members) = entries::members(&key.path) {
        text.push_str("\n| key | meaning |\n| --- | --- |\n");
        for (name, sentence) in members {
            let _ = writeln!(text, "| `{name}` | {sentence} |");
        }
    }
    let _ = writeln!(text, "\n```toml\n{}\n```", key.example.join("\n"));
    text
}
