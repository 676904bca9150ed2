//! Which signal an OTLP request in protobuf is of: the three are told apart only by the fields of their innermost items.

use crate::request::RequestKind;

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire<'a> {
    Varint,
    Fixed64,
    Bytes(&'a [u8]),
    Fixed32,
}

/// Returns the signal of a request, or `None` where the bytes are none or hold no item.
///
/// Every request has its resources in field 1, these their scopes in field 2, and these their items in field 2. An item whose
/// field 1 is a fixed 64-bit number is a log record (its time); one whose field 1 has 16 bytes and whose field 7 is a fixed
/// 64-bit number is a span (trace id and start); any other is a metric (its name).
pub(in crate::import) fn signal(request: &[u8]) -> Option<RequestKind> {
    let items = of_number(request, 1)
        .flat_map(|resource| of_number(resource, 2))
        .flat_map(|scope| of_number(scope, 2));
    items.map(kind_of).next()
}

fn kind_of(item: &[u8]) -> RequestKind {
    let first = |number| {
        Fields { rest: item }
            .find(|(field, _)| *field == number)
            .map(|(_, wire)| wire)
    };
    match (first(1), first(7), first(11)) {
        (Some(Wire::Fixed64), ..) | (None, _, Some(Wire::Fixed64)) => RequestKind::Logs,
        (Some(Wire::Bytes(id)), Some(Wire::Fixed64), _) if id.len() == 16 => RequestKind::Spans,
        _ => RequestKind::Metrics,
    }
}

/// Returns the messages of one field number.
fn of_number(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    Fields { rest: message }.filter_map(move |(field, wire)| match wire {
        Wire::Bytes(bytes) if field == number => Some(bytes),
        _ => None,
    })
}

/// The fields of a message, up to the first that is not well formed.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Wire<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => {
                self.varint()?;
                Wire::Varint
            }
            1 => {
                self.bytes(8)?;
                Wire::Fixed64
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.bytes(length)?)
            }
            5 => {
                self.bytes(4)?;
                Wire::Fixed32
            }
            _ => return None,
        };
        Some((tag >> 3, wire))
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }
}
