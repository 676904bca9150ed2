//! Amazon Data Firehose: requests of records, each of which carries what somebody put into the stream.
//!
//! `{"requestId","timestamp","records":[{"data":"<base64>"}]}`. A record's data is gzip, several gzip members one after another,
//! or plain; what it is decides its content ([`content`]). A record that is not understood is rejected alone, by its index.
//!
//! Source: "HTTP endpoint delivery request and response specifications", Amazon Data Firehose developer guide,
//! <https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>.

mod content;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pennyspan_schema::Table;
use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::content::{Reading, not_understood};
use super::telemetry::too_many;
use super::whence::Whence;
use crate::decode::fault::Fault;
use crate::decode::inflate::inflate;
use crate::decode::slices::Slices;
use crate::decode::{DecodeError, Decoded, Origin, Output, Reason, Settings};
use crate::request::ContentEncoding;

/// What a body should be.
const EXPECTED: &str = "a Firehose request: {\"requestId\",\"timestamp\",\"records\":[{\"data\"}]}";
/// How a gzip member begins.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How often compression is taken off: a subscription's messages are gzip, and a stream may compress them once more.
const LAYERS: usize = 2;

/// A request, whose records are read one by one.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "requestId")]
    request_id: Option<String>,
    #[serde(borrow)]
    records: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(body).map_err(|problem| malformed(&problem))
    }
}

fn malformed(problem: &serde_json::Error) -> DecodeError {
    DecodeError::Malformed {
        place: format!("line {}, column {}", problem.line(), problem.column()),
        expected: EXPECTED,
        problem: problem.to_string(),
    }
}

/// Returns the name that a body gives its request.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is no Firehose request or names none.
pub(crate) fn request_id(body: &[u8]) -> Result<String, DecodeError> {
    Envelope::parse(body)?.request_id.ok_or_else(|| DecodeError::Malformed {
        place: "requestId".to_owned(),
        expected: EXPECTED,
        problem: "the body names no request".to_owned(),
    })
}

/// Decodes a Firehose request: `POST /v1/aws/firehose`.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is no Firehose request, [`DecodeError::NothingAcceptable`] where it has records and
/// nothing in them is understood: Firehose then keeps the request for its backup. Beside what is understood, text of a shape that
/// nobody knows is kept as it came.
pub fn firehose(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    let envelope = Envelope::parse(body)?;
    let Some(records) = envelope.records else {
        return Err(DecodeError::Malformed {
            place: "records".to_owned(),
            expected: EXPECTED,
            problem: "the body has no list of records".to_owned(),
        });
    };
    let door = Whence::of_origin(origin);
    let mut reading = Reading {
        given: (origin, settings),
        door: &door,
        slices: Slices::new(origin, settings),
        output: Output::default(),
    };
    let mut budget = settings.request_bytes;
    let mut index = 0;
    each_record(records.get(), |record| {
        let place = format!("records[{index}]");
        let read = if index < settings.items {
            data(record, &mut budget).and_then(|data| {
                reading.output.stand_within(Some(place.clone()));
                reading.content(&data)
            })
        } else {
            Err(too_many(settings))
        };
        reading.output.stand_within(None);
        if let Err(fault) = read {
            reading.output.reject(fault.at(Table::Logs, place));
        }
        index += 1;
    })
    .map_err(|problem| malformed(&problem))?;
    let mut output = reading.output;
    if output.kept_raw > 0 && output.kept_raw == output.accepted {
        let nothing = not_understood("nothing of the request is known").at(Table::Logs, "records".to_owned());
        output.reject_many(nothing, output.accepted);
        output.accepted = 0;
    }
    output.finish("items of records")
}

/// Hands the records to `take`, one after another, without building a list of them.
fn each_record(records: &str, take: impl FnMut(&str)) -> Result<(), serde_json::Error> {
    struct Records<F>(F);

    impl<'de, F: FnMut(&str)> Visitor<'de> for Records<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of records")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut records: A) -> Result<(), A::Error> {
            while let Some(record) = records.next_element::<&RawValue>()? {
                (self.0)(record.get());
            }
            Ok(())
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(records);
    serde::Deserializer::deserialize_seq(&mut deserializer, Records(take))
}

/// Returns a record's data as it was before base64 and compression; all records together hold no more than the budget.
fn data(record: &str, budget: &mut usize) -> Result<Vec<u8>, Fault> {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow)]
        data: Option<Cow<'a, str>>,
    }
    let record: Record<'_> = serde_json::from_str(record).map_err(|problem| {
        Fault::whole(
            Reason::Malformed,
            format!("expected {{\"data\":\"<base64>\"}}: {problem}"),
        )
    })?;
    let text = record
        .data
        .ok_or_else(|| Fault::of("data", Reason::MissingField, "a record has its content in base64"))?;
    let bad = |problem: String| Fault::of("data", Reason::BadValue, problem);
    let mut data = STANDARD
        .decode(text.as_bytes())
        .map_err(|problem| bad(format!("expected base64: {problem}")))?;
    for _ in 0..LAYERS {
        if !data.starts_with(GZIP) {
            break;
        }
        data = inflate(ContentEncoding::Gzip, &data, *budget)
            .map_err(|problem| bad(format!("gzip within base64: {problem}")))?
            .into_owned();
    }
    *budget = budget.saturating_sub(data.len());
    Ok(data)
}

#[cfg(test)]
mod tests;
