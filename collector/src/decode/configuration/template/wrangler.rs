//! `wrangler.toml` and `wrangler.jsonc`. An environment is a Worker of its own, `NAME-ENVIRONMENT`, and inherits what is no binding.
//!
//! Source: Cloudflare Workers documentation, "Wrangler configuration".

use serde_json::Value;

use super::{Found, Subject, count, count_text, elements, members, seconds_as_ms, text};

/// Who says it.
const SOURCE: &str = "wrangler configuration";

/// Reads the settings of the Worker, its environments and the queues that they consume.
pub(super) fn read(file: &Value, found: &mut Found<'_>) {
    let Some(name) = text(file.get("name")) else { return };
    worker(&name, file, file, found);
    for (key, environment) in members(file.get("env")) {
        let name = text(environment.get("name")).unwrap_or_else(|| format!("{name}-{key}"));
        worker(&name, environment, file, found);
    }
}

fn worker(name: &str, own: &Value, inherited: &Value, found: &mut Found<'_>) {
    let either = |key: &str| own.get(key).or_else(|| inherited.get(key));
    let crons: Vec<String> = elements(either("triggers").and_then(|triggers| triggers.get("crons")))
        .filter_map(|cron| text(Some(cron)))
        .collect();
    let settings = [
        (
            "cpu_limit_ms",
            count_text(either("limits").and_then(|limits| limits.get("cpu_ms"))),
        ),
        ("compatibility_date", text(either("compatibility_date"))),
        ("billing_mode", text(either("usage_model"))),
        ("schedule", Some(crons.join("; ")).filter(|crons| !crons.is_empty())),
    ];
    let of = Subject {
        account: text(either("account_id")),
        ..Subject::function("cloudflare", SOURCE, name)
    };
    found.add(&of, settings);
    for consumer in elements(own.get("queues").and_then(|queues| queues.get("consumers"))) {
        let Some(queue) = text(consumer.get("queue")) else {
            continue;
        };
        let receives = count(consumer.get("max_retries")).and_then(|retries| retries.checked_add(1));
        let settings = [
            ("batch_size", count_text(consumer.get("max_batch_size"))),
            ("batch_window_ms", seconds_as_ms(consumer.get("max_batch_timeout"))),
            ("max_receive_count", receives.map(|count| count.to_string())),
            ("maximum_concurrency", count_text(consumer.get("max_concurrency"))),
            ("dead_letter", text(consumer.get("dead_letter_queue"))),
        ];
        found.add(
            &Subject {
                resource: queue,
                function: None,
                ..of.clone()
            },
            settings,
        );
    }
}
