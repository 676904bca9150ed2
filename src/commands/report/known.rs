//! The baseline file: read before the report is judged, written after it.

use anyhow::Context as _;
use camino::Utf8PathBuf;
use pennyspan_analyzer::judge::Finding;
use pennyspan_analyzer::report::baseline::Without;
use pennyspan_analyzer::report::{Baseline, Report};
use pennyspan_rules::{Catalogue, PriceBooks};

use crate::cli::ReportArgs;
use crate::config::Config;
use crate::failure::Failure;

/// The baseline of a run.
pub struct Known {
    path: Utf8PathBuf,
    /// What the file says; none where this run writes the first one.
    baseline: Option<Baseline>,
    /// Whether this run writes it.
    pub is_written: bool,
}

impl Known {
    /// Reads the baseline that the configuration names, if it names one.
    ///
    /// # Errors
    /// [`Failure`] where a flag needs a baseline that is not named, or the file is none.
    pub fn read(args: &ReportArgs, config: &Config) -> Result<Option<Self>, Failure> {
        let named = Some(&config.report.baseline).filter(|path| !path.is_empty());
        let Some(path) = named.map(Utf8PathBuf::from) else {
            let flag = [("--write-baseline", args.write_baseline), ("--new-only", args.new_only)];
            return match flag.into_iter().find(|(_, said)| *said) {
                Some((flag, _)) => Err(Failure::usage(format!(
                    "{flag} needs a baseline: name its file with --baseline FILE"
                ))),
                None => Ok(None),
            };
        };
        let baseline = match std::fs::read_to_string(&path) {
            Ok(text) => Some(
                Baseline::parse(&text)
                    .map_err(|error| Failure::usage(format!("{path} cannot be used")).because(error))?,
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && args.write_baseline => None,
            Err(error) => {
                let sentence = format!("cannot read the baseline {path}; --write-baseline writes one");
                return Err(Failure::usage(sentence).because(error));
            }
        };
        Ok(Some(Self {
            path,
            baseline,
            is_written: args.write_baseline,
        }))
    }

    /// Says of each finding how it stands.
    pub fn mark(&self, findings: &mut [Finding], catalogue: &Catalogue) {
        let Some(baseline) = &self.baseline else {
            return;
        };
        for finding in findings {
            let rule = catalogue.get(&finding.rule);
            let standing = rule.map(|rule| baseline.standing(finding, rule).as_str().to_owned());
            finding.baseline = standing;
        }
    }

    /// Writes the baseline anew where that was asked for. What a suppression accepts is left out: it counts again on its day.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(
        &self,
        args: &ReportArgs,
        report: &Report,
        catalogue: &Catalogue,
        books: &PriceBooks,
    ) -> anyhow::Result<()> {
        if !args.write_baseline {
            return Ok(());
        }
        let open: Vec<Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.suppressed.is_none())
            .cloned()
            .collect();
        let without = if args.prune { Without::Pruned } else { Without::Kept };
        let earlier = self.baseline.as_ref();
        let baseline = Baseline::of(&open, catalogue, books, &report.window.end, earlier, without);
        std::fs::write(&self.path, baseline.text()?).with_context(|| format!("cannot write {}", self.path))?;
        tracing::info!("{} findings are known in {}", baseline.findings.len(), self.path);
        Ok(())
    }
}
