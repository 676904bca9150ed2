//! `by_event`: complete events of the window by their number of attempts.

use std::collections::BTreeMap;
use std::sync::Arc;

use pennyspan_schema::Window;

use super::{Events, Origin, Team, Try, begins_in};
use crate::grouped::Grouped;
use crate::measure::views::ByEvent;

/// Events of one origin with one number of attempts.
#[derive(Debug, Default)]
struct Tried {
    events: i64,
    wasted: i64,
    wasted_mib_ms: i128,
    unbilled: bool,
}

impl Events {
    /// Returns the rows of `by_event`.
    pub(crate) fn event_rows(&mut self, window: Window, teams: &Grouped<4, Team>) -> Vec<ByEvent> {
        let mut groups: BTreeMap<(Origin, i64), Tried> = BTreeMap::new();
        let mut add = |origin: &Origin, attempts: &[Try]| {
            if begins_in(window, attempts) && complete(attempts) {
                let attempts_per_event = i64::try_from(attempts.len()).unwrap_or(i64::MAX);
                groups
                    .entry((origin.clone(), attempts_per_event))
                    .or_default()
                    .add(attempts);
            }
        };
        for ((origin, _), attempts) in self.messages() {
            add(&origin, &attempts);
        }
        for (_, placed) in self.by_key.drain() {
            let origin = placed.first().map(|(_, origin)| Arc::clone(origin));
            let attempts: Vec<Try> = placed.into_iter().map(|(attempt, _)| attempt).collect();
            if let Some(origin) = origin {
                add(&origin, &attempts);
            }
        }
        groups
            .into_iter()
            .map(|((origin, attempts), tried)| tried.row(origin, attempts, teams))
            .collect()
    }
}

/// Returns whether an event's end is known, from more than spans of which only some were kept.
fn complete(attempts: &[Try]) -> bool {
    let ended = attempts.iter().any(|attempt| attempt.succeeded) || attempts.last().is_some_and(|last| last.ended);
    ended && !attempts.iter().all(|attempt| attempt.only_sampled_spans)
}

impl Tried {
    fn add(&mut self, attempts: &[Try]) {
        self.events += 1;
        let useful = attempts.iter().position(|attempt| attempt.succeeded);
        for (_, wasted) in attempts.iter().enumerate().filter(|(at, _)| Some(*at) != useful) {
            self.wasted += 1;
            self.wasted_mib_ms += i128::from(wasted.billed_mib_ms.unwrap_or(0));
            self.unbilled |= wasted.billed_mib_ms.is_none();
        }
    }

    fn row(
        self,
        [provider, account, region, function, trigger_type, source]: Origin,
        attempts_per_event: i64,
        teams: &Grouped<4, Team>,
    ) -> ByEvent {
        let team = teams
            .get([
                provider.as_deref(),
                account.as_deref(),
                region.as_deref(),
                function.as_deref(),
            ])
            .cloned();
        let Team { service, environment } = team.unwrap_or_default();
        ByEvent {
            provider,
            account,
            region,
            function,
            service,
            environment,
            trigger_type,
            source,
            attempts_per_event: Some(attempts_per_event),
            events: Some(self.events),
            wasted_attempts: Some(self.wasted),
            wasted_billed_mib_ms: (!self.unbilled).then_some(self.wasted_mib_ms),
        }
    }
}
