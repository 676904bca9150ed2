//! The bytes of a segment: a head, then frames, then zeros.
//!
//! Numbers are little-endian. Checksums are CRC32C; those of head and frames start from a *salt*, the checksum of the log's
//! id and the segment's first position, so that a frame of another segment, or one that a sender hid in its body, is none.
//!
//! ```text
//! head    magic 8, format 4, checksum of both 4               this much never changes, whatever the format
//!         log id 16, first position 8, settings length 4, settings, checksum of these 4
//! frame   magic 4, header length 4, payload length 4, position 8, first position of its group 8,
//!         checksum of the header 4, of the payload 4, of all before 4
//!         header (kind, content type and encoding, received_at, digest, workspace, door)
//!         payload: the request's bytes as received
//! void    magic 4, length of all of it 4, checksum of both 4  stands where a torn group was cut out; where that was the end, the
//!                                                             file ends before the void does
//! ```
//!
//! A frame names the first position of the group it was written with. A group is written only after the one before it was
//! synced, so bytes that are missing before frames of their own group are a torn write, and before later ones are damage.

use pennyspan_schema::{Position, Workspace};

use crate::request::{ContentEncoding, ContentType, Digest, Door, Request, RequestKind};

/// The newest format that this program reads, and the one it writes.
pub(super) const FORMAT: u32 = 1;
/// Most bytes of decode settings in a segment's head.
pub(super) const MOST_SETTINGS_BYTES: usize = 1 << 20;
/// Most bytes of a frame's header, which holds the door's texts.
pub(super) const MOST_HEADER_BYTES: usize = 64 << 10;
/// Bytes of a head before its format may matter.
pub(super) const PREAMBLE_BYTES: usize = 16;
/// Bytes of a head's part that has one length.
pub(super) const HEAD_BYTES: usize = PREAMBLE_BYTES + 28;
/// Bytes before a frame's header.
pub(super) const PREFIX_BYTES: usize = 40;
/// Bytes of a void's beginning.
pub(super) const VOID_BYTES: usize = 12;

const SEGMENT_MAGIC: [u8; 8] = *b"pspanwal";
/// Begins a frame; no UTF-8 text holds its first byte.
pub(super) const FRAME_MAGIC: [u8; 4] = [0xf5, b'f', b'r', b'm'];
/// Begins a void.
pub(super) const VOID_MAGIC: [u8; 4] = [0xf5, b'v', b'o', b'd'];
/// Stands for a text that is not there, where its length would be.
const NO_TEXT: u32 = u32::MAX;

/// A log's id: 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WalId([u8; 16]);

impl WalId {
    /// Reads an id; `None` where `text` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 16] = text.as_bytes().try_into().ok()?;
        digits
            .iter()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            .then_some(Self(digits))
    }
}

impl std::fmt::Display for WalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

/// What the checksums of one segment start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Salt(u32);

impl Salt {
    pub(super) fn of(id: WalId, first: Position) -> Self {
        Self(crc32c::crc32c_append(crc32c::crc32c(&id.0), &first.0.to_le_bytes()))
    }

    fn checksum(self, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(self.0, bytes)
    }
}

/// A segment's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: WalId,
    pub(super) first: Position,
    pub(super) settings: Vec<u8>,
}

/// What the first bytes of a segment say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Preamble {
    Known,
    Newer { format: u32 },
    Damaged,
}

impl Head {
    /// The head's bytes; `settings` are at most [`MOST_SETTINGS_BYTES`].
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.settings.len() + 4);
        bytes.extend(SEGMENT_MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend(self.id.0);
        bytes.extend(self.first.0.to_le_bytes());
        bytes.extend(length(&self.settings).to_le_bytes());
        bytes.extend(&self.settings);
        let checksum = crc32c::crc32c(&bytes[PREAMBLE_BYTES..]);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// Reads a head from its bytes, and how many it took; `None` where they are damaged or too few.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut fields = Fields(bytes.get(PREAMBLE_BYTES..)?);
        let id = WalId::parse(std::str::from_utf8(fields.take(16)?).ok()?)?;
        let first = Position(u64::from_le_bytes(fields.array()?));
        let settings = fields.text_bytes()?.to_vec();
        let end = bytes.len() - fields.0.len();
        let checksum = u32::from_le_bytes(fields.array()?);
        (crc32c::crc32c(&bytes[PREAMBLE_BYTES..end]) == checksum).then_some((Self { id, first, settings }, end + 4))
    }

    /// The length of a whole head of this format, from its first [`HEAD_BYTES`].
    pub(super) fn whole_bytes(bytes: &[u8]) -> Option<usize> {
        let settings: [u8; 4] = bytes.get(HEAD_BYTES - 4..HEAD_BYTES)?.try_into().ok()?;
        let settings = u32::from_le_bytes(settings) as usize;
        (settings <= MOST_SETTINGS_BYTES).then_some(HEAD_BYTES + settings + 4)
    }
}

impl Preamble {
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let mut fields = Fields(bytes);
        let (Some(magic), Some(format), Some(checksum)) = (fields.array(), fields.array(), fields.array()) else {
            return Self::Damaged;
        };
        if magic != SEGMENT_MAGIC || u32::from_le_bytes(checksum) != crc32c::crc32c(&bytes[..12]) {
            return Self::Damaged;
        }
        match u32::from_le_bytes(format) {
            FORMAT => Self::Known,
            format if format > FORMAT => Self::Newer { format },
            _ => Self::Damaged,
        }
    }
}

/// What stands before a frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) header_bytes: u32,
    pub(super) payload_bytes: u32,
    pub(super) position: Position,
    pub(super) group_first: Position,
    pub(super) header_checksum: u32,
    pub(super) payload_checksum: u32,
}

impl Prefix {
    pub(super) fn encode(&self, salt: Salt) -> [u8; PREFIX_BYTES] {
        let mut bytes = [0; PREFIX_BYTES];
        bytes[..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4..8].copy_from_slice(&self.header_bytes.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.position.0.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.group_first.0.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.header_checksum.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.payload_checksum.to_le_bytes());
        let checksum = salt.checksum(&bytes[..36]);
        bytes[36..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a prefix; `None` where `bytes` do not begin with one of this segment.
    pub(super) fn decode(bytes: &[u8], salt: Salt) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.array()? != FRAME_MAGIC {
            return None;
        }
        let prefix = Self {
            header_bytes: u32::from_le_bytes(fields.array()?),
            payload_bytes: u32::from_le_bytes(fields.array()?),
            position: Position(u64::from_le_bytes(fields.array()?)),
            group_first: Position(u64::from_le_bytes(fields.array()?)),
            header_checksum: u32::from_le_bytes(fields.array()?),
            payload_checksum: u32::from_le_bytes(fields.array()?),
        };
        let checksum = u32::from_le_bytes(fields.array()?);
        (checksum == salt.checksum(&bytes[..36]) && prefix.header_bytes as usize <= MOST_HEADER_BYTES).then_some(prefix)
    }

    /// Bytes of the whole frame.
    pub(super) const fn frame_bytes(&self) -> u64 {
        PREFIX_BYTES as u64 + self.header_bytes as u64 + self.payload_bytes as u64
    }
}

/// A void of `len_bytes`; its beginning suffices.
pub(super) fn encode_void(len_bytes: u32, salt: Salt) -> [u8; VOID_BYTES] {
    let mut bytes = [0; VOID_BYTES];
    bytes[..4].copy_from_slice(&VOID_MAGIC);
    bytes[4..8].copy_from_slice(&len_bytes.to_le_bytes());
    let checksum = salt.checksum(&bytes[..8]);
    bytes[8..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The length of the void that `bytes` begin with; `None` where there is none.
pub(super) fn decode_void(bytes: &[u8], salt: Salt) -> Option<u32> {
    let mut fields = Fields(bytes);
    let magic: [u8; 4] = fields.array()?;
    let len_bytes = u32::from_le_bytes(fields.array()?);
    let checksum = u32::from_le_bytes(fields.array()?);
    (magic == VOID_MAGIC && checksum == salt.checksum(&bytes[..8]) && len_bytes as usize >= VOID_BYTES)
        .then_some(len_bytes)
}

/// What a frame's header says; the request without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) workspace: Workspace,
    pub(super) kind: RequestKind,
    pub(super) content_type: ContentType,
    pub(super) content_encoding: ContentEncoding,
    pub(super) door: Door,
    pub(super) received_at_unix_nano: i64,
    pub(super) digest: Digest,
}

/// Why a header whose checksum holds cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Unknown { field: &'static str, code: u16 },
    Malformed,
}

impl Header {
    pub(super) fn encode(request: &Request) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(request.kind.code().to_le_bytes());
        bytes.push(request.content_type.code());
        bytes.push(request.content_encoding.code());
        bytes.extend(request.received_at_unix_nano.to_le_bytes());
        bytes.extend(request.digest.0);
        let Door { resource, instance } = &request.door;
        for text in [
            Some(request.workspace.as_str()),
            resource.as_deref(),
            instance.as_deref(),
        ] {
            bytes.extend(text.map_or(NO_TEXT, |text| length(text.as_bytes())).to_le_bytes());
            bytes.extend(text.unwrap_or_default().as_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let mut fields = Fields(bytes);
        let codes = fields.take(4).ok_or(HeaderError::Malformed)?;
        let kind = u16::from_le_bytes([codes[0], codes[1]]);
        let unknown = |field, code: u16| HeaderError::Unknown { field, code };
        Self::decode_rest(
            RequestKind::from_code(kind).ok_or(unknown("kind", kind))?,
            ContentType::from_code(codes[2]).ok_or(unknown("content type", codes[2].into()))?,
            ContentEncoding::from_code(codes[3]).ok_or(unknown("content encoding", codes[3].into()))?,
            fields,
        )
        .ok_or(HeaderError::Malformed)
    }

    fn decode_rest(
        kind: RequestKind,
        content_type: ContentType,
        content_encoding: ContentEncoding,
        mut fields: Fields<'_>,
    ) -> Option<Self> {
        let received_at_unix_nano = i64::from_le_bytes(fields.array()?);
        let digest = Digest(fields.array()?);
        let workspace = Workspace::new(fields.text()??).ok()?;
        let door = Door {
            resource: fields.text()?.map(str::to_owned),
            instance: fields.text()?.map(str::to_owned),
        };
        fields.0.is_empty().then_some(Self {
            workspace,
            kind,
            content_type,
            content_encoding,
            door,
            received_at_unix_nano,
            digest,
        })
    }

    pub(super) fn into_request(self, body: bytes::Bytes) -> Request {
        let Self {
            workspace,
            kind,
            content_type,
            content_encoding,
            door,
            received_at_unix_nano,
            digest,
        } = self;
        Request {
            workspace,
            kind,
            content_type,
            content_encoding,
            door,
            received_at_unix_nano,
            digest,
            body,
        }
    }
}

/// The checksum of a frame's header in its segment.
pub(super) fn header_checksum(header: &[u8], salt: Salt) -> u32 {
    salt.checksum(header)
}

/// The checksum of a frame's payload; it is taken before the frame's segment is known.
pub(super) fn payload_checksum(payload: &[u8]) -> u32 {
    crc32c::crc32c(payload)
}

/// A length that was bounded before; a longer one would be refused when read, never misread.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(NO_TEXT - 1)
}

/// Bytes that are read field by field.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text_bytes(&mut self) -> Option<&'a [u8]> {
        let len = u32::from_le_bytes(self.array()?);
        self.take(len as usize)
    }

    /// A text, `Some(None)` where it says that there is none, `None` where the bytes do not suffice.
    #[expect(clippy::option_option, reason = "malformed and absent are different answers")]
    fn text(&mut self) -> Option<Option<&'a str>> {
        let len = u32::from_le_bytes(self.array()?);
        if len == NO_TEXT {
            return Some(None);
        }
        std::str::from_utf8(self.take(len as usize)?).ok().map(Some)
    }
}

#[cfg(test)]
mod tests;
