//! Reads rules of billing.

use super::super::{BillingRule, InitBilling, MemoryRule, Overlap, PayloadRule, Place, PriceError, TimeRule};
use super::{date, in_force, overlap};
use crate::{FieldError, fields::Fields};

const RULE: [&str; 14] = [
    "id",
    "effective_from",
    "effective_to",
    "rounding",
    "step_ms",
    "minimum_ms",
    "init",
    "overlap",
    "memory",
    "cpu_by_memory",
    "payload",
    "source",
    "retrieved",
    "note",
];
/// What says that a rule bills time; each of them needs the others.
const TIME: [&str; 5] = ["rounding", "step_ms", "minimum_ms", "init", "overlap"];
/// The longest step or minimum, in milliseconds: a day.
const LONGEST_MS: i64 = 86_400_000;

/// Reads all rules of a file, and refuses two of one name that are in force on the same day.
pub(super) fn billing_rules(file: &str, fields: &Fields<'_>) -> Result<Vec<BillingRule>, PriceError> {
    let mut rules: Vec<BillingRule> = Vec::new();
    for entry in fields.tables("billing_rule", "one table `[[billing_rule]]` per rule and date")? {
        let rule = billing_rule(file, &entry)?;
        let range = |rule: &BillingRule| (rule.effective_from, rule.effective_to);
        let other = rules
            .iter()
            .find(|other| other.id == rule.id && overlap(range(other), range(&rule)));
        if let Some(other) = other {
            return Err(PriceError::Overlap {
                file: file.to_owned(),
                line: rule.place.line,
                what: format!("the billing rule `{}`", rule.id),
                other: other.place.line,
            });
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn billing_rule(file: &str, fields: &Fields<'_>) -> Result<BillingRule, FieldError> {
    fields.only(&RULE)?;
    let (effective_from, effective_to) = in_force(fields)?;
    let rule = BillingRule {
        id: fields.text("id", "the rule's name, to which prices refer")?,
        effective_from,
        effective_to,
        time: time(fields)?,
        memory: memory(fields)?,
        cpu_by_memory: cpu_by_memory(fields)?,
        payload: payload(fields)?,
        source: fields.text("source", "the public page from which it was taken")?,
        retrieved: date(fields, "retrieved", "the day on which the source was read")?,
        note: fields.optional_text("note", "what a reader should know about the rule's certainty")?,
        place: Place {
            file: file.to_owned(),
            line: fields.line(),
        },
    };
    if rule.time.is_none() && rule.memory.is_none() && rule.payload.is_none() {
        return Err(fields.missing("step_ms", "how time (`step_ms`), `memory` or `payload` is billed"));
    }
    Ok(rule)
}

/// Reads how time is billed, where any of its keys is there.
fn time(fields: &Fields<'_>) -> Result<Option<TimeRule>, FieldError> {
    if !TIME.iter().any(|key| fields.has(key)) {
        return Ok(None);
    }
    word(fields, "rounding", &[("up", ())])?;
    Ok(Some(TimeRule {
        step_ms: whole(fields, "step_ms", 1, LONGEST_MS)?,
        minimum_ms: whole(fields, "minimum_ms", 0, LONGEST_MS)?,
        init: word(
            fields,
            "init",
            &[
                ("billed", InitBilling::Billed),
                ("free-for-managed-zip", InitBilling::FreeForManagedZip),
                ("not-billed", InitBilling::NotBilled),
            ],
        )?,
        overlap: word(fields, "overlap", &[("each", Overlap::Each), ("union", Overlap::Union)])?,
    }))
}

fn memory(fields: &Fields<'_>) -> Result<Option<MemoryRule>, FieldError> {
    let remedy = "`memory = [{ step_mib = 128, maximum_mib = 1_536 }]`, or with `included_mib`, or with `sizes_mib`";
    let Some(table) = one(fields, "memory", remedy)? else {
        return Ok(None);
    };
    table.only(&["included_mib", "step_mib", "maximum_mib", "sizes_mib"])?;
    let optional = |key: &str, least: i64| table.has(key).then(|| whole(&table, key, least, i64::MAX)).transpose();
    let sizes = "ascending whole numbers of MiB";
    let mut sizes_mib = Vec::new();
    for text in table.optional_numbers("sizes_mib", sizes)? {
        let size = text
            .to_i64()
            .filter(|size| *size > sizes_mib.last().copied().unwrap_or(0));
        sizes_mib.push(size.ok_or_else(|| table.wrong("sizes_mib", sizes))?);
    }
    Ok(Some(MemoryRule {
        included_mib: optional("included_mib", 0)?.unwrap_or(0),
        step_mib: optional("step_mib", 1)?.unwrap_or(1),
        maximum_mib: optional("maximum_mib", 1)?,
        sizes_mib,
    }))
}

fn cpu_by_memory(fields: &Fields<'_>) -> Result<Vec<(i64, i64)>, FieldError> {
    let remedy = "`cpu_by_memory = [{ mib = 128, mhz = 200 }, ..]` with ascending `mib`";
    let mut sizes: Vec<(i64, i64)> = Vec::new();
    for table in fields.tables("cpu_by_memory", remedy)? {
        table.only(&["mib", "mhz"])?;
        let size = (whole(&table, "mib", 1, i64::MAX)?, whole(&table, "mhz", 1, i64::MAX)?);
        if sizes.last().is_some_and(|last| last.0 >= size.0) {
            return Err(table.wrong("mib", remedy));
        }
        sizes.push(size);
    }
    Ok(sizes)
}

fn payload(fields: &Fields<'_>) -> Result<Option<PayloadRule>, FieldError> {
    let remedy = "`payload = [{ included_bytes = 65_536, step_bytes = 65_536 }]`";
    let Some(table) = one(fields, "payload", remedy)? else {
        return Ok(None);
    };
    table.only(&["included_bytes", "step_bytes"])?;
    Ok(Some(PayloadRule {
        included_bytes: whole(&table, "included_bytes", 0, i64::MAX)?,
        step_bytes: table
            .has("step_bytes")
            .then(|| whole(&table, "step_bytes", 1, i64::MAX))
            .transpose()?,
    }))
}

/// Reads a list of at most one table.
fn one<'a>(fields: &Fields<'a>, key: &str, remedy: &str) -> Result<Option<Fields<'a>>, FieldError> {
    let mut tables = fields.tables(key, remedy)?;
    match tables.len() {
        0 | 1 => Ok(tables.pop()),
        _ => Err(fields.wrong(key, remedy)),
    }
}

fn whole(fields: &Fields<'_>, key: &str, least: i64, most: i64) -> Result<i64, FieldError> {
    let upper = if most == i64::MAX {
        String::new()
    } else {
        format!(" and at most {most}")
    };
    let remedy = format!("a whole number, at least {least}{upper}");
    let number = fields.decimal(key, &remedy)?.to_i64();
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| fields.wrong(key, &remedy))
}

/// Reads one of the words that are known.
fn word<T: Copy>(fields: &Fields<'_>, key: &str, known: &[(&str, T)]) -> Result<T, FieldError> {
    let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let remedy = words.join(" or ");
    let text = fields.text(key, &remedy)?;
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| fields.wrong(key, &remedy))
}
