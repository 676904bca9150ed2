//! Deployments: what a marker says, and what only neighbours reveal: the first sight of a version, a changed setting, and
//! environments that were replaced at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt;
use pennyspan_schema::Table;
use pennyspan_schema::tables::deployments::{self, Reader, Row};

use crate::error::AnalysisError;
use crate::grouped::Grouped;
use crate::neighbours::configurations::{Configurations, Statement};
use crate::neighbours::instances::Instances;
use crate::neighbours::replaced;
use crate::neighbours::sighting;
use crate::reading::Reading;

/// Settings whose change is a deployment.
const DEPLOYED_KEYS: [&str; 3] = ["code_sha256", "memory_size_mib", "runtime_version_arn"];

/// The version that never changes its name, so that its first sight says nothing.
const LATEST: &str = "$LATEST";

/// Who says that environments were replaced at once.
const REPLACED: &str = "environments replaced";

/// One change of a function or service.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deployment {
    /// When it went live, in nanoseconds since 1970.
    pub deployed_unix_nano: i64,
    /// Provider.
    pub provider: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Function; none where the service is named.
    pub function: Option<String>,
    /// Service; none where the function is named.
    pub service: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Revision of the source code.
    pub revision: Option<String>,
    /// Where to read about it.
    pub link: Option<String>,
    /// Who says so: the marker's source, `version`, `service version`, `environments replaced` or the setting that changed.
    pub source: String,
}

/// The first sight of each version, by where it was seen: provider, account, region, and function or service.
type Seen = Grouped<4, BTreeMap<String, i64>>;

/// Every deployment, in the order of time.
#[derive(Debug, Default)]
pub struct Deployments {
    all: BTreeSet<Deployment>,
    versions: Seen,
    service_versions: Seen,
    by_name: HashMap<String, Vec<Deployment>>,
}

impl Deployments {
    /// Reads the markers and the settings that changed.
    ///
    /// # Errors
    /// [`AnalysisError`] where the table cannot be read.
    pub(crate) async fn read(reading: &Reading, configurations: &Configurations) -> Result<Self, AnalysisError> {
        let mut rows = reading.stream(Table::Deployments, deployments::COLUMNS, None).await?;
        let mut all = Self::default();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run("deployments"))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows("deployments"))?;
            all.all.extend(
                reader
                    .rows()
                    .filter(|row| !row.time_suspect)
                    .map(|row| Deployment::of(&row)),
            );
        }
        for key in DEPLOYED_KEYS {
            all.add_changes(configurations, key);
        }
        Ok(all)
    }

    fn add_changes(&mut self, configurations: &Configurations, key: &str) {
        for (resource, statements) in configurations.of_key(key) {
            let mut before: BTreeMap<_, &Statement> = BTreeMap::new();
            for statement in statements {
                let place = (&statement.provider, &statement.account, &statement.region);
                let changed = |before: &&Statement| before.value != statement.value;
                if before.insert(place, statement).as_ref().is_some_and(changed) {
                    self.all.insert(Deployment {
                        deployed_unix_nano: statement.observed_unix_nano,
                        provider: Some(statement.provider.clone()),
                        account: statement.account.clone(),
                        region: statement.region.clone(),
                        function: Some(resource.to_owned()),
                        source: key.to_owned(),
                        ..Deployment::default()
                    });
                }
            }
        }
    }

    /// Adds when most environments of a function were replaced at once.
    pub(crate) fn add_replaced(&mut self, instances: &Instances) {
        for ([provider, account, region, function], lives) in instances.lives().into_sorted() {
            if function.is_none() {
                continue;
            }
            for deployed_unix_nano in replaced::instants(lives) {
                self.all.insert(Deployment {
                    deployed_unix_nano,
                    provider: provider.clone(),
                    account: account.clone(),
                    region: region.clone(),
                    function: function.clone(),
                    source: REPLACED.to_owned(),
                    ..Deployment::default()
                });
            }
        }
    }

    /// Takes note of one attempt's versions.
    pub(crate) fn see(&mut self, row: &sighting::Row<'_>, function: Option<&str>) {
        let (provider, account, region) = (Some(row.provider), row.account, row.region);
        if let (Some(function), Some(version)) = (function, row.version.filter(|version| *version != LATEST)) {
            let versions = self.versions.of([provider, account, region, Some(function)]);
            note(versions, version, row.start_unix_nano);
        }
        if let (Some(service), Some(version)) = (row.service, row.service_version) {
            let versions = self.service_versions.of([provider, account, region, Some(service)]);
            note(versions, version, row.start_unix_nano);
        }
    }

    /// Adds the first sights, and orders everything by the name of the function or service.
    pub(crate) fn settle(&mut self) {
        let versions = std::mem::take(&mut self.versions);
        let services = std::mem::take(&mut self.service_versions);
        self.all
            .extend(first_sights(versions, "version").map(|(name, seen)| Deployment {
                function: Some(name),
                ..seen
            }));
        self.all.extend(
            first_sights(services, "service version").map(|(name, seen)| Deployment {
                service: Some(name),
                ..seen
            }),
        );
        for deployment in &self.all {
            if let Some(name) = deployment.function.as_ref().or(deployment.service.as_ref()) {
                self.by_name.entry(name.clone()).or_default().push(deployment.clone());
            }
        }
    }

    /// Returns every deployment, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = &Deployment> {
        self.all.iter()
    }

    /// Returns when the last deployment of a function or of its service went live before an instant.
    #[must_use]
    pub fn last_before(&self, function: Option<&str>, service: Option<&str>, unix_nano: i64) -> Option<i64> {
        let of = |name: Option<&str>| {
            let known = self.by_name.get(name?)?;
            let until = known.partition_point(|deployment| deployment.deployed_unix_nano <= unix_nano);
            known[..until].last().map(|deployment| deployment.deployed_unix_nano)
        };
        of(function).max(of(service))
    }
}

fn note(versions: &mut BTreeMap<String, i64>, version: &str, start_unix_nano: i64) {
    match versions.get_mut(version) {
        Some(first) => *first = start_unix_nano.min(*first),
        None => drop(versions.insert(version.to_owned(), start_unix_nano)),
    }
}

/// Returns the first sight of every version but a place's oldest, which may have been there long before.
fn first_sights(seen: Seen, source: &'static str) -> impl Iterator<Item = (String, Deployment)> {
    seen.into_sorted()
        .into_iter()
        .flat_map(move |([provider, account, region, name], versions)| {
            let name = name.unwrap_or_default();
            let oldest = versions.values().min().copied();
            let newer = versions.into_iter().filter(move |(_, first)| Some(*first) != oldest);
            newer.map(move |(version, first)| {
                let (provider, account, region) = (provider.clone(), account.clone(), region.clone());
                let seen = Deployment {
                    deployed_unix_nano: first,
                    provider,
                    account,
                    region,
                    version: Some(version),
                    ..Deployment::default()
                };
                (
                    name.clone(),
                    Deployment {
                        source: source.to_owned(),
                        ..seen
                    },
                )
            })
        })
}

impl Deployment {
    fn of(row: &Row<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            deployed_unix_nano: row.deployed_unix_nano,
            provider: owned(row.provider),
            account: owned(row.account),
            region: owned(row.region),
            function: owned(row.function),
            service: owned(row.service),
            version: owned(row.version),
            revision: owned(row.revision),
            link: owned(row.link),
            source: row.source.to_owned(),
        }
    }
}
