//! Where a record comes from: what it says itself, what its body and envelope say, and what its door says.

use std::borrow::Cow;

use super::statement::Statement;
use crate::decode::names::{self, Arn, FunctionArn};
use crate::decode::{Origin, Settings};

/// What is known of where a record comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whence<'a> {
    pub(crate) account: Option<Cow<'a, str>>,
    pub(crate) region: Option<Cow<'a, str>>,
    pub(crate) function: Option<Cow<'a, str>>,
    pub(crate) version: Option<Cow<'a, str>>,
    pub(crate) alias: Option<Cow<'a, str>>,
    pub(crate) resource_id: Option<Cow<'a, str>>,
    pub(crate) instance_id: Option<Cow<'a, str>>,
    pub(crate) runtime: Option<Cow<'a, str>>,
    pub(crate) init_type: Option<Cow<'a, str>>,
}

impl<'a> Whence<'a> {
    /// Returns what the door says, and the region that whoever imports a file names.
    pub(crate) fn of_origin(origin: &Origin<'a>) -> Self {
        let resource = origin.door.resource.as_deref();
        let mut whence = resource.map(Self::of_arn).unwrap_or_default();
        whence.instance_id = origin.door.instance.as_deref().map(Cow::Borrowed);
        whence.region = whence.region.or(origin.region.map(Cow::Borrowed));
        whence
    }

    /// Returns what a function's ARN says; another resource's ARN names account and region at least.
    pub(crate) fn of_arn(text: &'a str) -> Self {
        let Some(arn) = Arn::parse(text) else {
            return Self::default();
        };
        let function = arn.function();
        let part = |part: fn(&FunctionArn<'a>) -> Option<&'a str>| function.as_ref().and_then(part).map(Cow::Borrowed);
        Self {
            account: arn.account.map(Cow::Borrowed),
            region: arn.region.map(Cow::Borrowed),
            function: part(|arn| Some(arn.function)),
            version: part(FunctionArn::version),
            alias: part(FunctionArn::alias),
            resource_id: function.map(|_| Cow::Borrowed(text)),
            ..Self::default()
        }
    }

    /// Returns what a platform record itself says.
    pub(super) fn of_statement(statement: &'a Statement<'_>) -> Self {
        let borrow = |text: &'a Option<Cow<'_, str>>| text.as_deref().map(Cow::Borrowed);
        let arn = statement.function_arn.as_deref().map(Self::of_arn).unwrap_or_default();
        let runtime_arn = statement.runtime_version_arn.as_deref().and_then(Arn::parse);
        Self {
            function: arn.function.or(borrow(&statement.function)),
            version: borrow(&statement.version).or(arn.version),
            region: arn.region.or(runtime_arn.and_then(|arn| arn.region).map(Cow::Borrowed)),
            instance_id: borrow(&statement.instance_id),
            runtime: borrow(&statement.runtime_version),
            init_type: borrow(&statement.init_type),
            ..arn
        }
    }

    /// Returns this, and where it does not know, what `other` says.
    #[must_use]
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            account: self.account.or_else(|| other.account.clone()),
            region: self.region.or_else(|| other.region.clone()),
            function: self.function.or_else(|| other.function.clone()),
            version: self.version.or_else(|| other.version.clone()),
            alias: self.alias.or_else(|| other.alias.clone()),
            resource_id: self.resource_id.or_else(|| other.resource_id.clone()),
            instance_id: self.instance_id.or_else(|| other.instance_id.clone()),
            runtime: self.runtime.or_else(|| other.runtime.clone()),
            init_type: self.init_type.or_else(|| other.init_type.clone()),
        }
    }

    /// Returns this with long names cut, and the environment's id cut to its digits.
    #[must_use]
    pub(crate) fn cut(self, settings: &Settings) -> Self {
        let cut = |text: Option<Cow<'a, str>>| text.map(|text| name(text, settings));
        let instance_id = self.instance_id.map(|text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(names::instance_id(text)),
            Cow::Owned(text) => Cow::Owned(names::instance_id(&text).to_owned()),
        });
        Self {
            account: cut(self.account),
            region: cut(self.region),
            function: cut(self.function),
            version: cut(self.version),
            alias: cut(self.alias),
            resource_id: cut(self.resource_id),
            instance_id: cut(instance_id),
            runtime: cut(self.runtime),
            init_type: cut(self.init_type),
        }
    }
}

/// Returns a name within the limit.
pub(super) fn name<'a>(text: Cow<'a, str>, settings: &Settings) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => names::name(text, settings.name_bytes),
        Cow::Owned(text) => Cow::Owned(names::name(&text, settings.name_bytes).into_owned()),
    }
}

/// What the records of one body agree on; where two differ, neither speaks for the others.
#[derive(Debug, Default)]
pub(super) struct Learned {
    whence: Whence<'static>,
    differing: Differing,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one per name that records may disagree on")]
struct Differing {
    account: bool,
    region: bool,
    function: bool,
    version: bool,
    instance_id: bool,
    runtime: bool,
    init_type: bool,
}

impl Learned {
    /// Adds what one record says.
    pub(super) fn add(&mut self, whence: Whence<'_>) {
        let Self {
            whence: known,
            differing,
        } = self;
        agree(&mut known.account, whence.account, &mut differing.account);
        agree(&mut known.region, whence.region, &mut differing.region);
        agree(&mut known.function, whence.function, &mut differing.function);
        agree(&mut known.version, whence.version, &mut differing.version);
        agree(&mut known.instance_id, whence.instance_id, &mut differing.instance_id);
        agree(&mut known.runtime, whence.runtime, &mut differing.runtime);
        agree(&mut known.init_type, whence.init_type, &mut differing.init_type);
    }

    /// Returns what is agreed. Names of the environment are left out where records name several functions.
    pub(super) fn whence(&self) -> Whence<'static> {
        let Self { whence, differing } = self;
        let several = differing.function || differing.instance_id;
        let agreed = |text: &Option<Cow<'static, str>>, differs: bool| text.clone().filter(|_| !differs);
        Whence {
            account: agreed(&whence.account, differing.account),
            region: agreed(&whence.region, differing.region),
            function: agreed(&whence.function, differing.function),
            version: agreed(&whence.version, differing.version || differing.function),
            instance_id: agreed(&whence.instance_id, several),
            runtime: agreed(&whence.runtime, differing.runtime || differing.function),
            init_type: agreed(&whence.init_type, differing.init_type || several),
            ..Whence::default()
        }
    }
}

fn agree(known: &mut Option<Cow<'static, str>>, said: Option<Cow<'_, str>>, differs: &mut bool) {
    match (known.as_deref(), said) {
        (Some(known), Some(said)) => *differs |= known != said,
        (None, Some(said)) => *known = Some(Cow::Owned(said.into_owned())),
        (_, None) => {}
    }
}
