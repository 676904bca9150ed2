//! What a subsegment calls.

use std::borrow::Cow;

use crate::decode::names::{Arn, FunctionArn};
use crate::decode::object::Object;

/// A call, and what HTTP and SQL say of it; of a segment that calls nothing only the latter.
#[derive(Debug, Default)]
pub(super) struct Called<'a> {
    pub(super) kind: Option<&'static str>,
    pub(super) dependency: Option<Cow<'a, str>>,
    pub(super) operation: Option<Cow<'a, str>>,
    pub(super) region: Option<Cow<'a, str>>,
    pub(super) retries: Option<i64>,
    pub(super) is_aws: bool,
    pub(super) http_method: Option<Cow<'a, str>>,
    pub(super) http_status: Option<i64>,
    pub(super) host: Option<Cow<'a, str>>,
    pub(super) db_system: Option<Cow<'a, str>>,
    pub(super) db_query: Option<Cow<'a, str>>,
}

impl<'a> Called<'a> {
    /// Takes what has columns out of a segment and its `aws` member.
    pub(super) fn read(namespace: Option<&str>, name: &str, aws: &mut Object<'a>, segment: &mut Object<'a>) -> Self {
        let mut called = Self::default();
        called.read_http(segment);
        match namespace {
            Some("aws") => called.read_aws(name, aws),
            Some("remote") => called.read_remote(name, segment),
            _ => {}
        }
        called
    }

    fn read_http(&mut self, segment: &Object<'a>) {
        // The object itself stays among the attributes: agents, addresses and lengths have no columns.
        let Some(mut http) = segment.clone().object("http").ok().flatten() else {
            return;
        };
        if let Some(mut request) = http.object("request").ok().flatten() {
            self.http_method = request.text("method").ok().flatten();
            self.host = request
                .text("url")
                .ok()
                .flatten()
                .and_then(|url| host(&url).map(Cow::Owned));
        }
        if let Some(mut response) = http.object("response").ok().flatten() {
            self.http_status = response.count("status").ok().flatten();
        }
    }

    /// Reads a call of an AWS service, which is the subsegment's name.
    fn read_aws(&mut self, service: &str, aws: &mut Object<'a>) {
        let mut text = |field| aws.text(field).ok().flatten();
        self.is_aws = true;
        self.operation = text("operation");
        self.region = text("region");
        let (kind, field) = match service.to_ascii_lowercase().as_str() {
            "dynamodb" => ("database", "table_name"),
            "sqs" => ("queue", "queue_url"),
            "sns" => ("topic", "topic_arn"),
            "kinesis" | "firehose" => ("stream", "stream_name"),
            "events" | "eventbridge" | "cloudwatchevents" => ("bus", "event_bus_name"),
            "s3" => ("object", "bucket_name"),
            "lambda" => ("function", "function_name"),
            "stepfunctions" | "sfn" | "states" => ("aws", "state_machine_arn"),
            _ => ("aws", "resource_name"),
        };
        let named = text(field);
        let listed = aws.clone().texts("resource_names").ok().flatten();
        let first = listed.and_then(|names| names.into_iter().next());
        self.retries = aws.count("retries").ok().flatten();
        self.kind = Some(kind);
        let dependency = named.or(first).map(|text| Cow::Owned(resource_name(&text).to_owned()));
        self.dependency = dependency.or_else(|| Some(Cow::Owned(service.to_owned())));
    }

    /// Reads a call of anything else: a database where there is SQL, else HTTP.
    fn read_remote(&mut self, name: &str, segment: &mut Object<'a>) {
        if let Some(mut sql) = segment.clone().object("sql").ok().flatten() {
            self.kind = Some("database");
            self.db_system = sql.text("database_type").ok().flatten();
            self.db_query = sql.text("sanitized_query").ok().flatten();
        } else {
            self.kind = Some("http");
            self.operation.clone_from(&self.http_method);
        }
        self.dependency = Some(Cow::Owned(name.to_owned()));
    }
}

/// Returns the name of a resource that may be given by its URL or ARN.
fn resource_name(text: &str) -> &str {
    if let Some(arn) = FunctionArn::parse(text) {
        return arn.function;
    }
    if let Some(arn) = Arn::parse(text) {
        return arn.resource_name();
    }
    match text.split_once("://") {
        Some((_, rest)) => rest.rsplit('/').next().unwrap_or(rest),
        None => text,
    }
}

/// Returns the host of a URL.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}
