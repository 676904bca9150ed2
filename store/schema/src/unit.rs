//! Units of stored numbers, and the suffix by which a column's name says its unit.

/// The unit of one column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Text, truth values, ids: nothing is measured.
    None,
    /// A number that names something instead of measuring it, such as an HTTP status.
    Code,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    UnixNano,
    /// Microseconds.
    Microsecond,
    /// Whole milliseconds; only for quantities that a provider defines so, such as the billed duration.
    Millisecond,
    /// Mebibytes. AWS writes "MB" and means 1 048 576 bytes, as the semantic conventions say by multiplying with 1 048 576.
    Mebibyte,
    /// Mebibytes times milliseconds: the integer behind a GB-second, which is 1 024 000 of them.
    MebibyteMillisecond,
    /// Bytes.
    Byte,
    /// A count of things.
    Count,
    /// Thousandths of what the column's name says.
    Milli,
}

impl Unit {
    /// Returns the suffix that a column of this unit must end in, or `None` where the name is free.
    #[must_use]
    pub fn suffix(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Code => None,
            Self::UnixNano => Some("_unix_nano"),
            Self::Microsecond => Some("_us"),
            Self::Millisecond => Some("_ms"),
            Self::Mebibyte => Some("_mib"),
            Self::MebibyteMillisecond => Some("_mib_ms"),
            Self::Byte => Some("_bytes"),
            Self::Count => Some("_count"),
            Self::Milli => Some("_milli"),
        }
    }

    /// Returns the unit as the documentation pages write it.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Code => "code",
            Self::UnixNano => "ns since 1970 UTC",
            Self::Microsecond => "µs",
            Self::Millisecond => "ms",
            Self::Mebibyte => "MiB",
            Self::MebibyteMillisecond => "MiB·ms",
            Self::Byte => "bytes",
            Self::Count => "count",
            Self::Milli => "thousandths",
        }
    }
}
