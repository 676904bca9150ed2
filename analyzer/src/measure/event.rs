//! Events and their attempts: by message id where deliveries name it, by request id for asynchronous invocations.
//!
//! An event belongs to the window when its first attempt lies in it; a message is also looked at when only a later attempt does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use pennyspan_schema::{Outcome, TriggerType, Window};

use super::attempt::Row;
use super::delivery::Row as Delivery;
use crate::grouped::{Grouped, Names};

mod message;
mod tries;

/// What a failure without a fingerprint is told apart by, where the function gave the message back.
const GIVEN_BACK: &str = "given back";
/// The weight of a row that stands for itself alone, in thousandths.
const ALONE_MILLI: i64 = 1_000;

/// Provider, account, region, function, trigger type and source.
pub(crate) type Origin = Names<6>;

/// A message of one source: partition and id.
type Message = (Option<String>, String);

/// One attempt at an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "how it ended is not one of a few states: a message may be given back"
)]
pub(crate) struct Try {
    start_unix_nano: i64,
    succeeded: bool,
    failed: bool,
    ended: bool,
    fingerprint: Option<String>,
    billed_mib_ms: Option<i64>,
    only_sampled_spans: bool,
}

/// An attempt, and where its events come from.
type Placed = (Try, Arc<Origin>);

/// What the deliveries of one key say.
#[derive(Debug, Default)]
struct Batch {
    handed: BTreeSet<(i64, Message, bool)>,
    source: Option<String>,
    trigger_type: Option<String>,
    size: i64,
    attempts: BTreeSet<Placed>,
}

/// The names of a function's service and environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Team {
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
}

/// Every event and its attempts.
#[derive(Debug, Default)]
pub(crate) struct Events {
    batches: HashMap<String, Batch>,
    by_key: HashMap<String, BTreeSet<Placed>>,
    origins: Grouped<6, Option<Arc<Origin>>>,
}

impl Events {
    /// Takes one delivery; `key` names the invocation.
    pub(crate) fn take(&mut self, row: &Delivery<'_>, key: &str) {
        let (Some(message_id), false) = (row.message_id, row.outcome == "dead_letter") else {
            return;
        };
        let batch = match self.batches.get_mut(key) {
            Some(batch) => batch,
            None => self.batches.entry(key.to_owned()).or_default(),
        };
        let message = (row.trigger_partition.map(str::to_owned), message_id.to_owned());
        batch
            .handed
            .insert((row.fact_unix_nano, message, row.outcome == "failed"));
        batch.size = batch.size.max(row.batch_size_count.unwrap_or(0));
        super::tally::smaller(&mut batch.source, row.trigger_source);
        super::tally::smaller(&mut batch.trigger_type, row.trigger_type);
    }

    /// Returns whether an attempt may be one of an event's: deliveries may name it, or nobody waits for its answer.
    pub(crate) fn concern(&self, row: &Row<'_>) -> bool {
        !self.batches.is_empty() || is_event(row)
    }

    /// Adds one attempt that ran; `key` names the invocation.
    pub(crate) fn add(&mut self, row: &Row<'_>, key: &str) {
        let [provider, account, region, function] = row.scope();
        if let Some(batch) = self.batches.get_mut(key) {
            let source = row.trigger_source.or(batch.source.as_deref());
            let trigger_type = row.trigger_type.or(batch.trigger_type.as_deref());
            let origin = shared(
                &mut self.origins,
                [provider, account, region, function, trigger_type, source],
            );
            batch.attempts.insert((Try::of(row), origin));
            return;
        }
        if is_event(row) {
            let names = [
                provider,
                account,
                region,
                function,
                row.trigger_type,
                row.trigger_source,
            ];
            let origin = shared(&mut self.origins, names);
            self.by_key
                .entry(key.to_owned())
                .or_default()
                .insert((Try::of(row), origin));
        }
    }

    /// Returns each message with its attempts by rising start, by origin.
    fn messages(&self) -> BTreeMap<(Arc<Origin>, Message), Vec<Try>> {
        let mut messages: BTreeMap<(Arc<Origin>, Message), Vec<Try>> = BTreeMap::new();
        for batch in self.batches.values() {
            for (origin, message, attempt) in batch.placed() {
                messages.entry((origin, message)).or_default().push(attempt);
            }
        }
        for attempts in messages.values_mut() {
            attempts.sort_unstable();
        }
        messages
    }
}

/// Returns whether an attempt's key stands for its event: nobody waits for it, and no deliveries name its messages.
fn is_event(row: &Row<'_>) -> bool {
    !row.synchronous() && !matches!(row.trigger(), Some(TriggerType::Queue | TriggerType::Stream))
}

/// Returns the one copy of an origin.
fn shared(origins: &mut Grouped<6, Option<Arc<Origin>>>, names: [Option<&str>; 6]) -> Arc<Origin> {
    Arc::clone(
        origins
            .of(names)
            .get_or_insert_with(|| Arc::new(names.map(|name| name.map(str::to_owned)))),
    )
}

impl Try {
    fn of(row: &Row<'_>) -> Self {
        let outcome = row.outcome();
        Self {
            start_unix_nano: row.start_unix_nano,
            succeeded: outcome == Outcome::Ok,
            failed: outcome.failed(),
            ended: outcome != Outcome::Unknown,
            fingerprint: outcome
                .failed()
                .then(|| row.error_fingerprint.unwrap_or(outcome.as_str()).to_owned()),
            billed_mib_ms: row.billed_mib_ms,
            only_sampled_spans: !row.recorded() && row.sample_weight_milli > ALONE_MILLI,
        }
    }

    /// Returns the part of one message of a batch.
    fn share(&self, messages: i64, given_back: bool) -> Self {
        let fingerprint = if given_back { Some(GIVEN_BACK.to_owned()) } else { None };
        Self {
            succeeded: self.succeeded && !given_back,
            failed: self.failed || given_back,
            fingerprint: self.fingerprint.clone().or(fingerprint),
            billed_mib_ms: self
                .billed_mib_ms
                .map(|billed| billed.saturating_add(messages - 1) / messages),
            ..self.clone()
        }
    }
}

impl Batch {
    /// Returns each message with the attempt that got it: the last one that had started when it was said, else the first.
    fn placed(&self) -> Vec<(Arc<Origin>, Message, Try)> {
        let mut placed: BTreeMap<(&Message, &Placed), bool> = BTreeMap::new();
        for (said_unix_nano, message, given_back) in &self.handed {
            let started = self
                .attempts
                .iter()
                .take_while(|(attempt, _)| attempt.start_unix_nano <= *said_unix_nano)
                .last();
            if let Some(attempt) = started.or_else(|| self.attempts.first()) {
                *placed.entry((message, attempt)).or_default() |= *given_back;
            }
        }
        let named: BTreeSet<&Message> = self.handed.iter().map(|(_, message, _)| message).collect();
        let messages = self.size.max(i64::try_from(named.len()).unwrap_or(i64::MAX)).max(1);
        let of = |((message, (attempt, origin)), given_back): ((&Message, &Placed), bool)| {
            (Arc::clone(origin), message.clone(), attempt.share(messages, given_back))
        };
        placed.into_iter().map(of).collect()
    }
}

/// Returns whether an event's first attempt lies in the window.
fn begins_in(window: Window, attempts: &[Try]) -> bool {
    attempts
        .first()
        .is_some_and(|first| window.contains(first.start_unix_nano))
}
