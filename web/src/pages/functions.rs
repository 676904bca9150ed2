//! `/functions`: every function, comparable in one table.

use askama::Template;

use super::Page;
use super::parts::FunctionView;
use crate::answers::{FunctionGroup, FunctionRow, FunctionsAnswer, Question};
use crate::chrome::Chrome;
use crate::format::{Amount, Usd, count, plural};

/// Every function by service.
#[derive(Debug, Template)]
#[template(path = "pages/functions.html")]
pub struct FunctionsPage {
    chrome: Chrome,
    sentence: String,
    lede: String,
    heads: Vec<Head>,
    groups: Vec<GroupView>,
    total: String,
    total_usd: String,
    total_caveat: String,
    total_invocations: String,
}

/// One head of the table, which sorts it.
#[derive(Debug)]
struct Head {
    words: &'static str,
    href: String,
    sorted: bool,
    number: bool,
}

#[derive(Debug)]
struct GroupView {
    name: String,
    note: String,
    rows: Vec<FunctionView>,
}

/// By what the table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By errors.
    #[default]
    Errors,
    /// By invocations.
    Rate,
    /// By 95th percentile.
    P95,
    /// By cold starts.
    Cold,
    /// By cost.
    Usd,
    /// By name.
    Name,
}

impl Sort {
    /// Reads the value of the address; what is not known sorts by errors.
    #[must_use]
    pub fn parse(key: &str) -> Self {
        [Self::Rate, Self::P95, Self::Cold, Self::Usd, Self::Name]
            .into_iter()
            .find(|sort| sort.key() == key)
            .unwrap_or_default()
    }

    fn key(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Rate => "rate",
            Self::P95 => "p95",
            Self::Cold => "cold",
            Self::Usd => "usd",
            Self::Name => "name",
        }
    }

    /// Orders rows: most first, unknown last, then by what identifies them.
    fn order(self, rows: &mut [FunctionRow]) {
        rows.sort_by(|a, b| {
            self.measure(b)
                .cmp(&self.measure(a))
                .then_with(|| a.id.function.cmp(&b.id.function))
                .then_with(|| a.id.cmp(&b.id))
        });
    }

    /// Returns what rows are compared by, in whatever unit; `None` sorts last.
    fn measure(self, row: &FunctionRow) -> Option<i128> {
        let ratio = |part: i64, whole: i64| (whole > 0).then(|| i128::from(part) * 1_000_000_000 / i128::from(whole));
        match self {
            Self::Errors => row.invocations.ok().and_then(|n| ratio(row.errors, n)),
            Self::Rate => row.invocations.ok().map(i128::from),
            Self::P95 => row.duration.p95_us.ok().map(i128::from),
            Self::Cold => row.cold.ok().and_then(|(cold, known)| ratio(cold, known)),
            Self::Usd => (row.amount.priced > 0).then_some(row.amount.usd.0),
            Self::Name => None,
        }
    }
}

impl FunctionsPage {
    /// Fills the page, sorted within each service.
    #[must_use]
    pub fn new(chrome: Chrome, question: &Question, answer: &FunctionsAnswer, sort: Sort) -> Self {
        let all: Vec<&FunctionRow> = answer.groups.iter().flat_map(|group| &group.rows).collect();
        let invocations: i64 = all
            .iter()
            .filter_map(|row| row.invocations.ok())
            .fold(0, i64::saturating_add);
        let total = amount(all.iter().copied());
        Self {
            chrome: chrome.titled(&answer.sentence),
            sentence: crate::text::cut(&answer.sentence, 320),
            lede: answer.lede.clone(),
            heads: heads(question, sort),
            total: plural(i64::try_from(all.len()).unwrap_or(i64::MAX), "function", "functions"),
            total_usd: total.shown().bare().cell(),
            total_caveat: total.caveat(),
            total_invocations: count(invocations).text(),
            groups: answer
                .groups
                .iter()
                .map(|group| GroupView::of(group, question, sort))
                .collect(),
        }
    }
}

impl Page for FunctionsPage {}

fn heads(question: &Question, sort: Sort) -> Vec<Head> {
    let head = |(words, key): (&'static str, Sort)| Head {
        words,
        href: format!("/functions{}", question.state.query_with(&[("sort", key.key())])),
        sorted: key == sort,
        number: key != Sort::Name,
    };
    [
        ("Function", Sort::Name),
        ("Errors %", Sort::Errors),
        ("Per min", Sort::Rate),
        ("p95 ms", Sort::P95),
        ("Cold %", Sort::Cold),
        ("USD", Sort::Usd),
    ]
    .map(head)
    .into()
}

fn amount<'a>(rows: impl Iterator<Item = &'a FunctionRow>) -> Amount {
    rows.fold(Amount::default(), |sum, row| Amount {
        usd: Usd(sum.usd.0.saturating_add(row.amount.usd.0)),
        priced: sum.priced.saturating_add(row.amount.priced),
        not_priced: sum.not_priced.saturating_add(row.amount.not_priced),
    })
}

impl GroupView {
    fn of(group: &FunctionGroup, question: &Question, sort: Sort) -> Self {
        let mut rows = group.rows.clone();
        sort.order(&mut rows);
        let functions = plural(i64::try_from(rows.len()).unwrap_or(i64::MAX), "function", "functions");
        let amount = amount(rows.iter());
        let mut note = vec![functions, amount.shown().text()];
        note.extend(Some(amount.caveat()).filter(|caveat| !caveat.is_empty()));
        Self {
            name: if group.service.is_empty() {
                "no service named".to_owned()
            } else {
                group.service.clone()
            },
            note: note.join(", "),
            rows: rows.iter().map(|row| FunctionView::of(row, question)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
