// The delivery line of a Lambda function on a queue, for Amazon.Lambda.SQSEvents. Call it first thing in the handler:
// DeliveryLine.Write(sqsEvent, context);
using System;
using System.Linq;
using System.Text.Json;
using Amazon.Lambda.Core;
using Amazon.Lambda.SQSEvents;

public static class DeliveryLine
{
    public static void Write(SQSEvent sqsEvent, ILambdaContext context)
    {
        long? Number(SQSEvent.SQSMessage message, string name) =>
            message.Attributes.TryGetValue(name, out var text) && long.TryParse(text, out var number) ? number : null;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            pennyspan = "delivery",
            invocation_id = context.AwsRequestId,
            trigger = new { type = "queue", source = sqsEvent.Records[0].EventSourceArn.Split(':').Last() },
            batch_size = sqsEvent.Records.Count,
            records = sqsEvent.Records.Take(100).Select(message => new
            {
                id = message.MessageId,
                enqueued_time_unix_ms = Number(message, "SentTimestamp"),
                first_received_time_unix_ms = Number(message, "ApproximateFirstReceiveTimestamp"),
                receive_count = Number(message, "ApproximateReceiveCount"),
            }),
        }));
    }
}
