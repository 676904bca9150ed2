//! Builders of columns that most rows leave out.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryBuilder, new_null_array};
use arrow::datatypes::DataType;

pub(super) use arrow::array::{BooleanBuilder, Int64Builder, StringBuilder};

/// A builder that is made when the first value comes, and told of the nulls before a value when that comes: a batch has values
/// in few of its columns.
#[derive(Debug)]
pub struct Sparse<B> {
    builder: Option<Box<B>>,
    /// Nulls after the last value.
    nulls: usize,
}

impl<B> Default for Sparse<B> {
    fn default() -> Self {
        Self {
            builder: None,
            nulls: 0,
        }
    }
}

impl<B: Builds> Sparse<B> {
    /// Appends a null.
    pub fn append_null(&mut self) {
        self.nulls += 1;
    }

    /// Returns the builder of the column, to append a value.
    pub fn next(&mut self) -> &mut B {
        let builder = self.builder.get_or_insert_with(|| Box::new(B::empty()));
        if self.nulls > 0 {
            builder.append_nulls(std::mem::take(&mut self.nulls));
        }
        builder
    }

    /// Returns what was appended, and leaves the builder empty.
    pub fn finish(&mut self, data_type: &DataType) -> ArrayRef {
        let nulls = std::mem::take(&mut self.nulls);
        match self.builder.take() {
            Some(mut builder) => {
                if nulls > 0 {
                    builder.append_nulls(nulls);
                }
                builder.into_array()
            }
            None => new_null_array(data_type, nulls),
        }
    }
}

/// A typed builder of Arrow.
pub trait Builds: Debug {
    /// Returns an empty one, which holds no memory yet: what is reserved counts as hot.
    fn empty() -> Self;
    /// Appends nulls.
    fn append_nulls(&mut self, count: usize);
    /// Returns what was appended.
    fn into_array(self) -> ArrayRef;
}

/// Implements it for a builder of Arrow's.
macro_rules! builds {
    ($builder:ty, $empty:expr) => {
        impl Builds for $builder {
            fn empty() -> Self {
                $empty
            }
            fn append_nulls(&mut self, count: usize) {
                self.append_nulls(count);
            }
            fn into_array(mut self) -> ArrayRef {
                Arc::new(self.finish())
            }
        }
    };
}
builds!(StringBuilder, Self::with_capacity(0, 0));
builds!(Int64Builder, Self::with_capacity(0));
builds!(BooleanBuilder, Self::with_capacity(0));

/// Builds a column of `N` bytes a value.
#[derive(Debug)]
pub struct FixedBuilder<const N: usize>(FixedSizeBinaryBuilder);

impl<const N: usize> FixedBuilder<N> {
    /// Appends a value.
    pub fn append_value(&mut self, value: &[u8; N]) {
        self.0
            .append_value(value)
            .expect("the builder has the width of the value");
    }
}

impl<const N: usize> Builds for FixedBuilder<N> {
    fn empty() -> Self {
        let width = i32::try_from(N).expect("widths are a few bytes");
        Self(FixedSizeBinaryBuilder::with_capacity(0, width))
    }
    fn append_nulls(&mut self, count: usize) {
        self.0.append_nulls(count);
    }
    fn into_array(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}
