use pennyspan_schema::TriggerType;

mod middleware;

use super::{Delivery, Trigger, trigger_type};
use crate::decode::Reason;
use crate::decode::object::Object;

#[test]
fn triggers_have_our_words_and_otels() {
    assert_eq!(trigger_type("queue"), Ok(TriggerType::Queue));
    assert_eq!(trigger_type("datasource"), Ok(TriggerType::Database));
    assert_eq!(trigger_type("cron"), Ok(TriggerType::Timer));
    assert_eq!(trigger_type("telepathy").unwrap_err().field, Some("trigger.type"));
}

#[test]
fn a_line_without_a_batch_size_is_refused() {
    let mut line = Object::parse(r#"{"pennyspan":"delivery","trigger":{"type":"queue"}}"#).unwrap();
    assert!(Delivery::recognise(&line));
    assert_eq!(Delivery::read(&mut line).unwrap_err().reason, Reason::MissingField);
}

#[test]
fn unknown_is_never_zero() {
    let mut line =
        Object::parse(r#"{"pennyspan":"delivery","batch_size":2,"records":[{"id":"a"},{"id":null}],"http":{}}"#)
            .unwrap();
    let delivery = Delivery::read(&mut line).unwrap();
    let expected = Trigger {
        batch_size: Some(2),
        messages: delivery.trigger.messages.clone(),
        ..Trigger::default()
    };
    assert_eq!(delivery.trigger, expected);
    assert_eq!(
        (delivery.trigger.messages.len(), delivery.http_status, delivery.route),
        (2, None, None)
    );
}

#[test]
fn only_so_many_messages_are_listed() {
    let records = vec![r#"{"id":"m"}"#; 150].join(",");
    let text = format!(r#"{{"pennyspan":"delivery","batch_size":150,"records":[{records}]}}"#);
    let delivery = Delivery::read(&mut Object::parse(&text).unwrap()).unwrap();
    assert_eq!(
        (delivery.trigger.messages.len(), delivery.trigger.batch_size),
        (100, Some(150))
    );
}

#[test]
fn a_record_may_name_a_place_of_its_own() {
    let text = r#"{"pennyspan":"delivery","batch_size":1,"trigger":{"type":"stream","source":"carts"},"records":[{"id":"paid-2:7","source":"paid","partition":"paid-2"}]}"#;
    let delivery = Delivery::read(&mut Object::parse(text).unwrap()).unwrap();
    let message = &delivery.trigger.messages[0];
    assert_eq!(
        (message.source.as_deref(), message.partition.as_deref()),
        (Some("paid"), Some("paid-2"))
    );
}
