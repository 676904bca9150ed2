//! The snippets for Google Cloud, Azure and Cloudflare.

use super::{Step, settings};

/// Google Cloud: a log sink pushes what Cloud Run and functions log anyway.
pub(super) fn google(spans: Step, http: &str, curl: &str) -> Vec<Step> {
    vec![
        Step {
            title: "Let the platform’s own records come",
            text: "A log sink publishes request logs, execution lines, instance starts, executions of Workflows and what functions log; a subscription pushes them here. No code changes. Pub/Sub needs an address that it can reach over HTTPS.",
            place: "shell",
            snippet: format!(
                "gcloud pubsub topics create pennyspan\n\
                 gcloud logging sinks create pennyspan \\\n  pubsub.googleapis.com/projects/YOUR_PROJECT/topics/pennyspan \\\n  --log-filter='resource.type=(\"cloud_run_revision\" OR \"cloud_function\" OR \"workflows.googleapis.com/Workflow\")'\n\
                 gcloud pubsub subscriptions create pennyspan --topic pennyspan \\\n  --push-endpoint {http}/v1/gcp/pubsub"
            ),
        },
        spans,
        Step {
            title: "Or import what Cloud Logging kept",
            text: "Entries are recognised by their content.",
            place: "shell",
            snippet: format!(
                "gcloud logging read 'resource.type=\"cloud_run_revision\"' --freshness 1d --format json > entries.json\n\
                 pennyspan import entries.json\n\
                 # or to this server\ncurl --data-binary @entries.json{curl} {http}/v1/gcp/logs"
            ),
        },
        settings("gcloud run services describe YOUR_SERVICE --format json", http, curl),
    ]
}

/// Azure Functions: the host speaks OTLP itself, and diagnostic settings export what it logs.
pub(super) fn azure(http: &str, header: &str, curl: &str) -> Vec<Step> {
    vec![
        Step {
            title: "Let the host send spans and logs",
            text: "In host.json; the two settings are application settings of the function app.",
            place: "host.json and application settings",
            snippet: format!(
                "{{\n  \"version\": \"2.0\",\n  \"telemetryMode\": \"OpenTelemetry\"\n}}\n\n\
                 OTEL_EXPORTER_OTLP_ENDPOINT={http}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf{header}"
            ),
        },
        Step {
            title: "Let the platform’s own records come as well",
            text: "A diagnostic setting streams the table FunctionAppLogs, and those of Application Insights, to an event hub; whatever reads the hub posts its batches here unchanged.",
            place: "shell",
            snippet: format!(
                "az monitor diagnostic-settings create --name pennyspan --resource YOUR_APP_ID \\\n  --event-hub YOUR_HUB --event-hub-rule YOUR_RULE_ID \\\n  --logs '[{{\"category\":\"FunctionAppLogs\",\"enabled\":true}}]'\n\n\
                 POST {http}/v1/azure/records\ncontent-type: application/json"
            ),
        },
        Step {
            title: "Or import what Application Insights kept",
            text: "The answers of queries and files of a storage account are recognised by their content.",
            place: "shell",
            snippet: format!(
                "az monitor app-insights query --app YOUR_APP --analytics-query \\\n  'union requests, dependencies, exceptions, traces | where timestamp > ago(1d)' > rows.json\n\
                 pennyspan import rows.json\n\
                 # or to this server\ncurl --data-binary @rows.json{curl} {http}/v1/azure/records"
            ),
        },
        settings(
            "az functionapp show --name YOUR_APP --resource-group YOUR_GROUP",
            http,
            curl,
        ),
    ]
}

/// Cloudflare Workers: traces over OTLP, trace events by Logpush, or a tail.
pub(super) fn cloudflare(http: &str, token_needed: bool, curl: &str) -> Vec<Step> {
    let token = if token_needed {
        "?header_Authorization=Bearer%20YOUR_TOKEN"
    } else {
        ""
    };
    vec![
        Step {
            title: "Let Logpush send trace events",
            text: "Every invocation with its outcome, processor and wall time, exceptions and lines. Cloudflare first uploads a test, which is answered with success; the address must be reachable over HTTPS.",
            place: "shell",
            snippet: format!(
                "curl https://api.cloudflare.com/client/v4/accounts/YOUR_ACCOUNT/logpush/jobs \\\n  -H 'authorization: Bearer YOUR_API_TOKEN' --json '{{\"dataset\":\"workers_trace_events\",\"enabled\":true,\n  \"destination_conf\":\"{http}/v1/cloudflare/logpush{token}\"}}'\n\n\
                 # wrangler.toml\nlogpush = true"
            ),
        },
        Step {
            title: "Send traces as well",
            text: "Workers export their spans over OTLP; a destination of the dashboard takes this address.",
            place: "wrangler.toml",
            snippet: format!(
                "[observability.traces]\nenabled = true\ndestinations = [\"pennyspan\"]   # {http}/v1/traces"
            ),
        },
        Step {
            title: "Or look at a tail",
            text: "What wrangler prints is recognised by its content; a tail worker posts the same items.",
            place: "shell",
            snippet: format!(
                "wrangler tail YOUR_WORKER --format json > tail.json\npennyspan import tail.json\n\
                 # or to this server\ncurl --data-binary @tail.json{curl} {http}/v1/cloudflare/tail"
            ),
        },
        settings("cat wrangler.toml", http, curl),
    ]
}
