// The delivery line of a Lambda function on a queue, for aws-lambda-java-events. Call it first thing in the handler:
// DeliveryLine.write(event, context);
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.util.stream.Collectors;

final class DeliveryLine {
    static void write(SQSEvent event, Context context) {
        String records = event.getRecords().stream().limit(100).map(DeliveryLine::record).collect(Collectors.joining(","));
        String arn = event.getRecords().get(0).getEventSourceArn();
        System.out.println(String.format("{\"pennyspan\":\"delivery\",\"invocation_id\":\"%s\","
            + "\"trigger\":{\"type\":\"queue\",\"source\":\"%s\"},\"batch_size\":%d,\"records\":[%s]}",
            context.getAwsRequestId(), arn.substring(arn.lastIndexOf(':') + 1), event.getRecords().size(), records));
    }

    private static String record(SQSEvent.SQSMessage message) {
        var of = message.getAttributes();
        return String.format("{\"id\":\"%s\",\"enqueued_time_unix_ms\":%s,\"first_received_time_unix_ms\":%s,\"receive_count\":%s}",
            message.getMessageId(), of.get("SentTimestamp"), of.get("ApproximateFirstReceiveTimestamp"),
            of.get("ApproximateReceiveCount"));
    }
}
