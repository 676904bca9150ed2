//! Reading files back, for folds and merges.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use pennyspan_schema::Table;

use super::StoreError;
use crate::delta::DataFile;
use crate::scan::Sources;

/// Rows of a batch that is read.
const BATCH_ROWS: usize = 64 << 10;

/// Reads all rows of a table's sources.
pub(super) async fn read_all(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    sources: &Sources,
) -> Result<Vec<RecordBatch>, StoreError> {
    let mut rows = sources.batches.to_vec();
    for file in sources.files.iter() {
        rows.extend(read_file(store, table, file).await?);
    }
    Ok(rows)
}

/// Reads a whole file, with the table's columns.
pub(super) async fn read_file(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    file: &Arc<DataFile>,
) -> Result<Vec<RecordBatch>, StoreError> {
    let batches = read(store, table, file, None).await?;
    let whole = batches.iter().map(|batch| with_columns(table, batch));
    whole
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| unreadable(file, source))
}

/// Reads some columns of all rows of a file; those that an older file has not are missing.
pub(super) async fn read_columns(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    file: &Arc<DataFile>,
    columns: &'static [&'static str],
) -> Result<Vec<RecordBatch>, StoreError> {
    read(store, table, file, Some(columns)).await
}

async fn read(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    file: &Arc<DataFile>,
    columns: Option<&'static [&'static str]>,
) -> Result<Vec<RecordBatch>, StoreError> {
    let content = async { store.get(file.location()).await?.bytes().await };
    let content = content.await.map_err(ParquetError::from);
    let decoding = tokio::task::spawn_blocking(move || decode_columns(content?, columns));
    let decoded = decoding.await.map_err(|source| StoreError::BrokenOff {
        table: table.name(),
        source,
    })?;
    decoded.map_err(|source| unreadable(file, source))
}

fn unreadable(file: &DataFile, source: ParquetError) -> StoreError {
    StoreError::Read {
        file: file.location().to_string(),
        source,
    }
}

/// Decodes a whole file, with the table's columns.
pub(super) fn decode(table: Table, content: Bytes) -> Result<Vec<RecordBatch>, ParquetError> {
    let batches = decode_columns(content, None)?;
    batches.iter().map(|batch| with_columns(table, batch)).collect()
}

fn decode_columns(content: Bytes, columns: Option<&'static [&'static str]>) -> Result<Vec<RecordBatch>, ParquetError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content)?.with_batch_size(BATCH_ROWS);
    let reader = match columns {
        None => reader,
        Some(columns) => {
            let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
            reader.with_projection(mask)
        }
    };
    reader.build()?.map(|batch| Ok(batch?)).collect()
}

/// Returns rows with the table's columns; those that an older file has not are null.
fn with_columns(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ParquetError> {
    let schema = table.schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| match rows.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), rows.num_rows()),
        });
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns.collect())?)
}
