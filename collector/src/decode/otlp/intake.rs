//! What both encodings hand their items to: resource and scope by scope, item by item.

use pennyspan_schema::Table;

use super::super::attributes::Attribute;
use super::super::fault::Fault;
use super::super::names::FunctionArn;
use super::super::slices::Slices;
use super::super::{Clock, Origin, Output, Reason, Settings};
use super::fields::{Clear, ScopeFields};
use super::resource::Resource;
use super::slots::Standing;

/// What decoding of one body is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'c> {
    /// Where the body came from.
    pub(super) origin: Origin<'c>,
    /// The limits.
    pub(super) settings: &'c Settings,
    /// Which times can be.
    pub(super) clock: Clock,
    /// The function that the door names by its ARN.
    pub(super) door: Option<FunctionArn<'c>>,
}

impl<'c> Context<'c> {
    /// Returns the context of a body.
    pub(super) fn new(origin: Origin<'c>, settings: &'c Settings) -> Self {
        let door = origin.door.resource.as_deref().and_then(FunctionArn::parse);
        Self {
            origin,
            settings,
            clock: Clock::new(origin.received_at_unix_nano),
            door,
        }
    }

    /// Returns a sender's nanoseconds as an instant; 0 is none.
    pub(super) fn instant(field: &'static str, unix_nano: u64) -> Result<Option<i64>, Fault> {
        let instant = i64::try_from(unix_nano).map_err(|_| {
            Fault::of(
                field,
                Reason::BadValue,
                "later than the year 2262, the last that can be stored",
            )
        })?;
        Ok((instant != 0).then_some(instant))
    }
}

/// What an item stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'v, 'a> {
    /// What decoding is told.
    pub(super) context: &'v Context<'v>,
    /// The resource.
    pub(super) resource: &'v Resource<'a>,
    /// The instrumentation scope.
    pub(super) scope: &'v ScopeFields<'a>,
}

/// Where an item's rows go, and the minutes that its request has opened.
#[derive(Debug)]
pub(super) struct Room<'v> {
    /// The rows.
    pub(super) output: &'v mut Output,
    /// The minutes.
    pub(super) slices: &'v mut Slices,
}

/// An item of one signal.
pub(super) trait Item: Clear + Default {
    /// The table that its rows go to.
    const TABLE: Table;
    /// What the levels of its request are called in JSON, from the request down to the item.
    const LEVELS: &'static [&'static str];
    /// Where the attributes of its resource stand.
    const RESOURCE: Standing;
    /// Buffers that serve one item after another.
    type Buffers: Default;

    /// Appends the item's rows, or says why it cannot; then nothing was appended.
    fn append(
        &mut self,
        surroundings: Surroundings<'_, '_>,
        buffers: &mut Self::Buffers,
        room: Room<'_>,
    ) -> Result<(), Fault>;
}

/// Takes the items of one body.
pub(super) struct Intake<'c, 'a, I: Item> {
    /// The item that is being read.
    pub(super) item: I,
    context: &'c Context<'c>,
    output: Output,
    buffers: I::Buffers,
    slices: Slices,
    resource: Result<Resource<'a>, Fault>,
    scope: Result<ScopeFields<'a>, Fault>,
    /// The index at each level.
    indices: [usize; 4],
    taken: usize,
}

impl<'c, 'a, I: Item> Intake<'c, 'a, I> {
    /// Returns an intake that has taken nothing.
    pub(super) fn new(context: &'c Context<'c>) -> Self {
        let slices = Slices::new(&context.origin, context.settings);
        Self::onto(context, Output::default(), slices)
    }

    /// Returns an intake that goes on where something larger has come to.
    pub(super) fn onto(context: &'c Context<'c>, output: Output, slices: Slices) -> Self {
        Self {
            item: I::default(),
            context,
            taken: output.judged(),
            output,
            buffers: I::Buffers::default(),
            slices,
            resource: Ok(Resource::default()),
            scope: Ok(ScopeFields::default()),
            indices: [0; 4],
        }
    }

    /// Returns what decoding is told.
    pub(super) fn context(&self) -> &'c Context<'c> {
        self.context
    }

    /// Says at which index of a level the items stand that come next.
    pub(super) fn enter(&mut self, level: usize, index: usize) {
        self.indices[level] = index;
    }

    /// Says what the resource of the items has that come next; those of one that cannot be read are rejected.
    pub(super) fn begin_resource(&mut self, attributes: Result<Vec<Attribute<'a>>, Fault>) {
        self.resource = attributes.map(|attributes| Resource::new(attributes, I::RESOURCE, self.context.settings));
        if let Ok(resource) = &self.resource {
            self.output.attributes_dropped += resource.left_out();
        }
    }

    /// Says which scope the items have that come next; those of one that cannot be read are rejected.
    pub(super) fn begin_scope(&mut self, scope: Result<ScopeFields<'a>, Fault>) {
        self.scope = scope.map(|scope| scope.cut(self.context.settings));
    }

    /// Takes the item that was read at an index of the last level, or rejects it.
    pub(super) fn take(&mut self, index: usize, read: Result<(), Fault>) {
        self.enter(I::LEVELS.len() - 1, index);
        match self.try_take(read) {
            Ok(()) => self.output.accepted += 1,
            Err(fault) => self.reject(fault),
        }
        self.item.clear();
        self.taken += 1;
    }

    fn try_take(&mut self, read: Result<(), Fault>) -> Result<(), Fault> {
        read?;
        self.output.room(self.taken, self.context.settings)?;
        let (resource, scope) = (
            self.resource.as_ref().map_err(Clone::clone)?,
            self.scope.as_ref().map_err(Clone::clone)?,
        );
        let surroundings = Surroundings {
            context: self.context,
            resource,
            scope,
        };
        self.item.append(
            surroundings,
            &mut self.buffers,
            Room {
                output: &mut self.output,
                slices: &mut self.slices,
            },
        )
    }

    fn reject(&mut self, fault: Fault) {
        let levels = I::LEVELS.iter().zip(self.indices);
        let place = levels
            .map(|(name, index)| format!("{name}[{index}]"))
            .collect::<Vec<_>>()
            .join(".");
        self.output.reject(fault.at(I::TABLE, place));
    }

    /// Returns the rows and rejections.
    pub(super) fn into_output(self) -> Output {
        self.output
    }

    /// Returns the rows and rejections, and the minutes that were opened.
    pub(super) fn into_parts(self) -> (Output, Slices) {
        (self.output, self.slices)
    }
}
