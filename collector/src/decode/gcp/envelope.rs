//! The envelope of a Pub/Sub push: `{"message":{"data":"<base64>","messageId":..},"subscription":..}`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::{Reason, Settings};

/// Base64 with or without its padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Returns the identity of a pushed message, equal for each of its deliveries: its subscription and id.
pub(crate) fn message_identity(body: &[u8]) -> Option<String> {
    let mut object: Object<'_> = serde_json::from_slice(body).ok()?;
    let mut message = object.first_object(&["message"])?;
    let id = message.first_word(&["messageId", "message_id"])?;
    let subscription = object.word("subscription").unwrap_or_default();
    Some(format!("{subscription}/{id}"))
}

/// Takes the text of the log entry that a message carries.
pub(super) fn entry_json(object: &mut Object<'_>, settings: &Settings) -> Result<String, Fault> {
    let mut message = object.object("message")?.unwrap_or_default();
    let Some(data) = message.text("data")? else {
        let detail = "no data; subscribe the topic that a log sink publishes to";
        return Err(Fault::of("message.data", Reason::MissingField, detail));
    };
    let bytes = STANDARD
        .decode(data.as_bytes())
        .or_else(|_| URL_SAFE.decode(data.as_bytes()))
        .map_err(|problem| Fault::of("message.data", Reason::BadValue, format!("expected base64: {problem}")))?;
    if bytes.len() > settings.request_bytes {
        let detail = format!("holds more than {} bytes", settings.request_bytes);
        return Err(Fault::of("message.data", Reason::BadValue, detail));
    }
    String::from_utf8(bytes).map_err(|_| no_entry("it is no text"))
}

/// Returns the fault of a message, or of a part of a list, that is no log entry.
pub(super) fn no_entry(problem: &str) -> Fault {
    Fault::whole(Reason::Malformed, format!("not a log entry: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::message_identity;

    #[test]
    fn a_message_is_itself_however_often_it_is_delivered() {
        let body = |attempt: u32, id: &str| {
            format!(
                r#"{{"deliveryAttempt":{attempt},"message":{{"data":"e30=","messageId":"{id}"}},"subscription":"s"}}"#
            )
        };
        let of = |text: String| message_identity(text.as_bytes());
        assert_eq!(of(body(1, "17")), Some("s/17".to_owned()));
        assert_eq!(of(body(2, "17")), of(body(1, "17")));
        assert_ne!(of(body(1, "18")), of(body(1, "17")));
        for none in [
            body(1, ""),
            "[]".to_owned(),
            "{".to_owned(),
            r#"{"message":1}"#.to_owned(),
        ] {
            assert_eq!(of(none), None);
        }
    }
}
