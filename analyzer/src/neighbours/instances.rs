//! The first and the last attempt seen on each instance.

use std::collections::HashMap;

use crate::grouped::Grouped;
use crate::neighbours::replaced::Life;
use crate::neighbours::sighting::Row;

/// The first attempt seen on each instance, by instance, provider and function.
#[derive(Debug, Default)]
pub struct Instances(HashMap<String, Vec<First>>);

#[derive(Debug)]
struct First {
    provider: String,
    function: Option<String>,
    start_unix_nano: i64,
    invocation_id: String,
    /// Where the instance is.
    account: Option<String>,
    region: Option<String>,
    /// The start of the last attempt.
    last_unix_nano: i64,
}

/// The lives of a function's instances, by provider, account, region and function.
pub(crate) type Lives = Grouped<4, Vec<Life>>;

impl Instances {
    /// Takes note of one attempt of a function.
    pub(crate) fn see(&mut self, row: &Row<'_>, function: Option<&str>) {
        let Some(instance_id) = row.instance_id else { return };
        if row.outcome == Some("throttled") || row.outcome == Some("dropped") {
            return;
        }
        let seen = match self.0.get_mut(instance_id) {
            Some(seen) => seen,
            None => self.0.entry(instance_id.to_owned()).or_default(),
        };
        match seen.iter_mut().find(|first| first.is_of(row.provider, function)) {
            Some(first) => {
                first.last_unix_nano = first.last_unix_nano.max(row.start_unix_nano);
                greater(&mut first.account, row.account);
                greater(&mut first.region, row.region);
                if (row.start_unix_nano, row.invocation_id) < (first.start_unix_nano, first.invocation_id.as_str()) {
                    first.start_unix_nano = row.start_unix_nano;
                    row.invocation_id.clone_into(&mut first.invocation_id);
                }
            }
            None => seen.push(First {
                provider: row.provider.to_owned(),
                function: function.map(str::to_owned),
                start_unix_nano: row.start_unix_nano,
                invocation_id: row.invocation_id.to_owned(),
                account: row.account.map(str::to_owned),
                region: row.region.map(str::to_owned),
                last_unix_nano: row.start_unix_nano,
            }),
        }
    }

    /// Returns from when to when each instance of a function was seen.
    pub(crate) fn lives(&self) -> Lives {
        let mut lives = Lives::default();
        for first in self.0.values().flatten() {
            let (provider, function) = (Some(first.provider.as_str()), first.function.as_deref());
            let place = [provider, first.account.as_deref(), first.region.as_deref(), function];
            lives.of(place).push(Life {
                first_unix_nano: first.start_unix_nano,
                last_unix_nano: first.last_unix_nano,
            });
        }
        lives
    }

    /// Returns whether an attempt is the first that was seen on its instance; none where the instance is not known.
    #[must_use]
    pub fn is_first(
        &self,
        (provider, function): (&str, Option<&str>),
        instance_id: Option<&str>,
        (start_unix_nano, invocation_id): (i64, &str),
    ) -> Option<bool> {
        let first = self
            .0
            .get(instance_id?)?
            .iter()
            .find(|first| first.is_of(provider, function))?;
        Some((first.start_unix_nano, first.invocation_id.as_str()) == (start_unix_nano, invocation_id))
    }
}

/// Keeps the greater of two names, which does not depend on the order in which they come.
fn greater(kept: &mut Option<String>, name: Option<&str>) {
    if name > kept.as_deref() {
        *kept = name.map(str::to_owned);
    }
}

impl First {
    fn is_of(&self, provider: &str, function: Option<&str>) -> bool {
        self.provider == provider && self.function.as_deref() == function
    }
}
