//! A file in parts of bounded size, each decoded by itself.

use std::io::{BufRead, Read as _};
use std::ops::Range;

use pennyspan_schema::Table;
use serde_json::value::RawValue;

use super::csv::{Record, next_record};
use super::format::{Format, Shape};
use super::lines::{Line, next_line};
use super::values::{Next, Values};
use super::{ImportError, otlp, rejected};
use crate::decode::aws::{cloudwatch, export, log_events, log_insights, metric_stream, telemetry, xray};
use crate::decode::workflow::step_functions;
use crate::decode::{
    DecodeError, Decoded, Origin, Output, Settings, azure, cloudflare, configuration, deployment, gcp, record,
};

/// How large a part grows before it is decoded.
const PART_BYTES: usize = 4 << 20;
/// How many items a part has at most.
const PART_ITEMS: usize = 50_000;

/// A decoder of one part whose first line or item has the given number.
type Decode = fn(&[u8], usize, &Origin<'_>, &Settings) -> Result<Output, DecodeError>;

/// How the parts of a file are decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) format: Format,
    pub(super) shape: Shape,
    pub(super) origin: &'a Origin<'a>,
    pub(super) settings: &'a Settings,
}

impl Parts<'_> {
    /// Decodes a file part by part.
    pub(super) fn decode(self, reader: &mut dyn BufRead, take: &mut dyn FnMut(Decoded)) -> Result<(), ImportError> {
        match self.shape {
            Shape::Messages | Shape::Delimited => otlp::messages(reader, self.shape, self.origin, self.settings, take),
            Shape::Lines => self.lines(reader, take),
            Shape::Values => self.values(reader, take),
            Shape::Records => self.records(reader, take),
            Shape::Whole => self.whole(reader, take),
        }
    }

    /// Returns what decodes a part; OTLP requests are decoded one by one instead.
    fn decoder(self) -> Option<Decode> {
        match (self.format, self.shape) {
            (Format::OtlpJson | Format::OtlpMessages | Format::MetricStreamMessages, _) => None,
            (Format::Invocations, _) => Some(record::items),
            (Format::LambdaLog, Shape::Lines) => Some(export::items),
            (Format::AwsTelemetry | Format::LambdaLog, _) => Some(telemetry::items),
            (Format::Cloudwatch, _) => Some(cloudwatch::items),
            (Format::LogEvents, _) => Some(log_events::items),
            (Format::LogInsights, _) => Some(log_insights::items),
            (Format::MetricStream, _) => Some(metric_stream::items),
            (Format::Xray, _) => Some(xray::items),
            (Format::ExecutionHistory, _) => Some(step_functions::items),
            (Format::Configurations, Shape::Whole) => Some(configuration::template::items),
            (Format::Configurations, _) => Some(configuration::items),
            (Format::Deployments, _) => Some(deployment::items),
            (Format::GcpLogs, _) => Some(gcp::items),
            (Format::AzureRecords, _) => Some(azure::items),
            (Format::CloudflareEvents, _) => Some(cloudflare::items),
        }
    }

    fn lines(self, reader: &mut dyn BufRead, take: &mut dyn FnMut(Decoded)) -> Result<(), ImportError> {
        let mut part = Part::starting_at(1);
        while let Some(line) =
            next_line(reader, self.settings.request_bytes).map_err(|error| ImportError::Unreadable { error })?
        {
            match line {
                Line::Whole(line) => {
                    if part.is_full() && self.may_part_before(&line) {
                        part = self.flush(part, take)?;
                    }
                    part.add(&line);
                }
                Line::TooLong => {
                    let place = format!("line {}", part.next());
                    part = self.flush(part, take)?;
                    take(rejected(Table::Logs, place, self.too_long()));
                    part.skip();
                }
            }
        }
        self.flush(part, take)?;
        Ok(())
    }

    /// Reads comma-separated values; each record becomes the object of its fields by their names, on a line of its own.
    fn records(self, reader: &mut dyn BufRead, take: &mut dyn FnMut(Decoded)) -> Result<(), ImportError> {
        let unreadable = |error| ImportError::Unreadable { error };
        let limit = self.settings.request_bytes;
        let Some(Record::Fields(names)) = next_record(reader, limit).map_err(unreadable)? else {
            return Ok(());
        };
        let mut part = Part::starting_at(2);
        while let Some(record) = next_record(reader, limit).map_err(unreadable)? {
            match record {
                Record::Fields(fields) if fields.iter().all(String::is_empty) => part.add(b"\n"),
                Record::Fields(fields) => {
                    if part.is_full() {
                        part = self.flush(part, take)?;
                    }
                    let fields = fields.into_iter().map(serde_json::Value::from);
                    let object: serde_json::Map<_, _> = names.iter().cloned().zip(fields).collect();
                    part.add(format!("{}\n", serde_json::Value::from(object)).as_bytes());
                }
                Record::TooLong => {
                    let place = format!("record {}", part.next());
                    part = self.flush(part, take)?;
                    take(rejected(Table::Logs, place, self.too_long()));
                    part.skip();
                }
            }
        }
        self.flush(part, take)?;
        Ok(())
    }

    /// Returns whether a part may end before a line: a message of several lines stays whole.
    fn may_part_before(self, line: &[u8]) -> bool {
        self.format != Format::LambdaLog || std::str::from_utf8(line).is_ok_and(export::begins_message)
    }

    fn values(self, reader: &mut dyn BufRead, take: &mut dyn FnMut(Decoded)) -> Result<(), ImportError> {
        let mut values = Values::new(self.settings.request_bytes);
        let mut part = Part::starting_at(1);
        loop {
            let place = format!("item {}", part.next());
            let broken = |problem: String| ImportError::Broken {
                place: place.clone(),
                expected: self.format.expected(),
                problem,
            };
            let next = values.next(reader).map_err(|error| ImportError::Unreadable { error })?;
            match next {
                Next::Value(value) => match serde_json::from_slice::<&RawValue>(&value) {
                    Ok(_) => {
                        if part.is_full() {
                            part = self.flush(part, take)?;
                        }
                        part.add_value(&value);
                    }
                    Err(problem) => {
                        part = self.flush(part, take)?;
                        take(rejected(Table::Logs, place, format!("not JSON: {problem}")));
                        part.skip();
                    }
                },
                Next::End => {
                    self.flush(part, take)?;
                    return Ok(());
                }
                Next::TooLong => {
                    self.flush(part, take)?;
                    return Err(broken(self.too_long()));
                }
                Next::Cut => {
                    self.flush(part, take)?;
                    return Err(broken("the file ends within it".to_owned()));
                }
            }
        }
    }

    /// Decodes a file that only makes sense as a whole.
    fn whole(self, reader: &mut dyn BufRead, take: &mut dyn FnMut(Decoded)) -> Result<(), ImportError> {
        let limit = self.settings.request_bytes;
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let read = reader.take(one_more).read_to_end(&mut bytes);
        read.map_err(|error| ImportError::Unreadable { error })?;
        let mut part = Part::starting_at(1);
        if bytes.len() > limit {
            take(rejected(Table::Configurations, "line 1".to_owned(), self.too_long()));
            return Ok(());
        }
        part.add(&bytes);
        self.flush(part, take)?;
        Ok(())
    }

    fn too_long(self) -> String {
        format!(
            "longer than {} bytes; split it, or raise the limit",
            self.settings.request_bytes
        )
    }

    /// Decodes a part and returns the next one, which is empty.
    fn flush(self, mut part: Part, take: &mut dyn FnMut(Decoded)) -> Result<Part, ImportError> {
        let next = Part::starting_at(part.next());
        if part.items == 0 {
            return Ok(next);
        }
        let Some(decode) = self.decoder() else {
            for (place, request) in part.requests(self.shape) {
                take(otlp::json(request, &place, self.origin, self.settings));
            }
            return Ok(next);
        };
        part.close();
        let decoded = decode(&part.bytes, part.first, self.origin, self.settings);
        let broken = |error: DecodeError| ImportError::Broken {
            place: format!("from item {}", part.first),
            expected: self.format.expected(),
            problem: error.to_string(),
        };
        take(decoded.map_err(broken)?.into_decoded());
        Ok(next)
    }
}

/// Lines or values that are decoded together.
#[derive(Debug)]
struct Part {
    bytes: Vec<u8>,
    /// The number of its first line or value.
    first: usize,
    items: usize,
    /// Where each item stands.
    ranges: Vec<Range<usize>>,
    array: bool,
}

impl Part {
    fn starting_at(first: usize) -> Self {
        Self {
            bytes: Vec::new(),
            first,
            items: 0,
            ranges: Vec::new(),
            array: false,
        }
    }

    /// Returns the number of the next line or value.
    fn next(&self) -> usize {
        self.first + self.items
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= PART_BYTES || self.items >= PART_ITEMS
    }

    /// Adds a line, with its line end.
    fn add(&mut self, line: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(line);
        self.ranges.push(start..self.bytes.len());
        self.items += 1;
    }

    /// Adds a value as an item of one array.
    fn add_value(&mut self, value: &[u8]) {
        self.array = true;
        self.bytes.push(if self.items == 0 { b'[' } else { b',' });
        self.add(value);
    }

    /// Passes over an item that is not decoded, which only an empty part does.
    fn skip(&mut self) {
        self.first += 1;
    }

    fn close(&mut self) {
        if self.array {
            self.bytes.push(b']');
        }
    }

    /// Returns each item that is not empty, and where it stands.
    fn requests(&self, shape: Shape) -> impl Iterator<Item = (String, &[u8])> {
        let word = if shape == Shape::Lines { "line" } else { "item" };
        self.ranges.iter().enumerate().filter_map(move |(index, range)| {
            let item = self.bytes[range.clone()].trim_ascii();
            (!item.is_empty()).then(|| (format!("{word} {}", self.first + index), item))
        })
    }
}
