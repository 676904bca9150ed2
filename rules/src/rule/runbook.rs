//! The runbook of a rule: six steps, with commands per platform that nothing ever runs.

use std::collections::BTreeMap;

use super::{RuleError, markdown::Section, sentence::Value};

const STEPS: [&str; 6] = ["Confirm", "Contain", "Diagnose", "Fix", "Verify", "Prevent"];

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook {
    /// Query and exemplars that show it is real.
    pub confirm: Step,
    /// One reversible step and its undo.
    pub contain: Step,
    /// Ranked hypotheses, each with the query that would falsify it.
    pub diagnose: Step,
    /// The lasting change.
    pub fix: Step,
    /// The evidence query again, with its target.
    pub verify: Step,
    /// The budget line that keeps it away.
    pub prevent: Step,
}

/// One step of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Heading.
    pub name: String,
    /// The whole step, as Markdown.
    pub text: String,
    /// Commands, in the order of the file.
    pub commands: Vec<Command>,
    /// SQL statements over the analyzer's views, in the order of the file.
    pub queries: Vec<String>,
}

impl Command {
    /// Returns whether it is meant for a provider's functions.
    #[must_use]
    pub fn is_for(&self, provider: &str) -> bool {
        self.platform == "any" || self.platform == provider
    }
}

impl Step {
    /// Returns the step's Markdown without the commands for other providers; all of it where none is for this one.
    #[must_use]
    pub fn text_for(&self, provider: &str) -> String {
        if !self.commands.iter().any(|command| command.is_for(provider)) {
            return self.text.clone();
        }
        let mut meant = true;
        let kept = self.text.split_inclusive('\n').filter(|line| {
            match item(line) {
                Some((platform, _)) => meant = platform == "any" || platform == provider,
                None if undo(line).is_none() => meant = true,
                None => {}
            }
            meant
        });
        kept.collect()
    }
}

/// A command to read and perhaps to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Provider for which it is meant, or `any`.
    pub platform: String,
    /// The command.
    pub command: String,
    /// What takes it back.
    pub undo: Option<String>,
}

impl Runbook {
    /// Returns the steps in their order.
    #[must_use]
    pub fn steps(&self) -> [&Step; 6] {
        [
            &self.confirm,
            &self.contain,
            &self.diagnose,
            &self.fix,
            &self.verify,
            &self.prevent,
        ]
    }

    pub(super) fn parse(section: &Section<'_>) -> Result<Self, RuleError> {
        let [confirm, contain, diagnose, fix, verify, prevent] = section.parts(&STEPS)?;
        Ok(Self {
            confirm: with_query(&confirm)?,
            contain: contain_step(&contain)?,
            diagnose: diagnose_step(&diagnose)?,
            fix: step(&fix)?,
            verify: with_query(&verify)?,
            prevent: prevent_step(&prevent)?,
        })
    }
}

fn step(section: &Section<'_>) -> Result<Step, RuleError> {
    let text = section.prose()?;
    let queries = section.blocks().into_iter().filter(|block| block.language == "sql");
    Ok(Step {
        name: section.name.to_owned(),
        commands: commands(section),
        queries: queries.map(|block| block.text.trim_end().to_owned()).collect(),
        text,
    })
}

fn fault(section: &Section<'_>, problem: &str, remedy: &str) -> RuleError {
    RuleError::Runbook {
        file: section.file.to_owned(),
        line: section.line,
        step: section.name.to_owned(),
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn with_query(section: &Section<'_>) -> Result<Step, RuleError> {
    let step = step(section)?;
    if step.queries.is_empty() {
        return Err(fault(section, "has no query", "add one `sql` block"));
    }
    Ok(step)
}

fn contain_step(section: &Section<'_>) -> Result<Step, RuleError> {
    let step = step(section)?;
    if step.commands.iter().any(|command| command.undo.is_some()) {
        return Ok(step);
    }
    let remedy = "write ``- aws: `command` `` and on the next line ``undo: `command` ``";
    Err(fault(section, "has no command that can be undone", remedy))
}

/// Each numbered hypothesis carries the query that would falsify it.
fn diagnose_step(section: &Section<'_>) -> Result<Step, RuleError> {
    let step = step(section)?;
    let numbered = |line: &str| line.split_once(". ").is_some_and(|(n, _)| n.parse::<u32>().is_ok());
    let hypotheses = section.lines.iter().filter(|(_, line)| numbered(line)).count();
    if hypotheses == 0 || step.queries.len() != hypotheses {
        let problem = format!(
            "has {hypotheses} numbered hypotheses and {} queries",
            step.queries.len()
        );
        return Err(fault(
            section,
            &problem,
            "number the hypotheses and give each one `sql` block that would falsify it",
        ));
    }
    Ok(step)
}

fn prevent_step(section: &Section<'_>) -> Result<Step, RuleError> {
    let step = step(section)?;
    if section.blocks().iter().any(|block| block.language == "toml") {
        return Ok(step);
    }
    Err(fault(
        section,
        "has no budget line",
        "add one `toml` block with the line for the budget file",
    ))
}

/// Reads list items of the form ``- platform: `command` `` and the ``undo: `command` `` on the line below.
fn commands(section: &Section<'_>) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for (_, line) in &section.lines {
        if let Some(undo) = undo(line) {
            if let Some(last) = found.last_mut() {
                last.undo = Some(undo);
            }
        } else if let Some((platform, command)) = item(line) {
            found.push(Command {
                platform: platform.to_owned(),
                command,
                undo: None,
            });
        }
    }
    found
}

fn undo(line: &str) -> Option<String> {
    line.trim().strip_prefix("undo: ").and_then(code)
}

/// Returns the platform and the command of a list item.
fn item(line: &str) -> Option<(&str, String)> {
    let (platform, command) = line.trim().strip_prefix("- ")?.split_once(": ")?;
    let named = platform.bytes().all(|b| b.is_ascii_lowercase());
    Some((platform, code(command).filter(|_| named)?))
}

/// Returns the inside of a text that is one code span.
fn code(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('`')?.strip_suffix('`')?;
    if inner.is_empty() || inner.contains('`') {
        None
    } else {
        Some(inner.to_owned())
    }
}

/// Puts a finding's values into the `{column}` placeholders of a runbook's text.
///
/// A value that is unknown, or holds anything but letters, digits and `. _ - / : @`, stays a placeholder, so that a
/// hostile function name never becomes part of a command.
#[must_use]
pub fn fill(text: &str, values: &BTreeMap<String, Value>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after
            .split_once('}')
            .and_then(|(name, tail)| Some((harmless(values.get(name)?)?, tail)));
        if let Some((value, tail)) = value {
            filled.push_str(&value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

fn harmless(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Null | Value::Number(_) => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        Some(text)
    } else {
        None
    }
}
