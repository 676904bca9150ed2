//! The snippets to paste, with this server's address in them.

mod clouds;

/// What the reader runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// AWS Lambda.
    #[default]
    Lambda,
    /// Cloud Run and functions of Google Cloud.
    Google,
    /// Azure Functions.
    Azure,
    /// Cloudflare Workers.
    Cloudflare,
    /// Anything that speaks OTLP.
    Otlp,
    /// Anything that can post JSON.
    Records,
    /// Functions that say what they were handed, whatever sends their telemetry.
    Delivery,
}

/// One step: what to do, where the snippet goes, the snippet.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) place: &'static str,
    pub(super) snippet: String,
}

impl Platform {
    pub(super) const ALL: [Self; 7] = [
        Self::Lambda,
        Self::Google,
        Self::Azure,
        Self::Cloudflare,
        Self::Otlp,
        Self::Records,
        Self::Delivery,
    ];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Google => "google",
            Self::Azure => "azure",
            Self::Cloudflare => "cloudflare",
            Self::Otlp => "otlp",
            Self::Records => "records",
            Self::Delivery => "delivery",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lambda => "AWS Lambda",
            Self::Google => "Google Cloud",
            Self::Azure => "Azure Functions",
            Self::Cloudflare => "Cloudflare Workers",
            Self::Otlp => "OpenTelemetry",
            Self::Records => "Invocation records",
            Self::Delivery => "Delivery line",
        }
    }

    /// Reads the value of the address; what is not known is Lambda.
    #[must_use]
    pub fn parse(key: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|platform| platform.key() == key)
            .unwrap_or_default()
    }

    pub(super) fn steps(self, http: &str, grpc: &str, token_needed: bool) -> Vec<Step> {
        let header = if token_needed {
            "\nOTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer YOUR_TOKEN"
        } else {
            ""
        };
        let curl = if token_needed {
            " \\\n  -H 'authorization: Bearer YOUR_TOKEN'"
        } else {
            ""
        };
        let spans = Step {
            title: "Send spans and logs",
            text: "Environment variables of the function. Every OpenTelemetry SDK and layer reads them.",
            place: "environment",
            snippet: format!("OTEL_EXPORTER_OTLP_ENDPOINT={http}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf{header}"),
        };
        match self {
            Self::Lambda => vec![
                spans,
                Step {
                    title: "Let the platform’s own records come as well",
                    text: "Without them there is no billed duration, no memory, and no invocation that left no span. An extension that subscribes to the Telemetry API posts its batches here.",
                    place: "Telemetry API extension",
                    snippet: format!("POST {http}/v1/aws/telemetry\ncontent-type: application/json"),
                },
                Step {
                    title: "Or let Firehose bring log groups and metrics, without code",
                    text: "A stream with this HTTP endpoint, behind a proxy with TLS on port 443, takes subscription filters (Lambda Insights’ group too, the only one with CPU time) and a metric stream (throttles, concurrency, ages). Set its access key, and here serve.firehose_key_sha256.",
                    place: "shell",
                    snippet: format!(
                        "# HTTP endpoint of the stream, content encoding GZIP:\n{http}/v1/aws/firehose\n\
                         aws logs put-subscription-filter --log-group-name /aws/lambda/YOUR_FUNCTION \\\n  \
                         --filter-name pennyspan --filter-pattern '' \\\n  \
                         --destination-arn STREAM_ARN --role-arn ROLE_ARN\n\
                         aws cloudwatch put-metric-stream --name pennyspan --output-format opentelemetry1.0 \\\n  \
                         --include-filters Namespace=AWS/Lambda Namespace=AWS/SQS \\\n  \
                         --firehose-arn STREAM_ARN --role-arn ROLE_ARN"
                    ),
                },
                Step {
                    title: "Or import what CloudWatch and X-Ray kept",
                    text: "Files are recognised by their content: report lines and JSON logs, exports of log groups, results of Logs Insights, traces.",
                    place: "shell",
                    snippet: "aws logs filter-log-events --log-group-name /aws/lambda/YOUR_FUNCTION > logs.json\naws xray batch-get-traces --trace-ids TRACE_ID > traces.json\npennyspan import logs.json traces.json".to_owned(),
                },
                Step {
                    title: "Executions of Step Functions",
                    text: "A state machine that logs its events into a group sends them by the same stream. The history of one execution is read as a file that does not name it.",
                    place: "shell",
                    snippet: "aws stepfunctions get-execution-history --execution-arn EXECUTION_ARN > history.json\npennyspan import --resource EXECUTION_ARN history.json".to_owned(),
                },
                settings("aws lambda list-functions", http, curl),
            ],
            Self::Google => clouds::google(spans, http, curl),
            Self::Azure => clouds::azure(http, header, curl),
            Self::Cloudflare => clouds::cloudflare(http, token_needed, curl),
            Self::Otlp => vec![
                spans,
                Step {
                    title: "Or over gRPC",
                    text: "The same, for exporters that prefer it.",
                    place: "environment",
                    snippet: format!("OTEL_EXPORTER_OTLP_ENDPOINT={grpc}\nOTEL_EXPORTER_OTLP_PROTOCOL=grpc{header}"),
                },
            ],
            Self::Records => vec![Step {
                title: "Post one JSON object per invocation",
                text: "From any platform: what it did, how long it took, what was billed.",
                place: "shell",
                snippet: format!(
                    "curl {http}/v1/invocations{curl} \\\n  -H 'content-type: application/x-ndjson' --data-binary @invocations.ndjson"
                ),
            }],
            Self::Delivery => delivery(),
        }
    }
}

/// Returns how settings are sent that a provider's command line prints.
fn settings(command: &str, http: &str, curl: &str) -> Step {
    Step {
        title: "Say how functions are configured",
        text: "Memory, time limits and architecture, where records do not name them. Templates, Terraform plans and Wrangler files are read as well.",
        place: "shell",
        snippet: format!(
            "{command} | curl{curl} \\\n  -H 'content-type: application/json' --data-binary @- {http}/v1/configurations"
        ),
    }
}

/// Returns the middleware for each runtime, as the files in `docs/delivery` have it.
fn delivery() -> Vec<Step> {
    let queue = "The same line for a queue; other events have the fields that the line names.";
    let step = |title, text, place, file: &str| Step {
        title,
        text,
        place,
        snippet: file.trim_end().to_owned(),
    };
    vec![
        step(
            "Say what was delivered: Node.js",
            "Message ids, send times and receive counts stand in the event alone. One line per invocation carries them, ids and never bodies. A function that logs its whole event, as Powertools’ log_event does, needs none.",
            "pennyspan-delivery.cjs",
            include_str!("../../../../docs/delivery/pennyspan-delivery.cjs"),
        ),
        step(
            "Python",
            "The same as a decorator.",
            "pennyspan_delivery.py",
            include_str!("../../../../docs/delivery/pennyspan_delivery.py"),
        ),
        step(
            "Java",
            queue,
            "DeliveryLine.java",
            include_str!("../../../../docs/delivery/DeliveryLine.java"),
        ),
        step(
            "Go",
            queue,
            "delivery.go",
            include_str!("../../../../docs/delivery/delivery.go"),
        ),
        step(
            ".NET",
            queue,
            "DeliveryLine.cs",
            include_str!("../../../../docs/delivery/DeliveryLine.cs"),
        ),
        step(
            "Rust",
            queue,
            "delivery.rs",
            include_str!("../../../../docs/delivery/delivery.rs"),
        ),
    ]
}
