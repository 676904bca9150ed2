//! One attempt, completed by its neighbours.

use pennyspan_schema::tables::invocations::Row;
use pennyspan_schema::{InitType, Outcome};

use super::environments::Environment;
use super::{Neighbours, billing, configurations::Subject, derived, lag};
use crate::pricing::Plan;

/// An init that ended longer before the first attempt than this was not made for it.
const PROACTIVE_NANOS: i64 = 10_000_000_000;

impl Neighbours {
    /// Completes one attempt.
    #[must_use]
    pub fn derive<'a>(&'a self, row: &Row<'a>) -> derived::Row<'a> {
        let environment = self.environments.of(row.provider, row.instance_id);
        let filled = Filled::of(self, row, environment);
        let key = (row.provider, row.key_scope, row.invocation_id);
        let ok = row.outcome == Some(Outcome::Ok.as_str());
        let standing = self.keys.standing(key, row.start_unix_nano, ok);
        let share = self.messages.share(key, row.start_unix_nano);
        let retry = share.map_or(standing.rank > 1 && !standing.first_success, |share| share.retry);
        let tried_before = share.map_or(standing.rank > 1, |share| share.tried_before);
        let (cold_start, cold_start_source) = self.cold_start(row, &filled, environment);
        // AWS has no plans to choose from, and most attempts are its own: settings are looked up where they matter.
        let planned = row.provider != "aws";
        let said = billing::Said {
            init_type: filled.init_type,
            billing_mode: planned.then(|| filled.setting("billing_mode")).flatten(),
            package: filled.setting("package_type"),
            concurrency_per_instance: planned.then(|| filled.number("concurrency_per_instance")).flatten(),
        };
        let billed = billing::billed(row, said, &self.books, &self.sharing);
        let linked = self.producers.of(key, row.start_unix_nano);
        let lambda = billing::plan(row, said) == Some(Plan::Lambda);
        let lag = lag::of_first_attempt(row, filled.function, tried_before, linked, &self.configurations);
        derived::Row {
            account: filled.account,
            region: filled.region,
            function: filled.function,
            version: filled.version,
            runtime: filled.runtime,
            architecture: filled.architecture,
            init_type: filled.init_type,
            memory_size_mib: filled.memory_size_mib,
            outcome: filled.outcome,
            billed_duration_ms: billed.map(|(ms, _)| ms),
            billed_mib_ms: billed
                .zip(filled.memory_size_mib)
                .map(|((ms, _), mib)| ms.saturating_mul(mib)),
            billed_source: billed.map(|(_, source)| source),
            assumed_architecture: lambda && filled.architecture.is_none(),
            from_environment: filled.from_environment,
            from_configuration: filled.from_configuration,
            timeout_ms: filled.number("timeout_ms"),
            ephemeral_storage_mib: filled.number("ephemeral_storage_mib"),
            cold_start,
            cold_start_source,
            attempt: standing.rank,
            retry,
            event_count: share.map_or(i64::from(standing.first_in_window), |share| share.new_count),
            delivery_count: share.map_or(1, |share| share.named_count),
            event_attempts_count: share.map_or(standing.rank, |share| share.attempts_max_count),
            unseen_delivery_count: share.map_or(0, |share| share.unseen_count),
            trigger_lag_us: lag.and_then(|lag| lag.us),
            trigger_lag_below_zero: lag.map(|lag| lag.below_zero),
            clock_correction_us: lag.and_then(|_| lag::correction_us(row, linked)),
            event_age_us: lag::age_us(row, linked),
            function_wait_us: self.waits.of(key, row.start_unix_nano),
            deployed_unix_nano: self
                .deployments
                .last_before(filled.function, row.service, row.start_unix_nano),
            billing_mode: said.billing_mode,
            cpu_milli: planned.then(|| filled.number("cpu_milli")).flatten(),
            ..derived::Row::default()
        }
    }

    /// Tells whether a request had to wait for a new environment: a reported init or restore tells first, then the
    /// sender, then the first sight of the instance. An environment that was ready before it was needed is no cold
    /// start.
    fn cold_start(
        &self,
        row: &Row<'_>,
        filled: &Filled<'_>,
        environment: Option<&Environment>,
    ) -> (Option<bool>, Option<&'static str>) {
        let kept_ready = [
            InitType::ProvisionedConcurrency,
            InitType::ManagedInstances,
            InitType::MinInstance,
        ]
        .map(InitType::as_str);
        if filled.init_type.is_some_and(|kind| kept_ready.contains(&kind)) {
            return (Some(false), Some("init_type"));
        }
        if row.init_duration_us.is_some() || row.restore_duration_us.is_some() {
            return (Some(true), Some("init"));
        }
        let proactive = environment
            .and_then(|known| known.init_end_unix_nano)
            .is_some_and(|init_end| row.start_unix_nano.saturating_sub(init_end) > PROACTIVE_NANOS);
        let of = (row.provider, filled.function);
        let at = (row.start_unix_nano, row.invocation_id);
        let first = || {
            self.instances
                .is_first(of, row.instance_id, at)
                .map(|first| (first, "first_seen"))
        };
        match row.cold_start_reported.map(|cold| (cold, "reported")).or_else(first) {
            Some((true, _)) if proactive => (Some(false), Some("init_end")),
            Some((cold, source)) => (Some(cold), Some(source)),
            None => (None, None),
        }
    }
}

/// The columns that an attempt's environment and settings fill in.
struct Filled<'a> {
    neighbours: &'a Neighbours,
    provider: &'a str,
    start_unix_nano: i64,
    account: Option<&'a str>,
    region: Option<&'a str>,
    function: Option<&'a str>,
    version: Option<&'a str>,
    runtime: Option<&'a str>,
    architecture: Option<&'a str>,
    init_type: Option<&'a str>,
    memory_size_mib: Option<i64>,
    outcome: Option<&'a str>,
    from_environment: bool,
    from_configuration: bool,
}

impl<'a> Filled<'a> {
    fn of(neighbours: &'a Neighbours, row: &Row<'a>, environment: Option<&'a Environment>) -> Self {
        let mut filled = Self {
            neighbours,
            provider: row.provider,
            start_unix_nano: row.start_unix_nano,
            account: row.account,
            region: row.region,
            function: row.function,
            version: row.version,
            runtime: row.runtime,
            architecture: row.architecture,
            init_type: row.init_type,
            memory_size_mib: row.memory_size_mib,
            outcome: row.outcome,
            from_environment: false,
            from_configuration: false,
        };
        if let Some(environment) = environment {
            filled.take_environment(environment);
            filled.take_end(environment, row);
        }
        filled.take_settings();
        filled
    }

    fn take_environment(&mut self, known: &'a Environment) {
        let said = &mut self.from_environment;
        fill(&mut self.account, known.account.as_deref(), said);
        fill(&mut self.region, known.region.as_deref(), said);
        fill(&mut self.function, known.function.as_deref(), said);
        fill(&mut self.version, known.version.as_deref(), said);
        fill(&mut self.runtime, known.runtime.as_deref(), said);
        fill(&mut self.init_type, known.init_type.as_deref(), said);
        fill(&mut self.memory_size_mib, known.memory_size_mib, said);
    }

    /// Takes from its environment why an attempt broke off, where the attempt's own records only say that it did.
    fn take_end(&mut self, known: &Environment, row: &Row<'_>) {
        let ended = row
            .end_unix_nano
            .filter(|_| row.outcome == Some(Outcome::Crash.as_str()));
        if ended.is_some_and(|end| known.cut_off(row.start_unix_nano, end)) {
            self.outcome = Some(Outcome::OutOfMemory.as_str());
            self.from_environment = true;
        }
    }

    fn take_settings(&mut self) {
        let (runtime, architecture) = (self.setting("runtime"), self.setting("architecture"));
        let memory_size_mib = self.number("memory_size_mib");
        let said = &mut self.from_configuration;
        fill(&mut self.runtime, runtime, said);
        fill(&mut self.architecture, architecture, said);
        fill(&mut self.memory_size_mib, memory_size_mib, said);
    }

    /// Returns a setting of the attempt's function at its start; on Azure also of the app that the function is part of.
    fn setting(&self, key: &str) -> Option<&'a str> {
        let value = |subject| self.neighbours.configurations.value(subject, key, self.start_unix_nano);
        let subject = self.subject()?;
        value(subject).or_else(|| {
            let (app, _) = subject.resource.split_once('/').filter(|_| self.provider == "azure")?;
            value(Subject {
                resource: app,
                ..subject
            })
        })
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.setting(key)?.parse().ok()
    }

    fn subject(&self) -> Option<Subject<'a>> {
        Some(Subject {
            provider: self.provider,
            account: self.account,
            region: self.region,
            resource: self.function?,
        })
    }
}

/// Fills in what is unknown, and notes that it did.
fn fill<T: Copy>(known: &mut Option<T>, said: Option<T>, noted: &mut bool) {
    if known.is_none() && said.is_some() {
        *known = said;
        *noted = true;
    }
}
