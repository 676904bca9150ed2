//! Reads a segment through a window, so that no segment is ever held whole.

use std::io;
use std::ops::Range;

use super::scan::{Stretch, candidate};
use super::segment::{Segment, read_full_at};

/// Bytes that are read at once.
const WINDOW_BYTES: usize = 1 << 20;
/// Bytes that are given up when the disk refuses to read them.
pub(super) const PAGE_BYTES: usize = 4096;
/// Stands for bytes that cannot be read: no frame, no void and no unused end begins with it.
const UNREADABLE: u8 = 0xff;

/// One segment, read through a window.
pub(super) struct Reader {
    segment: Box<dyn Segment>,
    len_bytes: u64,
    window_start: u64,
    window: Vec<u8>,
    unreadable: Vec<Range<u64>>,
}

impl Reader {
    pub(super) fn open(segment: Box<dyn Segment>) -> io::Result<Self> {
        let len_bytes = segment.len_bytes()?;
        Ok(Self {
            segment,
            len_bytes,
            window_start: 0,
            window: Vec::new(),
            unreadable: Vec::new(),
        })
    }

    pub(super) const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    pub(super) fn into_segment(self) -> Box<dyn Segment> {
        self.segment
    }

    pub(super) fn is_unreadable(&self, bytes: &Range<u64>) -> bool {
        self.unreadable
            .iter()
            .any(|range| range.start < bytes.end && bytes.start < range.end)
    }

    /// The `len` bytes from `offset`; `None` where the segment ends before.
    pub(super) fn bytes(&mut self, offset: u64, len: usize) -> Option<&[u8]> {
        let end = offset.checked_add(len as u64).filter(|end| *end <= self.len_bytes)?;
        if offset < self.window_start || end > self.window_start + self.window.len() as u64 {
            self.fill(offset, len.max(WINDOW_BYTES));
        }
        let start = usize::try_from(offset - self.window_start).ok()?;
        self.window.get(start..start + len)
    }

    /// Looks at some bytes from `offset` on; `None` at the segment's end.
    pub(super) fn stretch(&mut self, offset: u64) -> Option<Stretch> {
        static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
        let left = self.len_bytes.checked_sub(offset).filter(|left| *left > 0)?;
        let len = usize::try_from(left).map_or(PAGE_BYTES, |left| left.min(PAGE_BYTES));
        let bytes = self.bytes(offset, len)?;
        let end = offset + len as u64;
        if bytes == &ZEROS[..len] {
            return Some(Stretch::Zeros { end });
        }
        let candidate = candidate(bytes);
        let seen = &bytes[..candidate.map_or(len, |at| at + 1)];
        let written = seen
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(offset, |last| offset + last as u64 + 1);
        Some(Stretch::Written {
            end,
            written,
            candidate: candidate.map(|at| offset + at as u64),
        })
    }

    fn fill(&mut self, offset: u64, len: usize) {
        let left = usize::try_from(self.len_bytes - offset).unwrap_or(usize::MAX);
        let mut window = std::mem::take(&mut self.window);
        window.clear();
        window.resize(len.min(left), 0);
        if let Ok(read) = read_full_at(&*self.segment, &mut window, offset) {
            window[read..].fill(UNREADABLE);
            if read < window.len() {
                self.unreadable.push(offset + read as u64..offset + window.len() as u64);
            }
        } else {
            self.fill_by_page(&mut window, offset);
        }
        self.window_start = offset;
        self.window = window;
    }

    /// Reads page by page, and marks what the disk refuses.
    fn fill_by_page(&mut self, window: &mut [u8], offset: u64) {
        for (index, page) in window.chunks_mut(PAGE_BYTES).enumerate() {
            let start = offset + (index * PAGE_BYTES) as u64;
            let read = read_full_at(&*self.segment, page, start).unwrap_or(0);
            if read < page.len() {
                page[read..].fill(UNREADABLE);
                self.unreadable.push(start + read as u64..start + page.len() as u64);
            }
        }
    }
}
