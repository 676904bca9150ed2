//! The `columns!` declaration.

/// Turns one table's list of columns into its schema, row, builder, reader and documentation.
///
/// ```text
/// columns! {
///     /// What one row is.
///     table "spans";
///
///     /// The trace that the span belongs to.
///     trace_id: TraceId { unit: Unit::None, source: "OTLP Span.trace_id" },
///     /// End minus start.
///     duration_us: Int { unit: Unit::Microsecond, nullable: "the end lies before the start", source: "OTLP" },
/// }
/// ```
///
/// A column that names `nullable` is an `Option` in [`Row`](crate::tables::spans::Row), every other one a plain value. `merge`
/// defaults to [`Merge::None`](crate::Merge::None).
#[macro_export]
macro_rules! columns {
    (
        $(#[doc = $table_doc:literal])*
        table $table:literal;
        $(
            $(#[doc = $doc:literal])+
            $name:ident: $type:ident { unit: $unit:expr, $(nullable: $why:literal,)? $(merge: $merge:ident,)? source: $source:literal $(,)? }
        ),+ $(,)?
    ) => {
        /// The table's name, which is also its directory.
        pub const NAME: &str = $table;

        /// What one row is.
        pub const DOC: &str = concat!($($table_doc, "\n"),*);

        /// The columns, in the order in which they are stored.
        pub static COLUMNS: &[$crate::Column] = &[$(
            $crate::Column {
                name: stringify!($name),
                type_name: stringify!($type),
                data_type: <$crate::column::$type as $crate::column::ColumnType>::data_type,
                unit: $unit,
                nullable: $crate::columns!(@nullable $($why)?),
                merge: $crate::columns!(@merge $($merge)?),
                source: $source,
                doc: concat!($($doc, "\n"),+),
            },
        )+];

        /// Returns the Arrow schema.
        pub fn schema() -> arrow::datatypes::SchemaRef {
            static SCHEMA: std::sync::LazyLock<arrow::datatypes::SchemaRef> = std::sync::LazyLock::new(|| {
                std::sync::Arc::new(arrow::datatypes::Schema::new(
                    COLUMNS.iter().map($crate::Column::field).collect::<Vec<_>>(),
                ))
            });
            std::sync::Arc::clone(&SCHEMA)
        }

        /// One row, borrowing its texts.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct Row<'a> {
            $(
                $(#[doc = $doc])+
                pub $name: $crate::columns!(@value 'a, $type $(, $why)?),
            )+
            /// Lets a row without text borrow as well.
            pub lifetime: std::marker::PhantomData<&'a ()>,
        }

        impl Row<'_> {
            /// Adds every value, with its column's name, to a digest.
            pub fn feed(&self, digest: &mut $crate::column::Digest) {
                $($crate::columns!(@feed self, digest, $name, $type $(, $why)?);)+
            }
        }

        /// Builds a batch of rows.
        #[derive(Debug)]
        pub struct Builder {
            rows: usize,
            bytes: usize,
            $($name: <$crate::column::$type as $crate::column::ColumnType>::Builder,)+
        }

        impl Default for Builder {
            fn default() -> Self {
                Self { rows: 0, bytes: 0, $($name: <$crate::column::$type as $crate::column::ColumnType>::builder(),)+ }
            }
        }

        impl Builder {
            /// Appends one row.
            pub fn append(&mut self, row: &Row<'_>) {
                self.rows += 1;
                $(self.bytes += <$crate::column::$type as $crate::column::ColumnType>::append(
                    &mut self.$name,
                    $crate::columns!(@option row.$name $(, $why)?),
                );)+
            }

            /// Returns the bytes that the rows since the last [`finish`](Self::finish) take, without what is reserved for more.
            #[must_use]
            pub fn bytes(&self) -> usize {
                self.bytes
            }

            /// Returns the number of rows since the last [`finish`](Self::finish).
            #[must_use]
            pub fn len(&self) -> usize {
                self.rows
            }

            /// Returns whether no row was appended.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// Returns the rows as one batch, unless there is none, and leaves the builder empty.
            pub fn finish_some(&mut self) -> Option<arrow::array::RecordBatch> {
                (!self.is_empty()).then(|| self.finish())
            }

            /// Returns the rows as one batch, and leaves the builder empty.
            pub fn finish(&mut self) -> arrow::array::RecordBatch {
                (self.rows, self.bytes) = (0, 0);
                let columns: Vec<arrow::array::ArrayRef> =
                    vec![$(<$crate::column::$type as $crate::column::ColumnType>::finish(&mut self.$name),)+];
                arrow::array::RecordBatch::try_new(schema(), columns).expect("the builders follow the schema")
            }
        }

        /// Reads the rows of a batch.
        #[derive(Clone, Debug)]
        pub struct Reader {
            rows: usize,
            $($name: <$crate::column::$type as $crate::column::ColumnType>::Array,)+
        }

        impl Reader {
            /// Opens a batch, by column name; a nullable column that is missing reads as null.
            ///
            /// # Errors
            /// [`ReadError`](crate::tables::ReadError) names the column that is missing or has another type.
            pub fn new(batch: &arrow::array::RecordBatch) -> Result<Self, $crate::tables::ReadError> {
                Ok(Self {
                    rows: batch.num_rows(),
                    $($name: $crate::tables::column(
                        NAME,
                        stringify!($name),
                        batch,
                        $crate::columns!(@nullable $($why)?).is_some(),
                        <$crate::column::$type as $crate::column::ColumnType>::data_type,
                    )?,)+
                })
            }

            /// Returns the number of rows.
            #[must_use]
            pub fn len(&self) -> usize {
                self.rows
            }

            /// Returns whether the batch has no rows.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// Returns the row at `index`, which must be less than [`len`](Self::len).
            #[must_use]
            pub fn row(&self, index: usize) -> Row<'_> {
                Row {
                    $($name: $crate::columns!(@get self.$name, index, $type $(, $why)?),)+
                    lifetime: std::marker::PhantomData,
                }
            }

            /// Returns every row in turn.
            pub fn rows(&self) -> impl Iterator<Item = Row<'_>> + '_ {
                (0..self.rows).map(|index| self.row(index))
            }

            $(
                $(#[doc = $doc])+
                ///
                /// The value of the row at `index`, which must be less than [`len`](Self::len).
                #[must_use]
                pub fn $name(&self, index: usize) -> $crate::columns!(@value '_, $type $(, $why)?) {
                    $crate::columns!(@get self.$name, index, $type $(, $why)?)
                }
            )+
        }
    };
    (@nullable) => { None::<&'static str> };
    (@nullable $why:literal) => { Some($why) };
    (@merge) => { $crate::Merge::None };
    (@merge $merge:ident) => { $crate::Merge::$merge };
    (@value $lifetime:lifetime, $type:ident) => {
        <$crate::column::$type as $crate::column::ColumnType>::Value<$lifetime>
    };
    (@value $lifetime:lifetime, $type:ident, $why:literal) => {
        Option<<$crate::column::$type as $crate::column::ColumnType>::Value<$lifetime>>
    };
    (@option $value:expr) => { Some($value) };
    (@option $value:expr, $why:literal) => { $value };
    (@feed $row:ident, $digest:ident, $name:ident, $type:ident) => {
        $digest.feed(stringify!($name).as_bytes());
        <$crate::column::$type as $crate::column::ColumnType>::feed($row.$name, $digest);
    };
    (@feed $row:ident, $digest:ident, $name:ident, $type:ident, $why:literal) => {
        if let Some(value) = $row.$name {
            $digest.feed(stringify!($name).as_bytes());
            <$crate::column::$type as $crate::column::ColumnType>::feed(value, $digest);
        }
    };
    (@get $array:expr, $index:ident, $type:ident) => {
        <$crate::column::$type as $crate::column::ColumnType>::get(&$array, $index)
    };
    (@get $array:expr, $index:ident, $type:ident, $why:literal) => {
        arrow::array::Array::is_valid(&$array, $index)
            .then(|| <$crate::column::$type as $crate::column::ColumnType>::get(&$array, $index))
    };
}
