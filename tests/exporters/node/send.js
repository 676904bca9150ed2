// Sends 500 invocation spans with the official SDK for Node.js, and says `half` when half of them are made.
//
// send.js TRANSPORT URL HOW: TRANSPORT is json, protobuf or grpc, HOW is manual (spans of our own, in batches) or lambda (a handler
// that the AWS Lambda instrumentation wraps, which flushes after each invocation).
'use strict';

const { randomUUID } = require('node:crypto');
const { createRequire } = require('node:module');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const SPANS = 500;
const PAUSE_MS = 4;
const TIMEOUT_MS = 60_000;
const ARN = 'arn:aws:lambda:eu-central-1:210987654321:function:receipts';

const [transport, url, how] = process.argv.slice(2);
process.env.OTEL_RESOURCE_ATTRIBUTES =
  'service.name=receipts,faas.name=receipts,faas.version=7,cloud.provider=aws,cloud.platform=aws_lambda,' +
  'cloud.region=eu-central-1,cloud.account.id=210987654321,faas.instance=9b7d03c5e8a64f21b0c4d6f8a1e35792';
process.env.OTEL_NODE_RESOURCE_DETECTORS = 'env';
process.env.OTEL_METRICS_EXPORTER = 'none';
process.env.OTEL_LOGS_EXPORTER = 'none';
process.env._HANDLER = 'function.handler';
process.env.LAMBDA_TASK_ROOT = __dirname;

// The packages are installed outside of this folder.
const packages = createRequire(path.join(process.env.EXPORTER_MODULES, 'package.json'));
const { NodeSDK } = packages('@opentelemetry/sdk-node');
const { BatchSpanProcessor } = packages('@opentelemetry/sdk-trace');
const { SpanKind, trace } = packages('@opentelemetry/api');
const { AwsLambdaInstrumentation } = packages('@opentelemetry/instrumentation-aws-lambda');

function exporter() {
  const options = { compression: 'gzip', timeoutMillis: TIMEOUT_MS };
  if (transport === 'grpc') {
    const { OTLPTraceExporter } = packages('@opentelemetry/exporter-trace-otlp-grpc');
    return new OTLPTraceExporter({ ...options, url });
  }
  const of = { json: '@opentelemetry/exporter-trace-otlp-http', protobuf: '@opentelemetry/exporter-trace-otlp-proto' };
  const { OTLPTraceExporter } = packages(of[transport]);
  return new OTLPTraceExporter({ ...options, url: `${url}/v1/traces` });
}

const batches = { maxExportBatchSize: 20, scheduledDelayMillis: 50, exportTimeoutMillis: TIMEOUT_MS };
const sdk = new NodeSDK({
  spanProcessors: [new BatchSpanProcessor({ exporter: exporter(), ...batches })],
  instrumentations: how === 'lambda' ? [new AwsLambdaInstrumentation()] : [],
});
sdk.start();

const tracer = trace.getTracer('exporters');
const { handler } = require('./function.js');

async function invoke() {
  const id = randomUUID();
  if (how === 'lambda') {
    await handler({ receipt: 17 }, { functionName: 'receipts', invokedFunctionArn: ARN, awsRequestId: id });
    return;
  }
  const attributes = { 'faas.invocation_id': id, 'faas.trigger': 'http', 'cloud.resource_id': ARN };
  tracer.startSpan('receipts', { kind: SpanKind.SERVER, attributes }).end();
}

async function main() {
  for (let made = 0; made < SPANS; made += 1) {
    if (made === SPANS / 2) process.stdout.write('half\n');
    await invoke();
    await sleep(PAUSE_MS);
  }
  await sdk.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
