//! Requests over HTTP: the routes of the OpenTelemetry protocol, and our own.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use http::Method;
use http_body::Body as _;

use super::Collector;
use super::body::Reader;
use super::path::Arrived;
use super::receipt::Receipt;
use super::refusal::Refusal;
use super::route::{ROUTES, Route, content_encoding, door};
use answer::Answerer;

mod answer;

/// The router of every route; what is at no route is refused as the protocol says.
pub(super) fn router(collector: &Collector) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let collector = collector.clone();
        let handler = any(move |request: Request| async move { receive(collector, route, request).await });
        router = router.route(route.path, handler);
    }
    let collector = collector.clone();
    router.fallback(any(move |request: Request| async move {
        let refusal = Refusal::NotFound { path: request.uri().path().to_owned() };
        collector.inner.metrics.refuse(refusal.manner().reason);
        Answerer::without_route(&collector, request.headers()).refusal(&refusal)
    }))
}

async fn receive(collector: Collector, route: &'static Route, request: Request) -> Response {
    let answerer = Answerer::of(route, &collector, request.headers());
    match accept(&collector, route, request).await {
        Ok(receipt) => answerer.receipt(&receipt),
        Err(refusal) => {
            collector.inner.metrics.refuse(refusal.manner().reason);
            answerer.refusal(&refusal)
        }
    }
}

async fn accept(collector: &Collector, route: &Route, request: Request) -> Result<Receipt, Refusal> {
    let inner = &collector.inner;
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Err(Refusal::Method { method: head.method.to_string() });
    }
    let content_type = route.form.content_type(&head.headers)?;
    let content_encoding = content_encoding(&head.headers)?;
    let entered = inner.enter(&head.headers)?;
    let mut grant = inner.in_flight.open();
    let body = read(body, inner, &mut grant).await?;
    let arrived = Arrived {
        workspace: entered.workspace,
        kind: route.kind,
        content_type,
        content_encoding,
        door: door(&head.headers, head.uri.query()),
        received_at_unix_nano: entered.received_at_unix_nano,
        body,
        grant,
    };
    collector.accept(arrived).await
}

async fn read(body: Body, inner: &super::Inner, grant: &mut super::admission::Grant) -> Result<bytes::Bytes, Refusal> {
    let declared = body.size_hint().exact();
    let mut reader = Reader::new(body, &inner.options.connections);
    reader.whole(declared, inner.options.settings.request_bytes, grant).await
}
