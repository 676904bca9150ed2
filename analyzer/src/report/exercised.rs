//! What a window exercised: functions by their logical names, their routes and their triggers. The baseline keeps it, so that a
//! later report can say what it did not see, and that its silence there means nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::analysis::selection::matches;
use crate::judge::identity::{Identity, logical};
use crate::judge::judgement::CoverageText;
use crate::judge::query::{self, RowError};
use crate::session::Session;

/// Routes of one function that are kept at most: more are paths that no pattern was found for.
const MOST_ROUTES: usize = 100;

/// A function that was exercised.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercised {
    /// The provider.
    pub provider: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The logical function.
    pub function: String,
    /// Its routes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<String>,
    /// What triggered it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub triggers: BTreeSet<String>,
}

/// What a team knows to be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedAbsent {
    /// Glob over logical functions.
    pub function: String,
    /// Glob over routes, where only they are meant.
    pub route: Option<String>,
    /// Glob over triggers, where only they are meant.
    pub trigger: Option<String>,
}

impl ExpectedAbsent {
    fn whole(&self, function: &Exercised) -> bool {
        self.route.is_none() && self.trigger.is_none() && matches(&self.function, &function.function)
    }

    fn part(&self, function: &Exercised, glob: Option<&String>, name: &str) -> bool {
        matches(&self.function, &function.function) && glob.is_some_and(|glob| matches(glob, name))
    }
}

/// Reads what the attempts of the session's window exercised.
///
/// # Errors
/// [`RowError`] where the attempts cannot be read.
pub async fn of(session: &Session, identities: &[Identity]) -> Result<Vec<Exercised>, RowError> {
    let failed = |source| RowError::Query {
        source: Box::new(source),
    };
    let window = session.window();
    let sql = format!(
        "SELECT DISTINCT provider, account, region, function, route, trigger_type FROM invocations \
         WHERE start_unix_nano >= {} AND start_unix_nano < {} AND function IS NOT NULL",
        window.start_unix_nano, window.end_unix_nano
    );
    let frame = session.context().sql(&sql).await.map_err(failed)?;
    let mut all = Vec::new();
    for batch in &frame.collect().await.map_err(failed)? {
        for at in 0..batch.num_rows() {
            let text = |column| query::text(batch, column, at);
            let scope = [
                text("provider")?,
                text("account")?,
                text("region")?,
                text("function")?,
                None,
            ];
            let [provider, _, region, function, _] = logical(identities, &scope).scope;
            all.push(Exercised {
                provider,
                region,
                function: function.unwrap_or_default(),
                routes: text("route")?.into_iter().collect(),
                triggers: text("trigger_type")?.into_iter().collect(),
            });
        }
    }
    Ok(joined(all))
}

/// Returns each function once, by rising name.
#[must_use]
pub fn joined(mut all: Vec<Exercised>) -> Vec<Exercised> {
    all.sort();
    let mut joined: Vec<Exercised> = Vec::new();
    for one in all {
        match joined.iter_mut().find(|known| known.is_that_of(&one)) {
            Some(known) => {
                known.routes.extend(one.routes);
                known.triggers.extend(one.triggers);
            }
            None => joined.push(one),
        }
    }
    for function in &mut joined {
        function.routes = std::mem::take(&mut function.routes)
            .into_iter()
            .take(MOST_ROUTES)
            .collect();
    }
    joined
}

/// How much of what was exercised before was exercised again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Functions, routes and triggers that were demanded.
    pub demanded: usize,
    /// Those of them that were seen.
    pub seen: usize,
}

impl Coverage {
    /// Returns the share that was seen; nothing demanded is all seen.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of names are far below 2^52")]
    pub fn share(self) -> f64 {
        if self.demanded == 0 {
            1.0
        } else {
            self.seen as f64 / self.demanded as f64
        }
    }
}

/// Says in the coverage block what was exercised before and is not now, and returns how much was. A function that was not seen is
/// listed without its routes and triggers, which count as not seen.
pub fn compare(
    before: &[Exercised],
    now: &[Exercised],
    absent: &[ExpectedAbsent],
    text: &mut CoverageText,
) -> Coverage {
    let mut coverage = Coverage { demanded: 0, seen: 0 };
    let demanded = before
        .iter()
        .filter(|function| !absent.iter().any(|entry| entry.whole(function)));
    for function in demanded {
        let seen = now.iter().find(|other| other.is_that_of(function));
        coverage.demanded += 1;
        coverage.seen += usize::from(seen.is_some());
        if seen.is_none() {
            text.functions_not_exercised.push(function.name());
        }
        let routes = function.routes.iter().filter(|route| {
            !absent
                .iter()
                .any(|entry| entry.part(function, entry.route.as_ref(), route))
        });
        let triggers = function.triggers.iter().filter(|trigger| {
            !absent
                .iter()
                .any(|entry| entry.part(function, entry.trigger.as_ref(), trigger))
        });
        let mut count = |names: Vec<&String>, of: fn(&Exercised) -> &BTreeSet<String>, list: &mut Vec<String>| {
            for name in names {
                let is_seen = seen.is_some_and(|other| of(other).contains(name));
                coverage.demanded += 1;
                coverage.seen += usize::from(is_seen);
                if seen.is_some() && !is_seen {
                    list.push(format!("{} {name}", function.name()));
                }
            }
        };
        count(
            routes.collect(),
            |function| &function.routes,
            &mut text.routes_not_exercised,
        );
        count(
            triggers.collect(),
            |function| &function.triggers,
            &mut text.triggers_not_exercised,
        );
    }
    coverage
}

impl Exercised {
    fn is_that_of(&self, other: &Self) -> bool {
        (&self.provider, &self.region, &self.function) == (&other.provider, &other.region, &other.function)
    }

    /// Returns the function's name with where it runs.
    fn name(&self) -> String {
        let place: Vec<&str> = [&self.provider, &self.region]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        format!("{} ({})", self.function, place.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, routes: &[&str], triggers: &[&str]) -> Exercised {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Exercised {
            provider: Some("aws".to_owned()),
            region: Some("eu-west-1".to_owned()),
            function: name.to_owned(),
            routes: set(routes),
            triggers: set(triggers),
        }
    }

    #[test]
    fn what_was_not_exercised_is_listed_and_counted() {
        let before = [
            function("a", &["GET /x", "GET /y"], &["http"]),
            function("b", &[], &["queue"]),
        ];
        let now = [function("a", &["GET /x", "GET /z"], &["rpc"])];
        let mut text = CoverageText::default();
        let coverage = compare(&before, &now, &[], &mut text);
        assert_eq!((coverage.demanded, coverage.seen), (6, 2));
        assert_eq!(text.functions_not_exercised, ["b (aws eu-west-1)"]);
        assert_eq!(text.routes_not_exercised, ["a (aws eu-west-1) GET /y"]);
        assert_eq!(text.triggers_not_exercised, ["a (aws eu-west-1) http"]);
    }

    #[test]
    fn what_is_expected_to_be_absent_is_not_demanded() {
        let before = [
            function("a", &["GET /x"], &[]),
            function("nightly-1", &[], &["schedule"]),
        ];
        let absent = [
            ExpectedAbsent {
                function: "nightly-*".to_owned(),
                ..ExpectedAbsent::default()
            },
            ExpectedAbsent {
                function: "a".to_owned(),
                route: Some("GET *".to_owned()),
                trigger: None,
            },
        ];
        let mut text = CoverageText::default();
        let coverage = compare(&before, &[function("a", &[], &[])], &absent, &mut text);
        assert_eq!(
            (coverage.demanded, coverage.seen, text),
            (1, 1, CoverageText::default())
        );
        assert!((compare(&[], &[], &[], &mut CoverageText::default()).share() - 1.0).abs() < f64::EPSILON);
    }
}
