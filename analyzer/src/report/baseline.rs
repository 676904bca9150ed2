//! The baseline: findings that are known, so that only what is new or worse closes the gate.

use std::collections::BTreeMap;

use pennyspan_rules::rule::Severity;
use pennyspan_rules::{Catalogue, PriceBooks, Rule};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::exercised::Exercised;
use crate::judge::Finding;

/// The version of the file's meaning.
const VERSION: u32 = 1;
/// Hex digits of a rule's digest.
const DIGEST_DIGITS: usize = 12;

/// The findings that are known, and by which rules and prices they were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of the file's meaning.
    pub version: u32,
    /// The version of pennyspan that wrote it.
    pub tool: String,
    /// Digest of each rule's file, by name: a rule that has changed since finds other things.
    pub rules: BTreeMap<String, String>,
    /// Date of each price book, by id.
    pub price_books: BTreeMap<String, String>,
    /// What was exercised when it was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exercised: Vec<Exercised>,
    /// The findings, by fingerprint and account.
    pub findings: Vec<Entry>,
}

/// A known finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// With the account, what identifies it.
    pub fingerprint: String,
    /// The account; an entry without one is any account's.
    pub account: Option<String>,
    /// The rule.
    pub rule: String,
    /// The level when it was added.
    pub level: String,
    /// The value that the rule compares, when it was added.
    pub measure: Option<f64>,
    /// The name of the threshold that it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<String>,
    /// The day that the window ended on when it was added.
    pub added: String,
}

/// How a finding stands against a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not in the baseline.
    New,
    /// It is, and is no worse.
    Known,
    /// It is, and its level rose or its measure worsened beyond the rule's tolerance.
    Reopened,
    /// It is new or worse, and the tool, its rule or the prices it reads are not those that the baseline was written by.
    Upgrade,
}

impl Standing {
    /// Returns the word that reports use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Reopened => "reopened",
            Self::Upgrade => "upgrade",
        }
    }
}

/// Why a text is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not the JSON of a baseline.
    #[error("not a baseline; write it again with --write-baseline")]
    Unreadable {
        /// What is wrong, and where.
        #[from]
        source: serde_json::Error,
    },
    /// A later version wrote it.
    #[error("a baseline of version {found}, and this program knows {VERSION}; write it again with --write-baseline")]
    Version {
        /// What it says.
        found: u32,
    },
}

impl Baseline {
    /// Reads the text of a baseline file.
    ///
    /// # Errors
    /// [`BaselineError`] where the text is no baseline of this version.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_str(text)?;
        match baseline.version {
            VERSION => Ok(baseline),
            found => Err(BaselineError::Version { found }),
        }
    }

    /// Returns a baseline of the findings.
    ///
    /// Entries of `earlier` keep the day on which they were added. Those without a finding now are kept, for a window that
    /// did not exercise them, unless `may_go` lets go of them. What was exercised is `exercised`, and where anything of
    /// `earlier` is kept, also what was then.
    #[must_use]
    pub fn of(
        findings: &[Finding],
        catalogue: &Catalogue,
        books: &PriceBooks,
        window_end: &str,
        earlier: Option<&Self>,
        may_go: &dyn Fn(&Entry) -> bool,
    ) -> Self {
        let day = window_end.get(..10).unwrap_or(window_end);
        let known = |finding: &Finding| earlier.and_then(|baseline| baseline.entry(finding));
        let entry = |finding: &Finding| Entry {
            fingerprint: finding.fingerprint.clone(),
            account: finding.account.clone().filter(|_| !finding.any_account),
            rule: finding.rule.clone(),
            level: finding.severity.as_str().to_owned(),
            measure: catalogue.get(&finding.rule).and_then(|rule| measure(rule, finding)),
            threshold: finding.threshold.as_ref().map(|threshold| threshold.name.clone()),
            added: known(finding).map_or_else(|| day.to_owned(), |entry| entry.added.clone()),
        };
        let mut entries: Vec<Entry> = findings.iter().map(entry).collect();
        let stays = |entry: &&Entry| !findings.iter().any(|finding| entry.is_of(finding)) && !may_go(entry);
        entries.extend(earlier.into_iter().flat_map(|old| &old.findings).filter(stays).cloned());
        entries.sort_by(|a, b| (&a.rule, &a.fingerprint, &a.account).cmp(&(&b.rule, &b.fingerprint, &b.account)));
        Self {
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            rules: catalogue
                .rules()
                .iter()
                .map(|rule| (rule.name.clone(), digest(rule)))
                .collect(),
            price_books: dates(books),
            exercised: Vec::new(),
            findings: entries,
        }
    }

    /// Returns the file's text.
    ///
    /// # Errors
    /// The writer's, where a value cannot be written.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Returns how a finding of a rule stands.
    #[must_use]
    pub fn standing(&self, finding: &Finding, rule: &Rule, books: &PriceBooks) -> Standing {
        let same_rule = self.rules.get(&rule.name).is_some_and(|known| *known == digest(rule));
        let same_prices = !reads_prices(rule) || self.price_books == dates(books);
        let same = same_rule && same_prices && self.tool == env!("CARGO_PKG_VERSION");
        match self.entry(finding) {
            Some(entry) if !entry.is_worse_now(finding, rule) => Standing::Known,
            _ if !same => Standing::Upgrade,
            Some(_) => Standing::Reopened,
            None => Standing::New,
        }
    }

    fn entry(&self, finding: &Finding) -> Option<&Entry> {
        let exact = |entry: &&Entry| entry.is_of(finding) && entry.account == finding.account;
        let mut fitting = self.findings.iter().filter(|entry| entry.is_of(finding));
        self.findings.iter().find(exact).or_else(|| fitting.next())
    }
}

impl Entry {
    /// Returns whether it is the entry of a finding.
    #[must_use]
    pub fn is_of(&self, finding: &Finding) -> bool {
        let any_account = self.account.is_none() || finding.any_account;
        self.fingerprint == finding.fingerprint && (any_account || self.account == finding.account)
    }

    fn is_worse_now(&self, finding: &Finding, rule: &Rule) -> bool {
        let level: Option<Severity> = self.level.parse().ok();
        let rose = level.is_none_or(|level| finding.severity > level);
        let worsened = self.measure.zip(measure(rule, finding)).is_some_and(|(was, is)| {
            let tolerated = was.abs() * rule.tolerance.to_f64();
            if rule.worse_when_lower {
                is < was - tolerated
            } else {
                is > was + tolerated
            }
        });
        rose || worsened
    }
}

/// Returns the value of a finding that its rule compares.
fn measure(rule: &Rule, finding: &Finding) -> Option<f64> {
    finding.values.get(&rule.measure)?.as_f64()
}

/// Returns whether what a rule finds depends on prices.
fn reads_prices(rule: &Rule) -> bool {
    rule.query.contains("usd")
}

/// Returns the date of each price book, by id.
fn dates(books: &PriceBooks) -> BTreeMap<String, String> {
    let book = |book: &pennyspan_rules::price::PriceBook| (book.id.clone(), book.as_of.to_string());
    books.books().iter().map(book).collect()
}

fn digest(rule: &Rule) -> String {
    let mut text = hex::encode(Sha256::digest(&rule.text));
    text.truncate(DIGEST_DIGITS);
    text
}
