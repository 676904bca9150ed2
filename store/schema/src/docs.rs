//! The documentation page of the tables, made from their declarations.

use std::fmt::Write as _;

use crate::column::Merge;
use crate::tables::Table;

/// Returns `docs/columns.md`: every table with every column, its unit, its source, and why it may be unknown.
#[must_use]
pub fn columns_page() -> String {
    let mut page = String::from(
        "# Tables and columns\n\nGenerated from the declarations in `store/schema`; `just bless` writes it anew.\n\n\
         Unknown is null, and zero never means unknown. Instants are nanoseconds since 1970 UTC, durations microseconds.\n",
    );
    for table in Table::ALL {
        let filled = if table.is_raw() {
            "Filled by senders"
        } else {
            "Filled by fold"
        };
        let doc = table.doc().split_whitespace().collect::<Vec<_>>().join(" ");
        let name = table.name();
        let _ = write!(
            page,
            "\n## {name}\n\n{doc} {filled}; filed by `{}`.\n\n| column | type | unit | unknown when | merge | meaning | source |\n| --- | --- | --- | --- | --- | --- | --- |\n",
            table.time_column(),
        );
        for column in table.columns() {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                column.name,
                column.type_name,
                column.unit.symbol(),
                column.nullable.unwrap_or("never"),
                merge_word(column.merge),
                column
                    .doc
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .replace('|', "\\|"),
                column.source.replace('|', "\\|"),
            );
        }
    }
    page
}

fn merge_word(merge: Merge) -> &'static str {
    match merge {
        Merge::First => "first",
        Merge::Min => "min",
        Merge::Max => "max",
        Merge::Any => "any",
        Merge::None => "",
    }
}
