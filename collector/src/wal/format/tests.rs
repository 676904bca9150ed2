use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn requests() -> impl Strategy<Value = Request> {
    let text = || proptest::option::of(".{0,40}");
    let parts = (
        "[a-z0-9][a-z0-9_-]{0,63}",
        proptest::sample::select(RequestKind::ALL),
        proptest::sample::select(ContentType::ALL),
        proptest::sample::select(ContentEncoding::ALL),
        (text(), text()),
        any::<i64>(),
        any::<[u8; 32]>(),
        proptest::collection::vec(any::<u8>(), 0..100),
    );
    parts.prop_map(
        |(workspace, kind, content_type, content_encoding, (resource, instance), at, digest, body)| Request {
            workspace: Workspace::new(&workspace).unwrap(),
            kind,
            content_type,
            content_encoding,
            door: Door { resource, instance },
            received_at_unix_nano: at,
            digest: Digest(digest),
            body: Bytes::from(body),
        },
    )
}

proptest! {
    #[test]
    fn a_header_is_read_as_it_was_written(request in requests()) {
        let header = Header::decode(&Header::encode(&request)).unwrap();
        prop_assert_eq!(header.into_request(request.body.clone()), request);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let salt = Salt::of(WalId([b'0'; 16]), Position(1));
        prop_assert_eq!(Prefix::decode(&bytes, salt), None);
        prop_assert_eq!(decode_void(&bytes, salt), None);
        prop_assert_eq!(Preamble::decode(&bytes), Preamble::Damaged);
        prop_assert_eq!(Head::decode(&bytes), None);
        prop_assert!(Header::decode(&bytes).is_err());
    }

    #[test]
    fn a_head_is_read_as_it_was_written(first in any::<u64>(), settings in proptest::collection::vec(any::<u8>(), 0..90)) {
        let head = Head { id: WalId(*b"0123456789abcdef"), first: Position(first), settings };
        let bytes = head.encode();
        prop_assert_eq!(Preamble::decode(&bytes), Preamble::Known);
        prop_assert_eq!(Head::whole_bytes(&bytes), Some(bytes.len()));
        let len = bytes.len();
        prop_assert_eq!(Head::decode(&bytes), Some((head, len)));
    }
}

#[test]
fn a_code_that_is_not_known_is_named() {
    let request = Request {
        workspace: Workspace::default(),
        kind: RequestKind::Spans,
        content_type: ContentType::Json,
        content_encoding: ContentEncoding::Gzip,
        door: Door::default(),
        received_at_unix_nano: 0,
        digest: Digest([0; 32]),
        body: Bytes::new(),
    };
    let mut bytes = Header::encode(&request);
    bytes[0] = 200;
    assert_eq!(
        Header::decode(&bytes),
        Err(HeaderError::Unknown {
            field: "kind",
            code: 200
        })
    );
}

#[test]
fn only_sixteen_lower_case_digits_are_an_id() {
    assert_eq!(
        WalId::parse("0123456789abcdef").unwrap().to_string(),
        "0123456789abcdef"
    );
    for text in [
        "",
        "0123456789abcde",
        "0123456789abcdeff",
        "0123456789ABCDEF",
        "0123456789abcdeg",
    ] {
        assert_eq!(WalId::parse(text), None, "{text}");
    }
}
