//! Rows as Parquet: sorted, compressed, with what lets readers skip.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{LexicographicalComparator, SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::error::ArrowError;
use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectStore};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use pennyspan_schema::{Slice, Table};

use super::StoreError;
use super::distinct::distinct;
use super::tables::Orphans;
use crate::delta::{DataFile, Stats};
use crate::fold::Marks;

/// Rows of a row group.
const GROUP_ROWS: usize = 128 << 10;
/// Bytes of rows in memory that become one file at most.
const FILE_BYTES: usize = 512 << 20;
/// How hard zstd tries: more gains little on sorted columns.
const ZSTD_LEVEL: i32 = 3;
/// The column that traces are looked up by.
const TRACE_ID: &str = "trace_id";
/// Bytes at a file's end that are read first to find its footer.
const FOOTER_BYTES: u64 = 64 << 10;
/// Where a file of `invocations` tells orphans by slice.
const ORPHANS: &str = "pennyspan.orphans";

/// A file's content.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) content: Bytes,
    pub(super) stats: Stats,
    /// Rows that were left out, because an equal one is kept.
    pub(super) equal_rows: usize,
    pub(super) marks: Marks,
    /// Where the rows' times lie, first and last.
    pub(super) times: Option<(i64, i64)>,
}

/// Encodes rows in the background, sorted by function and time, equal ones once, as few files as their size allows.
pub(super) async fn encode(
    table: Table,
    batches: Vec<RecordBatch>,
    orphans: Orphans,
) -> Result<Vec<Encoded>, StoreError> {
    let encoding = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        for part in parts(batches) {
            let told = if files.is_empty() { &orphans } else { &Orphans::new() };
            files.push(encode_file(table, &part, told)?);
        }
        Ok(files)
    });
    let encoded = encoding.await.map_err(|source| StoreError::BrokenOff {
        table: table.name(),
        source,
    })?;
    encoded.map_err(|source| StoreError::Encode {
        table: table.name(),
        source,
    })
}

/// Parts batches so that none is too large for one file; at least one part.
fn parts(batches: Vec<RecordBatch>) -> Vec<Vec<RecordBatch>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for batch in batches {
        let more = batch.get_array_memory_size();
        if bytes > 0 && bytes + more > FILE_BYTES {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += more;
        part.push(batch);
    }
    parts.push(part);
    parts
}

fn encode_file(table: Table, batches: &[RecordBatch], orphans: &Orphans) -> Result<Encoded, ParquetError> {
    let given = sorted(table, &concat_batches(&table.schema(), batches)?)?;
    let rows = distinct(table, &given)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties(&rows)?))?;
    writer.write(&rows)?;
    if table == Table::Invocations {
        let told: Vec<(i64, i64)> = orphans.iter().map(|(slice, count)| (slice.0, *count)).collect();
        let told = serde_json::to_string(&told).map_err(|error| ParquetError::External(error.into()))?;
        writer.append_key_value_metadata(KeyValue::new(ORPHANS.to_owned(), told));
    }
    let content = writer.into_inner()?;
    let stats = Stats::of(&rows);
    Ok(Encoded {
        content: content.into(),
        equal_rows: given.num_rows() - rows.num_rows(),
        marks: Marks::of(table, &[rows]).map_err(|error| ParquetError::External(error.into()))?,
        times: stats.range(table.time_column()),
        stats,
    })
}

/// Sorts by function, where the table has it, and time.
fn sorted(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ParquetError> {
    let order = lexsort_to_indices(&sort_columns(table, rows), None)?;
    Ok(take_record_batch(rows, &order)?)
}

/// Returns whether rows are sorted by function, where the table has it, and time.
pub(super) fn is_sorted(table: Table, rows: &RecordBatch) -> Result<bool, ArrowError> {
    let by = LexicographicalComparator::try_new(&sort_columns(table, rows))?;
    Ok((1..rows.num_rows()).all(|row| by.compare(row - 1, row).is_le()))
}

fn sort_columns(table: Table, rows: &RecordBatch) -> Vec<SortColumn> {
    let by = ["function", table.time_column()]
        .into_iter()
        .filter_map(|name| rows.column_by_name(name));
    by.map(|values| SortColumn {
        values: Arc::clone(values),
        options: None,
    })
    .collect()
}

fn properties(rows: &RecordBatch) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("pennyspan".to_owned());
    if let Some(traces) = rows
        .column_by_name(TRACE_ID)
        .and_then(|column| column.as_fixed_size_binary_opt())
    {
        let distinct: HashSet<&[u8]> = traces.iter().flatten().collect();
        if !distinct.is_empty() {
            let most = distinct.len().min(GROUP_ROWS) as u64;
            let column = ColumnPath::from(TRACE_ID);
            properties = properties
                .set_column_bloom_filter_enabled(column.clone(), true)
                .set_column_bloom_filter_max_ndv(column, most);
        }
    }
    Ok(properties.build())
}

/// Reads what a file of `invocations` tells of orphans.
pub(super) async fn read_orphans(store: &Arc<dyn ObjectStore>, file: &DataFile) -> Result<Orphans, StoreError> {
    let metadata = read_footer(store, file).await.map_err(|source| StoreError::Read {
        file: file.location().to_string(),
        source,
    })?;
    let entries = metadata.file_metadata().key_value_metadata();
    let told = entries
        .into_iter()
        .flatten()
        .find(|entry| entry.key == ORPHANS)
        .and_then(|entry| entry.value.as_ref());
    let told: Vec<(i64, i64)> = told
        .and_then(|told| serde_json::from_str(told).ok())
        .unwrap_or_default();
    Ok(told.into_iter().map(|(slice, count)| (Slice(slice), count)).collect())
}

async fn read_footer(store: &Arc<dyn ObjectStore>, file: &DataFile) -> Result<ParquetMetaData, ParquetError> {
    let mut bytes = FOOTER_BYTES;
    loop {
        let end = GetOptions {
            range: Some(GetRange::Suffix(bytes.min(file.size_bytes()))),
            ..GetOptions::default()
        };
        let end = store.get_opts(file.location(), end).await?.bytes().await?;
        let mut reader = ParquetMetaDataReader::new();
        match reader.try_parse_sized(&end, file.size_bytes()) {
            Err(ParquetError::NeedMoreData(more)) if bytes < file.size_bytes() => bytes = bytes.max(more as u64),
            parsed => {
                parsed?;
                return reader.finish();
            }
        }
    }
}
