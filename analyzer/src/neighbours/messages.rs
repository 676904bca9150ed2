//! Messages and the attempts that got them: where deliveries name messages, a message is the event, not the key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt;
use pennyspan_schema::tables::deliveries::{self, Reader, Row};
use pennyspan_schema::{Outcome, Table, Window};

use crate::error::AnalysisError;
use crate::neighbours::sighting;
use crate::reading::Reading;

/// A key: provider, key scope and invocation id.
type Key = (String, String, String);
/// A message of one function: function, source, partition and id. The same id at another function is another event.
type Message = (Option<String>, Option<String>, Option<String>, String);

/// One attempt of a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Handed {
    start_unix_nano: i64,
    key: Key,
    succeeded: bool,
}

/// What the deliveries of one key say: one invocation gets its messages from one source.
#[derive(Debug, Default)]
struct Batch {
    named_by_attempt: Option<String>,
    function: Option<String>,
    source: Option<String>,
    partition: Option<String>,
    /// When it was said, which message was handed, and whether the function gave it back.
    handed: BTreeSet<(i64, String, bool)>,
    /// The attempts of the key: start, and whether it succeeded.
    attempts: BTreeSet<(i64, bool)>,
    /// Messages in the batch, listed or not.
    size_count: i64,
}

/// The messages that deliveries name.
#[derive(Debug, Default)]
pub struct Messages {
    batches: HashMap<String, BTreeMap<Key, Batch>>,
    timelines: BTreeMap<Message, Timeline>,
}

/// The attempts of one message that matter.
#[derive(Debug, Default)]
struct Timeline {
    first: Option<Handed>,
    first_success: Option<Handed>,
    first_in_window: Option<Handed>,
    attempts: i64,
}

/// What an attempt's messages say about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Messages named that were handed to the attempt.
    pub named_count: i64,
    /// Messages of the batch that are not named.
    pub unseen_count: i64,
    /// Messages whose first attempt in the window it is.
    pub new_count: i64,
    /// Whether every message had an earlier attempt, and none succeeds here first.
    pub retry: bool,
    /// Whether one of the messages had an earlier attempt.
    pub tried_before: bool,
    /// The most attempts that one of its messages had.
    pub attempts_max_count: i64,
}

impl Messages {
    /// Reads the deliveries of a range of time.
    ///
    /// # Errors
    /// [`AnalysisError`] where the table cannot be read.
    pub(crate) async fn read(reading: &Reading, range: Window) -> Result<Self, AnalysisError> {
        let mut rows = reading
            .stream(Table::Deliveries, deliveries::COLUMNS, Some(range))
            .await?;
        let mut all = Self::default();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("deliveries"))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows("deliveries"))?;
            reader.rows().for_each(|row| all.add(&row));
        }
        Ok(all)
    }

    fn add(&mut self, row: &Row<'_>) {
        let (Some(invocation_id), false) = (row.invocation_id, row.outcome == "dead_letter") else {
            return;
        };
        let Some(message_id) = row.message_id else { return };
        let key = (
            row.provider.to_owned(),
            row.key_scope.to_owned(),
            invocation_id.to_owned(),
        );
        let batch = self
            .batches
            .entry(invocation_id.to_owned())
            .or_default()
            .entry(key)
            .or_default();
        batch.function = batch.function.take().max(row.function.map(str::to_owned));
        batch.source = batch.source.take().max(row.trigger_source.map(str::to_owned));
        batch.partition = batch.partition.take().max(row.trigger_partition.map(str::to_owned));
        batch
            .handed
            .insert((row.fact_unix_nano, message_id.to_owned(), row.outcome == "failed"));
        batch.size_count = batch.size_count.max(row.batch_size_count.unwrap_or(0));
    }

    /// Takes note of one attempt of a function, which knows its name better than a delivery.
    pub(crate) fn see(&mut self, row: &sighting::Row<'_>, function: Option<&str>) {
        let Some(keys) = self.batches.get_mut(row.invocation_id) else {
            return;
        };
        let succeeded = row.outcome == Some(Outcome::Ok.as_str());
        for (key, batch) in keys.iter_mut() {
            if (key.0.as_str(), key.1.as_str()) == (row.provider, row.key_scope) {
                batch.attempts.insert((row.start_unix_nano, succeeded));
                batch.named_by_attempt = batch.named_by_attempt.take().max(function.map(str::to_owned));
            }
        }
    }

    /// Orders the attempts of each message.
    pub(crate) fn settle(&mut self, window: Window) {
        for (key, batch) in self.batches.values().flatten() {
            for (message, handed) in batch.placed(key) {
                self.timelines.entry(message).or_default().add(handed, window);
            }
        }
    }

    /// Returns what an attempt's messages say; none where deliveries name none.
    #[must_use]
    pub fn share(
        &self,
        (provider, key_scope, invocation_id): (&str, &str, &str),
        start_unix_nano: i64,
    ) -> Option<Share> {
        let keys = self.batches.get(invocation_id)?;
        let (key, batch) = keys
            .iter()
            .find(|(key, _)| (key.0.as_str(), key.1.as_str()) == (provider, key_scope))?;
        let mut share = Share {
            retry: true,
            ..Share::default()
        };
        for (message, handed) in batch
            .placed(key)
            .filter(|(_, handed)| handed.start_unix_nano == start_unix_nano)
        {
            let timeline = self.timelines.get(&message)?;
            let same = |other: &Option<Handed>| other.as_ref().is_some_and(|other| other.at() == handed.at());
            share.named_count += 1;
            share.new_count += i64::from(same(&timeline.first_in_window));
            share.tried_before |= !same(&timeline.first);
            share.retry &= !same(&timeline.first) && !same(&timeline.first_success);
            share.attempts_max_count = share.attempts_max_count.max(timeline.attempts);
        }
        share.unseen_count = batch.size_count.saturating_sub(share.named_count).max(0);
        (share.named_count > 0).then_some(share)
    }
}

impl Batch {
    fn message(&self, message_id: &str) -> Message {
        let function = self.named_by_attempt.as_ref().or(self.function.as_ref());
        (
            function.cloned(),
            self.source.clone(),
            self.partition.clone(),
            message_id.to_owned(),
        )
    }

    /// Returns each message with the attempt that got it: the last one that had started when it was said, else the
    /// first.
    fn placed<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = (Message, Handed)> + 'a {
        let mut placed: BTreeMap<(Message, i64), bool> = BTreeMap::new();
        for (said_unix_nano, message_id, given_back) in &self.handed {
            let message = self.message(message_id);
            let started = self.attempts.range(..=(*said_unix_nano, true)).next_back();
            if let Some((start, ok)) = started.or_else(|| self.attempts.first()) {
                let succeeded = placed.entry((message, *start)).or_insert(*ok);
                *succeeded &= !*given_back;
            }
        }
        let of = |((message, start_unix_nano), succeeded)| {
            (
                message,
                Handed {
                    start_unix_nano,
                    key: key.clone(),
                    succeeded,
                },
            )
        };
        placed.into_iter().map(of)
    }
}

impl Handed {
    fn at(&self) -> (i64, &Key) {
        (self.start_unix_nano, &self.key)
    }
}

impl Timeline {
    fn add(&mut self, handed: Handed, window: Window) {
        let earlier = |known: &Option<Handed>| known.as_ref().is_none_or(|known| handed.at() < known.at());
        self.attempts += 1;
        if earlier(&self.first) {
            self.first = Some(handed.clone());
        }
        if handed.succeeded && earlier(&self.first_success) {
            self.first_success = Some(handed.clone());
        }
        if window.contains(handed.start_unix_nano) && earlier(&self.first_in_window) {
            self.first_in_window = Some(handed);
        }
    }
}
