//! Runs the targets on stable Rust, without instrumentation: inputs are a company's requests and the hostile files of
//! `fixtures/hostile`, damaged in a few places each. An input that panics is kept in `fuzz/artifacts`.
//!
//! drive SECONDS [SEED]: so many seconds for each kind of request, for inflating and for importing.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pennyspan_collector::request::{ContentType, RequestKind};
use pennyspan_fixtures::{Scenario, generate};
use pennyspan_fuzz::{Outcome, decode, import, inflate};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// The longest input; what is longer is cut, so that many are tried.
const LONGEST: usize = 64 << 10;
/// Numbers and texts at which readers stumble.
const DICTIONARY: &[&[u8]] = &[
    b"9223372036854775807", b"-9223372036854775808", b"18446744073709551615", b"1e308", b"-0.0", b"null", b"NaN", b"\"\"", b"[]", b"{}",
    b"\\u0000", b"\\ud800", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x80\x80\x80\x80\x10", b"2262-04-12T00:00:00Z",
    b"1970-01-01T00:00:00.000Z", b"+00:00", b"REPORT RequestId: ", b"Billed Duration: ", b"\r\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let seed = arguments.next().and_then(|text| u64::from_str_radix(&text, 16).ok()).unwrap_or(1);
    let corpus = corpus(seed);
    let mut failed = 0;
    let mut targets: Vec<(String, Vec<Vec<u8>>, fn(&[u8]) -> Outcome)> = Vec::new();
    for (index, kind) in (0_u8..).zip(RequestKind::ALL) {
        let of_kind = corpus.get(kind.name()).into_iter().chain(corpus.get("")).flatten();
        let inputs = of_kind.flat_map(|(content_type, body)| {
            let usual = [&[index, *content_type][..], body].concat();
            // The hostile files are read as whatever a sender may call them.
            let any = [&[index, content_type.wrapping_add(1)][..], body].concat();
            [usual, any]
        });
        targets.push((kind.name().to_owned(), inputs.collect(), decode));
    }
    let bodies = || corpus.values().flatten().map(|(_, body)| body.clone());
    targets.push(("inflate".to_owned(), bodies().flat_map(compressed).collect(), inflate));
    targets.push(("import".to_owned(), bodies().collect(), import));
    for (name, inputs, target) in targets {
        failed += usize::from(!drive(&name, &inputs, target, Duration::from_secs(seconds), seed));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The inputs to begin with, by kind of request; those of the empty name are for all. Each with its content type's place.
fn corpus(seed: u64) -> BTreeMap<String, Vec<(u8, Vec<u8>)>> {
    let mut corpus: BTreeMap<String, Vec<(u8, Vec<u8>)>> = BTreeMap::new();
    let place = |wanted: ContentType| u8::try_from(ContentType::ALL.iter().position(|of| *of == wanted).unwrap_or(0)).unwrap_or(0);
    for request in generate(&Scenario::new(seed)).requests.into_iter().step_by(97) {
        let kind = match request.path.as_str() {
            "/v1/traces" => "spans",
            "/v1/logs" => "logs",
            "/v1/metrics" => "metrics",
            other => &other.trim_start_matches("/v1/").replace('/', "_"),
        };
        let content_type = match request.content_type {
            "application/x-protobuf" => ContentType::Protobuf,
            "application/json" => ContentType::Json,
            _ => ContentType::Ndjson,
        };
        let mut body = request.body;
        body.truncate(LONGEST);
        corpus.entry(kind.to_owned()).or_default().push((place(content_type), body));
    }
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hostile");
    let files = std::fs::read_dir(&hostile).expect("fixtures/hostile is there");
    for file in files.flatten() {
        let body = std::fs::read(file.path()).expect("a hostile file can be read");
        corpus.entry(String::new()).or_default().push((place(ContentType::Json), body));
    }
    corpus
}

fn compressed(body: Vec<u8>) -> Vec<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(vec![1], flate2::Compression::fast());
    gzip.write_all(&body).expect("a vector takes everything");
    let zstd = zstd::encode_all(&*body, 1).expect("a vector takes everything");
    vec![gzip.finish().expect("a vector takes everything"), [&[2][..], &zstd].concat()]
}

/// Tries damaged inputs for a time, and returns whether none panicked.
fn drive(name: &str, inputs: &[Vec<u8>], target: fn(&[u8]) -> Outcome, time: Duration, seed: u64) -> bool {
    let mut random = StdRng::seed_from_u64(seed);
    let (begun, mut tried, mut accepted, mut slowest) = (Instant::now(), 0_u64, 0_u64, Duration::ZERO);
    std::panic::set_hook(Box::new(|_| {}));
    while begun.elapsed() < time {
        let input = damaged(inputs, &mut random);
        let at = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| target(&input))) {
            Ok(outcome) => accepted += u64::from(outcome == Outcome::Accepted),
            Err(panic) => {
                let words = panic.downcast_ref::<String>().cloned();
                let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                let kept = keep(name, &input);
                eprintln!("{name}: panicked after {tried} inputs, {kept}: {}", words.unwrap_or_default());
                return false;
            }
        }
        slowest = slowest.max(at.elapsed());
        tried += 1;
    }
    println!("{name:>22}: {tried:>8} inputs, {accepted:>8} taken, the slowest in {slowest:?}");
    true
}

fn keep(name: &str, input: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    let file = folder.join(format!("{name}-{}", input.len()));
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, input)) {
        Ok(()) => format!("kept in {}", file.display()),
        Err(error) => format!("which could not be kept: {error}"),
    }
}

/// One of the inputs, damaged in none to four places.
fn damaged(inputs: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let any = |random: &mut StdRng| &inputs[random.random_range(0..inputs.len())];
    let mut input = any(random).clone();
    for _ in 0..random.random_range(0..5) {
        let at = random.random_range(0..=input.len());
        match random.random_range(0..7) {
            0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
            1 if at < input.len() => input[at] = random.random(),
            2 => input.truncate(at),
            3 => input.insert(at, random.random()),
            4 => {
                let word = DICTIONARY[random.random_range(0..DICTIONARY.len())];
                let end = (at + random.random_range(0..=word.len())).min(input.len());
                input.splice(at..end, word.iter().copied());
            }
            5 => {
                let end = random.random_range(at..=input.len().min(at + 256));
                let part = input[at..end].to_vec();
                input.splice(at..at, part);
            }
            _ => {
                let other = any(random);
                let from = random.random_range(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
    input.truncate(LONGEST);
    input
}
