//! The file that remembers the requests of segments that are gone.
//!
//! ```text
//! magic 8, format 4, then per workspace: name length 2, name, requests 4,
//! then per request: received_at 8, digest 32, answer length 4, answer; at the end the CRC32C of all before 4
//! ```

use bytes::Bytes;
use pennyspan_schema::Workspace;

use crate::request::Digest;

const MAGIC: [u8; 8] = *b"pspnseen";
const FORMAT: u32 = 1;

/// A remembered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) workspace: Workspace,
    pub(super) digest: Digest,
    pub(super) at_unix_nano: i64,
    pub(super) answer: Bytes,
}

/// The file's bytes, from the requests of each workspace.
pub(super) fn encode<'a, Requests>(workspaces: impl Iterator<Item = (&'a Workspace, Requests)>) -> Vec<u8>
where
    Requests: Iterator<Item = (Digest, i64, &'a Bytes)>,
{
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(FORMAT.to_le_bytes());
    for (workspace, requests) in workspaces {
        let name = workspace.as_str().as_bytes();
        let (Ok(name_bytes), count_at) = (u16::try_from(name.len()), bytes.len() + 2 + name.len()) else {
            continue;
        };
        bytes.extend(name_bytes.to_le_bytes());
        bytes.extend(name);
        bytes.extend([0; 4]);
        let mut count = 0_u32;
        for (digest, at_unix_nano, answer) in requests {
            let Ok(answer_bytes) = u32::try_from(answer.len()) else {
                continue;
            };
            bytes.extend(at_unix_nano.to_le_bytes());
            bytes.extend(digest.0);
            bytes.extend(answer_bytes.to_le_bytes());
            bytes.extend(answer);
            count += 1;
        }
        bytes[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
    }
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// The requests that the file holds; `None` where it is damaged, or of another format.
pub(super) fn decode(file: &[u8]) -> Option<Vec<Entry>> {
    let (content, checksum) = file.split_last_chunk::<4>()?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let mut rest = content.strip_prefix(&MAGIC)?.strip_prefix(&FORMAT.to_le_bytes())?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let name_bytes = u16::from_le_bytes(take(&mut rest)?);
        let (name, after) = rest.split_at_checked(name_bytes.into())?;
        rest = after;
        let workspace = Workspace::new(str::from_utf8(name).ok()?).ok()?;
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            let at_unix_nano = i64::from_le_bytes(take(&mut rest)?);
            let digest = Digest(take(&mut rest)?);
            let answer_bytes = u32::from_le_bytes(take(&mut rest)?);
            let (answer, after) = rest.split_at_checked(answer_bytes as usize)?;
            rest = after;
            let answer = Bytes::copy_from_slice(answer);
            entries.push(Entry {
                workspace: workspace.clone(),
                digest,
                at_unix_nano,
                answer,
            });
        }
    }
    Some(entries)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}
