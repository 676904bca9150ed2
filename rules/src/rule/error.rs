//! What can be wrong with a rule file.

use crate::FieldError;

/// Names the file, the line, what is wrong with a rule file and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The front matter does not read.
    #[error(transparent)]
    Front(#[from] FieldError),
    /// The file's name is no rule name.
    #[error(
        "{file}: not the name of a rule file; use lower-case words joined by hyphens that end in `.md`, such as `slow-init.md`"
    )]
    FileName {
        /// File name as given.
        file: String,
    },
    /// The fences of the front matter are missing.
    #[error("{file}, line 1: the front matter is missing; put it between two lines of `+++` at the top")]
    NoFrontMatter {
        /// File name as given.
        file: String,
    },
    /// A heading is missing, repeated, unknown or out of order.
    #[error(
        "{file}, line {line}: {found} where `{expected}` was expected; write the sections in their order, each once"
    )]
    Heading {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// What stands there.
        found: String,
        /// The heading that belongs there.
        expected: String,
    },
    /// A section has no text.
    #[error("{file}, line {line}: section `{section}` is empty; {remedy}")]
    Empty {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The section.
        section: String,
        /// What to add.
        remedy: String,
    },
    /// A section does not hold exactly one fenced block.
    #[error("{file}, line {line}: section `{section}` holds {found} `{language}` blocks; write exactly one")]
    Blocks {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The section.
        section: String,
        /// How many blocks there are.
        found: usize,
        /// The block's language.
        language: String,
    },
    /// A fence is never closed.
    #[error("{file}, line {line}: this fenced block is never closed; end it with three backticks")]
    OpenFence {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
    },
    /// A case table is malformed.
    #[error("{file}, line {line}: {problem}; {remedy}")]
    Table {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// What is wrong.
        problem: String,
        /// How to put it right.
        remedy: String,
    },
    /// A cell of a case table does not read.
    #[error("{file}, line {line}: column `{column}` holds `{found}`; write {expected}")]
    Cell {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The column.
        column: String,
        /// The cell's text.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A placeholder of the finding's sentence does not read.
    #[error("{file}, line {line}: placeholder `{placeholder}` {problem}; write `{{column}}` or `{{column:format}}`")]
    Placeholder {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The placeholder's text.
        placeholder: String,
        /// What is wrong.
        problem: String,
    },
    /// A step of the runbook lacks something.
    #[error("{file}, line {line}: runbook step `{step}` {problem}; {remedy}")]
    Runbook {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The step.
        step: String,
        /// What is wrong.
        problem: String,
        /// How to put it right.
        remedy: String,
    },
    /// The parts of the file do not fit each other.
    #[error("{file}, line {line}: {part} `{name}` {problem}; {remedy}")]
    Structure {
        /// File name as given.
        file: String,
        /// Line of the query, from 1.
        line: u32,
        /// Which part: parameter, column, measure.
        part: &'static str,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
        /// How to put it right.
        remedy: String,
    },
}
