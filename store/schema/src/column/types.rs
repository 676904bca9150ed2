//! The column types: how a value is borrowed, appended, stored and read, without dynamic dispatch per value.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Int16Array, Int16Builder, Int64Array, ListArray, StringArray,
    StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields};
use sha2::{Digest as _, Sha256};

use super::sparse::{BooleanBuilder, FixedBuilder, Int64Builder, Sparse, StringBuilder};
use crate::histogram::HistogramRef;

/// What a text or a list takes beside its content.
const OFFSET_BYTES: usize = size_of::<i32>();

/// A digest over a row's values, from which content hashes are made.
#[derive(Default)]
pub struct Digest {
    hash: Sha256,
    /// What was added and not hashed: hashing many small pieces one by one would take longer than copying them together.
    pieces: Vec<u8>,
}

impl Digest {
    /// Bytes that are hashed at once.
    const AT_ONCE: usize = 2048;

    /// Adds one length-prefixed value, so that neighbouring values cannot run into each other.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.pieces.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.pieces.extend_from_slice(bytes);
        if self.pieces.len() >= Self::AT_ONCE {
            self.hash.update(&self.pieces);
            self.pieces.clear();
        }
    }

    /// Returns the first 16 bytes of the digest.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        self.hash.update(&self.pieces);
        let full = self.hash.finalize();
        std::array::from_fn(|i| full[i])
    }
}

/// A type that a column may have.
pub trait ColumnType {
    /// One value, borrowed from a row or from a batch.
    type Value<'a>: Copy + Debug + Default + PartialEq;
    /// The typed builder.
    type Builder: Debug;
    /// The typed array.
    type Array: Array + Clone + 'static;

    /// Returns the Arrow type.
    fn data_type() -> DataType;
    /// Returns an empty builder that holds no memory yet: most requests are small, and what is reserved counts as hot.
    fn builder() -> Self::Builder;
    /// Appends one value, or null, and returns how many bytes it takes.
    fn append(builder: &mut Self::Builder, value: Option<Self::Value<'_>>) -> usize;
    /// Returns what was appended, and leaves the builder empty.
    fn finish(builder: &mut Self::Builder) -> ArrayRef;
    /// Returns the value at `index`, which must not be null.
    fn get(array: &Self::Array, index: usize) -> Self::Value<'_>;
    /// Adds one value to a digest.
    fn feed(value: Self::Value<'_>, digest: &mut Digest);
}

/// UTF-8 text.
#[derive(Debug)]
pub struct Text;
/// JSON text, with the keys in the order in which they came.
pub type Json = Text;
/// A signed 64-bit integer.
#[derive(Debug)]
pub struct Int;
/// A truth value.
#[derive(Debug)]
pub struct Bool;
/// `N` bytes.
#[derive(Debug)]
pub struct Fixed<const N: usize>;
/// A trace id: 16 bytes, shown as lower-case hex.
pub type TraceId = Fixed<16>;
/// A span id: 8 bytes, shown as lower-case hex.
pub type SpanId = Fixed<8>;
/// A content hash: 16 bytes.
pub type Hash = Fixed<16>;
/// A sparse histogram: a list of (Int16 bucket, Int64 weight in thousandths), by rising bucket.
#[derive(Debug)]
pub struct Hist;

impl ColumnType for Text {
    type Value<'a> = &'a str;
    type Builder = Sparse<StringBuilder>;
    type Array = StringArray;

    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn builder() -> Self::Builder {
        Sparse::default()
    }
    fn append(builder: &mut Self::Builder, value: Option<&str>) -> usize {
        let Some(text) = value else {
            builder.append_null();
            return OFFSET_BYTES;
        };
        builder.next().append_value(text);
        OFFSET_BYTES + text.len()
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        builder.finish(&Self::data_type())
    }
    fn get(array: &StringArray, index: usize) -> &str {
        array.value(index)
    }
    fn feed(value: &str, digest: &mut Digest) {
        digest.feed(value.as_bytes());
    }
}

impl ColumnType for Int {
    type Value<'a> = i64;
    type Builder = Sparse<Int64Builder>;
    type Array = Int64Array;

    fn data_type() -> DataType {
        DataType::Int64
    }
    fn builder() -> Self::Builder {
        Sparse::default()
    }
    fn append(builder: &mut Self::Builder, value: Option<i64>) -> usize {
        match value {
            Some(value) => builder.next().append_value(value),
            None => builder.append_null(),
        }
        size_of::<i64>()
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        builder.finish(&Self::data_type())
    }
    fn get(array: &Int64Array, index: usize) -> i64 {
        array.value(index)
    }
    fn feed(value: i64, digest: &mut Digest) {
        digest.feed(&value.to_le_bytes());
    }
}

impl ColumnType for Bool {
    type Value<'a> = bool;
    type Builder = Sparse<BooleanBuilder>;
    type Array = BooleanArray;

    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn builder() -> Self::Builder {
        Sparse::default()
    }
    fn append(builder: &mut Self::Builder, value: Option<bool>) -> usize {
        match value {
            Some(value) => builder.next().append_value(value),
            None => builder.append_null(),
        }
        // A bit, and one that says whether it is null.
        0
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        builder.finish(&Self::data_type())
    }
    fn get(array: &BooleanArray, index: usize) -> bool {
        array.value(index)
    }
    fn feed(value: bool, digest: &mut Digest) {
        digest.feed(&[u8::from(value)]);
    }
}

/// Implements a fixed width; arrays of other widths have no `Default`.
macro_rules! fixed {
    ($width:literal) => {
        impl ColumnType for Fixed<$width> {
            type Value<'a> = [u8; $width];
            type Builder = Sparse<FixedBuilder<$width>>;
            type Array = FixedSizeBinaryArray;

            fn data_type() -> DataType {
                DataType::FixedSizeBinary($width)
            }
            fn builder() -> Self::Builder {
                Sparse::default()
            }
            fn append(builder: &mut Self::Builder, value: Option<[u8; $width]>) -> usize {
                match value {
                    Some(bytes) => builder.next().append_value(&bytes),
                    None => builder.append_null(),
                }
                $width
            }
            fn finish(builder: &mut Self::Builder) -> ArrayRef {
                builder.finish(&Self::data_type())
            }
            fn get(array: &FixedSizeBinaryArray, index: usize) -> [u8; $width] {
                let bytes = array.value(index);
                std::array::from_fn(|i| bytes[i])
            }
            fn feed(value: [u8; $width], digest: &mut Digest) {
                digest.feed(&value);
            }
        }
    };
}
fixed!(8);
fixed!(16);

/// Builds the list of structs that a histogram column is.
#[derive(Debug)]
pub struct HistBuilder {
    buckets: Int16Builder,
    weights_milli: Int64Builder,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

fn hist_fields() -> Fields {
    Fields::from(vec![
        Field::new("bucket", DataType::Int16, false),
        Field::new("weight_milli", DataType::Int64, false),
    ])
}

fn hist_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(hist_fields()), false))
}

impl ColumnType for Hist {
    type Value<'a> = HistogramRef<'a>;
    type Builder = HistBuilder;
    type Array = ListArray;

    fn data_type() -> DataType {
        DataType::List(hist_item())
    }
    fn builder() -> HistBuilder {
        HistBuilder {
            buckets: Int16Builder::with_capacity(0),
            weights_milli: Int64Builder::with_capacity(0),
            lengths: Vec::new(),
            valid: Vec::new(),
        }
    }
    fn append(builder: &mut HistBuilder, value: Option<HistogramRef<'_>>) -> usize {
        let histogram = value.unwrap_or_default();
        builder.buckets.append_slice(histogram.buckets);
        builder.weights_milli.append_slice(histogram.weights_milli);
        builder.lengths.push(histogram.buckets.len());
        builder.valid.push(value.is_some());
        OFFSET_BYTES + histogram.buckets.len() * (size_of::<i16>() + size_of::<i64>())
    }
    fn finish(builder: &mut HistBuilder) -> ArrayRef {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(builder.buckets.finish()),
            Arc::new(builder.weights_milli.finish()),
        ];
        let entries = StructArray::new(hist_fields(), columns, None);
        let offsets = OffsetBuffer::from_lengths(builder.lengths.drain(..));
        let valid = NullBuffer::from(std::mem::take(&mut builder.valid));
        Arc::new(ListArray::new(hist_item(), offsets, Arc::new(entries), Some(valid)))
    }
    fn get(array: &ListArray, index: usize) -> HistogramRef<'_> {
        let offsets = array.value_offsets();
        let (from, to) = (start_index(offsets[index]), start_index(offsets[index + 1]));
        let entries = array
            .values()
            .as_any()
            .downcast_ref::<StructArray>()
            .expect("a histogram column holds structs");
        let buckets = entries
            .column(0)
            .as_any()
            .downcast_ref::<Int16Array>()
            .expect("bucket is Int16");
        let weights = entries
            .column(1)
            .as_any()
            .downcast_ref::<Int64Array>()
            .expect("weight_milli is Int64");
        HistogramRef {
            buckets: &buckets.values()[from..to],
            weights_milli: &weights.values()[from..to],
        }
    }
    fn feed(value: HistogramRef<'_>, digest: &mut Digest) {
        for (bucket, weight) in value.iter() {
            digest.feed(&bucket.to_le_bytes());
            digest.feed(&weight.to_le_bytes());
        }
    }
}

fn start_index(offset: i32) -> usize {
    usize::try_from(offset).expect("Arrow list offsets are not negative")
}
