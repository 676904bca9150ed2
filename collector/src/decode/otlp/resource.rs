//! Who sent an item: its resource, and what resource, item and door say together.

use super::super::Settings;
use super::super::attributes::{Attribute, write_object};
use super::super::names::{self, Arn, FunctionArn};
use super::intake::Context;
use super::slots::{Promoted, Slot, Slots, Standing, architecture, platform};

/// A resource's attributes, read once for all its items.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    attributes: Vec<Attribute<'a>>,
    slots: Slots,
    json: Option<String>,
    left_out: usize,
}

impl Default for Resource<'_> {
    fn default() -> Self {
        Self::new(Vec::new(), Standing::Resource, &Settings::default())
    }
}

impl<'a> Resource<'a> {
    /// Returns the resource of these attributes.
    pub(super) fn new(mut attributes: Vec<Attribute<'a>>, standing: Standing, settings: &Settings) -> Self {
        let (slots, left_out) = Slots::fill(standing, &mut attributes, settings);
        let json = object_text(slots.of(&attributes).rest());
        Self {
            attributes,
            slots,
            json,
            left_out,
        }
    }

    /// Returns the attributes with their slots.
    pub(super) fn promoted(&self) -> Promoted<'_, 'a> {
        self.slots.of(&self.attributes)
    }

    /// Returns the attributes that have no column, as JSON.
    pub(super) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// Returns how many attributes were left out for being more than the limit.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }
}

fn object_text<'v, 'a: 'v>(attributes: impl Iterator<Item = &'v Attribute<'a>>) -> Option<String> {
    let mut attributes = attributes.peekable();
    attributes.peek()?;
    let mut out = String::new();
    write_object(&mut out, attributes);
    Some(out)
}

/// What an item says, and its resource where the item says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'v, 'a> {
    /// The item's own attributes.
    pub(super) item: Promoted<'v, 'a>,
    /// Its resource's.
    pub(super) resource: Promoted<'v, 'a>,
}

impl<'v> Words<'v, '_> {
    /// Returns a slot's text, the item's before the resource's.
    pub(super) fn text(&self, slot: Slot) -> Option<&'v str> {
        self.item.text(slot).or_else(|| self.resource.text(slot))
    }
}

/// Whose item it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity<'v> {
    pub(super) provider: Option<&'v str>,
    pub(super) platform: Option<&'v str>,
    pub(super) account: Option<&'v str>,
    pub(super) region: Option<&'v str>,
    pub(super) service: Option<&'v str>,
    pub(super) service_version: Option<&'v str>,
    pub(super) environment: Option<&'v str>,
    pub(super) function: Option<&'v str>,
    pub(super) version: Option<&'v str>,
    pub(super) alias: Option<&'v str>,
    pub(super) instance_id: Option<&'v str>,
    pub(super) resource_id: Option<&'v str>,
    pub(super) architecture: Option<&'v str>,
}

/// Whether an item is a call to something else, whose `cloud.region` then is the called one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The item speaks of its own resource.
    Own,
    /// The item speaks of what it calls.
    Called,
}

impl<'v> Identity<'v> {
    /// Returns what item, resource and door say together, in this order.
    pub(super) fn of(words: Words<'v, '_>, side: Side, context: &'v Context<'v>) -> Self {
        // What a call says about a place may be about the place that it calls.
        let here = |slot| match side {
            Side::Own => words.text(slot),
            Side::Called => words.resource.text(slot),
        };
        let (product, resource_id) = (words.text(Slot::Platform).map(platform), here(Slot::ResourceId));
        let arn = resource_id.and_then(FunctionArn::parse);
        let invoked = words.item.text(Slot::InvokedArn).and_then(FunctionArn::parse);
        let arns = [arn, invoked, context.door];
        let named = |part: fn(&FunctionArn<'v>) -> Option<&'v str>| arns.iter().flatten().find_map(part);
        let door_name = context
            .origin
            .door
            .resource
            .as_deref()
            .filter(|name| Arn::parse(name).is_none());
        let provider = words
            .text(Slot::Provider)
            .or_else(|| product.and_then(provider_of_platform))
            .or_else(|| words.resource.text(Slot::InvokedProvider))
            .or_else(|| arns.iter().flatten().next().map(|_| "aws"))
            .or_else(|| resource_id.and_then(azure_subscription).map(|_| "azure"));
        Self {
            provider,
            platform: product,
            account: here(Slot::Account)
                .or_else(|| named(|arn| arn.account))
                .or_else(|| resource_id.and_then(azure_subscription)),
            region: here(Slot::Region)
                .or_else(|| words.resource.text(Slot::InvokedRegion))
                .or_else(|| named(|arn| arn.region))
                .or(context.origin.region),
            service: words.resource.text(Slot::Service),
            service_version: words.resource.text(Slot::ServiceVersion),
            environment: words.resource.text(Slot::Environment),
            function: words
                .text(Slot::Function)
                .or_else(|| named(|arn| Some(arn.function)))
                .or(door_name),
            version: words.text(Slot::Version).or_else(|| arn.and_then(|arn| arn.version())),
            alias: invoked.and_then(|arn| arn.alias()),
            instance_id: words
                .text(Slot::Instance)
                .or(context.origin.door.instance.as_deref())
                .map(names::instance_id),
            resource_id,
            architecture: words.resource.text(Slot::Architecture).map(architecture),
        }
    }
}

/// Returns the provider that a product belongs to.
fn provider_of_platform(platform: &str) -> Option<&'static str> {
    const PROVIDERS: &[&str] = &[
        "aws",
        "gcp",
        "azure",
        "cloudflare",
        "alibaba_cloud",
        "tencent_cloud",
        "ibm_cloud",
        "oracle_cloud",
    ];
    PROVIDERS.iter().copied().find(|provider| {
        platform
            .strip_prefix(provider)
            .is_some_and(|rest| rest.starts_with(['_', '.']))
    })
}

/// Returns the subscription of an Azure resource id: `/subscriptions/<subscription>/..`.
fn azure_subscription(resource_id: &str) -> Option<&str> {
    let mut parts = resource_id.strip_prefix('/')?.split('/');
    parts.next().filter(|part| part.eq_ignore_ascii_case("subscriptions"))?;
    parts.next().filter(|subscription| !subscription.is_empty())
}
