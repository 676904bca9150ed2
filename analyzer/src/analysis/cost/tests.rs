//! Prices of attempts, against the price list's own arithmetic.

use pennyspan_rules::price::Allowances;
use pennyspan_schema::Window;
use pennyspan_schema::tables::{invocation_calls, invocations};
use proptest::prelude::*;

use super::*;
use crate::Span;
use crate::analysis::{Scope, Selection, part};
use crate::testing::{SECOND, SEVEN, World, attempt};

mod clouds;

async fn ask(world: &World, by: Part) -> Vec<(Group, Cost)> {
    let session = world.session(Span::Whole).await;
    let question = Question {
        window: session.window(),
        selection: Selection::default(),
    };
    cost(&session, &question, by).await.unwrap().into_iter().collect()
}

async fn one(row: &invocations::Row<'_>) -> Cost {
    let mut world = World::default();
    world.attempt(row);
    ask(&world, part::none).await.remove(0).1
}

fn sized(memory_mib: i64, billed_ms: i64) -> invocations::Row<'static> {
    invocations::Row {
        memory_size_mib: Some(memory_mib),
        billed_duration_ms: Some(billed_ms),
        billed_mib_ms: Some(memory_mib * billed_ms),
        ..attempt("a", 0)
    }
}

fn items(cost: &Cost) -> Vec<(&str, String)> {
    cost.line_items
        .iter()
        .map(|item| (item.price.id.as_str(), item.amount.to_string()))
        .collect()
}

/// 1,233.96 ms and 463.512 ms of init at 256 MiB, billed as 1,698 ms.
#[tokio::test]
async fn both_architectures_are_priced_with_their_request() {
    let x86 = one(&sized(256, 1_698)).await;
    assert_eq!(x86.amount.to_string(), "0.00000727501415");
    let arm = one(&invocations::Row {
        architecture: Some("arm64"),
        ..sized(256, 1_698)
    })
    .await;
    assert_eq!(arm.amount.to_string(), "0.0000058600283");
    assert_eq!(items(&arm)[0].0, "duration-arm64");
}

/// A million invocations of 128 MiB and 200 ms, as one sampled row that stands for them.
#[tokio::test]
async fn a_million_small_invocations_cost_sixty_two_cents() {
    let million = invocations::Row {
        sample_weight_milli: 1_000_000_000,
        ..sized(128, 200)
    };
    let cost = one(&million).await;
    assert_eq!(
        items(&cost),
        [("duration-x86", "0.4166675".to_owned()), ("requests", "0.2".to_owned())]
    );
}

#[tokio::test]
async fn an_unknown_architecture_is_priced_as_x86_and_has_a_low_end() {
    let cost = one(&invocations::Row {
        architecture: None,
        ..sized(256, 1_698)
    })
    .await;
    assert_eq!(cost.amount.to_string(), "0.00000727501415");
    assert_eq!(
        cost.low_end.map(|low| low.to_string()),
        Some("0.0000058600283".to_owned())
    );
    assert_eq!(cost.assumed_architecture_milli, 1_000);
    assert_eq!(one(&sized(256, 1_698)).await.low_end, None);
}

#[tokio::test]
async fn what_is_not_known_is_not_priced_and_what_did_not_run_is_free() {
    for row in [
        invocations::Row {
            region: None,
            ..sized(256, 1)
        },
        invocations::Row {
            region: Some("mars-north-1"),
            ..sized(256, 1)
        },
        invocations::Row {
            memory_size_mib: None,
            billed_mib_ms: None,
            ..sized(256, 1)
        },
        invocations::Row {
            outcome: Some("unknown"),
            duration_us: None,
            billed_duration_ms: None,
            ..sized(256, 1)
        },
        invocations::Row {
            provider: "gcp",
            platform: Some("gcp_cloud_run"),
            ..sized(256, 1)
        },
        invocations::Row {
            init_type: Some("lambda-managed-instances"),
            ..sized(256, 1)
        },
    ] {
        let cost = one(&row).await;
        assert_eq!(
            (cost.amount.to_string().as_str(), cost.not_priced_milli),
            ("0", 1_000),
            "{row:?}"
        );
    }
    let throttled = one(&invocations::Row {
        outcome: Some("throttled"),
        ..sized(256, 1)
    })
    .await;
    assert_eq!((throttled.priced_milli, throttled.not_priced_milli), (0, 0));
}

#[tokio::test]
async fn storage_restore_and_provisioned_runs_have_items_of_their_own() {
    let mut world = World::default();
    world
        .attempt(&sized(1_024, 1_000))
        .setting("ephemeral_storage_mib", "1536", 0);
    let stored = &ask(&world, part::none).await[0].1;
    assert_eq!(items(stored)[1], ("ephemeral-storage", "0.0000000309".to_owned()));
    let restored = invocations::Row {
        restore_duration_us: Some(500_795),
        restore_billed_ms: Some(53),
        ..sized(512, 201)
    };
    let python = one(&invocations::Row {
        runtime: Some("python3.12"),
        duration_us: Some(147_156),
        ..restored
    })
    .await;
    assert_eq!(items(&python)[2], ("snapstart-restore", "0.0000698999".to_owned()));
    let java = one(&invocations::Row {
        runtime: Some("java21"),
        ..restored
    })
    .await;
    assert_eq!(java.line_items.len(), 2);
    let provisioned = one(&invocations::Row {
        init_type: Some("provisioned-concurrency"),
        ..sized(1_024, 1_000)
    })
    .await;
    assert_eq!(
        items(&provisioned)[0],
        ("provisioned-duration-x86", "0.0000097222".to_owned())
    );
}

#[tokio::test]
async fn an_attempt_older_than_the_first_price_takes_it_and_is_counted() {
    let old = one(&invocations::Row {
        architecture: Some("arm64"),
        start_unix_nano: 1_600_000_000 * SECOND,
        ..sized(1_024, 1_000)
    })
    .await;
    assert_eq!((old.priced_backdated_milli, old.not_priced_milli), (1_000, 0));
}

#[tokio::test]
async fn each_attempt_goes_whole_to_the_first_kind_that_applies() {
    let mut world = World::default();
    let tried = |start_s, outcome| invocations::Row {
        outcome: Some(outcome),
        ..attempt("again", start_s)
    };
    world
        .attempt(&tried(0, "timeout"))
        .attempt(&tried(60, "error"))
        .attempt(&tried(120, "ok"))
        .attempt(&tried(180, "ok"));
    world.attempt(&invocations::Row {
        outcome: Some("crash"),
        ..attempt("crash", 0)
    });
    let busy = invocations::Row {
        duration_us: Some(900_000),
        init_duration_us: Some(100_000),
        runtime_us: Some(850_000),
        post_runtime_us: Some(50_000),
        ..attempt("split", 300)
    };
    world.attempt(&busy).call(&invocation_calls::Row {
        provider: "aws",
        invocation_id: "split",
        start_unix_nano: busy.start_unix_nano,
        dependency_kind: "function",
        busy_us: 200_999,
        ..invocation_calls::Row::default()
    });
    let cost = &ask(&world, part::none).await[0].1;
    let second = "0.0000168667";
    let shown: Vec<(&str, String)> = cost
        .waste
        .iter()
        .map(|(kind, amount)| (kind.as_str(), amount.to_string()))
        .collect();
    let expected = [
        // The error after the time-out, and the success after the first success.
        ("retry", "0.0000337334"),
        ("timeout", second),
        ("failure", second),
        ("cold_start", "0.00000166667"),
        ("extension_tail", "0.000000833335"),
        ("function_wait", "0.00000333334"),
        ("useful", "0.000027900055"),
    ];
    assert_eq!(shown, expected.map(|(kind, amount)| (kind, amount.to_owned())));
    assert_eq!(cost.waste.iter().map(|(_, amount)| amount).sum::<Amount>(), cost.amount);
}

#[tokio::test]
async fn cost_is_split_by_version_tenant_and_trace_without_loss() {
    let mut world = World::default();
    world.attempt(&invocations::Row {
        tenant: Some("blue"),
        trace_id: Some([1; 16]),
        ..attempt("a", 0)
    });
    world.attempt(&invocations::Row {
        tenant: Some("red"),
        version: Some("43"),
        trace_id: Some([1; 16]),
        ..attempt("b", 1)
    });
    world.attempt(&invocations::Row {
        function: Some("other"),
        trace_id: Some([1; 16]),
        ..attempt("c", 2)
    });
    world.attempt(&attempt("d", 3));
    let whole: Amount = ask(&world, part::none).await.iter().map(|(_, cost)| &cost.amount).sum();
    for by in [part::version as Part, part::tenant, part::init_type] {
        assert_eq!(
            ask(&world, by)
                .await
                .iter()
                .map(|(_, cost)| &cost.amount)
                .sum::<Amount>(),
            whole
        );
    }
    let session = world.session(Span::Whole).await;
    let question = Question {
        window: session.window(),
        selection: Selection::default(),
    };
    let traces = cost_of_traces(&session, &question).await.unwrap();
    let three = &traces[&Some("01".repeat(16))];
    assert_eq!((three.amount.to_string(), traces.len()), ("0.0000506001".to_owned(), 2));
}

/// 61.44 billion GB-s in one month: 6 at the first price, 9 at the second, the rest at the third.
#[tokio::test]
async fn the_bill_fills_tiers_with_what_came_before_the_window() {
    let huge = |id, start_s, billion_gb_s: i64| invocations::Row {
        account: Some("1"),
        sample_weight_milli: billion_gb_s * 1_000_000_000,
        ..sized(1_024, 1_000 * 1_000).at(id, start_s)
    };
    let mut world = World::default();
    world
        .attempt(&huge("before", -3_600, 6))
        .attempt(&huge("inside", 0, 55))
        .attempt(&invocations::Row {
            sample_weight_milli: 440_000_000,
            ..huge("rest", 1, 1)
        });
    let window = Window {
        start_unix_nano: SEVEN,
        end_unix_nano: SEVEN + 60 * SECOND,
    };
    let session = world.session(Span::Window(window)).await;
    let question = Question {
        window,
        selection: Selection::default(),
    };
    let groups: BTreeMap<Scope, CostTally> = tally::<CostTally>(&session, &question, part::none)
        .await
        .unwrap()
        .into_iter()
        .map(|(group, sums)| (group.scope, sums))
        .collect();
    let made = bill(&groups, &Payers::new(), Allowances::Ignored, &session.books());
    let duration = made.lines.iter().find(|line| line.price.id == "duration-x86").unwrap();
    assert_eq!(duration.exact.to_string(), "754203.096");
    let list: Amount = groups.values().map(|sums| sums.cost(&session.books()).amount).sum();
    assert!(list > made.exact);
}

#[tokio::test]
async fn free_allowances_belong_to_known_payers_only() {
    let allowed = |account| async move {
        let mut world = World::default();
        world.attempt(&invocations::Row {
            account,
            ..attempt("a", 0)
        });
        let session = world.session(Span::Whole).await;
        let question = Question {
            window: session.window(),
            selection: Selection::default(),
        };
        let groups = tally::<CostTally>(&session, &question, part::none).await.unwrap();
        let groups: Vec<(Scope, CostTally)> = groups.into_iter().map(|(group, sums)| (group.scope, sums)).collect();
        let sums = groups.iter().map(|(scope, sums)| (scope, sums));
        bill(sums, &Payers::new(), Allowances::Applied, &session.books())
            .exact
            .to_string()
    };
    assert_eq!(allowed(Some("1")).await, "0");
    assert_eq!(allowed(None).await, "0.0000168667");
}

trait At {
    fn at(self, id: &'static str, start_s: i64) -> Self;
}

impl At for invocations::Row<'static> {
    fn at(self, id: &'static str, start_s: i64) -> Self {
        Self {
            invocation_id: id,
            instance_id: Some(id),
            start_unix_nano: SEVEN + start_s * SECOND,
            ..self
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_split_of_the_attempts_adds_up(sizes in prop::collection::vec((128_i64..10_240, 1_i64..900_000, 0_i64..5, any::<bool>()), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut world = World::default();
        for (memory_mib, billed_ms, init_ms, failed) in sizes {
            let outcome = Some(if failed { "error" } else { "ok" });
            let duration_us = Some((billed_ms - init_ms.min(billed_ms)) * 1_000);
            world.attempt(&invocations::Row { outcome, duration_us, init_duration_us: Some(init_ms * 1_000), ..sized(memory_mib, billed_ms) });
        }
        let groups = runtime.block_on(ask(&world, part::none));
        let (_, cost) = &groups[0];
        prop_assert_eq!(cost.waste.iter().map(|(_, amount)| amount).sum::<Amount>(), cost.amount.clone());
        prop_assert_eq!(cost.line_items.iter().map(|item| &item.amount).sum::<Amount>(), cost.amount.clone());
    }
}

#[tokio::test]
async fn a_rows_list_amount_is_the_sum_of_its_items() {
    let mut world = World::default();
    world.attempt(&sized(256, 1_698)).attempt(&invocations::Row {
        region: None,
        ..attempt("b", 1)
    });
    let session = world.session(Span::Whole).await;
    let sql = "SELECT cost_usd FROM invocations ORDER BY start_unix_nano";
    let batches = session.context().sql(sql).await.unwrap().collect().await.unwrap();
    let shown = datafusion::arrow::util::pretty::pretty_format_batches(&batches)
        .unwrap()
        .to_string();
    assert!(shown.contains("0.000007275014150000"), "{shown}");
    assert_eq!(
        batches.iter().map(|batch| batch.column(0).null_count()).sum::<usize>(),
        1
    );
}
