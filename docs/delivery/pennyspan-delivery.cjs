// The delivery line of a Lambda function: what it was handed, when that was sent, and how often it was delivered.
// Ids and times, never bodies. Wrap the handler: exports.handler = withDelivery(async (event, context) => ...).
'use strict';

const number = (value) => (value != null && value !== '' && Number.isFinite(Number(value)) ? Number(value) : null);
const millis = (text) => (text ? number(Date.parse(text)) : null);
const seconds = (value) => (value == null ? null : Math.round(Number(value) * 1000));
const name = (arn) => (arn ? arn.split(/[/:]/).pop() : null);
const record = (id, enqueued, more) => ({ id: id ?? null, enqueued_time_unix_ms: enqueued, first_received_time_unix_ms: null, receive_count: null, bytes: null, ...more });

// Each gives the source, the record, and the name by which a handler gives the message back.
const records = {
  'aws:sqs': (r) => [name(r.eventSourceARN), record(r.messageId, number(r.attributes?.SentTimestamp), {
    first_received_time_unix_ms: number(r.attributes?.ApproximateFirstReceiveTimestamp),
    receive_count: number(r.attributes?.ApproximateReceiveCount),
    bytes: Buffer.byteLength(r.body ?? '') }), r.messageId],
  'aws:sns': (r) => [name(r.Sns?.TopicArn), record(r.Sns?.MessageId, millis(r.Sns?.Timestamp))],
  'aws:kinesis': (r) => [name(r.eventSourceARN), record(r.eventID, seconds(r.kinesis?.approximateArrivalTimestamp),
    { partition: r.eventID?.split(':')[0] }), r.kinesis?.sequenceNumber],
  'aws:dynamodb': (r) => [r.eventSourceARN?.match(/:table\/([^/]+)/)?.[1] ?? name(r.eventSourceARN),
    record(r.eventID, seconds(r.dynamodb?.ApproximateCreationDateTime), { bytes: r.dynamodb?.SizeBytes ?? null }), r.dynamodb?.SequenceNumber],
  'aws:s3': (r) => [r.s3?.bucket?.name ?? null, record(null, millis(r.eventTime))],
};
const types = { 'aws:sqs': 'queue', 'aws:sns': 'topic', 'aws:kinesis': 'stream', 'aws:dynamodb': 'stream', 'aws:s3': 'object' };

function read(event) {
  const of = event?.Records?.[0]?.eventSource ?? event?.Records?.[0]?.EventSource;
  if (Object.hasOwn(records, of)) return { type: types[of], list: event.Records.map(records[of]) };
  if (/kafka/i.test(event?.eventSource ?? '')) {
    return { type: 'stream', list: Object.values(event.records ?? {}).flat().map((r) => [r.topic,
      record(`${r.topic}-${r.partition}:${r.offset}`, number(r.timestamp), { source: r.topic, partition: `${r.topic}-${r.partition}` })]) };
  }
  const http = event?.requestContext;
  if (http?.elb) return { type: 'http', list: [[http.elb.targetGroupArn?.split('/')[1], record(null, null)]] };
  if (http?.apiId) {
    const route = http.routeKey ?? (http.resourcePath && `${http.httpMethod} ${http.resourcePath}`);
    return { type: 'http', route: route === '$default' ? null : route,
      list: [[http.apiId, record(http.requestId, number(http.requestTimeEpoch ?? http.timeEpoch))]] };
  }
  if (event?.['detail-type'] === 'Scheduled Event') {
    return { type: 'timer', scheduled: event.time, list: [[name(event.resources?.[0]), record(event.id, null)]] };
  }
  if (event?.['detail-type'] && event.source) return { type: 'bus', list: [[event.source, record(event.id, millis(event.time))]] };
  return null;
}

// An event of a shape that nobody expected must not stop the function.
function told(event) {
  try { return read(event); } catch { return null; }
}

function line({ type, route, scheduled, list }, context, result) {
  const given = new Set((result?.batchItemFailures ?? []).map((failure) => failure?.itemIdentifier));
  const [source, first] = list[0];
  return JSON.stringify({
    pennyspan: 'delivery', invocation_id: context.awsRequestId,
    trigger: { type, source: source ?? null, partition: first.partition ?? null, scheduled_time: scheduled ?? null },
    batch_size: list.length, records: list.slice(0, 100).map(([, one]) => one),
    failed_ids: list.filter(([, , back]) => given.has(back)).map(([, one]) => one.id),
    http: { status: type === 'http' ? number(result?.statusCode) : null, route: route ?? null }, tenant: context.tenantId ?? null,
  });
}

// A request's line carries its status and comes last. Any other comes first, so that it is there when the run is cut off,
// and once more where the handler gives messages back.
exports.withDelivery = (handler) => async (event, context) => {
  const handed = told(event);
  if (!handed) return handler(event, context);
  if (handed.type !== 'http') console.log(line(handed, context));
  let result;
  try {
    result = await handler(event, context);
    return result;
  } finally {
    if (handed.type === 'http' || result?.batchItemFailures?.length) console.log(line(handed, context, result));
  }
};
