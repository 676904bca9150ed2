//! A line that a function logs itself, on whichever platform: its row among the logs, and the delivery or error in it.

use std::borrow::Cow;

use pennyspan_schema::tables::logs;
use pennyspan_schema::{Outcome, Source};

use super::delivery::Written;
use super::exception::Exception;
use super::fingerprint::fingerprint;
use super::items::Items;
use super::names::{key_scope, text_up_to};
use super::payload;
use super::sender::{Sender, name};
use super::severity;
use super::time::Filed;

/// OTLP's least severity number of an error.
const ERROR: i64 = 17;

/// One line as its platform hands it over.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnLine<'a> {
    /// The message.
    pub(crate) body: Cow<'a, str>,
    /// The level as written.
    pub(crate) severity: Option<Cow<'a, str>>,
    /// The invocation to which the platform says that the line belongs.
    pub(crate) invocation_id: Option<&'a str>,
    /// Whether statements may be made about that invocation: its id is that of the platform's own records.
    pub(crate) certain: bool,
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) span_id: Option<[u8; 8]>,
    /// The provider's id of the record.
    pub(crate) record_id: Option<&'a str>,
    /// The kind of platform line, where it is none of the function's own.
    pub(crate) platform_type: Option<&'a str>,
    /// The error, where the record names it in fields of its own.
    pub(crate) error: Option<Exception<'a>>,
    /// Whether the platform says that the error ended the invocation; a function may log one that it handled.
    pub(crate) fatal: bool,
    /// What has no column.
    pub(crate) attributes_json: Option<String>,
}

impl OwnLine<'_> {
    /// Appends the line, and what it states about its invocation.
    pub(crate) fn append(&self, filed: Filed, sender: &Sender<'_>, items: &mut Items<'_>) {
        let settings = items.settings;
        let severity_number = self.severity.as_deref().and_then(severity::number);
        let printed = || Exception::printed(&self.body).filter(|_| severity_number >= Some(ERROR));
        let error = self.error.or_else(printed);
        let told = payload::of_line(&self.body);
        let (delivery, instead) = told.map_or((None, None), |told| (Some(told.delivery), told.instead));
        let named = delivery.as_ref().and_then(|delivery| delivery.invocation_id.as_deref());
        let invocation_id = named.or(self.invocation_id).map(|id| name(Cow::Borrowed(id), settings));
        let cut = |text: Option<&str>| text.map(|text| name(Cow::Borrowed(text), settings).into_owned());
        let (kind, severity_text) = (cut(error.and_then(|error| error.kind)), cut(self.severity.as_deref()));
        let body = instead.as_deref().unwrap_or(&self.body).trim_end_matches(['\r', '\n']);
        items.append_log(&logs::Row {
            time_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            severity_number,
            severity_text: severity_text.as_deref(),
            body: Some(text_up_to(body, settings.value_bytes)).filter(|body| !body.is_empty()),
            trace_id: self.trace_id,
            span_id: self.span_id,
            invocation_id: invocation_id.as_deref(),
            platform_type: self.platform_type,
            error_type: kind.as_deref(),
            body_bytes: i64::try_from(self.body.len()).unwrap_or(i64::MAX),
            attributes_json: self.attributes_json.as_deref(),
            record_id: self.record_id,
            ..sender.log()
        });
        let certain = self.invocation_id.filter(|_| self.certain);
        if let Some(mut delivery) = delivery {
            delivery.invocation_id = delivery.invocation_id.or(certain.map(Cow::Borrowed));
            delivery.append(&written(filed, sender), (items.origin, settings), &mut items.output);
        } else if let (Some(error), Some(id)) = (error, certain) {
            self.append_error(error, id, (filed, sender), items);
        }
    }

    fn append_error(
        &self,
        error: Exception<'_>,
        invocation_id: &str,
        (filed, sender): (Filed, &Sender<'_>),
        items: &mut Items<'_>,
    ) {
        let settings = items.settings;
        let invocation_id = name(Cow::Borrowed(invocation_id), settings);
        let kind = name(Cow::Borrowed(error.kind.unwrap_or_default()), settings);
        let fingerprint = fingerprint(&kind, error.message, error.stack);
        items.append_fact(&pennyspan_schema::tables::invocation_facts::Row {
            key_scope: key_scope(sender.provider, &invocation_id, sender.function.as_deref()),
            invocation_id: &invocation_id,
            source: Source::Log.as_str(),
            fact_kind: "error",
            fact_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect.then_some(true),
            outcome: self.fatal.then_some(Outcome::Error.as_str()),
            error_type: Some(&*kind).filter(|kind| !kind.is_empty()),
            error_message: error.message.map(|text| text_up_to(text, settings.value_bytes)),
            error_fingerprint: Some(&fingerprint),
            ..sender.fact()
        });
    }
}

/// Returns where and when a function wrote a line.
fn written<'s>(filed: Filed, sender: &'s Sender<'_>) -> Written<'s> {
    Written {
        provider: sender.provider,
        platform: sender.platform,
        time_unix_nano: filed.unix_nano,
        account: sender.account.as_deref(),
        region: sender.region.as_deref(),
        function: sender.function.as_deref(),
        version: sender.version.as_deref(),
        instance_id: sender.instance_id.as_deref(),
        source: Source::Log,
    }
}
