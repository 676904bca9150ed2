//! What the host says started an invocation, in words.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use crate::decode::delivery::{Message, Trigger};
use crate::decode::number;

/// How the host's reasons begin, and what they mean.
///
/// Source: azure-webjobs-sdk and its extensions, the reasons that listeners give a function's trigger data.
const REASONS: &[(&str, TriggerType)] = &[
    (
        "This function was programmatically called via the host APIs",
        TriggerType::Http,
    ),
    ("New queue message detected", TriggerType::Queue),
    ("New ServiceBus message detected", TriggerType::Queue),
    ("New ServiceBus session message detected", TriggerType::Queue),
    ("New blob detected", TriggerType::Object),
    ("New changes on collection", TriggerType::Database),
    ("New changes on container", TriggerType::Database),
    ("Timer fired", TriggerType::Timer),
    ("EventGrid trigger fired", TriggerType::Bus),
    ("New SQL change detected", TriggerType::Database),
    ("New RabbitMQ message detected", TriggerType::Queue),
    ("Kafka", TriggerType::Stream),
];

/// Returns what a reason says; one that says nothing of the source is kept as it is.
pub(super) fn of_reason(reason: &str) -> Trigger<'_> {
    let reason = reason.trim_matches(['\'', '"', ' ']);
    if reason.is_empty() || reason == "(null)" {
        return Trigger::default();
    }
    let kind = REASONS
        .iter()
        .find(|(start, _)| reason.starts_with(start))
        .map(|(_, kind)| *kind);
    let source = match kind {
        Some(TriggerType::Object) => reason.split_once(": ").and_then(|(_, path)| path.split('/').next()),
        Some(TriggerType::Http | TriggerType::Timer) | None => None,
        Some(_) => reason.split_once(" on ").and_then(|(_, rest)| rest.split('\'').nth(1)),
    };
    Trigger {
        kind,
        given: Some(Cow::Borrowed(reason)),
        source: source.filter(|source| !source.is_empty()).map(Cow::Borrowed),
        ..Trigger::default()
    }
}

/// Reads the host's line about what it handed over: `Trigger Details: MessageId: .., DequeueCount: 1, InsertionTime: ..`.
///
/// Service Bus writes `DeliveryCount` and `EnqueuedTimeUtc`, Event Hubs `EnqueueTimeUtc`, the partition and the batch's count.
pub(super) fn of_details(message: &str) -> Option<Trigger<'_>> {
    let details = message.strip_prefix("Trigger Details: ")?;
    let (mut trigger, mut read) = (Trigger::default(), Message::default());
    for (key, value) in details.split(", ").filter_map(|part| part.split_once(": ")) {
        let value = value.trim();
        match key.trim() {
            "MessageId" => read.id = Some(Cow::Borrowed(value)).filter(|_| !value.is_empty() && value != "(null)"),
            "DequeueCount" | "DeliveryCount" => read.receive_count = number::whole(value).filter(|count| *count >= 0),
            "InsertionTime" | "InsertedOn" | "EnqueuedTimeUtc" | "EnqueuedTime" | "EnqueueTimeUtc" => {
                // Event Hubs writes the first and the last of a batch with a dash between.
                let (first, last) = value.split_once("Z-").unwrap_or((value, value));
                read.enqueued_unix_nano = time(first);
                trigger.enqueued_max_unix_nano = time(last);
            }
            "PartionId" | "PartitionId" => trigger.partition = Some(Cow::Borrowed(value)),
            "Count" => trigger.batch_size = number::whole(value).filter(|count| *count >= 0),
            _ => {}
        }
    }
    trigger.kind = if trigger.partition.is_some() {
        Some(TriggerType::Stream)
    } else {
        None
    };
    trigger.enqueued_min_unix_nano = read.enqueued_unix_nano;
    trigger.receive_max_count = read.receive_count;
    let told = read != Message::default() || trigger != Trigger::default();
    if read.id.is_some() {
        trigger.batch_size = trigger.batch_size.or(Some(1));
        trigger.messages.push(read);
    }
    told.then_some(trigger)
}

/// Returns the instant of a time as the host prints it; a form that names no offset or no ISO date is not read.
fn time(text: &str) -> Option<i64> {
    number::unix_nano(text).or_else(|| number::unix_nano(&format!("{}Z", text.trim_end_matches('Z'))))
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::TriggerType;

    use super::{of_details, of_reason};

    #[test]
    fn reasons_name_what_started_an_invocation() {
        for (reason, kind, source) in [
            (
                "'This function was programmatically called via the host APIs.'",
                Some(TriggerType::Http),
                None,
            ),
            (
                "New queue message detected on 'orders'.",
                Some(TriggerType::Queue),
                Some("orders"),
            ),
            (
                "'New blob detected: uploads/a/b.png'",
                Some(TriggerType::Object),
                Some("uploads"),
            ),
            ("New changes on container", Some(TriggerType::Database), None),
            (
                "Timer fired at 2026-10-08T07:30:00.0011Z",
                Some(TriggerType::Timer),
                None,
            ),
            ("something new", None, None),
        ] {
            let trigger = of_reason(reason);
            assert_eq!((trigger.kind, trigger.source.as_deref()), (kind, source), "{reason}");
        }
        assert_eq!(of_reason("'(null)'").given, None);
    }

    #[test]
    fn details_name_the_message() {
        let queue = of_details(
            "Trigger Details: MessageId: 5b2b, SequenceNumber: 6, DeliveryCount: 2, EnqueuedTimeUtc: 2026-10-08T07:30:20.6630000+00:00, LockedUntilUtc: 2026-10-08T07:31:20Z, SessionId: (null)",
        )
        .unwrap();
        assert_eq!(queue.messages[0].id.as_deref(), Some("5b2b"));
        assert_eq!((queue.receive_max_count, queue.batch_size), (Some(2), Some(1)));
        assert_eq!(queue.enqueued_min_unix_nano, Some(1_791_444_620_663_000_000));
        let hub = of_details(
            "Trigger Details: PartionId: 3, Offset: 10-20, EnqueueTimeUtc: 2026-10-08T07:30:20.000Z-2026-10-08T07:30:21.000Z, SequenceNumber: 1-7, Count: 7",
        )
        .unwrap();
        assert_eq!((hub.kind, hub.batch_size), (Some(TriggerType::Stream), Some(7)));
        assert_eq!(hub.enqueued_max_unix_nano, Some(1_791_444_621_000_000_000));
        let local =
            of_details("Trigger Details: MessageId: 1, DequeueCount: 1, InsertionTime: 1/18/2019 3:28:51 AM +00:00");
        assert_eq!(
            local.unwrap().enqueued_min_unix_nano,
            None,
            "a form that depends on where the host runs"
        );
        assert_eq!(of_details("Trigger Details: ,"), None);
        assert_eq!(of_details("hello"), None);
    }
}
