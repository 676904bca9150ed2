//! The same rules told a second time, slowly and on plain values: for each fact every attempt is looked at.

use std::collections::BTreeMap;

use pennyspan_schema::tables::{invocation_facts, invocations};

type Fact = invocation_facts::Row<'static>;

const SOURCES: [&str; 5] = ["platform", "insights", "record", "span", "log"];
const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;

/// What the oracle says of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expected {
    function: Option<String>,
    start: i64,
    id: String,
    end: Option<i64>,
    facts: i64,
    instance: Option<String>,
    version: Option<String>,
    duration_us: Option<i64>,
    billed_mib_ms: Option<i64>,
    receive_max_count: Option<i64>,
    enqueued_min_unix_nano: Option<i64>,
    time_suspect: Option<bool>,
    outcome: String,
    weight_milli: i64,
    evidence: Vec<&'static str>,
    function_conflict: bool,
}

impl Expected {
    /// Returns what rows are sorted by.
    pub(super) fn place(&self) -> (Option<String>, i64, String) {
        (self.function.clone(), self.start, self.id.clone())
    }
}

/// Returns what fold says, in the same form.
pub(super) fn told(row: &invocations::Row<'_>) -> Expected {
    let flags = [
        row.evidence_platform,
        row.evidence_insights,
        row.evidence_record,
        row.evidence_span,
        row.evidence_log,
    ];
    let own = |text: Option<&str>| text.map(str::to_owned);
    Expected {
        function: own(row.function),
        start: row.start_unix_nano,
        id: row.invocation_id.to_owned(),
        end: row.end_unix_nano,
        facts: row.fact_count,
        instance: own(row.instance_id),
        version: own(row.version),
        duration_us: row.duration_us,
        billed_mib_ms: row.billed_mib_ms,
        receive_max_count: row.receive_max_count,
        enqueued_min_unix_nano: row.enqueued_min_unix_nano,
        time_suspect: row.time_suspect,
        outcome: row.outcome.unwrap_or_default().to_owned(),
        weight_milli: row.sample_weight_milli,
        evidence: SOURCES
            .into_iter()
            .zip(flags)
            .filter(|(_, flag)| *flag)
            .map(|(source, _)| source)
            .collect(),
        function_conflict: row.function_conflict,
    }
}

/// Returns the attempts of all facts, sorted.
pub(super) fn attempts(facts: &[Fact]) -> Vec<Expected> {
    let mut keys: BTreeMap<(&str, &str, &str), BTreeMap<[u8; 16], Fact>> = BTreeMap::new();
    for fact in facts {
        let key = (fact.provider, fact.key_scope, fact.invocation_id);
        keys.entry(key).or_default().insert(fact.content_hash, *fact);
    }
    let mut expected: Vec<Expected> = keys
        .into_values()
        .flat_map(|facts| split(facts.into_values().collect()))
        .map(|mut facts| {
            facts.sort_by_key(|fact| (rank(fact), fact.fact_unix_nano, fact.content_hash));
            merged(&facts)
        })
        .collect();
    expected.sort();
    expected
}

fn rank(fact: &Fact) -> usize {
    SOURCES.iter().position(|source| *source == fact.source).unwrap()
}

fn point(fact: &Fact) -> i64 {
    fact.start_hint_unix_nano.unwrap_or(fact.fact_unix_nano)
}

fn stated_end(fact: &Fact) -> Option<i64> {
    let computed = || Some(fact.start_hint_unix_nano? + fact.duration_us.or(fact.runtime_us)? * 1000);
    fact.end_unix_nano.or_else(computed)
}

/// The facts of an attempt in the making.
type Group = Vec<Fact>;

fn begin(group: &Group) -> i64 {
    group.iter().map(point).min().unwrap()
}

fn finish(group: &Group) -> Option<i64> {
    group.iter().filter_map(stated_end).max()
}

fn instance(group: &Group) -> Option<&'static str> {
    group.iter().find_map(|fact| fact.instance_id)
}

fn split(mut facts: Vec<Fact>) -> Vec<Group> {
    facts.sort_by_key(|fact| {
        (
            point(fact),
            fact.start_hint_unix_nano.is_none(),
            rank(fact),
            fact.content_hash,
        )
    });
    let shapes =
        |fact: &Fact| fact.source != "log" && (fact.start_hint_unix_nano.is_some() || stated_end(fact).is_some());
    let mut groups: Vec<Group> = Vec::new();
    let mut waiting = Vec::new();
    for fact in facts {
        if !shapes(&fact) {
            waiting.push(fact);
            continue;
        }
        let candidates = candidates(&groups, fact.instance_id);
        let chosen = if fact.start_hint_unix_nano.is_some() {
            candidates.into_iter().find(|index| takes(&groups[*index], &fact))
        } else {
            candidates
                .into_iter()
                .filter(|index| fact.fact_unix_nano - begin(&groups[*index]) <= HOUR)
                .max()
        };
        match chosen {
            Some(index) => groups[index].push(fact),
            None if fact.start_hint_unix_nano.is_some() => groups.push(vec![fact]),
            None => waiting.push(fact),
        }
    }
    waiting.sort_by_key(|fact| {
        (
            point(fact),
            fact.start_hint_unix_nano.is_none(),
            rank(fact),
            fact.content_hash,
        )
    });
    let complete = groups.clone();
    let mut left: Vec<Group> = Vec::new();
    for fact in waiting {
        if let Some(index) = nearest(&complete, &fact) {
            groups[index].push(fact);
            continue;
        }
        let near = candidates(&left, fact.instance_id)
            .into_iter()
            .find(|index| point(&fact) - begin(&left[*index]) <= HOUR);
        match near {
            Some(index) => left[index].push(fact),
            None => left.push(vec![fact]),
        }
    }
    groups.extend(left);
    groups
}

/// A fact joins the last attempt of its instance, or the last of which no instance is known; without an instance the last of
/// all, or the one that ends last.
fn candidates(groups: &[Group], named: Option<&'static str>) -> Vec<usize> {
    let last = |of: Option<&str>| (0..groups.len()).rev().find(|index| instance(&groups[*index]) == of);
    if named.is_some() {
        return last(named).into_iter().chain(last(None)).collect();
    }
    let ending = (0..groups.len()).filter(|index| finish(&groups[*index]).is_some());
    let latest = ending.max_by_key(|index| (finish(&groups[*index]), *index));
    groups.len().checked_sub(1).into_iter().chain(latest).collect()
}

fn takes(group: &Group, fact: &Fact) -> bool {
    let hint = point(fact);
    let same_kind = group
        .iter()
        .any(|other| (other.source, other.fact_kind) == (fact.source, fact.fact_kind));
    let in_reach = hint - begin(group) <= HOUR;
    match finish(group) {
        None => hint <= begin(group) + 10 * SECOND,
        Some(end) => in_reach && (hint <= end || (hint <= end + SECOND && !same_kind)),
    }
}

fn nearest(groups: &[Group], fact: &Fact) -> Option<usize> {
    let time = point(fact);
    let near = |fits: &dyn Fn(&Group) -> bool| {
        let fitting = || (0..groups.len()).filter(|index| fits(&groups[*index]));
        let before = fitting()
            .filter(|index| begin(&groups[*index]) <= time)
            .max_by_key(|index| (begin(&groups[*index]), *index));
        let next = fitting()
            .filter(|index| begin(&groups[*index]) > time)
            .min_by_key(|index| (begin(&groups[*index]), *index));
        before
            .filter(|index| time - begin(&groups[*index]) <= HOUR)
            .or(next.filter(|index| begin(&groups[*index]) - time <= HOUR))
    };
    let same = |group: &Group| match (instance(group), fact.instance_id) {
        (Some(of), Some(named)) => of == named,
        _ => true,
    };
    near(&same).or_else(|| if fact.source == "log" { near(&|_| true) } else { None })
}

fn merged(facts: &[Fact]) -> Expected {
    fn first<T>(facts: &[Fact], value: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        facts.iter().find_map(value)
    }
    let text = |value: fn(&Fact) -> Option<&'static str>| first(facts, value).map(str::to_owned);
    let start = first(facts, |fact| fact.start_hint_unix_nano)
        .unwrap_or_else(|| facts.iter().map(|fact| fact.fact_unix_nano).min().unwrap());
    let duration_us = first(facts, |fact| fact.duration_us);
    let stated = facts.iter().filter_map(stated_end).filter(|end| *end >= start).max();
    let functions: Vec<_> = facts.iter().filter_map(|fact| fact.function).collect();
    let sees_all = facts
        .iter()
        .any(|fact| matches!(fact.source, "platform" | "insights" | "record"));
    let span_weight = || {
        first(facts, |fact| {
            (fact.source == "span").then_some(fact.sample_weight_milli)
        })
    };
    Expected {
        function: text(|fact| fact.function),
        start,
        id: facts[0].invocation_id.to_owned(),
        end: stated.or(duration_us.map(|us| start + us * 1000)),
        facts: i64::try_from(facts.len()).unwrap(),
        instance: text(|fact| fact.instance_id),
        version: text(|fact| fact.version),
        duration_us,
        billed_mib_ms: first(facts, |fact| fact.memory_size_mib)
            .and_then(|mib| Some(mib * first(facts, |fact| fact.billed_duration_ms)?)),
        receive_max_count: facts.iter().filter_map(|fact| fact.receive_max_count).max(),
        enqueued_min_unix_nano: facts.iter().filter_map(|fact| fact.enqueued_min_unix_nano).min(),
        time_suspect: facts.iter().any(|fact| fact.time_suspect == Some(true)).then_some(true),
        outcome: outcome(facts).to_owned(),
        weight_milli: if sees_all { 1000 } else { span_weight().unwrap_or(1000) },
        evidence: SOURCES
            .into_iter()
            .filter(|source| facts.iter().any(|fact| fact.source == *source))
            .collect(),
        function_conflict: functions.windows(2).any(|pair| pair[0] != pair[1]),
    }
}

fn outcome(facts: &[Fact]) -> &'static str {
    let worst_first = ["out_of_memory", "timeout", "crash", "error", "ok", "throttled"];
    for source in SOURCES {
        let said = |word: &&str| {
            facts
                .iter()
                .any(|fact| fact.source == source && fact.outcome == Some(word))
        };
        if let Some(word) = worst_first.iter().find(|word| said(word)) {
            let size = facts.iter().find_map(|fact| fact.memory_size_mib);
            let used = facts.iter().find_map(|fact| fact.max_memory_used_mib);
            let full = used.is_some() && size.is_some() && used >= size;
            let killed = facts.iter().any(|fact| fact.error_type == Some("Runtime.ExitError"));
            return if matches!(*word, "crash" | "error") && full && killed {
                "out_of_memory"
            } else {
                word
            };
        }
    }
    let ended = |fact: &Fact| {
        matches!(fact.source, "platform" | "insights") && (fact.end_unix_nano.is_some() || fact.duration_us.is_some())
    };
    if facts.iter().any(ended) { "ok" } else { "unknown" }
}
