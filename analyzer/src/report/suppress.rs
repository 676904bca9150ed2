//! Findings that a team accepts: they stay in the report, say why, and do not close the gate.
//!
//! A page prints the lines that mute a finding, the configuration file holds them, and the report applies them; all three
//! take the names of the keys from here.

use pennyspan_rules::price::Date;
use pennyspan_schema::Window;
use serde::Serialize;

use crate::analysis::selection::matches;
use crate::judge::Finding;

/// The list in the configuration file.
pub const TABLE: &str = "suppress";
/// The key that ends a suppression.
pub const EXPIRES: &str = "expires";
/// How long after the window the lines of a page let a suppression last, in nanoseconds.
const LASTS_NANOS: i64 = 30 * 86_400_000_000_000;

/// One key of a suppression.
#[derive(Clone, Copy, Debug)]
pub struct SuppressKey {
    /// Its name.
    pub name: &'static str,
    /// Whether a suppression must have it.
    pub required: bool,
    /// What it means.
    pub sentence: &'static str,
}

/// The keys of a suppression, in the order in which they are written.
pub const KEYS: [SuppressKey; 6] = [
    SuppressKey {
        name: "rule",
        required: true,
        sentence: "The rule whose findings are accepted.",
    },
    SuppressKey {
        name: "function",
        required: false,
        sentence: "Glob over the functions that are meant; all without it.",
    },
    SuppressKey {
        name: "sub_resource",
        required: false,
        sentence: "Glob over the queues, dependencies or routes that are meant; all without it.",
    },
    SuppressKey {
        name: "reason",
        required: true,
        sentence: "Why the finding is accepted; the report says it.",
    },
    SuppressKey {
        name: EXPIRES,
        required: false,
        sentence: "The first day (UTC) on which it no longer holds; a window that ends later is judged without it.",
    },
    SuppressKey {
        name: "owner",
        required: false,
        sentence: "Who answers for it.",
    },
];

/// A decision to accept findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The rule.
    pub rule: String,
    /// Glob over functions; all where there is none.
    pub function: Option<String>,
    /// Glob over sub-resources; all where there is none.
    pub sub_resource: Option<String>,
    /// Why.
    pub reason: String,
    /// The first day on which it no longer holds.
    pub expires: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// What became of a suppression in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds, and findings are accepted by it.
    Used,
    /// It holds, and nothing was found that it accepts.
    Unused,
    /// Its day has come.
    Expired,
    /// The report was asked for other rules or only some functions, so that nothing can be said.
    NotJudged,
}

/// A suppression, as the report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuppressionRow {
    /// The rule.
    pub rule: String,
    /// Glob over functions.
    pub function: Option<String>,
    /// Glob over sub-resources.
    pub sub_resource: Option<String>,
    /// Why.
    pub reason: String,
    /// The first day on which it no longer holds.
    pub expires: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What became of it.
    pub status: Status,
    /// Findings that it accepts, or would if it had not expired.
    pub findings: usize,
}

impl SuppressionRow {
    /// Returns what became of it, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let names = [Some(&self.rule), self.function.as_ref(), self.sub_resource.as_ref()];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let became = match self.status {
            Status::Used => format!("accepts {} findings", self.findings),
            Status::Unused => "accepts nothing that was found: remove it".to_owned(),
            Status::Expired => format!(
                "expired on {}, and {} findings count again: renew it or remove it",
                self.expires.as_deref().unwrap_or_default(),
                self.findings
            ),
            Status::NotJudged => "was not judged by this report".to_owned(),
        };
        let owner = self
            .owner
            .as_ref()
            .map_or_else(String::new, |owner| format!(" (owner: {owner})"));
        format!("{} {became}{owner}", names.join(" "))
    }
}

impl Suppression {
    fn accepts(&self, finding: &Finding) -> bool {
        let fits = |glob: &Option<String>, name: &Option<String>| match (glob, name) {
            (None, _) => true,
            (Some(glob), Some(name)) => matches(glob, name),
            (Some(_), None) => false,
        };
        self.rule == finding.rule
            && fits(&self.function, &finding.function)
            && fits(&self.sub_resource, &finding.sub_resource)
    }

    fn has_expired(&self, window: Window) -> bool {
        self.expires
            .is_some_and(|day| window.end_unix_nano > day.start_unix_nano())
    }

    fn row(&self, status: Status, findings: usize) -> SuppressionRow {
        SuppressionRow {
            rule: self.rule.clone(),
            function: self.function.clone(),
            sub_resource: self.sub_resource.clone(),
            reason: self.reason.clone(),
            expires: self.expires.map(|day| day.to_string()),
            owner: self.owner.clone(),
            status,
            findings,
        }
    }
}

/// Marks the findings that are accepted, each with the reason of the first suppression that accepts it, and says what became
/// of every suppression.
///
/// `was_judged` says of a rule whether it was judged for all functions, without which a suppression cannot be called unused.
pub fn apply(
    findings: &mut [Finding],
    suppressions: &[Suppression],
    window: Window,
    was_judged: impl Fn(&str) -> bool,
) -> Vec<SuppressionRow> {
    let mut rows = Vec::with_capacity(suppressions.len());
    for suppression in suppressions {
        let expired = suppression.has_expired(window);
        let mut accepted = 0;
        for finding in findings.iter_mut().filter(|finding| suppression.accepts(finding)) {
            accepted += 1;
            if !expired && finding.suppressed.is_none() {
                finding.suppressed = Some(suppression.reason.clone());
            }
        }
        let status = match accepted {
            _ if expired => Status::Expired,
            0 if was_judged(&suppression.rule) => Status::Unused,
            0 => Status::NotJudged,
            _ => Status::Used,
        };
        rows.push(suppression.row(status, accepted));
    }
    rows
}

/// Returns the lines of the configuration file that accept a finding for 30 days; whatever a name holds, they stay TOML.
///
/// The reason is left empty, which the configuration refuses: somebody has to say why.
#[must_use]
pub fn lines(finding: &Finding, window_end_unix_nano: i64) -> String {
    let until = chrono::DateTime::from_timestamp_nanos(window_end_unix_nano.saturating_add(LASTS_NANOS));
    let mut lines = vec![format!("[[{TABLE}]]")];
    for key in KEYS {
        let text = match key.name {
            "rule" => Some(&finding.rule),
            "function" => finding.function.as_ref(),
            "sub_resource" => finding.sub_resource.as_ref(),
            _ => None,
        };
        match (key.name, text) {
            (EXPIRES, _) => lines.push(format!("{EXPIRES} = {}", until.format("%Y-%m-%d"))),
            ("reason", _) => lines.push(format!("{} = \"\"", key.name)),
            // A JSON string is a TOML basic string, but for the delete character.
            (name, Some(text)) => {
                let text = serde_json::Value::from(text.as_str())
                    .to_string()
                    .replace('\u{7f}', "\\u007F");
                lines.push(format!("{name} = {text}"));
            }
            (_, None) => {}
        }
    }
    lines.join("\n")
}
