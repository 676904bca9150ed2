use std::collections::BTreeSet;

use super::{NAMES, SLOTS, destination_name};

#[test]
fn every_name_stands_for_one_thing() {
    let names: Vec<&str> = NAMES.iter().flat_map(|(_, _, names)| names.iter().copied()).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), distinct.len());
    assert!((0..SLOTS).all(|index| NAMES[index].0 as usize == index));
}

#[test]
fn destinations_have_one_name() {
    for text in [
        "orders",
        "https://sqs.eu-west-1.amazonaws.com/1/orders",
        "arn:aws:sqs:eu-west-1:1:orders",
    ] {
        assert_eq!(destination_name(text), "orders");
    }
}
