//! How telemetry comes in, as far as this server has counted since it started.

/// One source: a kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCounts {
    /// Its name, as `/metrics` writes it: "spans".
    pub name: String,
    /// Requests whose body was read whole.
    pub requests: i64,
    /// Items that were accepted.
    pub accepted: i64,
    /// Items that were rejected, by the word of the reason.
    pub rejected: Vec<(String, i64)>,
    /// Requests that came again, and were counted once.
    pub duplicates: i64,
    /// Items of shapes that nobody knows, which are kept as they came.
    pub kept_raw: i64,
    /// Attributes of accepted items that were left out for being more than the limit.
    pub attributes_dropped: i64,
    /// When the newest request came, nanoseconds since 1970.
    pub received_unix_nano: Option<i64>,
    /// The time of the newest event, nanoseconds since 1970.
    pub newest_unix_nano: Option<i64>,
    /// How long the newest event of the newest request was on its way.
    pub lag_us: Option<i64>,
}

/// One stage on the way into the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What it does.
    pub name: String,
    /// When it last did, nanoseconds since 1970.
    pub last_unix_nano: Option<i64>,
}

/// How many different things of a kind were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The kind, in the plural.
    pub what: String,
    /// How many.
    pub count: i64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// What one table holds in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: i64,
    /// Their bytes.
    pub bytes: i64,
}

/// What the page of ingestion shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestAnswer {
    /// Sources that have sent, in the order of their names.
    pub sources: Vec<SourceCounts>,
    /// Requests that were refused as a whole, by the word of the reason.
    pub refused: Vec<(String, i64)>,
    /// The stages, in the order of the way.
    pub stages: Vec<Stage>,
    /// Bytes that requests in flight hold now.
    pub held_bytes: i64,
    /// Bytes of the write-ahead log.
    pub log_bytes: i64,
    /// Bytes of rows in memory that wait to be written.
    pub hot_bytes: i64,
    /// The tables, the largest first.
    pub tables: Vec<StoredTable>,
    /// How many different things the window names.
    pub cardinality: Vec<Named>,
}
