//! The answer to a query: `{"tables":[{"name":..,"columns":[{"name":..,"type":..}],"rows":[[..]]}]}`.

use std::borrow::Cow;

use pennyspan_schema::Table;
use serde_json::value::RawValue;

use crate::decode::Reason;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::object::Object;

/// The most columns that a table may have.
const COLUMNS: usize = 1000;

/// Hands each row of each table to `take`, as an object of its columns.
pub(super) fn rows(
    answer: &mut Object<'_>,
    place: &str,
    items: &mut Items<'_>,
    take: fn(Object<'_>, &mut Items<'_>) -> Result<(), Fault>,
) {
    let (tables, _) = answer.values_up_to("tables", items.left()).unwrap_or_default();
    for (index, table) in tables.into_iter().enumerate() {
        let place = format!("{place}, tables[{index}]");
        if let Err(fault) = table_rows(table, &place, items, take) {
            items.take(Table::Logs, &place, |_| Err(fault));
        }
    }
}

fn table_rows(
    table: &RawValue,
    place: &str,
    items: &mut Items<'_>,
    take: fn(Object<'_>, &mut Items<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let bad = |field| Fault::of(field, Reason::BadValue, "expected a table with `columns` and `rows`");
    let mut table = Object::parse(table.get()).map_err(|_| bad("tables"))?;
    let (columns, _) = table.values_up_to("columns", COLUMNS).ok_or_else(|| bad("columns"))?;
    let names: Vec<Cow<'_, str>> = columns
        .into_iter()
        .map(|column| {
            let mut column = Object::parse(column.get()).map_err(|_| bad("columns"))?;
            column.word("name").ok_or_else(|| bad("columns.name"))
        })
        .collect::<Result<_, _>>()?;
    let (rows, beyond) = table.values_up_to("rows", items.left()).ok_or_else(|| bad("rows"))?;
    for (index, row) in rows.into_iter().enumerate() {
        let place = format!("{place}, rows[{index}]");
        items.take(Table::Logs, &place, |items| {
            let values: Vec<&RawValue> = serde_json::from_str(row.get()).map_err(|_| bad("rows"))?;
            if values.len() != names.len() {
                let detail = format!("{} values for {} columns", values.len(), names.len());
                return Err(Fault::of("rows", Reason::BadValue, detail));
            }
            take(Object::of(names.iter().cloned().zip(values).collect()), items)
        });
    }
    items.reject_beyond(beyond, place);
    Ok(())
}
