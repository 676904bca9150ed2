//! What has arrived, and what is awaited.

/// Whether a source is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// It sends; carries when it was last heard, nanoseconds since 1970.
    Received(i64),
    /// It never did.
    Waiting,
}

/// One way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it comes from: "AWS, eu-central-1"; sources with the same are grouped.
    pub place: String,
    /// What it is: "Spans, OTLP over HTTP".
    pub name: String,
    /// Whether it is heard.
    pub state: SourceState,
    /// Rows per minute over the last five.
    pub per_minute: i64,
}

/// What the set-up page shows.
#[derive(Debug, Clone)]
pub struct SetupAnswer {
    /// What is so, in one sentence.
    pub sentence: String,
    /// The address to send to over HTTP, as a sender writes it: `http://127.0.0.1:4318`.
    pub http_endpoint: String,
    /// The address to send to over gRPC.
    pub grpc_endpoint: String,
    /// Whether senders need a token.
    pub token_needed: bool,
    /// What has arrived.
    pub sources: Vec<Source>,
    /// Rows rejected since the start, with the most frequent reason.
    pub rejected: Option<(i64, String)>,
    /// Rules that can judge on what arrives.
    pub rules_judging: i64,
    /// All rules.
    pub rules_total: i64,
    /// What would let more of them judge: what, how many.
    pub would_add: Vec<(String, i64)>,
}
