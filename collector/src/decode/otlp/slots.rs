//! The attributes that questions use, under every name that they have had.
//!
//! Names are those of the OpenTelemetry semantic conventions up to 1.41, the names that these replaced, and the names of dialects
//! seen in the wild (Cloudflare Workers, the host of Azure Functions, the Telemetry API receiver of opentelemetry-lambda).

use std::borrow::Cow;

use super::super::Settings;
use super::super::attributes::{Attribute, Value};
use super::super::{names, number};
use names_by_key::{Entry, Names};

mod names_by_key;

/// What an attribute becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// A column of a row, wherever the attribute stands.
    Column,
    /// A column, where the attribute stands on a resource.
    ResourceColumn,
    /// A column, where the attribute stands on an item.
    ItemColumn,
    /// Read for a column that says more or less than the attribute, which is kept as it is.
    Read,
}

/// Lists what is looked for, and by which names, the preferred one first.
macro_rules! slots {
    ($($slot:ident: $use:ident [$($name:literal),+ $(,)?],)+) => {
        /// What is looked for among attributes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Slot { $($slot),+ }

        const NAMES: &[(Slot, Use, &[&str])] = &[$((Slot::$slot, Use::$use, &[$($name),+])),+];
        const SLOTS: usize = NAMES.len();
    };
}

slots! {
    Service: ResourceColumn ["service.name"],
    ServiceVersion: ResourceColumn ["service.version"],
    Environment: ResourceColumn ["deployment.environment.name", "deployment.environment"],
    Provider: Column ["cloud.provider"],
    Platform: Column ["cloud.platform"],
    Account: Column ["cloud.account.id"],
    Region: Column ["cloud.region"],
    ResourceId: Column ["cloud.resource_id", "faas.id"],
    Function: Column ["faas.name", "cloudflare.script_name"],
    Version: Column ["faas.version", "cloudflare.script_version.id"],
    Instance: Column ["faas.instance"],
    Architecture: ResourceColumn ["host.arch"],
    RuntimeName: Read ["process.runtime.name"],
    MaxMemory: Read ["faas.max_memory"],
    InvokedName: Read ["faas.invoked_name"],
    InvokedProvider: Read ["faas.invoked_provider"],
    InvokedRegion: Read ["faas.invoked_region"],
    InvokedArn: Read ["aws.lambda.invoked_arn"],
    InvocationId: ItemColumn ["faas.invocation_id", "faas.execution"],
    RequestId: Read ["aws.request_id", "aws.requestId"],
    RayId: Read ["cloudflare.ray_id"],
    Trigger: ItemColumn ["faas.trigger"],
    ColdStart: ItemColumn ["faas.coldstart", "faas.cold_start", "azure.functions.coldstart_impacted"],
    ScheduledTime: Read ["faas.time"],
    ScheduledMillis: Read ["cloudflare.scheduled_time"],
    Cron: Read ["faas.cron"],
    DocumentTime: Read ["faas.document.time"],
    DocumentCollection: Read ["faas.document.collection"],
    Outcome: Read ["cloudflare.outcome"],
    CpuTime: Read ["cloudflare.cpu_time_ms", "cloudflare.cpu_time", "cpu_time_ms"],
    WallTime: Read ["cloudflare.wall_time_ms", "cloudflare.wall_time", "wall_time_ms"],
    HandlerType: Read ["cloudflare.handler_type"],
    Entrypoint: Read ["cloudflare.entrypoint"],
    ColdStartMillis: Read ["cloudflare.cold_start_ms"],
    QueueName: Read ["cloudflare.queue.name"],
    Tenant: Read ["tenant", "tenant.id", "aws.lambda.tenant_id"],
    HttpMethod: ItemColumn ["http.request.method", "http.method"],
    HttpStatus: ItemColumn ["http.response.status_code", "http.status_code"],
    HttpRoute: ItemColumn ["http.route"],
    Url: Read ["url.full", "http.url"],
    ServerAddress: ItemColumn ["server.address", "net.peer.name"],
    PeerService: Read ["service.peer.name", "peer.service"],
    ResendCount: ItemColumn ["http.request.resend_count", "http.resend_count"],
    ErrorType: ItemColumn ["error.type"],
    ExceptionType: Read ["exception.type"],
    ExceptionMessage: Read ["exception.message"],
    ExceptionStack: Read ["exception.stacktrace"],
    RpcSystem: ItemColumn ["rpc.system.name", "rpc.system"],
    RpcService: ItemColumn ["rpc.service"],
    RpcMethod: ItemColumn ["rpc.method"],
    GrpcStatus: Read ["rpc.response.status_code", "rpc.grpc.status_code"],
    DbSystem: ItemColumn ["db.system.name", "db.system"],
    DbCollection: ItemColumn ["db.collection.name", "db.sql.table", "db.mongodb.collection", "db.cassandra.table"],
    DbOperation: ItemColumn ["db.operation.name", "db.operation"],
    DbQuery: ItemColumn ["db.query.text", "db.statement"],
    DbNamespace: Read ["db.namespace", "db.name"],
    MessagingSystem: ItemColumn ["messaging.system"],
    MessagingDestination: ItemColumn ["messaging.destination.name", "messaging.destination"],
    MessagingOperation: ItemColumn ["messaging.operation.type", "messaging.operation"],
    MessageId: ItemColumn ["messaging.message.id", "messaging.message_id"],
    MessageCount: ItemColumn ["messaging.batch.message_count"],
    Partition: Read ["messaging.destination.partition.id", "messaging.kafka.partition", "messaging.kafka.destination.partition"],
    MessageBytes: Read ["messaging.message.envelope.size", "messaging.message.body.size"],
    EnqueuedSeconds: Read ["messaging.servicebus.message.enqueued_time", "messaging.eventhubs.message.enqueued_time"],
    EnqueuedMillis: Read ["faas.trigger.enqueued_time_unix_ms", "enqueued_time_unix_ms"],
    FirstReceivedMillis: Read ["first_received_time_unix_ms"],
    DwellMillis: Read ["queue.dwell_ms", "kafka.record.queue_time_ms"],
    DeliveryCount: Read ["messaging.servicebus.message.delivery_count", "messaging.gcp_pubsub.message.delivery_attempt", "receive_count"],
    Attempt: Read ["faas.trigger.attempt"],
    TriggerSource: Read ["faas.trigger.source.id"],
    BatchSize: Read ["faas.trigger.batch_size", "cloudflare.queue.batch_size"],
    TableNames: Read ["aws.dynamodb.table_names", "aws.table.name"],
    Bucket: Read ["aws.s3.bucket", "aws.bucket.name"],
    QueueUrl: Read ["aws.sqs.queue.url", "aws.queue.url"],
    TopicArn: Read ["aws.sns.topic.arn", "aws.topic.arn"],
    StreamName: Read ["aws.kinesis.stream_name", "aws.stream.name"],
    StateMachineArn: Read ["aws.step_functions.state_machine.arn"],
    ActivityArn: Read ["aws.step_functions.activity.arn"],
    SecretArn: Read ["aws.secretsmanager.secret.arn"],
    CalledRegion: Read ["aws.region"],
    EventType: Read ["type"],
    WorkflowType: Read ["durabletask.type"],
    WorkflowTask: Read ["durabletask.task.name"],
    WorkflowInstance: Read ["durabletask.task.instance_id", "temporalWorkflowID"],
    WorkflowRun: Read ["temporalRunID"],
    WorkflowStatus: Read ["durabletask.task.status"],
    Dimensions: Read ["Dimensions"],
    FunctionName: Read ["FunctionName"],
}

impl Slot {
    /// Returns whether a column holds the value as a name.
    fn is_name(self) -> bool {
        let (_, of, _) = NAMES[self as usize];
        let other = matches!(
            self,
            Self::HttpStatus | Self::ResendCount | Self::MessageCount | Self::ColdStart | Self::DbQuery
        );
        of != Use::Read && !other
    }
}

/// Where attributes stand, which decides which of them have columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// On the resource of spans.
    SpanResource,
    /// On a span.
    Span,
    /// On a span that calls something, where places are those that it calls.
    Call,
    /// On the resource of log records or data points.
    Resource,
    /// On a log record.
    Log,
    /// On a data point, whose attributes are all kept, since they name its series.
    Point,
}

impl Standing {
    /// Returns whether a slot that stands here has a column.
    fn has_column(self, slot: Slot) -> bool {
        let (_, of, _) = NAMES[slot as usize];
        let named = matches!(
            slot,
            Slot::Provider | Slot::Account | Slot::Region | Slot::Function | Slot::Version | Slot::Instance
        );
        match self {
            Self::SpanResource => matches!(of, Use::Column | Use::ResourceColumn),
            Self::Span => matches!(of, Use::Column | Use::ItemColumn),
            Self::Call => {
                matches!(of, Use::Column | Use::ItemColumn) && !matches!(slot, Slot::Account | Slot::ResourceId)
            }
            Self::Resource => named || matches!(slot, Slot::Service | Slot::Environment),
            Self::Log => named || matches!(slot, Slot::InvocationId | Slot::ErrorType),
            Self::Point => false,
        }
    }
}

/// No attribute.
const NONE: u16 = u16::MAX;

/// Which attribute fills which slot.
#[derive(Debug)]
pub(super) struct Slots {
    standing: Standing,
    /// For each slot the index of its attribute.
    winners: [u16; SLOTS],
    /// For each attribute what its key stands for.
    entries: Vec<Option<&'static Entry>>,
}

impl Slots {
    /// Cuts attributes to the limits and finds those that are looked for.
    ///
    /// Attributes beyond the most that a record may have are removed and their number is returned.
    pub(super) fn fill(standing: Standing, attributes: &mut Vec<Attribute<'_>>, settings: &Settings) -> (Self, usize) {
        let most = settings.attributes.min(usize::from(NONE));
        let left_out = attributes.len().saturating_sub(most);
        attributes.truncate(most);
        let mut slots = Self {
            standing,
            winners: [NONE; SLOTS],
            entries: Vec::with_capacity(attributes.len()),
        };
        let names = Names::all();
        for (index, attribute) in (0_u16..).zip(attributes.iter_mut()) {
            let entry = names.entry(&attribute.key);
            slots.entries.push(entry);
            bound(attribute, entry, settings);
            slots.offer(index, attribute, entry);
        }
        (slots, left_out)
    }

    fn offer(&mut self, index: u16, attribute: &Attribute<'_>, entry: Option<&Entry>) {
        let Some(entry) = entry.filter(|_| attribute.value != Value::Empty) else {
            return;
        };
        let winner = &mut self.winners[entry.slot as usize];
        let holder = self.entries.get(usize::from(*winner)).copied().flatten();
        if holder.is_none_or(|holder| entry.rank < holder.rank) {
            *winner = index;
        }
    }

    /// Returns the index of a slot's attribute.
    fn winner(&self, slot: Slot) -> Option<usize> {
        let index = self.winners[slot as usize];
        (index != NONE).then_some(usize::from(index))
    }

    /// Returns the attributes with their slots.
    pub(super) fn of<'v, 'a>(&'v self, attributes: &'v [Attribute<'a>]) -> Promoted<'v, 'a> {
        Promoted {
            slots: self,
            attributes,
        }
    }
}

/// Cuts an attribute to the limits: keys and what may be a name end in a hash where they are too long, other texts are cut.
///
/// A number where a name is looked for, such as a version, becomes its text.
fn bound(attribute: &mut Attribute<'_>, entry: Option<&Entry>, settings: &Settings) {
    if let Cow::Owned(key) = names::name(&attribute.key, settings.key_bytes) {
        attribute.key = Cow::Owned(key);
    }
    let is_name = entry.is_some_and(|entry| entry.slot.is_name());
    if is_name && let Value::Int(value) = attribute.value {
        attribute.value = Value::Text(Cow::Owned(value.to_string()));
    }
    bound_value(
        &mut attribute.value,
        if is_name {
            settings.name_bytes
        } else {
            settings.value_bytes
        },
        is_name,
    );
}

/// Cuts every text in a value to `limit` bytes.
pub(super) fn bound_value(value: &mut Value<'_>, limit: usize, is_name: bool) {
    match value {
        Value::Text(text) if text.len() > limit => {
            let cut = if is_name {
                names::name(text, limit).into_owned()
            } else {
                names::text_up_to(text, limit).to_owned()
            };
            *text = Cow::Owned(cut);
        }
        Value::Bytes(bytes) if bytes.len() > limit => *bytes = Cow::Owned(bytes[..limit].to_vec()),
        Value::List(values) => values.iter_mut().for_each(|value| bound_value(value, limit, is_name)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| bound_value(&mut entry.value, limit, is_name)),
        _ => {}
    }
}

/// Attributes with their slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promoted<'v, 'a> {
    slots: &'v Slots,
    attributes: &'v [Attribute<'a>],
}

impl<'v, 'a> Promoted<'v, 'a> {
    /// Returns the value of a slot.
    pub(super) fn value(&self, slot: Slot) -> Option<&'v Value<'a>> {
        let index = self.slots.winner(slot)?;
        self.attributes.get(index).map(|attribute| &attribute.value)
    }

    /// Returns a slot's text; an empty one says nothing.
    pub(super) fn text(&self, slot: Slot) -> Option<&'v str> {
        self.value(slot)?.as_text().filter(|text| !text.is_empty())
    }

    /// Returns a slot's integer, which may be written as text.
    pub(super) fn int(&self, slot: Slot) -> Option<i64> {
        int(self.value(slot)?)
    }

    /// Returns a slot's count: an integer that is not negative.
    pub(super) fn count(&self, slot: Slot) -> Option<i64> {
        self.int(slot).filter(|count| *count >= 0)
    }

    /// Returns a slot's truth value, which may be written as text.
    pub(super) fn truth(&self, slot: Slot) -> Option<bool> {
        match self.value(slot)? {
            Value::Bool(value) => Some(*value),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Returns the decimal text of a slot's number.
    pub(super) fn decimal(&self, slot: Slot) -> Option<Cow<'v, str>> {
        decimal(self.value(slot)?)
    }

    /// Returns the only text of a slot that may hold several.
    pub(super) fn only_text(&self, slot: Slot) -> Option<&'v str> {
        match self.value(slot)? {
            Value::List(values) => match values.as_slice() {
                [only] => only.as_text(),
                _ => None,
            },
            value => value.as_text(),
        }
        .filter(|text| !text.is_empty())
    }

    /// Returns the attributes that have no column, in their order.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'v Attribute<'a>> {
        let this = *self;
        this.attributes
            .iter()
            .enumerate()
            .filter(move |(index, attribute)| !this.has_column(*index, attribute))
            .map(|(_, rest)| rest)
    }

    /// Returns whether an attribute's value stands in a column: its slot holds it, or an equal value under another name.
    fn has_column(&self, index: usize, attribute: &Attribute<'_>) -> bool {
        let Some(entry) = self.slots.entries.get(index).copied().flatten() else {
            return false;
        };
        let held = || {
            let winner = self.slots.winner(entry.slot);
            winner.is_some_and(|winner| winner == index || self.value(entry.slot) == Some(&attribute.value))
        };
        self.slots.standing.has_column(entry.slot) && self.readable(entry.slot) && held()
    }

    /// Returns whether a slot's value is of the type that its column holds.
    fn readable(&self, slot: Slot) -> bool {
        match slot {
            Slot::HttpStatus => self.int(slot).is_some(),
            Slot::ResendCount | Slot::MessageCount => self.count(slot).is_some(),
            Slot::ColdStart => self.truth(slot).is_some(),
            Slot::Architecture => self.text(slot).is_some_and(|text| architecture(text) == text),
            Slot::Platform => self.text(slot).is_some_and(|text| platform(text) == text),
            Slot::MessagingDestination => self.text(slot).is_some_and(|text| destination_name(text) == text),
            _ => self.text(slot).is_some(),
        }
    }
}

/// Returns an instruction set by the name that the platforms' own settings have.
pub(super) fn architecture(text: &str) -> &str {
    match text {
        "amd64" | "x64" | "x86-64" => "x86_64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Returns a product's present name; that of Azure Functions changed in semantic conventions 1.35.
pub(super) fn platform(name: &str) -> &str {
    match name {
        "azure_functions" => "azure.functions",
        other => other,
    }
}

/// Returns what an attribute's key stands for.
pub(super) fn slot_of(key: &str) -> Option<Slot> {
    Names::all().entry(key).map(|entry| entry.slot)
}

/// Returns an integer, which may be written as text.
pub(super) fn int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        value => number::whole(&decimal(value)?),
    }
}

/// Returns the decimal text of a number.
pub(super) fn decimal<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Int(value) => Some(Cow::Owned(value.to_string())),
        Value::Double(value) => Some(Cow::Owned(value.to_string())),
        Value::Text(text) => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

/// Returns the name of a queue, topic or stream that may be given by its URL or ARN.
pub(super) fn destination_name(text: &str) -> &str {
    if let Some(arn) = names::Arn::parse(text) {
        return arn.resource_name();
    }
    match text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) {
        Some(url) => url.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests;
