//! Requests over HTTP: the routes of the OpenTelemetry protocol, and our own.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use http::Method;
use http::header::EXPECT;
use http::request::Parts;

use super::Collector;
use super::body::Reader;
use super::firehose::{self, Said};
use super::path::Arrived;
use super::receipt::Receipt;
use super::refusal::Refusal;
use super::route::{Form, ROUTES, Route, content_encoding, door};
use crate::request::Door;
use answer::Answerer;

mod answer;

/// The router of every route; what is at no route is refused as the protocol says.
pub(super) fn router(collector: &Collector) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let collector = collector.clone();
        router = router.route(route.path, any(move |request| receive(collector, Some(route), request)));
    }
    let collector = collector.clone();
    router.fallback(any(move |request| receive(collector, None, request)))
}

async fn receive(collector: Collector, route: Option<&'static Route>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answerer = Answerer::of(route, &collector, &head.headers);
    let mut reader = Reader::new(body, &collector.inner.options.connections);
    match accept(&collector, route, &head, &mut reader).await {
        Ok(receipt) => answerer.receipt(&receipt),
        Err(refusal) => {
            collector.inner.metrics.refuse(refusal.manner().reason);
            // Who waits to be told to go on sends no body now.
            if !head.headers.contains_key(EXPECT) {
                tokio::spawn(reader.discard());
            }
            answerer.refusal(&refusal)
        }
    }
}

async fn accept(
    collector: &Collector,
    route: Option<&Route>,
    head: &Parts,
    reader: &mut Reader<Body>,
) -> Result<Receipt, Refusal> {
    let inner = &collector.inner;
    let route = route.ok_or_else(|| Refusal::NotFound {
        path: head.uri.path().to_owned(),
    })?;
    if head.method != Method::POST {
        return Err(Refusal::Method {
            method: head.method.to_string(),
        });
    }
    let content_type = route.form.content_type(&head.headers)?;
    let content_encoding = content_encoding(&head.headers)?;
    let said = match route.form {
        Form::Firehose => firehose::said(&head.headers, inner.options.firehose_key_sha256.as_ref())?,
        Form::Otlp { .. } | Form::Own | Form::Platform => Said::default(),
    };
    let entered = inner.enter(&head.headers)?;
    let promise = inner.promise(&entered.workspace, content_encoding, reader.declared_bytes())?;
    let mut grant = inner.in_flight.open();
    let body = reader.whole(inner.options.settings.request_bytes, &mut grant).await?;
    let arrived = Arrived {
        workspace: entered.workspace,
        kind: route.kind,
        content_type,
        content_encoding,
        door: or(door(&head.headers, head.uri.query()), said.door),
        request_id: said.request_id,
        received_at_unix_nano: entered.received_at_unix_nano,
        body,
        grant,
        promise,
    };
    collector.accept(arrived).await
}

/// Returns what a door says, and where it says nothing, another one.
fn or(door: Door, other: Door) -> Door {
    Door {
        resource: door.resource.or(other.resource),
        instance: door.instance.or(other.instance),
    }
}
