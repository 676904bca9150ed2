//! Runs of schedules: EventBridge rules and Scheduler, Cloud Scheduler, Workers' cron triggers.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::{count, delivery, last_part, millis, text, time};
use crate::decode::delivery::{Delivery, Message, Trigger};
use crate::decode::object::Object;

/// What marks an input that was filled with the context of EventBridge Scheduler (`<aws.scheduler.scheduled-time>` and its like).
const SCHEDULER_PREFIX: &str = "awsscheduler";

/// Reads a run: of a rule or schedule, of a schedule whose input carries its context, or of a cron trigger.
pub(super) fn run<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    rule(event).or_else(|| scheduler(event)).or_else(|| cron(event))
}

/// Returns the delivery of one run of a schedule.
pub(super) fn of<'a>(
    source: Option<Cow<'a, str>>,
    scheduled_unix_nano: Option<i64>,
    message: Message<'a>,
) -> Delivery<'a> {
    let run = delivery(TriggerType::Timer, source, vec![message]);
    let trigger = Trigger {
        scheduled_unix_nano,
        ..run.trigger
    };
    Delivery { trigger, ..run }
}

fn rule<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let by_schedule = matches!(&*text(event, "source")?, "aws.events" | "aws.scheduler");
    if !by_schedule || text(event, "detail-type")? != "Scheduled Event" {
        return None;
    }
    let resources = event.get("resources").map(serde_json::value::RawValue::get);
    let resources: Vec<&'a str> = resources
        .and_then(|list| serde_json::from_str(list).ok())
        .unwrap_or_default();
    let message = Message {
        id: text(event, "id"),
        ..Message::default()
    };
    let name = resources.first().map(|arn| last_part(Cow::Borrowed(*arn)));
    Some(of(name, time(event, "time"), message))
}

/// Reads an input whose author put the schedule's context in it, under whatever spelling of its names.
fn scheduler<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    if !event.keys().any(|key| key.contains("chedule")) {
        return None;
    }
    let named = |name: &str| event.keys().find(|key| plain(key) == name);
    let arn = text(event, named("schedulearn")?)?;
    let scheduled = time(event, named("scheduledtime")?)?;
    let message = Message {
        id: named("executionid").and_then(|key| text(event, key)),
        ..Message::default()
    };
    let run = of(Some(last_part(arn)), Some(scheduled), message);
    Some(Delivery {
        attempt: named("attemptnumber").and_then(|key| count(event, key)),
        ..run
    })
}

/// Returns the letters and digits of a name in lower case, without what marks it as the scheduler's.
fn plain(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let key: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    match key.strip_prefix(SCHEDULER_PREFIX) {
        Some(rest) => rest.to_owned(),
        None => key,
    }
}

fn cron<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let cron = text(event, "cron")?;
    Some(of(
        Some(cron),
        Some(millis(event, "scheduledTime")?),
        Message::default(),
    ))
}
