//! The delivery line of a Lambda function on a queue, for the crates `aws_lambda_events` and `lambda_runtime`. Call it first thing
//! in the handler: `delivery::line(&event);`

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::LambdaEvent;
use serde_json::json;

/// Prints what the function was handed: ids and times, never bodies.
pub fn line(event: &LambdaEvent<SqsEvent>) {
    let number = |message: &SqsMessage, name: &str| message.attributes.get(name)?.parse::<i64>().ok();
    let record = |message: &SqsMessage| {
        json!({ "id": message.message_id,
            "enqueued_time_unix_ms": number(message, "SentTimestamp"),
            "first_received_time_unix_ms": number(message, "ApproximateFirstReceiveTimestamp"),
            "receive_count": number(message, "ApproximateReceiveCount") })
    };
    let messages = &event.payload.records;
    let arn = messages.first().and_then(|message| message.event_source_arn.as_deref());
    println!(
        "{}",
        json!({ "pennyspan": "delivery", "invocation_id": event.context.request_id,
            "trigger": { "type": "queue", "source": arn.and_then(|arn| arn.rsplit(':').next()) },
            "batch_size": messages.len(), "records": messages.iter().take(100).map(record).collect::<Vec<_>>() })
    );
}
