//! Prices of attempts on Google Cloud, Azure and Cloudflare, against the price lists' own arithmetic.

use super::*;
use crate::pricing::Reason;

/// A request of a service on Cloud Run that began so many milliseconds after seven and took so long.
fn request(id: &'static str, instance: Option<&'static str>, start_ms: i64, took_ms: i64) -> invocations::Row<'static> {
    let start_unix_nano = SEVEN + start_ms * 1_000_000;
    invocations::Row {
        provider: "gcp",
        platform: Some("gcp_cloud_run"),
        execution_model: Some("container_function"),
        region: Some("europe-west1"),
        function: Some("quotes"),
        architecture: None,
        instance_id: instance,
        memory_size_mib: None,
        billed_duration_ms: None,
        billed_mib_ms: None,
        start_unix_nano,
        end_unix_nano: Some(start_unix_nano + took_ms * 1_000_000),
        duration_us: Some(took_ms * 1_000),
        ..attempt(id, 0)
    }
}

/// A world with the settings of a service that is billed by request: 1 vCPU and 512 MiB.
fn by_request() -> World {
    let mut world = World::default();
    for setting in [
        ["billing_mode", "request"],
        ["cpu_milli", "1000"],
        ["memory_size_mib", "512"],
    ] {
        world.setting_of("gcp", "quotes", setting, 0);
    }
    world
}

async fn whole(world: &World) -> Cost {
    ask(world, part::none).await.remove(0).1
}

fn reasons(cost: &Cost) -> Vec<(Reason, i128)> {
    cost.not_priced
        .iter()
        .map(|(reason, milli)| (*reason, *milli))
        .collect()
}

#[tokio::test]
async fn a_request_on_cloud_run_is_billed_for_steps_of_100_ms_of_processor_and_memory() {
    let mut world = by_request();
    world.attempt(&request("a", Some("one"), 0, 120));
    let cost = whole(&world).await;
    let expected = [
        ("request-memory", "0.00000025"),
        ("request-processor", "0.0000048"),
        ("requests", "0.0000004"),
    ];
    assert_eq!(items(&cost), expected.map(|(item, usd)| (item, usd.to_owned())));
    assert_eq!(cost.amount.to_string(), "0.00000545");
}

#[tokio::test]
async fn requests_that_share_an_instance_are_billed_once_and_share_by_request_seconds() {
    let mut world = by_request();
    // Busy for 150 ms, billed as 200: three quarters to the longer one. The other instance is busy on its own.
    world
        .attempt(&request("a", Some("one"), 0, 150))
        .attempt(&request("b", Some("one"), 100, 50))
        .attempt(&request("c", Some("two"), 0, 150));
    for world in [world.clone(), world.reversed()] {
        let session = world.session(Span::Whole).await;
        let sql = "SELECT invocation_id, billed_duration_ms, billed_source FROM invocations ORDER BY invocation_id";
        let frame = session.context().sql(sql).await.unwrap();
        let batches = frame.collect().await.unwrap();
        let shown = datafusion::arrow::util::pretty::pretty_format_batches(&batches).unwrap();
        insta::assert_snapshot!("shared", shown.to_string());
        let cost = whole(&world).await;
        // 400 ms of 1 vCPU.
        assert_eq!(items(&cost)[1], ("request-processor", "0.0000096".to_owned()));
    }
}

#[tokio::test]
async fn what_settings_do_not_say_of_a_service_is_the_reason_why_it_is_not_priced() {
    let ask_with = async |settings: &[[&str; 2]], row: invocations::Row<'static>| {
        let mut world = World::default();
        for setting in settings {
            world.setting_of("gcp", "quotes", *setting, 0);
        }
        world.attempt(&row);
        reasons(&whole(&world).await)
    };
    let request_mode = ["billing_mode", "request"];
    let on = || request("a", Some("one"), 0, 120);
    assert_eq!(ask_with(&[], on()).await, [(Reason::BillingMode, 1_000)]);
    assert_eq!(
        ask_with(&[["billing_mode", "instance"]], on()).await,
        [(Reason::Instance, 1_000)]
    );
    assert_eq!(ask_with(&[request_mode], on()).await, [(Reason::Processor, 1_000)]);
    let cpu = ["cpu_milli", "1000"];
    assert_eq!(ask_with(&[request_mode, cpu], on()).await, [(Reason::Memory, 1_000)]);
    let memory = ["memory_size_mib", "512"];
    let nowhere = request("a", None, 0, 120);
    let all = [request_mode, cpu, memory];
    assert_eq!(ask_with(&all, nowhere).await, [(Reason::SharedInstance, 1_000)]);
    let alone = [request_mode, cpu, memory, ["concurrency_per_instance", "1"]];
    assert_eq!(ask_with(&alone, nowhere).await, []);
    let elsewhere = invocations::Row {
        region: Some("mars-north-1"),
        ..on()
    };
    assert_eq!(ask_with(&all, elsewhere).await, [(Reason::RegionPrice, 1_000)]);
    let endless = invocations::Row {
        duration_us: None,
        end_unix_nano: None,
        ..on()
    };
    assert_eq!(ask_with(&all, endless).await, [(Reason::Duration, 1_000)]);
}

#[tokio::test]
async fn a_function_of_the_first_generation_is_billed_for_memory_and_the_processor_that_comes_with_it() {
    let row = |mib| invocations::Row {
        platform: Some("gcp_cloud_functions"),
        execution_model: Some("event_function"),
        region: Some("us-central1"),
        memory_size_mib: Some(mib),
        ..request("a", None, 0, 1)
    };
    let cost = one(&row(128)).await;
    let time: Amount = cost
        .line_items
        .iter()
        .filter(|item| item.price.id != "invocations")
        .map(|item| &item.amount)
        .sum();
    assert_eq!(time.to_string(), "0.00000023125");
    assert_eq!(reasons(&one(&row(300)).await), [(Reason::Size { mib: 300 }, 1_000)]);
}

/// An execution on Azure that took so long.
fn execution(took_ms: i64) -> invocations::Row<'static> {
    invocations::Row {
        provider: "azure",
        platform: Some("azure.functions"),
        execution_model: Some("event_function"),
        region: Some("eastus"),
        function: Some("shop/Ship"),
        ..request("a", Some("host"), 0, took_ms)
    }
}

#[tokio::test]
async fn flex_bills_a_second_of_the_whole_instance_at_least_by_the_settings_of_the_app() {
    let mut world = World::default();
    world
        .setting_of("azure", "shop", ["billing_mode", "flex_consumption"], 0)
        .setting_of("azure", "shop", ["memory_size_mib", "2048"], 0)
        .attempt(&execution(40));
    let cost = whole(&world).await;
    let expected = [("flex-executions", "0.0000004"), ("flex-time", "0.000052")];
    assert_eq!(items(&cost), expected.map(|(item, usd)| (item, usd.to_owned())));
    let mut consumption = World::default();
    consumption
        .setting_of("azure", "shop", ["billing_mode", "consumption"], 0)
        .attempt(&execution(40));
    assert_eq!(reasons(&whole(&consumption).await), [(Reason::ObservedMemory, 1_000)]);
    assert_eq!(reasons(&one(&execution(40)).await), [(Reason::BillingMode, 1_000)]);
}

#[tokio::test]
async fn a_worker_is_billed_for_its_request_and_its_processor_time() {
    let row = invocations::Row {
        provider: "cloudflare",
        platform: Some("cloudflare.workers"),
        execution_model: Some("worker"),
        region: None,
        function: Some("edge"),
        cpu_time_us: Some(7_000),
        ..request("a", None, 0, 60_000)
    };
    let cost = one(&row).await;
    let expected = [("cpu-time", "0.00000014"), ("requests", "0.0000003")];
    assert_eq!(items(&cost), expected.map(|(item, usd)| (item, usd.to_owned())));
    let called = invocations::Row {
        trigger_type: Some("rpc"),
        ..row
    };
    assert_eq!(items(&one(&called).await), [("cpu-time", "0.00000014".to_owned())]);
    let silent = invocations::Row {
        cpu_time_us: None,
        ..row
    };
    assert_eq!(reasons(&one(&silent).await), [(Reason::ProcessorTime, 1_000)]);
}

#[tokio::test]
async fn every_reason_has_its_word_and_its_sentence() {
    let all = [
        Reason::Product,
        Reason::Instance,
        Reason::ObservedMemory,
        Reason::BillingMode,
        Reason::Region,
        Reason::RegionPrice,
        Reason::Duration,
        Reason::SharedInstance,
        Reason::Memory,
        Reason::Size { mib: 300 },
        Reason::Processor,
        Reason::ProcessorTime,
    ];
    let lines: Vec<String> = all
        .iter()
        .map(|reason| format!("{}: {reason}", reason.word()))
        .collect();
    insta::assert_snapshot!("reasons", lines.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Split anywhere, the parts of a window cost what the whole costs, also where requests share instances.
    #[test]
    fn shares_of_instances_add_up_over_any_split_of_the_window(
        requests in prop::collection::vec((0_i64..3_000, 1_i64..900, 0_usize..2), 1..12),
        at_ms in 1_i64..4_000,
    ) {
        const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        const INSTANCES: [&str; 2] = ["one", "two"];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut world = by_request();
        for ((start, took, instance), name) in requests.iter().zip(NAMES) {
            world.attempt(&request(name, Some(INSTANCES[*instance]), *start, *took));
        }
        let cost_of = |from_ms: i64, to_ms: i64| {
            let window = Window {
                start_unix_nano: SEVEN + from_ms * 1_000_000,
                end_unix_nano: SEVEN + to_ms * 1_000_000,
            };
            runtime.block_on(async {
                let session = world.session(Span::Window(window)).await;
                let question = Question { window, selection: Selection::default() };
                let groups = cost(&session, &question, part::none).await.unwrap();
                groups.into_values().map(|cost| cost.amount).sum::<Amount>()
            })
        };
        let (first, rest) = (cost_of(0, at_ms), cost_of(at_ms, 4_000));
        prop_assert_eq!(first + rest, cost_of(0, 4_000));
    }
}
