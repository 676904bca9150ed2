//! Another Delta reader reads the same rows as this program: every table, every column, every value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int16Type, Int64Type};
use datafusion::prelude::SessionContext;
use pennyspan_fixtures::Scenario;
use pennyspan_schema::tables::workflow_steps;
use pennyspan_schema::{Rows, Sink as _, Table, Workspace};
use pennyspan_store::durable::{DataDir, DurableOptions, DurableStore};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::company::{Company, pennyspan};

/// The variable that names a Python which has `deltalake`.
const PYTHON: &str = "READER_PYTHON";

/// Metrics, which the company does not send.
const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"faas.name","value":{"stringValue":"orders"}}]},"scopeMetrics":[{"metrics":[{"name":"faas.errors","unit":"{error}","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"1790000000000000000","timeUnixNano":"1790000060000000000","asInt":"3"}]}}]}]}]}"#;

/// What one reader read of one table.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Read {
    /// The number of rows.
    pub rows: usize,
    /// Each column's type, and whether it may be null.
    types: BTreeMap<String, (Value, bool)>,
    /// The sum of a hash over each row.
    hash: u64,
    /// How often each invocation id stands in it.
    pub ids: BTreeMap<String, usize>,
}

#[test]
#[ignore = "READER_PYTHON names a Python that has deltalake; .ci/run makes one"]
fn another_reader_reads_the_same_of_a_company() {
    let company = Company::of(&Scenario::new(11));
    std::fs::write(company.directory.path().join("metrics.json"), METRICS).unwrap();
    let data = tempfile::tempdir().unwrap();
    let (from, to) = (
        company.directory.path().to_str().unwrap(),
        data.path().to_str().unwrap(),
    );
    let output = pennyspan(&["import", from, "--data", to, "--quiet"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    store_workflow_step(data.path());
    let read = readers_agree(data.path());
    assert_eq!(read.len(), Table::ALL.len());
    let empty: Vec<_> = read.iter().filter(|(_, read)| read.rows == 0).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

/// Stores a row of the table that no format fills.
fn store_workflow_step(data: &Path) {
    let mut steps = workflow_steps::Builder::default();
    steps.append(&workflow_steps::Row {
        execution_id: "execution-1",
        fact_unix_nano: 1_790_000_000_000_000_000,
        attempt: Some(1),
        ..Default::default()
    });
    let mut rows = Rows::default();
    rows.push(Table::WorkflowSteps, steps.finish());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let directory = DataDir::open(data, options()).await.unwrap();
        let position = directory.highest_position().next();
        let store = directory.follow("test").await.unwrap();
        store.publish(position, &Workspace::default(), rows).unwrap();
        store.flush_all().await.unwrap();
    });
}

fn options() -> DurableOptions {
    DurableOptions::new(std::sync::Arc::new(|| 0))
}

/// Reads every table with both readers, and returns what both say.
pub fn readers_agree(data: &Path) -> BTreeMap<String, Read> {
    let theirs = read_by_another(data);
    for (table, ours) in read_by_ourselves(data) {
        let theirs = &theirs[&table];
        assert_eq!(ours.types, theirs.types, "types of {table}");
        // Hours and days that are not long over lie in no file: whoever asks us gets them added up.
        if ["rollup_hour", "rollup_day"].contains(&table.as_str()) && theirs.rows < ours.rows {
            continue;
        }
        assert_eq!(
            (ours.rows, ours.hash),
            (theirs.rows, theirs.hash),
            "rows of {table}, and the sum of their hashes"
        );
        assert!(ours.ids == theirs.ids, "invocation ids of {table} differ");
    }
    theirs
}

/// Returns the Python that has another reader; tests that need it ask before they begin.
pub fn python() -> OsString {
    std::env::var_os(PYTHON)
        .unwrap_or_else(|| panic!("{PYTHON} names a Python that has deltalake: run .ci/run, which makes one"))
}

fn read_by_another(data: &Path) -> BTreeMap<String, Read> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/delta.py");
    let output = Command::new(python())
        .arg(script)
        .arg(data.join(Workspace::default().as_str()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Reads every table through the store, as a question does.
pub fn read_by_ourselves(data: &Path) -> BTreeMap<String, Read> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = DurableStore::open_read_only(data, options()).await.unwrap();
        let snapshot = store.snapshot(&Workspace::default());
        let context = SessionContext::new();
        let mut read = BTreeMap::new();
        for table in Table::ALL {
            let rows = context.read_table(snapshot.provider(*table)).unwrap();
            read.insert(
                table.name().to_owned(),
                of_batches(*table, &rows.collect().await.unwrap()),
            );
        }
        read
    })
}

fn of_batches(table: Table, batches: &[RecordBatch]) -> Read {
    let (mut hash, mut ids) = (0_u64, BTreeMap::new());
    for batch in batches {
        for row in 0..batch.num_rows() {
            let mut digest = Sha256::new();
            for column in batch.columns() {
                match text(column, row) {
                    None => digest.update("~"),
                    Some(text) => digest.update(format!("{}:{text}", text.len())),
                }
            }
            let first: [u8; 8] = digest.finalize()[..8].try_into().unwrap();
            hash = hash.wrapping_add(u64::from_be_bytes(first));
        }
        if let Some(column) = batch.column_by_name("invocation_id") {
            for id in column.as_string::<i32>().iter().flatten() {
                *ids.entry(id.to_owned()).or_default() += 1;
            }
        }
    }
    let fields = table.schema();
    let types = fields.fields().iter().map(|field| {
        (
            field.name().clone(),
            (delta_type(field.data_type()), field.is_nullable()),
        )
    });
    Read {
        rows: batches.iter().map(RecordBatch::num_rows).sum(),
        types: types.collect(),
        hash,
        ids,
    }
}

/// Returns a value's text, as `tests/readers/delta.py` says; `None` for a null.
fn text(column: &dyn Array, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::FixedSizeBinary(_) => hex(column.as_fixed_size_binary().value(row)),
        DataType::List(_) => {
            let entries = column.as_list::<i32>().value(row);
            let entries = entries.as_struct();
            let buckets = entries.column(0).as_primitive::<Int16Type>().values();
            let weights = entries.column(1).as_primitive::<Int64Type>().values();
            let entry = |(bucket, weight)| format!("{bucket}={weight}");
            buckets.iter().zip(weights).map(entry).collect::<Vec<_>>().join(",")
        }
        other => panic!("no table has a column of {other}"),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Returns the type by which Delta's log names a column's.
fn delta_type(ours: &DataType) -> Value {
    match ours {
        DataType::Int16 => json!("short"),
        DataType::Int64 => json!("long"),
        DataType::Utf8 => json!("string"),
        DataType::Boolean => json!("boolean"),
        DataType::FixedSizeBinary(_) => json!("binary"),
        DataType::List(item) => json!({
            "type": "array",
            "elementType": delta_type(item.data_type()),
            "containsNull": item.is_nullable(),
        }),
        DataType::Struct(fields) => {
            let field = |field: &datafusion::arrow::datatypes::FieldRef| {
                json!({
                    "name": field.name(),
                    "type": delta_type(field.data_type()),
                    "nullable": field.is_nullable(),
                    "metadata": {},
                })
            };
            json!({ "type": "struct", "fields": fields.iter().map(field).collect::<Vec<_>>() })
        }
        other => panic!("no table has a column of {other}"),
    }
}
