//! Budgets, comparisons and limits on money: read before the report is made.

use camino::Utf8Path;
use pennyspan_analyzer::report::Numbers;
use pennyspan_analyzer::report::budget::Budget;
use pennyspan_analyzer::report::compare::{Before, EarlierReport, With};
use pennyspan_analyzer::report::money::{Increase, Volumes};
use pennyspan_analyzer::{AnalysisError, Selection, Session};
use pennyspan_rules::Decimal;
use pennyspan_rules::price::Amount;
use pennyspan_schema::Window;

use crate::config::{self, InForce};
use crate::failure::Failure;

/// What a run is judged by beside its findings.
pub struct Limits {
    budgets: Vec<Budget>,
    with: Option<Compared>,
    max_increase: Option<Increase>,
    volumes: Option<Volumes>,
}

/// What it is compared with.
enum Compared {
    Window(With),
    Report(Box<EarlierReport>),
}

impl Limits {
    /// Reads the files that the configuration names.
    ///
    /// # Errors
    /// [`Failure`] or a configuration error, naming the file, where one cannot be read or is none of its kind.
    pub fn read(in_force: &InForce) -> anyhow::Result<Self> {
        let config = &in_force.config.report;
        let mut budgets = in_force.budgets().to_vec();
        for file in &config.budgets {
            budgets.extend(config::budgets_of(Utf8Path::new(file).as_std_path())?);
        }
        let with = compared(&config.compare)?;
        let max_increase = named(&config.max_increase).map(increase).transpose()?;
        if max_increase.is_some() && with.is_none() {
            return Err(Failure::usage(
                "--max-increase needs something to compare with: --compare previous, week, or the file of an earlier report"
                    .to_owned(),
            )
            .into());
        }
        let volumes = named(&config.volumes).map(volumes).transpose()?;
        Ok(Self {
            budgets,
            with,
            max_increase,
            volumes,
        })
    }

    /// Returns what the report is asked to judge, as far as it is known before the telemetry is.
    pub fn numbers(&self, in_force: &InForce, before: Option<Before>) -> Numbers {
        Numbers {
            budgets: self.budgets.clone(),
            min_samples: i64::from(in_force.config.report.min_samples),
            before,
            max_increase: self.max_increase.clone(),
            volumes: self.volumes.clone(),
        }
    }

    /// Returns the window that must be measured beside the report's own.
    pub fn window(&self, window: Window) -> Option<Window> {
        match &self.with {
            Some(Compared::Window(with)) => with.window(window),
            _ => None,
        }
    }

    /// Measures the window before, in a session that was opened for it.
    ///
    /// # Errors
    /// [`AnalysisError`] where the attempts cannot be read.
    pub async fn measured(&self, session: &Session, selection: &Selection) -> Result<Option<Before>, AnalysisError> {
        match &self.with {
            Some(Compared::Window(with)) => Before::measured(*with, session, selection).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Returns what an earlier report says, where it is compared with one.
    pub fn earlier(&self) -> Option<Before> {
        match &self.with {
            Some(Compared::Report(report)) => Some(Before::of_report(report)),
            _ => None,
        }
    }
}

/// Returns the most that a month may cost.
///
/// # Errors
/// [`Failure`] says what an amount looks like.
pub fn max_monthly(in_force: &InForce) -> Result<Option<Amount>, Failure> {
    let text = named(&in_force.config.report.max_monthly);
    let read = |text: &str| {
        usd(text).ok_or_else(|| Failure::usage(format!("--max-monthly {text} is no amount in USD such as 120.50")))
    };
    text.map(read).transpose()
}

fn named(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Reads an amount such as `50`, `0.5` or `50USD`.
fn usd(text: &str) -> Option<Amount> {
    let number = text.strip_suffix("USD").unwrap_or(text).trim();
    number.parse().ok().and_then(positive)
}

fn positive(number: Decimal) -> Option<Amount> {
    (number >= Decimal::whole(0)).then(|| Amount::new(number.to_ratio()))
}

/// Reads an increase such as `10%` or `50USD`.
fn increase(text: &str) -> Result<Increase, Failure> {
    let percent = text
        .strip_suffix('%')
        .map(|number| number.trim().parse().ok().and_then(positive));
    let read = match percent {
        Some(percent) => percent.map(Increase::Percent),
        None => Some(text)
            .filter(|text| text.ends_with("USD"))
            .and_then(usd)
            .map(Increase::Usd),
    };
    read.ok_or_else(|| {
        Failure::usage(format!(
            "--max-increase {text} is no share such as 10%, and no amount a month such as 50USD"
        ))
    })
}

fn compared(text: &str) -> Result<Option<Compared>, Failure> {
    Ok(match named(text) {
        None => None,
        Some("previous") => Some(Compared::Window(With::Previous)),
        Some("week") => Some(Compared::Window(With::Week)),
        Some(file) => {
            let what = "the comparison; it is `previous`, `week`, or the file of an earlier report";
            let report = EarlierReport::parse(&contents(file, what)?);
            let report =
                report.map_err(|error| Failure::usage(format!("cannot compare with {file}")).because(error))?;
            Some(Compared::Report(Box::new(report)))
        }
    })
}

fn volumes(file: &str) -> Result<Volumes, Failure> {
    let volumes = Volumes::parse(&contents(file, "production's counts")?);
    volumes.map_err(|error| Failure::usage(format!("cannot take production's counts from {file}")).because(error))
}

fn contents(file: &str, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("cannot read {file}: {what}")).because(error))
}

#[cfg(test)]
mod tests {
    use pennyspan_analyzer::report::money::Increase;
    use pennyspan_rules::price::Amount;

    use super::{compared, increase, usd};

    #[test]
    fn increases_are_shares_or_amounts_a_month() {
        assert_eq!(increase("10%").unwrap(), Increase::Percent(Amount::ratio(10, 1)));
        assert_eq!(increase("2.5 %").unwrap(), Increase::Percent(Amount::ratio(5, 2)));
        assert_eq!(increase("50USD").unwrap(), Increase::Usd(Amount::ratio(50, 1)));
        for bad in ["10", "%", "-5%", "ten USD", "1e3USD"] {
            let error = increase(bad).unwrap_err().to_string();
            assert!(error.contains("such as 10%"), "{error}");
        }
        assert_eq!(usd("0.10"), Some(Amount::ratio(1, 10)));
        assert_eq!(usd("-1"), None);
    }

    #[test]
    fn a_comparison_that_is_no_file_names_what_it_may_be() {
        let error = compared("perivous").err().unwrap().to_string();
        assert!(
            error.contains("perivous") && error.contains("`previous`, `week`"),
            "{error}"
        );
        assert!(compared("").unwrap().is_none());
    }
}
