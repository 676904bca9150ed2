//! The baseline file: read before the report is judged, written after it.

use anyhow::Context as _;
use camino::Utf8PathBuf;
use pennyspan_analyzer::analysis::selection::matches;
use pennyspan_analyzer::judge::{self, Finding, Judging, Override};
use pennyspan_analyzer::report::baseline::Entry;
use pennyspan_analyzer::report::exercised::{self, Exercised};
use pennyspan_analyzer::report::{Baseline, Report};
use pennyspan_analyzer::{Question, Selection, Session};
use pennyspan_rules::{Catalogue, PriceBooks};

use crate::cli::report::ReportArgs;
use crate::config::Config;
use crate::failure::Failure;

/// The baseline of a run.
pub struct Known {
    path: Utf8PathBuf,
    /// What the file says; none where this run writes the first one.
    baseline: Option<Baseline>,
    /// Whether this run writes it.
    pub is_written: bool,
    /// Whether what is not found any more is let go of.
    is_pruned: bool,
}

/// What is written into a baseline.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    /// The report of this run.
    pub report: &'a Report,
    /// What its window exercised.
    pub exercised: &'a [Exercised],
    /// The rules.
    pub catalogue: &'a Catalogue,
    /// The prices.
    pub books: &'a PriceBooks,
    /// What is found near the thresholds of entries.
    pub near: &'a [Finding],
}

/// A finding of the baseline is resolved below this share of its threshold.
const RESOLVED_BELOW: f64 = 0.8;
/// Units of quotients whose normal value is one.
const QUOTIENTS: [&str; 2] = ["ratio", "attempts per event"];

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
            is_pruned: args.prune,
        }))
    }

    /// Says of each finding how it stands.
    pub fn mark(&self, findings: &mut [Finding], catalogue: &Catalogue, books: &PriceBooks) {
        let Some(baseline) = &self.baseline else {
            return;
        };
        for finding in findings {
            let rule = catalogue.get(&finding.rule);
            let standing = rule.map(|rule| baseline.standing(finding, rule, books).as_str().to_owned());
            finding.baseline = standing;
        }
    }

    /// Returns what the baseline's window exercised; none where there is no baseline yet.
    pub fn exercised(&self) -> Option<Vec<Exercised>> {
        self.baseline.as_ref().map(|baseline| baseline.exercised.clone())
    }

    /// Judges once more with the thresholds of entries that may be let go of moved to where they are resolved.
    ///
    /// # Errors
    /// A rule that cannot be run.
    pub async fn near(
        &self,
        session: &Session,
        question: &Question,
        catalogue: &Catalogue,
        judging: &Judging,
    ) -> anyhow::Result<Vec<Finding>> {
        let mut near = Vec::new();
        for bound in [Bound::Below, Bound::Above] {
            let entries = self.baseline.iter().flat_map(|baseline| &baseline.findings);
            let mut overrides: Vec<Override> = Vec::new();
            for entry in entries.filter(|entry| self.is_pruned && is_chosen(judging, &entry.rule)) {
                let moved = moved(entry, catalogue, bound);
                overrides.extend(moved.filter(|moved| !overrides.contains(moved)));
            }
            if !overrides.is_empty() {
                let rules = overrides.iter().map(|moved| moved.rule.clone()).collect();
                let again = Judging {
                    rules,
                    overrides,
                    ..judging.clone()
                };
                near.extend(judge::judge(session, question, catalogue, &again).await?.findings);
            }
        }
        Ok(near)
    }

    /// Writes the baseline anew. What a suppression accepts is left out: it counts again on its day. An entry goes where that was
    /// asked for, its rule was judged of all functions, and it is not found near its threshold either.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, writing: &Writing<'_>, judging: &Judging, selection: &Selection) -> anyhow::Result<()> {
        let open: Vec<Finding> = writing
            .report
            .findings
            .iter()
            .filter(|finding| finding.suppressed.is_none())
            .cloned()
            .collect();
        let off = |name: &str| writing.catalogue.get(name).is_some_and(|rule| judging.is_off(rule));
        let all_functions = *selection == Selection::default();
        let may_go = |entry: &Entry| {
            let was_judged = all_functions && is_chosen(judging, &entry.rule) && !off(&entry.rule);
            self.is_pruned && was_judged && !writing.near.iter().any(|finding| entry.is_of(finding))
        };
        let earlier = self.baseline.as_ref();
        let end = &writing.report.window.end;
        let mut baseline = Baseline::of(&open, writing.catalogue, writing.books, end, earlier, &may_go);
        let kept = earlier.filter(|_| !(self.is_pruned && all_functions));
        let before = kept.into_iter().flat_map(|old| old.exercised.iter().cloned());
        baseline.exercised = exercised::joined(before.chain(writing.exercised.iter().cloned()).collect());
        std::fs::write(&self.path, baseline.text()?).with_context(|| format!("cannot write {}", self.path))?;
        tracing::info!("{} findings are known in {}", baseline.findings.len(), self.path);
        Ok(())
    }
}

/// On which side of its threshold a finding is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// Below it, as of most rules.
    Below,
    /// Above it, which it may be of rules whose measure is worse when it is lower.
    Above,
}

/// Returns whether a rule was asked for.
fn is_chosen(judging: &Judging, rule: &str) -> bool {
    judging.rules.is_empty() || judging.rules.iter().any(|glob| matches(glob, rule))
}

/// Returns the threshold that an entry passed, moved to where the entry is resolved. Of a quotient of two measures, which
/// cannot fall to much below one, what exceeds one is moved.
fn moved(entry: &Entry, catalogue: &Catalogue, bound: Bound) -> Option<Override> {
    let rule = catalogue.get(&entry.rule)?;
    let param = rule.param(entry.threshold.as_ref()?)?;
    let share = match bound {
        Bound::Below => RESOLVED_BELOW,
        Bound::Above if rule.worse_when_lower => 1.0 / RESOLVED_BELOW,
        Bound::Above => return None,
    };
    let value = param.value.to_f64();
    let floor = if QUOTIENTS.contains(&param.unit.as_str()) && value > 1.0 {
        1.0
    } else {
        0.0
    };
    let value = format!("{:.6}", floor + (value - floor) * share).parse().ok()?;
    Some(Override {
        rule: rule.name.clone(),
        param: param.name.clone(),
        value,
        key: "--prune".to_owned(),
        selection: Selection::default(),
    })
}
