//! Splits a rule file into its front matter and its sections.

use super::RuleError;
use crate::fields::Source;

/// The required headings, in their order.
pub(super) const SECTIONS: [&str; 9] = [
    "What it finds",
    "Query",
    "Finding",
    "Fires",
    "Stays silent",
    "False alarms",
    "Impact",
    "Runbook",
    "References",
];

/// A rule file in parts.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) front: Source<'a>,
    pub(super) title: &'a str,
    pub(super) sections: [Section<'a>; SECTIONS.len()],
}

/// The lines under one heading.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    pub(super) file: &'a str,
    pub(super) name: &'a str,
    /// Line of the heading, from 1.
    pub(super) line: u32,
    /// Lines below the heading with their numbers.
    pub(super) lines: Vec<(u32, &'a str)>,
}

/// A fenced block inside a section.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) language: &'a str,
    pub(super) text: String,
}

impl<'a> Page<'a> {
    pub(super) fn split(file: &'a str, text: &'a str) -> Result<Self, RuleError> {
        let no_front = || RuleError::NoFrontMatter { file: file.to_owned() };
        let rest = text.strip_prefix("+++\n").ok_or_else(no_front)?;
        let front_text = rest.split_once("\n+++\n").ok_or_else(no_front)?.0;
        let front = Source {
            file,
            text: front_text,
            first_line: 2,
        };
        let skipped = front_text.lines().count() + 2;
        let lines = (1_u32..).zip(text.lines()).skip(skipped).collect::<Vec<_>>();
        let (title, found) = headings(file, &lines, "# ", "## ")?;
        let sections = in_order(file, found, &SECTIONS)?;
        Ok(Self { front, title, sections })
    }
}

/// Cuts lines at headings of one level; a heading inside a fenced block is text.
fn headings<'a>(
    file: &'a str,
    lines: &[(u32, &'a str)],
    title_mark: &str,
    mark: &str,
) -> Result<(&'a str, Vec<Section<'a>>), RuleError> {
    let (mut title, mut found, mut fence) = ("", Vec::<Section<'a>>::new(), None);
    for (number, line) in lines.iter().copied() {
        if line.trim_start().starts_with("```") {
            fence = if fence.is_some() { None } else { Some(number) };
        }
        if fence.is_none()
            && let Some(name) = line.strip_prefix(mark)
        {
            found.push(Section {
                file,
                name: name.trim(),
                line: number,
                lines: Vec::new(),
            });
        } else if let Some(section) = found.last_mut() {
            section.lines.push((number, line));
        } else if let Some(text) = line.strip_prefix(title_mark) {
            title = text.trim();
        }
    }
    match fence {
        Some(line) => Err(RuleError::OpenFence {
            file: file.to_owned(),
            line,
        }),
        None => Ok((title, found)),
    }
}

/// Checks that the found sections are exactly the expected ones, in order.
fn in_order<'a, const N: usize>(
    file: &str,
    found: Vec<Section<'a>>,
    expected: &[&str; N],
) -> Result<[Section<'a>; N], RuleError> {
    let last = found.last().map_or(1, |section| section.line);
    let heading = |line, found, expected: &str| {
        Err(RuleError::Heading {
            file: file.to_owned(),
            line,
            found,
            expected: expected.to_owned(),
        })
    };
    for (section, wanted) in found.iter().zip(expected) {
        if section.name != *wanted {
            return heading(section.line, format!("section `{}`", section.name), wanted);
        }
    }
    if let Some(extra) = found.get(N) {
        return heading(extra.line, format!("section `{}`", extra.name), "the end of the file");
    }
    let count = found.len();
    found.try_into().or_else(|_: Vec<_>| {
        heading(
            last,
            "the end of the text".to_owned(),
            expected.get(count).copied().unwrap_or_default(),
        )
    })
}

impl<'a> Section<'a> {
    /// Returns the section's text, which must not be blank.
    pub(super) fn prose(&self) -> Result<String, RuleError> {
        let text = self.lines.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            return Err(RuleError::Empty {
                file: self.file.to_owned(),
                line: self.line,
                section: self.name.to_owned(),
                remedy: "write at least one sentence".to_owned(),
            });
        }
        Ok(text.to_owned())
    }

    /// Returns all fenced blocks, with the indentation of their opening fence removed.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        let mut blocks = Vec::new();
        let mut open: Option<(Block<'a>, usize)> = None;
        for (_, line) in &self.lines {
            let bare = line.trim_start();
            match (bare.strip_prefix("```"), open.take()) {
                (Some(language), None) => {
                    let block = Block {
                        language: language.trim(),
                        text: String::new(),
                    };
                    open = Some((block, line.len() - bare.len()));
                }
                (Some(_), Some((block, _))) => blocks.push(block),
                (None, Some((mut block, indent))) => {
                    block.text.push_str(line.get(indent..).unwrap_or(bare).trim_end());
                    block.text.push('\n');
                    open = Some((block, indent));
                }
                (None, None) => {}
            }
        }
        blocks
    }

    /// Returns the text of the only fenced block of a language.
    pub(super) fn only_block(&self, language: &str) -> Result<String, RuleError> {
        let mut blocks = self.blocks();
        blocks.retain(|block| block.language == language);
        match <[Block<'_>; 1]>::try_from(blocks) {
            Ok([block]) => Ok(block.text.trim_end().to_owned()),
            Err(blocks) => Err(RuleError::Blocks {
                file: self.file.to_owned(),
                line: self.line,
                section: self.name.to_owned(),
                found: blocks.len(),
                language: language.to_owned(),
            }),
        }
    }

    /// Cuts the section into the given `###` sub-sections, in order.
    pub(super) fn parts<const N: usize>(&self, names: &[&str; N]) -> Result<[Section<'a>; N], RuleError> {
        let (_, found) = headings(self.file, &self.lines, "\0", "### ")?;
        in_order(self.file, found, names)
    }
}
