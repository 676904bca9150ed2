//! Changes of functions and services.

use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::deployments;

use super::documents::{Document, documents};
use super::fault::Fault;
use super::names::{self, FunctionArn, text_up_to};
use super::object::no_time;
use super::record::{object_of, within};
use super::{Clock, DecodeError, Decoded, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "deployments as a JSON array or one per line";
/// Who says so, where the sender does not tell.
const SOURCE: &str = "deployment record";

/// Decodes deployments: `POST /v1/deployments`, and files. Each names `function` or `service`, and `time` (RFC 3339) or
/// `time_unix_ms`; on the network, the time of receipt stands for a missing one.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no item is.
pub fn deployments(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    items(body, 1, origin, settings)?.finish("deployments")
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let appended = within(index, settings).and_then(|()| deployment(document, (origin, settings), &mut output));
        match appended {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::Deployments, place.to_string())),
        }
    }
    Ok(output)
}

fn deployment(
    document: Document<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    output: &mut Output,
) -> Result<(), Fault> {
    let mut object = object_of(document)?;
    let (function, service) = (object.text("function")?, object.text("service")?);
    if function.is_none() && service.is_none() {
        return Err(Fault::of(
            "function",
            Reason::MissingField,
            "name the function or the service that changed",
        ));
    }
    let time = object.time("time")?;
    let time = time.or(object.time_unix_ms("time_unix_ms")?);
    let clock = Clock::new(origin.received_at_unix_nano);
    let filed = time
        .map(|time| clock.file(time))
        .or_else(|| clock.file_untimed())
        .ok_or_else(|| no_time("time"))?;
    let arn = function.as_deref().and_then(FunctionArn::parse);
    let said = |text: Option<Cow<'_, str>>, of_arn: Option<&str>| {
        text.as_deref()
            .or(of_arn)
            .map(|text| names::name(text, settings.name_bytes).into_owned())
    };
    let provider = said(object.text("provider")?, arn.map(|_| "aws"));
    let account = said(object.text("account")?, arn.and_then(|arn| arn.account));
    let region = said(object.text("region")?, arn.and_then(|arn| arn.region));
    let version = said(object.text("version")?, arn.and_then(|arn| arn.version()));
    let (revision, source) = (
        said(object.text("revision")?, None),
        said(object.text("source")?, Some(SOURCE)),
    );
    let name = arn.map(|arn| Cow::Borrowed(arn.function)).or(function.clone());
    let (function, service, link) = (said(name, None), said(service, None), object.text("link")?);
    output.deployments.append(&deployments::Row {
        deployed_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        provider: provider.as_deref(),
        account: account.as_deref(),
        region: region.as_deref(),
        function: function.as_deref(),
        service: service.as_deref(),
        version: version.as_deref(),
        revision: revision.as_deref(),
        link: link.as_deref().map(|link| text_up_to(link, settings.value_bytes)),
        source: source.as_deref().unwrap_or(SOURCE),
        received_unix_nano: origin.received_at_unix_nano,
        ..deployments::Row::default()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::Table;
    use pennyspan_schema::tables::deployments as table;

    use super::deployments;
    use crate::decode::{Decoded, Origin, Reason, Settings, number};
    use crate::request::Door;

    fn decode(body: &str, received_at_unix_nano: Option<i64>) -> Decoded {
        let door = Door::default();
        let origin = Origin {
            door: &door,
            region: None,
            received_at_unix_nano,
        };
        deployments(body.as_bytes(), &origin, &Settings::default()).unwrap()
    }

    fn rows(decoded: &Decoded) -> table::Reader {
        table::Reader::new(decoded.rows.iter().find(|(of, _)| *of == Table::Deployments).unwrap().1).unwrap()
    }

    #[test]
    fn a_deployment_names_what_changed_and_when() {
        let body = r#"{"time":"2026-10-08T07:30:28Z","function":"arn:aws:lambda:eu-west-1:1:function:checkout:42","revision":"ab12","link":"https://ci.example/7","source":"ci"}
{"time_unix_ms":1791444628000,"service":"shop","version":"2.0"}"#;
        let decoded = decode(body, None);
        let rows = rows(&decoded);
        let first = rows.row(0);
        assert_eq!(
            Some(first.deployed_unix_nano),
            number::unix_nano("2026-10-08T07:30:28Z")
        );
        assert_eq!(
            (first.function, first.version, first.region),
            (Some("checkout"), Some("42"), Some("eu-west-1"))
        );
        assert_eq!(
            (first.revision, first.link, first.source),
            (Some("ab12"), Some("https://ci.example/7"), "ci")
        );
        assert_eq!(
            (rows.row(1).service, rows.row(1).version, rows.row(1).function),
            (Some("shop"), Some("2.0"), None)
        );
    }

    #[test]
    fn a_deployment_without_a_time_happened_when_it_was_received() {
        let body = "{\"function\":\"f\"}\n{\"version\":\"1\"}";
        let decoded = decode(body, Some(1_791_444_628_000_000_000));
        assert_eq!(rows(&decoded).row(0).deployed_unix_nano, 1_791_444_628_000_000_000);
        assert_eq!(decoded.rejections.first()[0].reason, Reason::MissingField);
        let door = Door::default();
        let file = Origin {
            door: &door,
            region: None,
            received_at_unix_nano: None,
        };
        let error = deployments(body.as_bytes(), &file, &Settings::default()).unwrap_err();
        assert!(error.to_string().contains("no time"), "{error}");
    }
}
