//! Whether a rule's statements can be planned, and whether its parts name what its query returns.

use datafusion::arrow::datatypes::Fields;
use datafusion::error::DataFusionError;
use pennyspan_rules::Rule;
use pennyspan_rules::rule::{Segment, parameters};

use super::bench::Bench;
use super::{WINDOW, chain};
use crate::judge::exemplars;
use crate::judge::query;
use crate::measure::views::VIEWS;

/// Names every fault of a rule's statements.
pub(super) async fn faults(bench: &Bench, rule: &Rule) -> Vec<String> {
    let mut faults = Vec::new();
    let sql = query::bound(rule, &query::defaults(rule), WINDOW);
    match columns(bench, &sql).await {
        Err(error) => faults.push(format!("{}: the query cannot be planned: {}", rule.file, chain(&error))),
        Ok(returned) => {
            faults.extend(missing(rule, &returned));
            faults.extend(unknown(rule, &returned));
            if let Err(error) = columns(bench, &exemplars::unscoped(rule, &returned)).await {
                faults.push(format!(
                    "{}: the exemplars cannot be planned: {}",
                    rule.file,
                    chain(&error)
                ));
            }
        }
    }
    for step in rule.runbook.steps() {
        for (at, sql) in step.queries.iter().enumerate() {
            if let Err(error) = columns(bench, sql).await {
                let (file, name, at) = (&rule.file, &step.name, at + 1);
                faults.push(format!(
                    "{file}: query {at} of the runbook's step {name} cannot be planned: {}",
                    chain(&error)
                ));
            }
        }
    }
    faults
}

/// Plans a statement and returns its columns.
async fn columns(bench: &Bench, sql: &str) -> Result<Fields, DataFusionError> {
    let frame = bench.context.sql(sql).await?;
    let columns = frame.schema().fields().clone();
    frame.create_physical_plan().await?;
    Ok(columns)
}

/// Names what the exemplars ask of a row and no row has.
fn unknown(rule: &Rule, columns: &Fields) -> Vec<String> {
    let asked = rule.exemplars.iter().chain(&rule.worst).flat_map(|sql| parameters(sql));
    let known = |name: &str| columns.find(name).is_some() || rule.param(name).is_some() || name.starts_with("window_");
    let unknown = asked.filter(|name| !known(name));
    unknown
        .map(|name| {
            format!(
                "{}: the exemplars ask for `${name}`, which is no parameter and no column of the query",
                rule.file
            )
        })
        .collect()
}

/// Names what the rule's parts speak of and the query does not return, or no view has.
fn missing(rule: &Rule, columns: &Fields) -> Vec<String> {
    let file = &rule.file;
    let returned = |name: &str| columns.find(name).is_some();
    let mut faults = Vec::new();
    if !returned(&rule.measure) {
        faults.push(format!(
            "{file}: the measure `{}` is no column that the query returns",
            rule.measure
        ));
    }
    for segment in rule.finding.segments() {
        if let Segment::Placeholder { column, .. } = segment
            && !returned(column)
        {
            faults.push(format!(
                "{file}: the sentence names `{column}`, which the query does not return"
            ));
        }
    }
    let read = |name: &str| {
        VIEWS
            .iter()
            .any(|view| rule.views.iter().any(|read| read == view.name) && view.has(name))
    };
    for need in rule.needs.iter().filter(|need| rule.scan.is_empty() && !read(need)) {
        faults.push(format!(
            "{file}: it needs `{need}`, which no view that its cases name has"
        ));
    }
    faults
}
