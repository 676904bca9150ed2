//! What is not to be shown where many can read: accounts, tenants, and what senders wrote.

use std::str::FromStr;

use serde_json::Value;

use crate::judge::Finding;
use crate::report::Report;

/// Digits of an account of AWS.
const ACCOUNT_DIGITS: usize = 12;
/// What stands for an account.
const ACCOUNT: &str = "(account)";
/// What stands for a tenant.
const TENANT: &str = "(tenant)";
/// What stands for a text that a sender wrote.
const MESSAGE: &str = "(message)";

/// What is not to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    account: bool,
    tenant: bool,
    message: bool,
}

/// Says that a text names nothing that can be redacted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` cannot be redacted; write any of account, tenant, message, with commas between, or none")]
pub struct RedactionError {
    /// The word.
    pub word: String,
}

impl FromStr for Redaction {
    type Err = RedactionError;

    fn from_str(text: &str) -> Result<Self, RedactionError> {
        let mut redaction = Self::default();
        if text.trim() == "none" {
            return Ok(redaction);
        }
        for word in text.split(',').map(str::trim) {
            match word {
                "account" => redaction.account = true,
                "tenant" => redaction.tenant = true,
                "message" => redaction.message = true,
                _ => return Err(RedactionError { word: word.to_owned() }),
            }
        }
        Ok(redaction)
    }
}

impl Redaction {
    /// Returns a report without what is not to be shown. Fingerprints stay: no account is in them, and baselines name them.
    #[must_use]
    pub fn apply(self, report: &Report) -> Report {
        let mut report = report.clone();
        report.findings.iter_mut().for_each(|finding| self.finding(finding));
        for row in &mut report.functions {
            self.names(&mut row.account, [&mut row.function]);
        }
        for item in &mut report.cost.line_items {
            self.names(&mut item.account, [&mut item.function]);
        }
        let compared = report
            .comparison
            .iter_mut()
            .flat_map(|comparison| &mut comparison.functions);
        compared.for_each(|row| self.names(&mut row.account, [&mut row.function]));
        if self.account {
            let missing = report.completeness.iter_mut().flat_map(|found| &mut found.missing);
            let texts = report.gate.reasons.iter_mut().chain(missing);
            texts.for_each(|text| *text = without_account(text, None));
        }
        report
    }

    fn finding(self, finding: &mut Finding) {
        let mut texts: Vec<(String, &str)> = Vec::new();
        for (name, value) in &mut finding.values {
            let Some(shown) = self.stands_for(name) else { continue };
            if let Value::String(text) = value {
                texts.push((std::mem::take(text), shown));
                shown.clone_into(text);
            }
        }
        for (text, shown) in texts.iter().filter(|(text, _)| !text.is_empty()) {
            let seen = [&mut finding.function, &mut finding.sub_resource];
            let seen = seen
                .into_iter()
                .flatten()
                .chain([&mut finding.message, &mut finding.query]);
            seen.for_each(|place| *place = place.replace(text.as_str(), shown));
        }
        if self.account {
            let account = finding.account.clone();
            let texts = [&mut finding.message, &mut finding.query];
            for text in texts.into_iter().chain(&mut finding.also) {
                *text = without_account(text, account.as_deref());
            }
        }
        self.names(&mut finding.account, [&mut finding.function, &mut finding.sub_resource]);
    }

    /// Returns what stands for a value of that name, where it is not to be shown.
    fn stands_for(self, name: &str) -> Option<&'static str> {
        let named = |part: &str| name.split('_').any(|word| word == part);
        match () {
            () if self.tenant && named("tenant") => Some(TENANT),
            () if self.message && (named("message") || named("body")) => Some(MESSAGE),
            () if self.account && named("account") => Some(ACCOUNT),
            () => None,
        }
    }

    fn names<const N: usize>(self, account: &mut Option<String>, names: [&mut Option<String>; N]) {
        if !self.account {
            return;
        }
        for name in names.into_iter().flatten() {
            *name = without_account(name, account.as_deref());
        }
        if let Some(account) = account {
            ACCOUNT.clone_into(account);
        }
    }
}

/// Returns a text without an account: the one that is known, and whatever looks like one of AWS.
fn without_account(text: &str, known: Option<&str>) -> String {
    let text = match known.filter(|known| !known.is_empty()) {
        Some(known) => text.replace(known, ACCOUNT),
        None => text.to_owned(),
    };
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, after) = digits.split_at(end);
        shown.push_str(before);
        shown.push_str(if digits.len() == ACCOUNT_DIGITS {
            ACCOUNT
        } else {
            digits
        });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_go_from_names_and_sentences() {
        assert_eq!(
            without_account(
                "arn:aws:lambda:eu-west-1:123456789012:function:f took 1234567890123 of 12",
                None
            ),
            "arn:aws:lambda:eu-west-1:(account):function:f took 1234567890123 of 12"
        );
        assert_eq!(without_account("in shop-prod", Some("shop-prod")), "in (account)");
    }

    #[test]
    fn only_what_can_be_redacted_is_understood() {
        assert_eq!("none".parse(), Ok(Redaction::default()));
        let some = Redaction {
            account: true,
            message: true,
            tenant: false,
        };
        assert_eq!("account, message".parse(), Ok(some));
        assert!("accounts".parse::<Redaction>().is_err() && "".parse::<Redaction>().is_err());
    }
}
