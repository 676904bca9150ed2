//! The front matter: what a rule declares about itself.

use super::{Param, RuleError, Severity};
use crate::{
    Decimal, FieldError,
    fields::{Fields, Source},
};

const KEYS: [&str; 15] = [
    "severity",
    "topic",
    "title",
    "since",
    "platforms",
    "measure",
    "tolerance",
    "worse",
    "lookback",
    "needs",
    "scan",
    "off_in",
    "exemplars",
    "worst",
    "params",
];

/// The profiles that a rule may be off in.
const PROFILES: [&str; 1] = ["ci"];

/// Longest look-back that a rule may ask for: 400 days, in seconds.
const MAX_LOOKBACK_S: i64 = 400 * 86_400;

/// Front matter with its types.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) severity: Severity,
    pub(super) topic: String,
    pub(super) title: Option<String>,
    pub(super) since: String,
    pub(super) platforms: Vec<String>,
    pub(super) measure: String,
    pub(super) tolerance: Decimal,
    pub(super) worse_when_lower: bool,
    pub(super) lookback_s: i64,
    pub(super) needs: Vec<String>,
    pub(super) scan: Vec<String>,
    pub(super) off_in: Vec<String>,
    pub(super) exemplars: Option<String>,
    pub(super) worst: Option<String>,
    pub(super) params: Vec<Param>,
}

impl Front {
    pub(super) fn parse(source: Source<'_>) -> Result<Self, RuleError> {
        let table = source.parse()?;
        let fields = Fields::new(source, table.get_ref(), 0, "the front matter");
        fields.only(&KEYS)?;
        let level = "the highest level it can return: critical, high, medium, low or info";
        let severity = fields
            .text("severity", level)?
            .parse()
            .map_err(|_| fields.wrong("severity", level))?;
        let named = fields.named_tables("params", "one table `[params.NAME]` per parameter")?;
        let params = named
            .into_iter()
            .map(|(name, table)| param(name, &table))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            severity,
            topic: fields.text("topic", "the group of the catalogue, such as \"cold starts\"")?,
            title: fields.optional_text("title", "a headline in words")?,
            since: fields.text("since", "the version in which the rule appeared, such as \"0.1.0\"")?,
            platforms: fields.texts("platforms", "the providers it judges, such as [\"aws\"], or [\"any\"]")?,
            measure: fields.text("measure", "the output column that a baseline compares")?,
            tolerance: fields.decimal("tolerance", "the share by which the measure may worsen, such as 0.2")?,
            worse_when_lower: worse_when_lower(&fields)?,
            lookback_s: lookback(&fields)?,
            needs: fields.texts(
                "needs",
                "the view columns and configuration keys that it cannot do without",
            )?,
            scan: fields.optional_texts("scan", "the tables it reads, such as [\"spans\"]")?,
            off_in: off_in(&fields)?,
            exemplars: fields.optional_text("exemplars", "the SQL condition of invocations that show a finding")?,
            worst: fields.optional_text(
                "worst",
                "the SQL expression by which exemplars are ordered, highest first",
            )?,
            params,
        })
    }
}

fn param(name: String, fields: &Fields<'_>) -> Result<Param, FieldError> {
    fields.only(&["value", "unit", "step", "why", "source"])?;
    let step = "the smallest change that matters, above zero";
    let param = Param {
        name,
        value: fields.decimal("value", "the default as a plain number")?,
        unit: fields.text("unit", "the unit, such as \"ms\" or \"share\"")?,
        step: fields.decimal("step", step)?,
        why: fields.text("why", "the reason for this default in one sentence")?,
        source: fields.text("source", "where the default comes from")?,
    };
    if param.step.is_positive() {
        Ok(param)
    } else {
        Err(fields.wrong("step", step))
    }
}

/// Reads the profiles in which the rule is off.
fn off_in(fields: &Fields<'_>) -> Result<Vec<String>, FieldError> {
    let remedy = "the profiles in which it is off; the one there is: [\"ci\"]";
    let profiles = fields.optional_texts("off_in", remedy)?;
    if profiles.iter().all(|profile| PROFILES.contains(&profile.as_str())) {
        Ok(profiles)
    } else {
        Err(fields.wrong("off_in", remedy))
    }
}

/// Reads in which direction the measure worsens.
fn worse_when_lower(fields: &Fields<'_>) -> Result<bool, FieldError> {
    let remedy = "\"lower\" where a smaller measure is worse; without it a larger one is";
    match fields.optional_text("worse", remedy)?.as_deref() {
        None | Some("higher") => Ok(false),
        Some("lower") => Ok(true),
        Some(_) => Err(fields.wrong("worse", remedy)),
    }
}

/// Reads a duration such as `14d`, `24h` or `30m`, in seconds.
fn lookback(fields: &Fields<'_>) -> Result<i64, FieldError> {
    let remedy = "a length such as \"14d\", \"24h\" or \"30m\", at most 400 days";
    let Some(text) = fields.optional_text("lookback", remedy)? else {
        return Ok(0);
    };
    let seconds = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let factor = match unit {
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => return None,
        };
        number
            .parse::<u32>()
            .ok()
            .and_then(|number| i64::from(number).checked_mul(factor))
    };
    seconds()
        .filter(|s| (1..=MAX_LOOKBACK_S).contains(s))
        .ok_or_else(|| fields.wrong("lookback", remedy))
}
