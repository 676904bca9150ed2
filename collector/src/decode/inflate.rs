//! Bodies as they were before compression, never more of them than the limit.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use super::DecodeError;
use crate::request::ContentEncoding;

/// The largest window that a zstd frame may ask for, as a power of two: the 8 MiB of RFC 9659.
const ZSTD_WINDOW_LOG: u32 = 23;
/// How much larger than a body the room is at most that is made for its content before that comes.
const MOST_RATIO: usize = 16;
/// The same where the body does not say how large its content is.
const USUAL_RATIO: usize = 4;

/// Returns a body without its compression; gzip may have several members, zstd several frames.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is not of its encoding, [`DecodeError::TooLarge`] where it holds more than
/// `limit_bytes`; no more than that is ever decompressed.
pub fn inflate(encoding: ContentEncoding, body: &[u8], limit_bytes: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
    match encoding {
        ContentEncoding::Identity if body.len() > limit_bytes => Err(DecodeError::TooLarge { limit_bytes }),
        ContentEncoding::Identity => Ok(Cow::Borrowed(body)),
        ContentEncoding::Gzip => read(MultiGzDecoder::new(body), "gzip", room(encoding, body), limit_bytes),
        ContentEncoding::Zstd => {
            let decoder = zstd_decoder(body).map_err(|error| malformed("zstd", 0, &error))?;
            read(decoder, "zstd", room(encoding, body), limit_bytes)
        }
    }
}

fn zstd_decoder(body: &[u8]) -> io::Result<impl Read + '_> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

/// Returns how much room a body's content may need: as it says itself, but not so much that saying it costs memory.
fn room(encoding: ContentEncoding, body: &[u8]) -> usize {
    let said = match encoding {
        ContentEncoding::Identity => None,
        // The last four bytes of a member are its content's length.
        ContentEncoding::Gzip => body.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes).into()),
        ContentEncoding::Zstd => zstd::zstd_safe::get_frame_content_size(body).ok().flatten(),
    };
    let usual = body.len().saturating_mul(USUAL_RATIO);
    let said = said.map_or(usual, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    said.min(body.len().saturating_mul(MOST_RATIO))
}

fn read<'a>(
    reader: impl Read,
    format: &'static str,
    room_bytes: usize,
    limit_bytes: usize,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    // One more, so that reading finds the end without growing.
    let mut content = Vec::with_capacity(room_bytes.min(limit_bytes).saturating_add(1));
    let one_more = u64::try_from(limit_bytes).unwrap_or(u64::MAX).saturating_add(1);
    if let Err(error) = reader.take(one_more).read_to_end(&mut content) {
        return Err(malformed(format, content.len(), &error));
    }
    if content.len() > limit_bytes {
        return Err(DecodeError::TooLarge { limit_bytes });
    }
    Ok(Cow::Owned(content))
}

fn malformed(format: &'static str, decompressed: usize, error: &io::Error) -> DecodeError {
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the body ends before it is complete".to_owned(),
        _ => error.to_string(),
    };
    DecodeError::Malformed {
        place: format!("after {decompressed} decompressed bytes"),
        expected: format,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{ContentEncoding, DecodeError, inflate};

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_bodies_are_what_they_were() {
        let zstd = zstd::encode_all(&b"telemetry"[..], 1).unwrap();
        for (encoding, body) in [
            (ContentEncoding::Identity, b"telemetry".to_vec()),
            (ContentEncoding::Gzip, gzip(b"telemetry")),
            (ContentEncoding::Gzip, [gzip(b"tele"), gzip(b"metry")].concat()),
            (ContentEncoding::Zstd, zstd),
            (
                ContentEncoding::Zstd,
                [
                    zstd::encode_all(&b"tele"[..], 1).unwrap(),
                    zstd::encode_all(&b"metry"[..], 1).unwrap(),
                ]
                .concat(),
            ),
        ] {
            assert_eq!(&*inflate(encoding, &body, 9).unwrap(), b"telemetry", "{encoding}");
            assert!(
                matches!(
                    inflate(encoding, &body, 8),
                    Err(DecodeError::TooLarge { limit_bytes: 8 })
                ),
                "{encoding}"
            );
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![0; 4 << 20]);
        assert!(bomb.len() < 64 << 10);
        assert!(matches!(
            inflate(ContentEncoding::Gzip, &bomb, 1 << 20),
            Err(DecodeError::TooLarge { .. })
        ));
    }

    #[test]
    fn what_is_not_compressed_is_malformed() {
        for (encoding, format) in [(ContentEncoding::Gzip, "gzip"), (ContentEncoding::Zstd, "zstd")] {
            let error = inflate(encoding, b"telemetry, as it is", 100).unwrap_err();
            assert!(error.to_string().contains(&format!("not {format}")), "{error}");
        }
        let mut cut = gzip(b"telemetry");
        cut.truncate(cut.len() - 3);
        let error = inflate(ContentEncoding::Gzip, &cut, 100).unwrap_err();
        assert!(
            error.to_string().ends_with("the body ends before it is complete"),
            "{error}"
        );
    }

    #[test]
    fn a_frame_that_wants_a_huge_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(26).unwrap();
        encoder.write_all(&[7; 100]).unwrap();
        let body = encoder.finish().unwrap();
        assert!(matches!(
            inflate(ContentEncoding::Zstd, &body, 100),
            Err(DecodeError::Malformed { .. })
        ));
    }
}
