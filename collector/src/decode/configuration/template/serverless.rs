//! `serverless.yml` of the Serverless Framework, for AWS: `provider` gives the defaults of `functions`.
//!
//! A function without a name of its own is deployed as `SERVICE-STAGE-FUNCTION`. A value that holds a variable is not known.

use serde_json::Value;

use super::{Found, Subject, count_text, elements, members, seconds_as_ms, text};

/// Who says it.
const SOURCE: &str = "serverless.yml";

/// Reads the settings of functions and their schedules.
pub(super) fn read(template: &Value, found: &mut Found<'_>) {
    let provider = &template["provider"];
    let literal = |value: Option<&Value>| text(value).filter(|text| !text.contains("${"));
    let service = literal(template.get("service"));
    let stage = match provider.get("stage") {
        Some(stage) => literal(Some(stage)),
        None => Some("dev".to_owned()),
    };
    for (key, function) in members(template.get("functions")) {
        let deployed = || Some(format!("{}-{}-{key}", service.as_deref()?, stage.as_deref()?));
        let name = match function.get("name") {
            Some(name) => literal(Some(name)),
            None => deployed(),
        };
        let Some(name) = name else { continue };
        let own = |key: &str| function.get(key).or_else(|| provider.get(key));
        let of = Subject {
            region: literal(provider.get("region")),
            ..Subject::function("aws", SOURCE, &name)
        };
        let settings = [
            ("timeout_ms", seconds_as_ms(own("timeout"))),
            ("memory_size_mib", count_text(own("memorySize"))),
            ("architecture", literal(own("architecture"))),
            ("runtime", literal(own("runtime"))),
            ("ephemeral_storage_mib", count_text(own("ephemeralStorageSize"))),
            ("reserved_concurrency", count_text(function.get("reservedConcurrency"))),
            (
                "provisioned_concurrency",
                count_text(function.get("provisionedConcurrency")),
            ),
        ];
        found.add(&of, settings);
        for event in elements(function.get("events")) {
            let schedule = event.get("schedule");
            let rate = schedule.and_then(|schedule| schedule.get("rate")).or(schedule);
            let rate = rate.map(|rate| rate.get(0).unwrap_or(rate));
            found.add(&of, [("schedule", literal(rate))]);
        }
    }
}
