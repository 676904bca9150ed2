//! Who a record speaks of: the function and where it runs, as the record's platform names them.

use std::borrow::Cow;

use pennyspan_schema::tables::{environment_facts, invocation_facts, logs};

use super::names;
use super::{Origin, Settings};

/// What a record says of the function that it speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sender<'a> {
    pub(crate) provider: &'static str,
    pub(crate) platform: Option<&'static str>,
    pub(crate) execution_model: Option<&'static str>,
    pub(crate) account: Option<Cow<'a, str>>,
    pub(crate) region: Option<Cow<'a, str>>,
    pub(crate) function: Option<Cow<'a, str>>,
    pub(crate) version: Option<Cow<'a, str>>,
    pub(crate) service: Option<Cow<'a, str>>,
    pub(crate) resource_id: Option<Cow<'a, str>>,
    pub(crate) instance_id: Option<Cow<'a, str>>,
}

impl<'a> Sender<'a> {
    /// Returns this, and where the record is silent, what its door says; names are cut to their limit.
    #[must_use]
    pub(crate) fn settled(self, origin: &Origin<'a>, settings: &Settings) -> Self {
        let cut = |text: Option<Cow<'a, str>>| text.map(|text| name(text, settings));
        let door = origin.door;
        let instance_id = self.instance_id.or(door.instance.as_deref().map(Cow::Borrowed));
        Self {
            account: cut(self.account),
            region: cut(self.region.or(origin.region.map(Cow::Borrowed))),
            function: cut(self.function.or(door.resource.as_deref().map(Cow::Borrowed))),
            version: cut(self.version),
            service: cut(self.service),
            resource_id: cut(self.resource_id),
            instance_id: cut(instance_id.map(environment)),
            ..self
        }
    }

    /// Returns a statement about an invocation that says no more than whose it is.
    pub(crate) fn fact(&self) -> invocation_facts::Row<'_> {
        invocation_facts::Row {
            provider: self.provider,
            sample_weight_milli: 1000,
            platform: self.platform,
            execution_model: self.execution_model,
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            function: self.function.as_deref(),
            version: self.version.as_deref(),
            service: self.service.as_deref(),
            resource_id: self.resource_id.as_deref(),
            instance_id: self.instance_id.as_deref(),
            ..invocation_facts::Row::default()
        }
    }

    /// Returns a statement about the execution environment that says no more than which it is.
    pub(crate) fn environment(&self) -> environment_facts::Row<'_> {
        environment_facts::Row {
            provider: self.provider,
            platform: self.platform,
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            function: self.function.as_deref(),
            version: self.version.as_deref(),
            instance_id: self.instance_id.as_deref(),
            ..environment_facts::Row::default()
        }
    }

    /// Returns a log record that says no more than who logged it.
    pub(crate) fn log(&self) -> logs::Row<'_> {
        logs::Row {
            provider: Some(self.provider),
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            service: self.service.as_deref(),
            function: self.function.as_deref(),
            version: self.version.as_deref(),
            instance_id: self.instance_id.as_deref(),
            ..logs::Row::default()
        }
    }
}

/// Returns a name within the limit.
pub(crate) fn name<'a>(text: Cow<'a, str>, settings: &Settings) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => names::name(text, settings.name_bytes),
        Cow::Owned(text) if text.len() <= settings.name_bytes => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(names::name(&text, settings.name_bytes).into_owned()),
    }
}

/// Returns an execution environment's id, cut to the digits at its end.
fn environment(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(names::instance_id(text)),
        Cow::Owned(text) => Cow::Owned(names::instance_id(&text).to_owned()),
    }
}
