//! `by_message`: messages of the window by what became of them.

use std::collections::{BTreeMap, BTreeSet};

use pennyspan_schema::Window;

use super::{Events, Origin, Team, Try};
use crate::grouped::Grouped;
use crate::measure::views::ByMessage;

/// What the name of a queue ends in that keeps the order within groups.
const FIFO: &str = ".fifo";

/// What messages agree in that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fate {
    origin: Origin,
    attempts: i64,
    failed_attempts: i64,
    succeeded: bool,
    error_fingerprints: i64,
    error_fingerprint: Option<String>,
}

/// Messages of one fate.
#[derive(Debug, Default)]
struct Messages {
    count: i64,
    smallest_id: Option<String>,
    billed_mib_ms: i128,
    unbilled: bool,
    attempts: i64,
}

impl Events {
    /// Returns the rows of `by_message`.
    pub(crate) fn message_rows(
        &self,
        window: Window,
        teams: &Grouped<4, Team>,
        most_receives: impl Fn(&Origin) -> Option<i64>,
    ) -> Vec<ByMessage> {
        let mut fates: BTreeMap<Fate, Messages> = BTreeMap::new();
        for ((origin, (_, message_id)), attempts) in self.messages() {
            if attempts.iter().any(|attempt| window.contains(attempt.start_unix_nano)) {
                fates
                    .entry(Fate::of(Origin::clone(&origin), &attempts))
                    .or_default()
                    .add(&message_id, &attempts);
            }
        }
        fates
            .into_iter()
            .map(|(fate, messages)| fate.row(messages, teams, &most_receives))
            .collect()
    }
}

impl Fate {
    fn of(origin: Origin, attempts: &[Try]) -> Self {
        let fingerprints: BTreeSet<&String> = attempts
            .iter()
            .filter_map(|attempt| attempt.fingerprint.as_ref())
            .collect();
        Self {
            origin,
            attempts: count(attempts.len()),
            failed_attempts: count(attempts.iter().filter(|attempt| attempt.failed).count()),
            succeeded: attempts.iter().any(|attempt| attempt.succeeded),
            error_fingerprints: count(fingerprints.len()),
            error_fingerprint: fingerprints.first().map(|text| (*text).clone()),
        }
    }

    fn row(
        self,
        messages: Messages,
        teams: &Grouped<4, Team>,
        most_receives: &impl Fn(&Origin) -> Option<i64>,
    ) -> ByMessage {
        let max_receive_count = most_receives(&self.origin);
        let [provider, account, region, function, trigger_type, source] = self.origin;
        let team = teams
            .get([
                provider.as_deref(),
                account.as_deref(),
                region.as_deref(),
                function.as_deref(),
            ])
            .cloned();
        let Team { service, environment } = team.unwrap_or_default();
        ByMessage {
            fifo: source.as_ref().map(|name| name.ends_with(FIFO)),
            provider,
            account,
            region,
            function,
            service,
            environment,
            trigger_type,
            source,
            max_receive_count,
            attempts: Some(self.attempts),
            failed_attempts: Some(self.failed_attempts),
            succeeded: Some(self.succeeded),
            error_fingerprints: Some(self.error_fingerprints),
            error_fingerprint: self.error_fingerprint,
            messages: Some(messages.count),
            message_id: messages.smallest_id,
            attempts_billed_mib_ms: (!messages.unbilled).then_some(messages.billed_mib_ms),
            attempts_total: Some(messages.attempts),
        }
    }
}

impl Messages {
    fn add(&mut self, message_id: &str, attempts: &[Try]) {
        self.count += 1;
        crate::measure::tally::smaller(&mut self.smallest_id, Some(message_id));
        self.attempts += count(attempts.len());
        for attempt in attempts {
            self.billed_mib_ms += i128::from(attempt.billed_mib_ms.unwrap_or(0));
            self.unbilled |= attempt.billed_mib_ms.is_none();
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
