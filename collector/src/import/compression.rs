//! Compression seen by its first bytes, also within another: an archive may hold files that were compressed already.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// How many layers are taken off.
const LAYERS: usize = 4;
/// The largest window that a zstd frame of a file may ask for, as a power of two: the 128 MiB that the command line grants.
const ZSTD_WINDOW_LOG: u32 = 27;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Returns the content of a reader without its gzip or zstd; members and frames that follow each other are one content.
pub(super) fn transparent<'r>(mut reader: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
    for _ in 0..LAYERS {
        let mut magic = Vec::with_capacity(ZSTD.len());
        reader.by_ref().take(ZSTD.len() as u64).read_to_end(&mut magic)?;
        let whole = Cursor::new(magic.clone()).chain(reader);
        reader = if magic.starts_with(GZIP) {
            Box::new(MultiGzDecoder::new(whole))
        } else if magic == ZSTD {
            let mut decoder = zstd::stream::read::Decoder::new(whole)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        } else {
            return Ok(Box::new(whole));
        };
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::transparent;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn layers_members_and_frames_are_one_content() {
        let zstd = |content: &[u8]| zstd::encode_all(content, 1).unwrap();
        for packed in [
            b"telemetry".to_vec(),
            gzip(b"telemetry"),
            zstd(b"telemetry"),
            [gzip(b"tele"), gzip(b"metry")].concat(),
            [zstd(b"tele"), zstd(b"metry")].concat(),
            gzip(&zstd(&gzip(b"telemetry"))),
        ] {
            let mut content = Vec::new();
            transparent(Box::new(&*packed))
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            assert_eq!(content, b"telemetry");
        }
    }
}
