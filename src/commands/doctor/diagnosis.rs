//! What an answer, or none, says about a door, in words that say what to do.

use std::io;
use std::time::Duration;

use chrono::DateTime;
use hyper::{StatusCode, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::doors::{Door, Sends};
use crate::bench::client::Answered;
use crate::cli::bench::Protocol;
use crate::exit::Exit;

/// How far two clocks may lie apart, in seconds; the answer's own clock only tells whole ones.
const APART_S: i64 = 5;
/// How long a look at what a port speaks may take.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// The most characters of what a server said that are repeated.
const SAID_LENGTH: usize = 300;
/// The first byte of an alert and of a handshake of TLS.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

/// What was found at one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What a person calls the door.
    pub door: String,
    /// Its address.
    pub url: String,
    /// What is wrong and what to do, or what else is worth saying.
    pub words: String,
    /// How it stands.
    pub exit: Exit,
}

impl Finding {
    /// A door that is as it should be.
    pub fn well(door: &Door, words: &str) -> Self {
        Self::wrong(door, Exit::Passed, words.to_owned())
    }

    /// A door that is not.
    pub fn wrong(door: &Door, exit: Exit, words: String) -> Self {
        Self {
            door: door.name.clone(),
            url: door.url.clone(),
            words,
            exit,
        }
    }

    /// A door behind which nobody answered in time.
    pub fn silent(door: &Door, within: Duration) -> Self {
        let words = format!(
            "no answer within {} s: something on the way drops the packets, or the server stands still; look at its /healthz",
            within.as_secs()
        );
        Self::wrong(door, Exit::NoData, words)
    }
}

/// Says what an answer means.
pub fn of_answer(door: &Door, answered: &Answered) -> Finding {
    let said = said(answered);
    if door.protocol == Protocol::Grpc {
        return of_call(door, answered, &said);
    }
    let status = answered.status;
    let wrong = |words: String| Finding::wrong(door, Exit::WrongUsage, words);
    match status {
        StatusCode::OK if said.contains("rejected") && !said.contains("\"rejected\":0") => {
            wrong(format!("taken in part: {said}"))
        }
        status if status.is_success() => match &door.repeats {
            Some(words) if !said.contains(words.as_str()) => wrong(format!(
                "it does not repeat {words}, so that the sender sends all again: another program answers, or a proxy in between \
                 changes answers: {said}"
            )),
            _ => Finding::well(door, ""),
        },
        StatusCode::BAD_REQUEST if door.sends == Sends::Nothing => {
            Finding::well(door, "it answers, and refuses an empty request as it should")
        }
        StatusCode::BAD_REQUEST if said.contains("HTTPS port") => wrong(format!("this port speaks TLS: {said}")),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            wrong(format!("it asks who is sending ({status}): {}", door.credential))
        }
        StatusCode::NOT_FOUND => wrong(format!(
            "nothing is received at this path ({status}): the address may be that of the pages, of another program or of an \
             older pennyspan, or a proxy in between changes paths"
        )),
        StatusCode::METHOD_NOT_ALLOWED => wrong(format!(
            "it takes no POST ({status}): the address may be that of the pages or of another program"
        )),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => wrong(format!(
            "it does not read this content type ({status}): {said}; the address may be another program's, or a proxy in \
             between changes headers"
        )),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Finding::wrong(
            door,
            Exit::NoData,
            format!("it refuses for the moment ({status}): {said}; senders try again by themselves"),
        ),
        _ => wrong(format!("it answers {status}: {said}")),
    }
}

/// Says what the answer to a call of gRPC means.
fn of_call(door: &Door, answered: &Answered, said: &str) -> Finding {
    let wrong = |words: String| Finding::wrong(door, Exit::WrongUsage, words);
    match answered.grpc_status.as_deref() {
        Some("0") => Finding::well(door, ""),
        Some("16" | "7") => wrong(format!("it asks who is sending: {}", door.credential)),
        Some("12") => {
            wrong("it does not know this method (UNIMPLEMENTED): the address may be that of another program".to_owned())
        }
        Some("8" | "14") => Finding::wrong(
            door,
            Exit::NoData,
            format!("it refuses for the moment: {said}; senders try again by themselves"),
        ),
        Some(code) => wrong(format!("it answers grpc-status {code}: {said}")),
        None => wrong(format!(
            "it answers {} and speaks no gRPC: the address may be that of OTLP over HTTP, or of the pages",
            answered.status
        )),
    }
}

/// Returns the words of an answer, in one line.
fn said(answered: &Answered) -> String {
    let of_header = answered.headers.get("grpc-message").and_then(|text| text.to_str().ok());
    let text = of_header.map_or_else(|| String::from_utf8_lossy(&answered.body).into_owned(), str::to_owned);
    let printable = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character });
    printable.take(SAID_LENGTH).collect::<String>().trim().to_owned()
}

/// Says why there was no answer.
pub async fn of_error(door: &Door, error: &anyhow::Error) -> Finding {
    let io = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind));
    let unreachable = |words: String| Finding::wrong(door, Exit::NoData, words);
    let Some((host, port)) = host_and_port(&door.url) else {
        return Finding::wrong(
            door,
            Exit::WrongUsage,
            "this is no address such as http://127.0.0.1:4318".to_owned(),
        );
    };
    if io == Some(io::ErrorKind::ConnectionRefused) {
        return unreachable(format!(
            "refused: nothing listens on port {port} of {host}; start `pennyspan serve`, or say where it listens"
        ));
    }
    match speaks(&host, port).await {
        Some(Speaks::Tls) => Finding::wrong(
            door,
            Exit::WrongUsage,
            "this port speaks TLS, and is spoken to without: senders need https://, and doctor the port behind what ends TLS"
                .to_owned(),
        ),
        Some(Speaks::Http1) if door.url.starts_with("https:") => Finding::wrong(
            door,
            Exit::WrongUsage,
            "this port speaks no TLS: write http:// here and in the senders' endpoint".to_owned(),
        ),
        Some(Speaks::Http1) if door.protocol == Protocol::Grpc => Finding::wrong(
            door,
            Exit::WrongUsage,
            "it speaks HTTP/1.1 only, and no gRPC: the address may be that of the pages".to_owned(),
        ),
        Some(Speaks::Http1 | Speaks::Other) | None => {
            let last = error.chain().last().map(ToString::to_string).unwrap_or_default();
            let named = error.source().map(ToString::to_string).unwrap_or_default();
            let why = if named == last || named.is_empty() { last } else { format!("{named}: {last}") };
            unreachable(format!("{host} port {port} cannot be spoken to: {why}"))
        }
    }
}

fn host_and_port(url: &str) -> Option<(String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let usual = if uri.scheme_str()? == "https" { 443 } else { 80 };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, uri.port_u16().unwrap_or(usual)))
}

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Tls,
    Http1,
    Other,
}

/// Looks at what a port answers to a plain request.
async fn speaks(host: &str, port: u16) -> Option<Speaks> {
    let look = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut begin = [0; 5];
        let length = stream.read(&mut begin).await.ok()?;
        Some(match &begin[..length] {
            [first, ..] if TLS_RECORDS.contains(first) => Speaks::Tls,
            // A server that ends TLS itself may answer a plain request in plain words, and only with those.
            b"HTTP/" => Speaks::Http1,
            _ => Speaks::Other,
        })
    };
    tokio::time::timeout(LOOK_WITHIN, look).await.ok()?
}

/// Returns by how many seconds the server's clock goes before this machine's.
pub fn clock_of(answered: &Answered, now_unix_nano: i64) -> Option<i64> {
    let date = answered.headers.get("date")?.to_str().ok()?;
    let server = DateTime::parse_from_rfc2822(date).ok()?.timestamp();
    Some(server - now_unix_nano / 1_000_000_000)
}

/// Says whether the clocks go together, where any answer told the time.
pub fn clock(ahead_s: &[i64]) -> Option<Finding> {
    // The least of them had the least time between the two clocks.
    let ahead = ahead_s.iter().copied().min_by_key(|ahead| ahead.abs())?;
    let words = match ahead {
        ahead if ahead > APART_S => format!(
            "the server's clock is {ahead} s ahead of this machine's: telemetry from here seems old there; set both by NTP"
        ),
        ahead if ahead < -APART_S => format!(
            "the server's clock is {} s behind this machine's: telemetry from here lies in its future; set both by NTP",
            -ahead
        ),
        _ => String::new(),
    };
    Some(Finding {
        door: "clock".to_owned(),
        url: String::new(),
        exit: if words.is_empty() {
            Exit::Passed
        } else {
            Exit::WrongUsage
        },
        words,
    })
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::body::Bytes;

    use super::*;

    fn door(protocol: Protocol, sends: Sends) -> Door {
        let mut door = Door::page("a door", "http://127.0.0.1:9/v1/x");
        (door.protocol, door.sends) = (protocol, sends);
        door.credential = "give --token";
        door
    }

    fn answered(status: u16, grpc_status: Option<&str>, body: &'static str) -> Answered {
        Answered {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            grpc_status: grpc_status.map(str::to_owned),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn every_refusal_has_words_and_an_exit_code() {
        for (status, exit, words) in [
            (200, Exit::Passed, ""),
            (401, Exit::WrongUsage, "--token"),
            (404, Exit::WrongUsage, "nothing is received at this path"),
            (405, Exit::WrongUsage, "takes no POST"),
            (415, Exit::WrongUsage, "content type"),
            (503, Exit::NoData, "for the moment"),
            (500, Exit::WrongUsage, "it answers 500"),
        ] {
            let found = of_answer(&door(Protocol::Http, Sends::Telemetry), &answered(status, None, ""));
            assert_eq!(found.exit, exit, "{status}");
            assert!(found.words.contains(words), "{status}: {}", found.words);
        }
        for (code, exit, words) in [
            (Some("0"), Exit::Passed, ""),
            (Some("16"), Exit::WrongUsage, "--token"),
            (Some("12"), Exit::WrongUsage, "UNIMPLEMENTED"),
            (Some("14"), Exit::NoData, "for the moment"),
            (None, Exit::WrongUsage, "speaks no gRPC"),
        ] {
            let found = of_answer(&door(Protocol::Grpc, Sends::Telemetry), &answered(200, code, ""));
            assert_eq!(found.exit, exit, "{code:?}");
            assert!(found.words.contains(words), "{code:?}: {}", found.words);
        }
    }

    #[test]
    fn an_empty_request_may_be_refused_and_telemetry_may_not() {
        let bad = answered(400, None, "no");
        let exit = |sends| of_answer(&door(Protocol::Http, sends), &bad).exit;
        assert_eq!(
            (exit(Sends::Nothing), exit(Sends::Telemetry)),
            (Exit::Passed, Exit::WrongUsage)
        );
        let in_part = answered(200, None, r#"{"accepted":0,"rejected":1,"message":"line 1: no start"}"#);
        let found = of_answer(&door(Protocol::Http, Sends::Telemetry), &in_part);
        assert!(found.words.contains("line 1: no start"), "{}", found.words);
    }

    #[test]
    fn clocks_that_lie_apart_are_named() {
        assert_eq!(clock(&[]), None);
        assert_eq!(clock(&[0, 1]).unwrap().exit, Exit::Passed);
        let behind = clock(&[-91, -90]).unwrap();
        assert!(behind.words.contains("90 s behind"), "{}", behind.words);
        let mut told = answered(200, None, "");
        told.headers
            .insert("date", "Thu, 19 Nov 2026 14:52:00 GMT".parse().unwrap());
        assert_eq!(clock_of(&told, 1_795_099_910_000_000_000), Some(10));
    }
}
