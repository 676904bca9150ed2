"""The delivery line of a Lambda function: what it was handed, when that was sent, and how often it was delivered.

Ids and times, never bodies. Decorate the handler with @with_delivery.
"""

import functools
import json
import re
from datetime import datetime


def _number(value):
    return None if value in (None, "") else int(value)


def _millis(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) if text else None


def _seconds(value):
    return None if value is None else round(value * 1000)


def _name(arn):
    return re.split("[/:]", arn)[-1] if arn else None


def _record(id, enqueued, **more):
    told = {"id": id, "enqueued_time_unix_ms": enqueued, "first_received_time_unix_ms": None}
    return {**told, "receive_count": None, "bytes": None, **more}


# Each gives the source, the record, and the name by which a handler gives the message back.
def _sqs(r):
    of = r.get("attributes", {})
    told = _record(r["messageId"], _number(of.get("SentTimestamp")), bytes=len(r.get("body", "").encode()),
                   first_received_time_unix_ms=_number(of.get("ApproximateFirstReceiveTimestamp")),
                   receive_count=_number(of.get("ApproximateReceiveCount")))
    return _name(r.get("eventSourceARN")), told, r["messageId"]


def _sns(r):
    return _name(r["Sns"].get("TopicArn")), _record(r["Sns"].get("MessageId"), _millis(r["Sns"].get("Timestamp"))), None


def _kinesis(r):
    told = _record(r["eventID"], _seconds(r["kinesis"].get("approximateArrivalTimestamp")), partition=r["eventID"].split(":")[0])
    return _name(r.get("eventSourceARN")), told, r["kinesis"].get("sequenceNumber")


def _dynamodb(r):
    arn, change = r.get("eventSourceARN", ""), r.get("dynamodb", {})
    table = re.search(":table/([^/]+)", arn)
    told = _record(r["eventID"], _seconds(change.get("ApproximateCreationDateTime")), bytes=change.get("SizeBytes"))
    return table[1] if table else _name(arn), told, change.get("SequenceNumber")


def _s3(r):
    return r["s3"]["bucket"]["name"], _record(None, _millis(r.get("eventTime"))), None


_RECORDS = {"aws:sqs": ("queue", _sqs), "aws:sns": ("topic", _sns), "aws:kinesis": ("stream", _kinesis),
            "aws:dynamodb": ("stream", _dynamodb), "aws:s3": ("object", _s3)}


def _read(event):
    """Returns type, route, scheduled time and the list of what was handed over; None for an event that nothing is known of."""
    first = (event.get("Records") or [{}])[0]
    kind, read = _RECORDS.get(first.get("eventSource") or first.get("EventSource"), (None, None))
    if kind:
        return kind, None, None, [read(r) for r in event["Records"]]
    if "kafka" in str(event.get("eventSource", "")).lower():
        every = [r for records in event.get("records", {}).values() for r in records]
        part = "{topic}-{partition}".format
        return "stream", None, None, [(r["topic"], _record(f"{part(**r)}:{r['offset']}", _number(r.get("timestamp")),
                                                           source=r["topic"], partition=part(**r)), None) for r in every]
    http = event.get("requestContext") or {}
    if http.get("elb"):
        return "http", None, None, [(http["elb"]["targetGroupArn"].split("/")[1], _record(None, None), None)]
    if http.get("apiId"):
        route = http.get("routeKey") or (http.get("resourcePath") and f"{http.get('httpMethod')} {http['resourcePath']}")
        at = http.get("requestTimeEpoch") or http.get("timeEpoch")
        return "http", None if route == "$default" else route, None, [(http["apiId"], _record(http.get("requestId"), _number(at)), None)]
    if event.get("detail-type") == "Scheduled Event":
        return "timer", None, event.get("time"), [(_name((event.get("resources") or [None])[0]), _record(event.get("id"), None), None)]
    if event.get("detail-type") and event.get("source"):
        return "bus", None, None, [(event["source"], _record(event.get("id"), _millis(event.get("time"))), None)]
    return None


def _told(event):
    """An event of a shape that nobody expected must not stop the function."""
    try:
        return _read(event)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _line(told, context, result=None):
    kind, route, scheduled, handed = told
    answer = result if isinstance(result, dict) else {}
    given = {failure.get("itemIdentifier") for failure in answer.get("batchItemFailures") or []}
    source, first = handed[0][:2]
    print(json.dumps({
        "pennyspan": "delivery", "invocation_id": context.aws_request_id,
        "trigger": {"type": kind, "source": source, "partition": first.get("partition"), "scheduled_time": scheduled},
        "batch_size": len(handed), "records": [record for _, record, _ in handed[:100]],
        "failed_ids": [record["id"] for _, record, back in handed if back in given],
        "http": {"status": answer.get("statusCode") if kind == "http" else None, "route": route},
        "tenant": getattr(context, "tenant_id", None),
    }))


def with_delivery(handler):
    """A request's line carries its status and comes last. Any other comes first, so that it is there when the run is cut
    off, and once more where the handler gives messages back."""

    @functools.wraps(handler)
    def handle(event, context):
        told, result = _told(event), None
        if told is None:
            return handler(event, context)
        if told[0] != "http":
            _line(told, context)
        try:
            result = handler(event, context)
            return result
        finally:
            if told[0] == "http" or (isinstance(result, dict) and result.get("batchItemFailures")):
                _line(told, context, result)

    return handle
