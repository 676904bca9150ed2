"""Sends 500 invocation spans with the official SDK for Python, and says `half` when half of them are made.

send.py TRANSPORT URL HOW: TRANSPORT is grpc or http, HOW is manual (spans of our own, in batches) or lambda (a handler that the
AWS Lambda instrumentation wraps, which flushes after each invocation).
"""

import importlib
import os
import sys
import time
import uuid

SPANS = 500
PAUSE_S = 0.004
FLUSH_MS = 60_000
ARN = "arn:aws:lambda:eu-central-1:210987654321:function:invoices"

transport, url, how = sys.argv[1:]
os.environ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "60"
os.environ["OTEL_INSTRUMENTATION_AWS_LAMBDA_FLUSH_TIMEOUT"] = str(FLUSH_MS)
os.environ["OTEL_RESOURCE_ATTRIBUTES"] = (
    "service.name=invoices,faas.name=invoices,faas.version=7,cloud.provider=aws,cloud.platform=aws_lambda,"
    "cloud.region=eu-central-1,cloud.account.id=210987654321,faas.instance=6e1f2ab9c40d4f7c8d35a90b7e2f1c44"
)

from opentelemetry import trace  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: E402


def exporter():
    if transport == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=url, insecure=True, compression=grpc.Compression.Gzip)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=Compression.Gzip)


class Context:
    """What Lambda hands to a handler beside the event."""

    function_name = "invoices"
    function_version = "7"
    invoked_function_arn = ARN

    def __init__(self):
        self.aws_request_id = str(uuid.uuid4())


provider = TracerProvider()
provider.add_span_processor(
    BatchSpanProcessor(exporter(), max_export_batch_size=20, schedule_delay_millis=50, export_timeout_millis=FLUSH_MS)
)
trace.set_tracer_provider(provider)

if how == "lambda":
    from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "invoices"
    os.environ["_HANDLER"] = "function.handler"
    AwsLambdaInstrumentor().instrument()
    handler = importlib.import_module("function").handler

    def invoke():
        handler({"invoice": 17}, Context())
else:
    tracer = trace.get_tracer("exporters")

    def invoke():
        attributes = {"faas.invocation_id": str(uuid.uuid4()), "faas.trigger": "http", "cloud.resource_id": ARN}
        with tracer.start_as_current_span("invoices", kind=trace.SpanKind.SERVER, attributes=attributes):
            pass


for made in range(SPANS):
    if made == SPANS // 2:
        print("half", flush=True)
    invoke()
    time.sleep(PAUSE_S)
if not provider.force_flush(FLUSH_MS):
    sys.exit("the last spans were not flushed")
provider.shutdown()
