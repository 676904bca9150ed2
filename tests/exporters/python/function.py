"""A function as it runs on Lambda."""


def handler(event, context):
    return {"statusCode": 200, "body": str(event["invoice"])}
