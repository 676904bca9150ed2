//! Requests: API Gateway (REST, HTTP, WebSocket), function URLs, load balancers.

use std::borrow::Cow;

use pennyspan_schema::TriggerType;

use super::{delivery, millis, object, text};
use crate::decode::delivery::{Delivery, Message};
use crate::decode::object::Object;

/// Reads a request. A load balancer names neither a request nor its time.
pub(super) fn request<'a>(event: &Object<'a>) -> Option<Delivery<'a>> {
    let context = object(event, "requestContext")?;
    let (source, message) = match object(&context, "elb") {
        Some(balancer) => (target_group(&text(&balancer, "targetGroupArn")?), Message::default()),
        None => (text(&context, "apiId")?, gateway(&context)),
    };
    let request = delivery(TriggerType::Http, Some(source), vec![message]);
    Some(Delivery {
        route: route(event, &context),
        ..request
    })
}

fn gateway<'a>(context: &Object<'a>) -> Message<'a> {
    Message {
        id: text(context, "requestId"),
        enqueued_unix_nano: millis(context, "requestTimeEpoch").or_else(|| millis(context, "timeEpoch")),
        ..Message::default()
    }
}

/// Returns the name in `arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID`.
fn target_group<'a>(arn: &str) -> Cow<'a, str> {
    let name = arn.split('/').nth(1).unwrap_or(arn);
    Cow::Owned(name.to_owned())
}

/// Returns the route by which the gateway chose the function; a path would be one of many.
fn route<'a>(event: &Object<'a>, context: &Object<'a>) -> Option<Cow<'a, str>> {
    let resource = || {
        let path = text(context, "resourcePath").or_else(|| text(event, "resource"))?;
        let method = text(context, "httpMethod").or_else(|| text(event, "httpMethod"))?;
        Some(Cow::Owned(format!("{method} {path}")))
    };
    text(context, "routeKey")
        .filter(|key| key != "$default")
        .or_else(resource)
}
