use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::format::Harm;

const START: i64 = 1_795_096_320_000_000_000; // 2026-11-19T13:52:00Z
const MINUTE: i64 = 60_000_000_000;

fn chart(drawing: Drawing, values: &[Option<f64>]) -> TimeChart {
    let bins = Bins {
        start_unix_nano: START,
        step_ns: MINUTE,
        count: values.len(),
    };
    let mut chart = TimeChart::new("test", bins, Tz::UTC, Unit::Count, drawing);
    chart.series = vec![Series::plain("requests", values.to_vec())];
    chart
}

fn everything() -> TimeChart {
    let mut chart = chart(Drawing::Lines, &[Some(1.0), Some(2.0), None, None, Some(4.0), None]);
    chart.title = "Requests <rose>".into();
    chart.series.push(Series {
        name: "failed".into(),
        role: Role::Failed,
        values: vec![Some(0.0), Some(1.0), None, None, Some(3.0), Some(2.0)],
    });
    chart.limits = vec![
        Limit {
            name: "limit 5".into(),
            value: 5.0,
        },
        Limit {
            name: "limit 900".into(),
            value: 900.0,
        },
    ];
    chart.deployments = vec![Deployment {
        at_unix_nano: START + 90_000_000_000,
        version: "v42".into(),
    }];
    chart.exemplars = vec![Exemplar {
        at_unix_nano: START + 270_000_000_000,
        value: 3.5,
        title: "trace \"a\"".into(),
        href: "/traces/a?b&c".into(),
    }];
    chart.links = (0..6).map(|bin| format!("/?bin={bin}")).collect();
    chart.late_from_unix_nano = Some(START + 5 * MINUTE);
    chart
}

fn svg(figure: &Figure) -> String {
    format!(
        "{}\n{}\n{}\n{}",
        figure.labels, figure.body, figure.hits, figure.sentence
    )
    .replace("><", ">\n<")
}

#[test]
fn lines_with_every_mark() {
    insta::assert_snapshot!(svg(&everything().figure()));
}

#[test]
fn columns_stack_and_throttled_ones_are_hatched() {
    let mut chart = chart(Drawing::Columns, &[Some(3.0), Some(0.0), None]);
    chart.series.push(Series {
        name: "throttled".into(),
        role: Role::Throttled,
        values: vec![None, Some(2.0), None],
    });
    chart.pins = vec![Pin {
        at_unix_nano: START + MINUTE,
        number: 1,
    }];
    insta::assert_snapshot!(svg(&chart.figure()));
}

#[test]
fn a_distribution() {
    let bars = [3, 0, 7]
        .iter()
        .zip([0.0, 100_000.0, 200_000.0])
        .map(|(count, low)| HistogramBar { low, count: *count });
    let histogram = Histogram {
        id: "h",
        title: "t".into(),
        subtitle: "s".into(),
        unit: Unit::Microseconds,
        bars: bars.collect(),
        high: 300_000.0,
    };
    insta::assert_snapshot!(svg(&histogram.figure()));
    let silent = Histogram {
        bars: Vec::new(),
        ..histogram
    };
    assert!(silent.figure().body.contains("no data"));
}

#[test]
fn a_row_of_a_waterfall() {
    let scale = Scale {
        start_unix_nano: 0,
        end_unix_nano: 10_000_000_000,
    };
    let bar = Bar {
        title: "checkout <charge>".into(),
        kind: BarKind::Failed,
        start_unix_nano: 8_000_000_000,
        end_unix_nano: 10_000_000_000,
        critical: vec![(8_000_000_000, 9_000_000_000)],
        note: "ETIMEDOUT".into(),
    };
    insta::assert_snapshot!(format!("{}\n{}", bar.svg(scale), Ruler::over(scale).head).replace("><", ">\n<"));
}

#[test]
fn silence_is_hatched_and_has_no_axis() {
    for values in [vec![], vec![None; 5], vec![Some(f64::NAN); 3]] {
        let figure = chart(Drawing::Lines, &values).figure();
        assert!(figure.body.contains("no data"), "{}", figure.body);
        assert_eq!(figure.labels, "", "an axis would claim that something was measured");
        assert!(figure.sentence.contains("no data"));
    }
}

#[test]
fn one_value_is_a_dot() {
    let figure = chart(Drawing::Lines, &[None, Some(7.0), None]).figure();
    assert_eq!(figure.body.matches("mk-f c1").count(), 1);
    assert_eq!(figure.rows[1].1, ["7"]);
    assert_eq!(figure.rows[0].1, ["no data"]);
}

#[test]
fn ten_years_and_extreme_magnitudes_are_drawn() {
    for magnitude in [1e12, 1e-9, 1e299, f64::MIN_POSITIVE] {
        let bins = Bins {
            start_unix_nano: 0,
            step_ns: 365 * 86_400_000_000_000,
            count: 10,
        };
        let mut chart = TimeChart::new("test", bins, Tz::Europe__Berlin, Unit::Usd, Drawing::Area);
        chart.series = vec![Series::plain(
            "usd",
            (0..10).map(|i| Some(magnitude / 10.0 * f64::from(i))).collect(),
        )];
        let figure = chart.figure();
        assert!(figure.body.contains("ar wash c1"), "{magnitude}");
        assert!(
            !svg(&figure).contains("NaN") && !svg(&figure).contains("inf"),
            "{magnitude}"
        );
    }
}

#[test]
fn equal_answers_give_equal_bytes() {
    assert_eq!(svg(&everything().figure()), svg(&everything().figure()));
}

#[test]
fn the_table_says_what_the_picture_says() {
    let figure = everything().figure();
    assert_eq!(figure.head, ["UTC", "requests", "failed"]);
    assert_eq!(figure.rows.len(), 6);
    assert_eq!(figure.csv().lines().nth(3), Some("13:54,no data,no data"));
}

#[test]
fn sparklines_keep_gaps_open() {
    let spark = Spark {
        title: "x".into(),
        values: vec![Some(1.0), Some(2.0), None, Some(3.0), Some(1.0)],
        compare: Vec::new(),
        deployment_milli: Some(500),
        harm: Harm::Fires,
    };
    let svg = spark.tall();
    assert_eq!(svg.matches('M').count(), 2, "{svg}");
    assert!(svg.contains("ln cx"));
    assert!(
        Spark {
            values: vec![None],
            ..spark
        }
        .small()
        .contains("no data")
    );
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        any::<f64>().prop_map(Some),
        (0.0..1e6).prop_map(Some),
        Just(Some(f64::NAN)),
        Just(Some(f64::INFINITY)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_value_breaks_a_chart(
        values in prop::collection::vec(value(), 0..30),
        second in prop::collection::vec(value(), 0..40),
        start in any::<i64>(),
        step in 1..i64::MAX / 64,
        name in ".{0,40}",
        drawing in prop_oneof![Just(Drawing::Lines), Just(Drawing::Area), Just(Drawing::Columns)],
        unit in prop_oneof![Just(Unit::Count), Just(Unit::Percent), Just(Unit::Microseconds), Just(Unit::Usd)],
    ) {
        let bins = Bins { start_unix_nano: start, step_ns: step, count: values.len() };
        let mut chart = TimeChart::new("test", bins, Tz::Asia__Kathmandu, unit, drawing);
        chart.series = vec![Series::plain(name.clone(), values), Series { name: name.clone(), role: Role::Throttled, values: second }];
        chart.deployments = vec![Deployment { at_unix_nano: start, version: name.clone() }];
        chart.limits = vec![Limit { name: name.clone(), value: f64::INFINITY }, Limit { name: name.clone(), value: 3.0 }];
        chart.exemplars = vec![Exemplar { at_unix_nano: i64::MAX, value: f64::NAN, title: name.clone(), href: name }];
        let figure = chart.figure();
        for markup in [&figure.body, &figure.hits, &figure.labels] {
            let numbers = markup.split('"').skip(1).step_by(2).filter(|value| value.starts_with(|c: char| c == '-' || c.is_ascii_digit()));
            for number in numbers {
                prop_assert!(!number.contains("NaN") && !number.contains("inf"), "{number}");
            }
            prop_assert_eq!(markup.matches('<').count(), markup.matches('>').count());
        }
    }
}
