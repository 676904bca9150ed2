//! How long rows are kept, as the configuration says it.

use pennyspan_schema::{Table, Workspace};
use pennyspan_store::durable::{Limit, Retention};
use toml::Value;

use super::Config;

/// The table of limits that hold everywhere.
const TABLES: &str = "retention.";
/// The table of limits that hold in one workspace.
const OF_WORKSPACES: &str = "workspace_retention.";

/// Checks a key's value, where it is a limit.
pub(super) fn check(path: &str, value: &Value) -> Result<(), String> {
    let of_workspace = path.strip_prefix(OF_WORKSPACES);
    if of_workspace.is_none() && !path.starts_with(TABLES) {
        return Ok(());
    }
    if let Some(name) = of_workspace {
        named(name)?;
    }
    let text = value
        .as_str()
        .ok_or_else(|| format!("is {value}, expected text such as \"14 days\""))?;
    text.parse::<Limit>().map(|_| ()).map_err(|error| error.to_string())
}

/// Reads `WORKSPACE/TABLE`.
fn named(name: &str) -> Result<(Workspace, Table), String> {
    let (workspace, table) = name
        .split_once('/')
        .ok_or_else(|| "names no table, expected such as `team-a/spans`".to_owned())?;
    let workspace = Workspace::new(workspace).map_err(|error| format!("names no workspace: {error}"))?;
    let table = Table::from_name(table).ok_or_else(|| format!("names no table: there is no `{table}`"))?;
    Ok((workspace, table))
}

impl Config {
    /// Returns how long rows are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        let mut retention = Retention::default();
        let limit = |text: &str| text.parse::<Limit>().unwrap_or_default();
        for (table, value) in &self.retention {
            if let Some((table, text)) = Table::from_name(table).zip(value.as_str()) {
                retention.set(table, limit(text));
            }
        }
        for (name, text) in &self.workspace_retention {
            if let Ok((workspace, table)) = named(name) {
                retention.set_in(workspace, table, limit(text));
            }
        }
        retention
    }
}

#[cfg(test)]
mod tests {
    use pennyspan_schema::{Table, Workspace};

    use crate::config::{InForce, Layer};

    fn in_force(text: &str) -> Result<InForce, String> {
        let layer = Layer::of_text("pennyspan.toml", text.to_owned()).unwrap();
        InForce::of([layer]).map_err(|error| error.to_string())
    }

    #[test]
    fn every_table_has_a_default() {
        let config = in_force("").unwrap().config;
        let mut tables: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
        tables.sort_unstable();
        let mut named: Vec<&str> = config.retention.keys().map(String::as_str).collect();
        named.sort_unstable();
        assert_eq!(named, tables);
        let retention = config.retention();
        let days = |table| retention.of(&Workspace::default(), table).days;
        assert_eq!(
            [Table::Spans, Table::InvocationFacts, Table::Invocations].map(days),
            [Some(14), Some(14), Some(60)]
        );
    }

    #[test]
    fn a_workspace_keeps_rows_for_a_time_of_its_own() {
        let text = "[retention]\nlogs = \"7 days\"\n[workspace_retention]\n\"team-a/logs\" = \"forever\"\n";
        let retention = in_force(text).unwrap().config.retention();
        assert_eq!(retention.of(&Workspace::default(), Table::Logs).days, Some(7));
        assert_eq!(retention.of(&Workspace::new("team-a").unwrap(), Table::Logs).days, None);
    }

    #[test]
    fn what_is_no_limit_is_refused_where_it_stands() {
        let refused = |text: &str| in_force(text).unwrap_err();
        assert_eq!(
            refused("[retention]\nspans = \"two weeks\"\n"),
            "pennyspan.toml:2: `retention.spans` is \"two weeks\", expected such as \"14 days\", \"20 GiB\", \
             \"14 days, 20 GiB\" or \"forever\""
        );
        assert!(refused("[retention]\nspam = \"1 day\"\n").contains("did you mean `retention.spans`?"));
        for name in ["spans", "TEAM/spans", "team-a/spam"] {
            let text = format!("[workspace_retention]\n\"{name}\" = \"1 day\"\n");
            assert!(refused(&text).contains("names no"), "{name}");
        }
        assert!(refused("[workspace_retention]\n\"team-a/spans\" = 3\n").contains("expected text"));
    }
}
