//! The keys of the first JSON object of a text that may be cut off.

/// How many keys are looked at.
const MOST: usize = 200;

/// The keys of a text's first object: its own, and those of what it holds.
#[derive(Debug, Default)]
pub(super) struct Keys {
    outer: Vec<String>,
    inner: Vec<String>,
    end: Option<usize>,
}

impl Keys {
    /// Reads the keys of the first object, which may stand in an array.
    pub(super) fn scan(text: &[u8]) -> Self {
        let mut keys = Self::default();
        let outermost = if text.starts_with(b"[") { 2 } else { 1 };
        let (mut level, mut at) = (0_usize, 0);
        while at < text.len() && keys.outer.len() + keys.inner.len() < MOST {
            match text[at] {
                b'"' => {
                    let end = text_end(text, at);
                    keys.add(text, (at, end), level, outermost);
                    at = end;
                }
                b'{' | b'[' => level += 1,
                b'}' | b']' => {
                    level = level.saturating_sub(1);
                    if level < outermost {
                        keys.end = Some(at);
                        return keys;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        keys
    }

    /// Adds a text where a colon follows it, which makes it a key.
    fn add(&mut self, text: &[u8], (start, end): (usize, usize), level: usize, outermost: usize) {
        let rest = text.get(end + 1..).unwrap_or_default().trim_ascii_start();
        if !rest.starts_with(b":") {
            return;
        }
        let key = String::from_utf8_lossy(&text[start + 1..end]).into_owned();
        let keys = if level == outermost {
            &mut self.outer
        } else {
            &mut self.inner
        };
        keys.push(key);
    }

    /// Returns the object's own keys.
    pub(super) fn outer(&self) -> &[String] {
        &self.outer
    }

    /// Returns the keys of what the object holds.
    pub(super) fn inner(&self) -> &[String] {
        &self.inner
    }

    /// Returns where the object ends, where it does within the text.
    pub(super) fn end(&self) -> Option<usize> {
        self.end
    }
}

/// Returns where the text that begins at `start` has its closing quote, or the end of what there is.
fn text_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}
