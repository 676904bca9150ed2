use proptest::prelude::*;

use super::{Arn, FunctionArn, instance_id, is_uuid, key_scope, name};

#[test]
fn long_names_stay_apart() {
    let (a, b) = (format!("{}a", "x".repeat(300)), format!("{}b", "x".repeat(300)));
    let (cut_a, cut_b) = (name(&a, 256), name(&b, 256));
    assert_eq!((cut_a.len(), cut_b.len()), (256, 256));
    assert_ne!(cut_a, cut_b);
    assert_eq!(name("checkout", 256), "checkout");
}

#[test]
fn an_environment_has_one_id() {
    let digits = "22be53a8cfde4e68b844f8ec293b2543";
    assert_eq!(instance_id(&format!("2026/10/08/[$LATEST]{digits}")), digits);
    assert_eq!(instance_id(&format!("2026/10/08/checkout[$LATEST]{digits}")), digits);
    assert_eq!(instance_id("00fd7d"), "00fd7d");
    assert_eq!(instance_id(&format!("é{}", &digits[1..])), format!("é{}", &digits[1..]));
}

#[test]
fn arns_name_their_parts() {
    let arn = FunctionArn::parse("arn:aws:lambda:eu-central-1:123456789012:function:image-notifier:live").unwrap();
    assert_eq!((arn.region, arn.account), (Some("eu-central-1"), Some("123456789012")));
    assert_eq!(
        (arn.function, arn.version(), arn.alias()),
        ("image-notifier", None, Some("live"))
    );
    let arn = FunctionArn::parse("arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST").unwrap();
    assert_eq!((arn.function, arn.version(), arn.alias()), ("f", Some("$LATEST"), None));
    let runtime = Arn::parse("arn:aws:lambda:us-east-1::runtime:fb4a").unwrap();
    assert_eq!(
        (runtime.region, runtime.account, runtime.function()),
        (Some("us-east-1"), None, None)
    );
    let queue = Arn::parse("arn:aws:sqs:us-east-1:1:orders").unwrap();
    assert_eq!(queue.resource_name(), "orders");
    assert_eq!(
        Arn::parse("arn:aws:dynamodb:us-east-1:1:table/orders")
            .unwrap()
            .resource_name(),
        "orders"
    );
    assert_eq!(FunctionArn::parse("checkout"), None);
}

#[test]
fn ids_that_are_unique_need_no_scope() {
    let uuid = "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36";
    assert!(is_uuid(uuid) && !is_uuid(&uuid[1..]) && !is_uuid(&uuid.replace('-', "0")));
    assert_eq!(key_scope("gcp", uuid, Some("f")), "");
    assert_eq!(key_scope("aws", "x", Some("f")), "");
    assert_eq!(key_scope("cloudflare", "x", Some("f")), "f");
    assert_eq!(key_scope("cloudflare", "x", None), "");
}

proptest! {
    #[test]
    fn names_never_exceed_the_limit(text in "\\PC{0,80}", limit in 32_usize..64) {
        let cut = name(&text, limit);
        prop_assert!(cut.len() <= limit);
        prop_assert_eq!(text.len() <= limit, cut == text);
    }

    #[test]
    fn no_name_panics(text in "\\PC{0,80}") {
        let _ = (instance_id(&text), is_uuid(&text), Arn::parse(&text).map(|arn| (arn.function(), arn.resource_name())));
    }
}
