// Package delivery writes the delivery line of a Lambda function on a queue, for aws-lambda-go. Call it first thing in the
// handler: delivery.Line(ctx, event)
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Line prints what the function was handed: ids and times, never bodies.
func Line(ctx context.Context, event events.SQSEvent) {
	records, source := []map[string]any{}, ""
	for i, message := range event.Records {
		source = message.EventSourceARN[strings.LastIndex(message.EventSourceARN, ":")+1:]
		if i < 100 {
			number := func(name string) json.RawMessage { return json.RawMessage(message.Attributes[name]) }
			records = append(records, map[string]any{"id": message.MessageId,
				"enqueued_time_unix_ms":       number("SentTimestamp"),
				"first_received_time_unix_ms": number("ApproximateFirstReceiveTimestamp"),
				"receive_count":               number("ApproximateReceiveCount")})
		}
	}
	id := ""
	if lambda, ok := lambdacontext.FromContext(ctx); ok {
		id = lambda.AwsRequestID
	}
	if line, err := json.Marshal(map[string]any{"pennyspan": "delivery", "invocation_id": id,
		"trigger":    map[string]any{"type": "queue", "source": source},
		"batch_size": len(event.Records), "records": records}); err == nil {
		fmt.Println(string(line))
	}
}
