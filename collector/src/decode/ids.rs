//! Trace and span ids in their written forms.

/// Returns the bytes of a trace id of 32 hex digits in any case; `None` where it is malformed or all zero.
pub(crate) fn trace_id(text: &str) -> Option<[u8; 16]> {
    bytes(text)
}

/// Returns the bytes of a span id of 16 hex digits in any case; `None` where it is malformed or all zero.
pub(crate) fn span_id(text: &str) -> Option<[u8; 8]> {
    bytes(text)
}

/// Returns the trace id of X-Ray's form `1-<8 hex digits>-<24 hex digits>`.
pub(crate) fn xray_trace_id(text: &str) -> Option<[u8; 16]> {
    let (epoch, rest) = text.strip_prefix("1-")?.split_once('-')?;
    let mut id = [0; 16];
    hex::decode_to_slice(epoch, &mut id[..4]).ok()?;
    hex::decode_to_slice(rest, &mut id[4..]).ok()?;
    (id != [0; 16]).then_some(id)
}

/// What X-Ray's trace header says: `Root=1-..;Parent=..;Sampled=1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct XrayHeader {
    /// The trace.
    pub(crate) trace_id: Option<[u8; 16]>,
    /// The span that sent it.
    pub(crate) parent: Option<[u8; 8]>,
    /// Whether the trace is recorded.
    pub(crate) sampled: Option<bool>,
    /// Whether it has no other field, such as `Lineage=` or `Self=`.
    pub(crate) is_whole: bool,
}

impl XrayHeader {
    /// Reads the header's fields; what is malformed is left unknown.
    pub(crate) fn parse(text: &str) -> Self {
        let mut header = Self {
            is_whole: true,
            ..Self::default()
        };
        for (key, value) in text.split(';').filter_map(|field| field.trim().split_once('=')) {
            match key {
                "Root" => header.trace_id = xray_trace_id(value),
                "Parent" => header.parent = span_id(value),
                "Sampled" => header.sampled = matches!(value, "0" | "1").then_some(value == "1"),
                _ => header.is_whole = false,
            }
        }
        header
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut id = [0; N];
    hex::decode_to_slice(text, &mut id).ok()?;
    (id != [0; N]).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{XrayHeader, span_id, trace_id, xray_trace_id};

    #[test]
    fn ids_are_hex_of_the_right_length_and_not_zero() {
        let id = trace_id("5B8EFFF798038103d269b633813fc60c").unwrap();
        assert_eq!((id[0], id[15]), (0x5b, 0x0c));
        assert_eq!(trace_id(&"0".repeat(32)), None);
        assert_eq!(trace_id("5b8e"), None);
        assert_eq!(
            span_id("eee19b7ec3c1b174"),
            Some([0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74])
        );
        assert_eq!(span_id("eee19b7ec3c1b17g"), None);
    }

    #[test]
    fn xray_ids_are_the_same_traces() {
        let id = xray_trace_id("1-66d978e5-56c7378e556e94b5461da07c");
        assert_eq!(id, trace_id("66d978e556c7378e556e94b5461da07c"));
        let header =
            XrayHeader::parse("Root=1-66d978e5-56c7378e556e94b5461da07c;Parent=29c3839e6ecb5895;Sampled=1;Lineage=a");
        assert_eq!(
            header,
            XrayHeader {
                trace_id: id,
                parent: span_id("29c3839e6ecb5895"),
                sampled: Some(true),
                is_whole: false,
            }
        );
        let unread = XrayHeader::parse("Root=1-x;Sampled=?");
        assert_eq!(
            (unread.trace_id, unread.parent, unread.sampled, unread.is_whole),
            (None, None, None, true)
        );
    }
}
