//! Many generated messages, half of them damaged, read as two other readers read them: prost, and serde as `opentelemetry-proto`
//! uses it. A slice by default; `SLICE=all` takes a million.

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::wire::Message;
use super::oracle::{log_requests, metric_requests, trace_requests};
use super::{Decode, received};
use crate::decode::{DecodeError, Decoded, otlp};
use crate::request::ContentType;

const ALL: usize = 1_000_000;
const SLICE: usize = 4_000;

/// What came of the cases.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    damaged: usize,
    accepted: usize,
    rejected: usize,
    /// Damaged messages that another reader takes, and so does this one, alike.
    agreed: usize,
}

#[test]
fn generated_and_damaged_messages_are_read_as_others_read_them() {
    let all = std::env::var("SLICE").is_ok_and(|slice| slice == "all");
    let seed = std::env::var("SLICE_SEED").ok();
    let seed = seed.and_then(|text| u64::from_str_radix(&text, 16).ok()).unwrap_or(1);
    let mut tally = Tally::default();
    let mut random = StdRng::seed_from_u64(seed);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let source = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), source);
    let (traces, logs, metrics) = (trace_requests(), log_requests(), metric_requests());
    while tally.cases < if all { ALL } else { SLICE } {
        let at = format!("seed {seed:x}, case {}", tally.cases);
        judge(otlp::spans, &one(&traces, &mut runner), &mut random, &mut tally, &at);
        judge(otlp::logs, &one(&logs, &mut runner), &mut random, &mut tally, &at);
        judge(otlp::metrics, &one(&metrics, &mut runner), &mut random, &mut tally, &at);
    }
    eprintln!("{tally:?}");
    let fifth = tally.cases / 5;
    assert!(tally.accepted >= fifth && tally.rejected >= fifth, "{tally:?}");
    assert!(
        tally.damaged * 2 >= tally.cases && tally.agreed * 20 >= tally.damaged,
        "{tally:?}"
    );
}

fn one<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy
        .new_tree(runner)
        .expect("the strategies filter nothing")
        .current()
}

/// Reads one message as it is and damaged, in both encodings.
fn judge<M>(decode: Decode, message: &M, random: &mut StdRng, tally: &mut Tally, at: &str)
where
    M: prost::Message + Default + Serialize + DeserializeOwned + std::fmt::Debug,
{
    let protobuf = message.encode_to_vec();
    let json = serde_json::to_vec(message).unwrap();
    let whole = received(decode, &protobuf, ContentType::Protobuf);
    tally.count(&whole);
    assert!(
        same(&whole, &received(decode, &json, ContentType::Json)),
        "{at}: {message:?}"
    );
    for (body, content_type) in [(&protobuf, ContentType::Protobuf), (&json, ContentType::Json)] {
        let damaged = damaged(body, random);
        let read = received(decode, &damaged, content_type);
        tally.count(&read);
        tally.damaged += 1;
        let other = match content_type {
            ContentType::Protobuf => M::decode(&*damaged).ok(),
            _ => serde_json::from_slice::<M>(&damaged).ok(),
        };
        let Some(other) = other else { continue };
        let again = received(decode, &other.encode_to_vec(), ContentType::Protobuf);
        let agrees = same(&read, &again);
        let holds = match content_type {
            // The other reader does not know the labels that summaries had in protocol 0.7.
            ContentType::Protobuf => agrees || holds(Message::new(&damaged), &[1, 2, 2, 11, 1, 1]),
            // Serde takes arrays for objects, and some values of other types, of which this decoder rejects the item.
            _ => !matches!(&read, Err(DecodeError::Malformed { problem, .. }) if problem != "an object was expected"),
        };
        assert!(
            holds,
            "{at}: {content_type}\n{}\n{read:?}\n{again:?}",
            String::from_utf8_lossy(&damaged)
        );
        tally.agreed += usize::from(agrees);
    }
    tally.count(&received(decode, &json, ContentType::Json));
}

impl Tally {
    fn count(&mut self, read: &Result<Decoded, DecodeError>) {
        self.cases += 1;
        match read {
            Ok(decoded) if decoded.rejections.total() == 0 => self.accepted += 1,
            _ => self.rejected += 1,
        }
    }
}

/// Whether two readings say the same: the same rows, and as many rejections for the same reasons.
fn same(one: &Result<Decoded, DecodeError>, other: &Result<Decoded, DecodeError>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one.rows == other.rows && one.rejections.counts() == other.rejections.counts(),
        (
            Err(DecodeError::NothingAcceptable { items: one, .. }),
            Err(DecodeError::NothingAcceptable { items: other, .. }),
        ) => one == other,
        (Err(DecodeError::Malformed { .. }), Err(DecodeError::Malformed { .. })) => true,
        _ => false,
    }
}

/// Whether a message holds a message at a path of field numbers.
fn holds(message: Message<'_>, path: &[u32]) -> bool {
    let [number, below @ ..] = path else { return true };
    let mut found = false;
    // What was found before damage counts.
    let _ = message.fields(|field| {
        if field.number == *number
            && let Ok(message) = field.message()
        {
            found |= holds(message, below);
        }
        Ok(())
    });
    found
}

/// Damages a body in one place.
fn damaged(body: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut body = body.to_vec();
    if body.is_empty() {
        return vec![random.random()];
    }
    let at = random.random_range(0..body.len());
    match random.random_range(0..6) {
        0 => body[at] ^= 1 << random.random_range(0..8),
        1 => body[at] = random.random(),
        2 => body.truncate(at),
        3 => body.insert(at, random.random()),
        4 => drop(body.remove(at)),
        _ => {
            let end = random.random_range(at..=body.len().min(at + 32));
            let part = body[at..end].to_vec();
            let to = random.random_range(0..=body.len());
            body.splice(to..to, part);
        }
    }
    body
}
