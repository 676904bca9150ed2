//! The protobuf wire format: fields read in place, without building messages.
//!
//! Numbers and lengths follow the encoding page of protobuf's documentation: tag = number << 3 | type; varints of at most ten
//! bytes; groups, which OTLP never used, are skipped with what they hold, as all fields are that nobody knows.

use super::super::DecodeError;

/// How deep groups may nest in each other.
const GROUP_DEPTH: usize = 100;

/// Why bytes are no protobuf message, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WireError {
    /// The offset in the body.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) problem: &'static str,
}

impl WireError {
    /// Returns the error of a whole body.
    pub(super) fn into_decode_error(self, expected: &'static str) -> DecodeError {
        DecodeError::Malformed {
            place: format!("byte {}", self.at),
            expected,
            problem: self.problem.to_owned(),
        }
    }
}

/// A message that stands between two offsets of a body; reading it consumes it from its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
}

/// One field of a message: its number and its value as it stands on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// The field's number.
    pub(super) number: u32,
    at: usize,
    value: FieldValue<'a>,
}

#[derive(Clone, Copy, Debug)]
enum FieldValue<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Delimited(Message<'a>),
    /// What a group holds is not read.
    Group,
}

impl<'a> Message<'a> {
    /// Returns a body as a message.
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            at: 0,
            end: body.len(),
        }
    }

    /// Reads the next field; `None` at the end.
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.at == self.end {
            return Ok(None);
        }
        let at = self.at;
        let (number, wire_type) = self.tag()?;
        let value = match wire_type {
            0 => FieldValue::Varint(self.varint()?),
            1 => FieldValue::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => FieldValue::Delimited(self.delimited()?),
            3 => {
                self.skip_group(number)?;
                FieldValue::Group
            }
            5 => FieldValue::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(no_field(at, wire_type)),
        };
        Ok(Some(Field { number, at, value }))
    }

    /// Reads a field's number and the type of its value.
    fn tag(&mut self) -> Result<(u32, u64), WireError> {
        let at = self.at;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or(WireError {
            at,
            problem: "a field's number is not between 1 and 536870911",
        })?;
        Ok((number, tag & 7))
    }

    /// Reads past a group that has begun.
    fn skip_group(&mut self, number: u32) -> Result<(), WireError> {
        let mut open = vec![number];
        while let Some(innermost) = open.last().copied() {
            let at = self.at;
            match self.tag()? {
                (_, 0) => {
                    self.varint()?;
                }
                (_, 1) => {
                    self.fixed::<8>()?;
                }
                (_, 2) => {
                    self.delimited()?;
                }
                (number, 3) if open.len() < GROUP_DEPTH => open.push(number),
                (number, 4) if number == innermost => {
                    open.pop();
                }
                (_, 5) => {
                    self.fixed::<4>()?;
                }
                (_, 3) => {
                    return Err(WireError {
                        at,
                        problem: "groups nest too deep",
                    });
                }
                (_, wire_type) => return Err(no_field(at, wire_type)),
            }
        }
        Ok(())
    }

    /// Hands each field to `visit`.
    pub(super) fn fields(mut self, mut visit: impl FnMut(Field<'a>) -> Result<(), WireError>) -> Result<(), WireError> {
        while let Some(field) = self.next_field()? {
            visit(field)?;
        }
        Ok(())
    }

    /// Returns the bytes that are left.
    pub(super) fn bytes(&self) -> &'a [u8] {
        &self.body[self.at..self.end]
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let (at, mut value) = (self.at, 0_u64);
        for shift in (0..70).step_by(7) {
            let byte = *self.bytes().first().ok_or(WireError {
                at,
                problem: "a number is cut off",
            })?;
            self.at += 1;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError {
            at,
            problem: "a number has more than 64 bits",
        })
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let value = self.bytes().first_chunk::<N>().ok_or(WireError {
            at: self.at,
            problem: "a number is cut off",
        })?;
        self.at += N;
        Ok(*value)
    }

    fn delimited(&mut self) -> Result<Self, WireError> {
        let at = self.at;
        let length = usize::try_from(self.varint()?)
            .ok()
            .filter(|length| *length <= self.end - self.at);
        let length = length.ok_or(WireError {
            at,
            problem: "a field is longer than what is left of its message",
        })?;
        let part = Self {
            body: self.body,
            at: self.at,
            end: self.at + length,
        };
        self.at = part.end;
        Ok(part)
    }
}

fn no_field(at: usize, wire_type: u64) -> WireError {
    let problem = match wire_type {
        4 => "a group ends that did not begin",
        _ => "a field's wire type is 6 or 7, which do not exist",
    };
    WireError { at, problem }
}

impl<'a> Field<'a> {
    fn other_type<T>(&self, problem: &'static str) -> Result<T, WireError> {
        Err(WireError { at: self.at, problem })
    }

    /// Returns the value of a varint field.
    pub(super) fn varint(&self) -> Result<u64, WireError> {
        match self.value {
            FieldValue::Varint(value) => Ok(value),
            _ => self.other_type("a varint field has another wire type"),
        }
    }

    /// Returns the value of an enum or `int32` field, of which the low 32 bits count.
    pub(super) fn int32(&self) -> Result<i32, WireError> {
        Ok(low32(self.varint()?).cast_signed())
    }

    /// Returns the value of a `uint32` field, of which the low 32 bits count.
    pub(super) fn uint32(&self) -> Result<u32, WireError> {
        Ok(low32(self.varint()?))
    }

    /// Returns the value of a `sint32` field.
    pub(super) fn sint32(&self) -> Result<i32, WireError> {
        let zigzag = low32(self.varint()?);
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// Returns the value of a 64-bit field of fixed width.
    pub(super) fn fixed64(&self) -> Result<u64, WireError> {
        match self.value {
            FieldValue::Fixed64(value) => Ok(value),
            _ => self.other_type("a field of eight bytes has another wire type"),
        }
    }

    /// Returns the value of a `double` field.
    pub(super) fn double(&self) -> Result<f64, WireError> {
        Ok(f64::from_bits(self.fixed64()?))
    }

    /// Returns the value of a 32-bit field of fixed width.
    pub(super) fn fixed32(&self) -> Result<u32, WireError> {
        match self.value {
            FieldValue::Fixed32(value) => Ok(value),
            _ => self.other_type("a field of four bytes has another wire type"),
        }
    }

    /// Returns the message or bytes of a length-delimited field.
    pub(super) fn message(&self) -> Result<Message<'a>, WireError> {
        match self.value {
            FieldValue::Delimited(message) => Ok(message),
            _ => self.other_type("a length-delimited field has another wire type"),
        }
    }

    /// Appends the values of a repeated field of eight bytes each, packed or not.
    pub(super) fn repeated_fixed64(&self, values: &mut Vec<u64>) -> Result<(), WireError> {
        let FieldValue::Delimited(packed) = self.value else {
            values.push(self.fixed64()?);
            return Ok(());
        };
        let (numbers, rest) = packed.bytes().as_chunks::<8>();
        if !rest.is_empty() {
            return self.other_type("a packed field's length is not a multiple of eight");
        }
        values.extend(numbers.iter().map(|number| u64::from_le_bytes(*number)));
        Ok(())
    }

    /// Appends the values of a repeated varint field, packed or not.
    pub(super) fn repeated_varint(&self, values: &mut Vec<u64>) -> Result<(), WireError> {
        let FieldValue::Delimited(mut packed) = self.value else {
            values.push(self.varint()?);
            return Ok(());
        };
        while packed.at < packed.end {
            values.push(packed.varint()?);
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf takes the low bits of a longer number"
)]
fn low32(value: u64) -> u32 {
    value as u32
}

#[cfg(test)]
mod tests;
