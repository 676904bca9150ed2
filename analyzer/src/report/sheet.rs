//! What a format prints: a report, and what it was made by.

use std::borrow::Cow;
use std::collections::BTreeMap;

use pennyspan_rules::{Catalogue, Rule};

use crate::judge::Finding;
use crate::report::{Asked, Redaction, Report};

/// A report, and what formats need beside it.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// The report.
    pub report: Cow<'a, Report>,
    /// The rules that it was judged by.
    pub catalogue: &'a Catalogue,
    /// What it was asked for.
    pub asked: &'a Asked,
    /// Of each finding, its rank among those of its fingerprint, in the order of their accounts and from one.
    ranks: Vec<usize>,
}

impl<'a> Sheet<'a> {
    /// Returns the sheet of a report.
    #[must_use]
    pub fn new(report: &'a Report, catalogue: &'a Catalogue, asked: &'a Asked) -> Self {
        Self {
            ranks: ranks(&report.findings),
            report: Cow::Borrowed(report),
            catalogue,
            asked,
        }
    }

    /// Returns the sheet without what is not to be shown. Identities of findings stay as they are.
    #[must_use]
    pub fn redacted(&self, redaction: Redaction) -> Self {
        Self {
            report: Cow::Owned(redaction.apply(&self.report)),
            ..self.clone()
        }
    }

    /// Returns the findings with their identities, open ones first and the most severe of them first.
    pub fn findings(&self) -> impl Iterator<Item = (&Finding, String)> {
        let all = || self.report.findings.iter().zip(&self.ranks);
        let open = all().filter(|(finding, _)| finding.suppressed.is_none());
        let accepted = all().filter(|(finding, _)| finding.suppressed.is_some());
        open.chain(accepted)
            .map(|(finding, rank)| (finding, format!("{}:{rank}", finding.fingerprint)))
    }

    /// Returns the rules that were asked for, by name.
    pub fn rules(&self) -> impl Iterator<Item = &'a Rule> {
        self.catalogue
            .rules()
            .iter()
            .filter(|rule| self.asked.judges(&rule.name))
    }
}

fn ranks(findings: &[Finding]) -> Vec<usize> {
    let mut by_fingerprint: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        by_fingerprint.entry(&finding.fingerprint).or_default().push(index);
    }
    let mut ranks = vec![1; findings.len()];
    for mut group in by_fingerprint.into_values() {
        group.sort_by_key(|index| &findings[*index].account);
        for (rank, index) in (1..).zip(group) {
            ranks[index] = rank;
        }
    }
    ranks
}

/// Returns where a finding is, in words: function, region and sub-resource, as far as they are known.
#[must_use]
pub fn subject(finding: &Finding) -> String {
    let names = [&finding.function, &finding.sub_resource, &finding.region];
    let known: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    if known.is_empty() {
        "(unknown)".to_owned()
    } else {
        known.join(" ")
    }
}
