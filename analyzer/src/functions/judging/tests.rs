//! The functions, asked in SQL.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use pennyspan_rules::rule::Cell;
use pennyspan_schema::column::{ColumnType, Hist};

use crate::judge::cases::table::array;

async fn answer(sql: &str) -> String {
    let context = SessionContext::new();
    super::register(&context);
    let cells = [Cell::Histogram(vec![(100, 3), (200, 1)]), Cell::Null];
    let histogram = array("duration_hist", &Hist::data_type(), &cells.iter().collect::<Vec<_>>());
    let batch = RecordBatch::try_from_iter_with_nullable([("h", histogram.unwrap(), true)]).unwrap();
    context.register_batch("t", batch).unwrap();
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

#[tokio::test]
async fn numbers_of_any_type_are_taken_and_null_stays_null() {
    let sql = "SELECT round(wilson_lower(1, 10), 4) AS l, round(wilson_upper(CAST(10 AS BIGINT), 10), 4) AS u, wilson_lower(NULL, 3) AS n, \
               round(poisson_tail(0, 1), 4) AS p";
    insta::assert_snapshot!(answer(sql).await, @r"
    +--------+-----+---+--------+
    | l      | u   | n | p      |
    +--------+-----+---+--------+
    | 0.0179 | 1.0 |   | 0.3679 |
    +--------+-----+---+--------+
    ");
}

#[tokio::test]
async fn histograms_are_merged_by_group_and_condition() {
    let sql = "SELECT g, hist_count(hist_merge(h)) AS n, hist_count(hist_merge(h) FILTER (WHERE k = 0)) AS some, \
               hist_merge(h) FILTER (WHERE k > 1) IS NULL AS none \
               FROM (SELECT h, k, CAST(g AS BIGINT) AS g FROM t, UNNEST([0, 1]) AS ks(k), UNNEST([1, 2]) AS gs(g)) GROUP BY g ORDER BY g";
    insta::assert_snapshot!(answer(sql).await, @r"
    +---+---+------+------+
    | g | n | some | none |
    +---+---+------+------+
    | 1 | 8 | 4    | true |
    | 2 | 8 | 4    | true |
    +---+---+------+------+
    ");
}

#[tokio::test]
async fn histograms_are_merged_in_windows_that_slide() {
    let sql = "SELECT k, hist_count(hist_merge(h) OVER (ORDER BY k RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING)) AS n \
               FROM t, UNNEST([0, 1, 2, 5]) AS ks(k) WHERE h IS NOT NULL ORDER BY k";
    insta::assert_snapshot!(answer(sql).await, @r"
    +---+---+
    | k | n |
    +---+---+
    | 0 |   |
    | 1 | 4 |
    | 2 | 8 |
    | 5 |   |
    +---+---+
    ");
}

#[tokio::test]
async fn histograms_are_merged_counted_and_ranked() {
    let sql = "SELECT hist_quantile(hist_merge(h), 0.5) AS median, hist_quantile(hist_merge(h), 1.0) AS most, \
               hist_count(hist_merge(h)) AS n, hist_quantile(hist_merge(h), 2.0) AS none, \
               mann_whitney_p(hist_merge(h), hist_merge(h)) AS p FROM (SELECT h FROM t UNION ALL SELECT h FROM t)";
    insta::assert_snapshot!(answer(sql).await, @r"
    +--------+------+---+------+-----+
    | median | most | n | none | p   |
    +--------+------+---+------+-----+
    | 100    | 200  | 8 |      | 1.0 |
    +--------+------+---+------+-----+
    ");
    let sql = "SELECT hist_quantile(h, 0.5) AS median, hist_count(h) AS n, hist_merge(h) IS NULL AS none FROM t WHERE h IS NULL GROUP BY h";
    insta::assert_snapshot!(answer(sql).await, @r"
    +--------+---+------+
    | median | n | none |
    +--------+---+------+
    |        |   | true |
    +--------+---+------+
    ");
}
