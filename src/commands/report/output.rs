//! Where a report goes: the formats that were asked for, each to its file or to standard output.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use pennyspan_analyzer::report::{Redaction, Sheet, github};

use super::formats::{self, Format, Readers};
use crate::cli::report::ReportArgs;
use crate::commands::answer;
use crate::failure::Failure;

/// The variable that names the file of a step's summary in GitHub Actions.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A format, and where it goes.
pub struct Output {
    format: &'static Format,
    path: Option<Utf8PathBuf>,
}

impl Output {
    fn parse(text: &str) -> Result<Self, Failure> {
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => {
                let sentence = format!("`-o {text}` names no file after the equals sign");
                return Err(Failure::usage(sentence));
            }
            Some((format, path)) => (format, Some(Utf8PathBuf::from(path))),
            None => (text, None),
        };
        let format = formats::find(format)?;
        Ok(Self { format, path })
    }

    fn write(&self, sheet: &Sheet<'_>) -> anyhow::Result<()> {
        let text = (self.format.render)(sheet)?;
        match &self.path {
            None => answer(&text)?,
            Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {path}"))?,
        }
        let summary = std::env::var(STEP_SUMMARY).ok().filter(|path| !path.is_empty());
        match summary {
            Some(path) if self.format.name == "github" => summarize(Utf8Path::new(&path), &github::summary(sheet)?),
            _ => Ok(()),
        }
    }
}

/// Returns what was asked for; without a word, a table on a terminal and JSON elsewhere.
///
/// # Errors
/// [`Failure`] where a format is unknown, or two of them would share standard output.
pub fn outputs(args: &ReportArgs) -> Result<Vec<Output>, Failure> {
    if args.output.is_empty() {
        let format = if std::io::stdout().is_terminal() {
            "table"
        } else {
            "json"
        };
        return Ok(vec![Output::parse(format)?]);
    }
    let outputs = args
        .output
        .iter()
        .map(|text| Output::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    if outputs.iter().filter(|output| output.path.is_none()).count() > 1 {
        return Err(Failure::usage(
            "only one format can go to standard output; give the others a path: -o json=report.json".to_owned(),
        ));
    }
    Ok(outputs)
}

/// Writes every output, also where one of them cannot be written.
///
/// # Errors
/// That of the first output that cannot be written.
pub fn write_all(outputs: &[Output], sheet: &Sheet<'_>, redaction: Redaction) -> anyhow::Result<()> {
    let redacted = sheet.redacted(redaction);
    let mut first = Ok(());
    for output in outputs {
        let sheet = match output.format.readers {
            Readers::Many => &redacted,
            Readers::Own => sheet,
        };
        let written = output.write(sheet);
        first = first.and(written);
    }
    first
}

/// Appends a summary to the step's file as far as GitHub takes one of its size, else a line that says so.
fn summarize(path: &Utf8Path, summary: &str) -> anyhow::Result<()> {
    let written = std::fs::metadata(path).map_or(0, |file| file.len());
    let left = github::SUMMARY_BYTES.saturating_sub(written);
    let fits = |text: &str| u64::try_from(text.len()).is_ok_and(|bytes| bytes <= left);
    let rest = "\npennyspan: this step's summary has no room for the report; it stands in the other outputs\n";
    let Some(text) = [summary, rest].into_iter().find(|text| fits(text)) else {
        tracing::warn!("{path} is full: the report is not in the step's summary");
        return Ok(());
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open {path}, which {STEP_SUMMARY} names"))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {path}, which {STEP_SUMMARY} names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_summary_says_what_it_has_no_room_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(directory.path().join("summary.md")).unwrap();
        summarize(&path, "one\n").unwrap();
        summarize(&path, &"x".repeat(1 << 20)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("one\n") && text.contains("no room") && text.len() < 200,
            "{}",
            text.len()
        );
    }

    #[test]
    fn an_unknown_format_is_answered_by_the_list() {
        let said = Output::parse("yaml").err().unwrap().to_string();
        assert!(formats::ALL.iter().all(|format| said.contains(format.name)), "{said}");
        assert!(Output::parse("json=").is_err());
    }
}
