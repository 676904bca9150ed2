use proptest::prelude::*;

use super::{Message, WireError};

fn first(bytes: &[u8]) -> Result<u32, WireError> {
    Message::new(bytes)
        .next_field()
        .map(|field| field.map_or(0, |field| field.number))
}

#[test]
fn numbers_and_lengths_are_read() {
    let mut message =
        Message::new(b"\x08\x96\x01\x12\x02hi\x1d\x01\x00\x00\x00\x21\x02\x00\x00\x00\x00\x00\x00\x00\x28\x03");
    let mut next = || message.next_field().unwrap().unwrap();
    assert_eq!(next().varint(), Ok(150));
    assert_eq!(next().message().unwrap().bytes(), b"hi");
    assert_eq!(next().fixed32(), Ok(1));
    assert_eq!(next().fixed64(), Ok(2));
    assert_eq!(next().sint32(), Ok(-2));
    assert!(message.next_field().unwrap().is_none());
}

#[test]
fn what_is_no_message_says_where() {
    let refused = |bytes: &[u8]| first(bytes).unwrap_err();
    assert_eq!(
        refused(b"\x08"),
        WireError {
            at: 1,
            problem: "a number is cut off"
        }
    );
    assert_eq!(
        refused(b"\x09\x01"),
        WireError {
            at: 1,
            problem: "a number is cut off"
        }
    );
    assert_eq!(refused(b"\x12\x05hi").at, 1);
    assert_eq!(refused(b"\x0b").problem, "a number is cut off");
    assert_eq!(refused(b"\x0c").problem, "a group ends that did not begin");
    assert_eq!(refused(b"\x0b\x14").problem, "a group ends that did not begin");
    assert_eq!(refused(&[0x0b; 200]).problem, "groups nest too deep");
    assert_eq!(refused(b"\x0f").at, 0);
    assert_eq!(refused(b"\x00\x01").at, 0);
    assert_eq!(
        refused(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").problem,
        "a number has more than 64 bits"
    );
    let other = Message::new(b"\x08\x01").next_field().unwrap().unwrap();
    assert_eq!(other.message().unwrap_err().at, 0);
}

#[test]
fn groups_are_skipped_with_what_they_hold() {
    let mut message = Message::new(b"\x0b\x08\x05\x13\x12\x01a\x14\x0c\x18\x07");
    let group = message.next_field().unwrap().unwrap();
    assert_eq!((group.number, group.varint().unwrap_err().at), (1, 0));
    assert_eq!(message.next_field().unwrap().unwrap().varint(), Ok(7));
    assert!(message.next_field().unwrap().is_none());
}

#[test]
fn repeated_numbers_may_be_packed() {
    let (mut packed, mut single) = (Vec::new(), Vec::new());
    let mut fields = Message::new(b"\x0a\x03\x01\x96\x01\x08\x05");
    fields
        .next_field()
        .unwrap()
        .unwrap()
        .repeated_varint(&mut packed)
        .unwrap();
    fields
        .next_field()
        .unwrap()
        .unwrap()
        .repeated_varint(&mut single)
        .unwrap();
    assert_eq!((packed, single), (vec![1, 150], vec![5]));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut values = Vec::new();
        let _ = Message::new(&bytes).fields(|field| {
            let _ = (field.repeated_varint(&mut values), field.repeated_fixed64(&mut values), field.sint32());
            Ok(())
        });
    }
}
