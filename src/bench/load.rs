//! A load: requests to any server, at a rate or as fast as they are answered, and what came of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::{Mutex, mpsc};

use super::client::{Answer, Client};

/// How long an answer may take; a request without one is counted as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a connection that broke is left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// How fast requests are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two requests; none: each connection sends as soon as it was answered.
    pub between: Option<Duration>,
    /// When the load ends.
    pub lasts: Duration,
}

/// What came of a load's requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// From when a request was due, or sent where it was not due at a time, to its acknowledgement.
    pub took: Vec<Duration>,
    /// Refused for the moment, by what the server said.
    pub refused: BTreeMap<String, u64>,
    /// Refused for good, by what the server said.
    pub refused_for_good: BTreeMap<String, u64>,
    /// Sent, and never answered, by what went wrong: they may have been taken or not.
    pub lost: BTreeMap<String, u64>,
}

impl Tally {
    /// Returns how many requests were sent.
    pub fn offered(&self) -> u64 {
        let counted = [&self.refused, &self.refused_for_good, &self.lost];
        self.took.len() as u64 + counted.into_iter().flat_map(BTreeMap::values).sum::<u64>()
    }

    fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        for (to, from) in [
            (&mut self.refused, other.refused),
            (&mut self.refused_for_good, other.refused_for_good),
            (&mut self.lost, other.lost),
        ] {
            for (why, count) in from {
                *to.entry(why).or_default() += count;
            }
        }
    }

    fn count(&mut self, answer: anyhow::Result<Answer>, took: Duration) {
        let (to, why) = match answer {
            Ok(Answer::Taken) => {
                self.took.push(took);
                return;
            }
            Ok(Answer::Again(why)) => (&mut self.refused, why),
            Ok(Answer::Refused(why)) => (&mut self.refused_for_good, why),
            Err(error) => {
                let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
                (&mut self.lost, causes.join(": "))
            }
        };
        *to.entry(why).or_default() += 1;
    }
}

/// Sends bodies over some connections, each once, until they or the time end.
///
/// Where they are due at a time, a request that waits for a connection counts from when it was due, so that a server that
/// stands still does not look fast.
pub async fn send(clients: Vec<Client>, bodies: mpsc::Receiver<Bytes>, pace: Pace) -> Tally {
    let bodies = Arc::new(Mutex::new((bodies, 0_u32)));
    let begun = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for client in clients {
        let bodies = Arc::clone(&bodies);
        connections.spawn(async move {
            let mut tally = Tally::default();
            while begun.elapsed() < pace.lasts {
                let next = {
                    let (bodies, nth) = &mut *bodies.lock().await;
                    let body = bodies.recv().await;
                    *nth += 1;
                    body.map(|body| (body, *nth - 1))
                };
                let Some((body, nth)) = next else { break };
                let due = pace.between.map(|between| begun + between.saturating_mul(nth));
                if let Some(due) = due {
                    if due > begun + pace.lasts {
                        break;
                    }
                    tokio::time::sleep_until(due.into()).await;
                }
                let from = due.unwrap_or_else(Instant::now);
                let answer = tokio::time::timeout(ANSWER_WITHIN, client.send_once(&body)).await;
                let answer = answer.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {ANSWER_WITHIN:?}")));
                let is_lost = answer.is_err();
                tally.count(answer, from.elapsed());
                if is_lost {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            tally
        });
    }
    let mut tally = Tally::default();
    while let Some(done) = connections.join_next().await {
        // A connection's task neither panics nor is it cancelled.
        tally.add(done.unwrap_or_default());
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::{Answer, Tally};
    use std::time::Duration;

    #[test]
    fn every_request_is_counted_once() {
        let mut tally = Tally::default();
        tally.count(Ok(Answer::Taken), Duration::from_millis(3));
        tally.count(Ok(Answer::Again("503".to_owned())), Duration::ZERO);
        let mut other = Tally::default();
        other.count(Ok(Answer::Again("503".to_owned())), Duration::ZERO);
        other.count(Ok(Answer::Refused("400".to_owned())), Duration::ZERO);
        other.count(Err(anyhow::anyhow!("reset").context("no answer")), Duration::ZERO);
        tally.add(other);
        assert_eq!(tally.offered(), 5);
        assert_eq!(tally.took, [Duration::from_millis(3)]);
        assert_eq!(tally.refused["503"], 2);
        assert_eq!(tally.lost["no answer: reset"], 1);
    }
}
