//! Where a record comes from, and the names that Azure writes in several ways.

use std::borrow::Cow;

use super::{PLATFORM, PROVIDER, pseudo_json};
use crate::decode::object::{Object, text};
use crate::decode::sender::Sender;

/// What a record says beside its table's own columns.
#[derive(Debug, Default)]
pub(super) struct Place<'a> {
    pub(super) time: Option<Cow<'a, str>>,
    resource_id: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    /// The function app.
    role: Option<Cow<'a, str>>,
    role_instance: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
}

impl<'a> Place<'a> {
    /// Takes it out of a record.
    pub(super) fn take(object: &mut Object<'a>) -> Self {
        Self {
            time: object.first_word(&["time", "TimeGenerated", "timestamp"]),
            resource_id: object.first_word(&["resourceId", "_ResourceId", "ResourceId"]),
            region: object.first_word(&["location", "Location"]),
            role: object.first_word(&["AppRoleName", "cloud_RoleName"]),
            role_instance: object.first_word(&["AppRoleInstance", "cloud_RoleInstance"]),
            version: object.first_word(&["AppVersion", "application_Version"]),
        }
    }

    /// Returns whether it says nothing of itself.
    pub(super) fn is_empty(&self) -> bool {
        self.time.is_none() && self.resource_id.is_none()
    }

    /// Returns the function app: as the record names it, else as its resource does.
    pub(super) fn app<'s>(&'s self, named: Option<&'s str>) -> Option<&'s str> {
        named.or(self.role.as_deref()).or_else(|| {
            let id = self.resource_id.as_deref()?;
            let at = find_segment(id, "sites")?;
            id[at..].split('/').next().filter(|app| !app.is_empty())
        })
    }

    /// Returns whose record it is.
    ///
    /// `host` is the id of the host's process, which every table of Azure writes; role instances are written in several forms.
    pub(super) fn sender<'s>(
        &'s self,
        app: Option<&'s str>,
        function: Option<&str>,
        host: Option<&'s str>,
    ) -> Sender<'s> {
        let app = self.app(app);
        let id = self.resource_id.as_deref();
        let subscription = id.and_then(|id| id[find_segment(id, "subscriptions")?..].split('/').next());
        Sender {
            provider: PROVIDER,
            platform: Some(PLATFORM),
            execution_model: Some("event_function"),
            account: subscription.map(|id| Cow::Owned(id.to_ascii_lowercase())),
            region: self.region.as_deref().map(|region| Cow::Owned(region_of(region))),
            function: function.map(|function| Cow::Owned(full_name(app, function))),
            version: self.version.as_deref().map(Cow::Borrowed),
            service: app.map(Cow::Borrowed),
            resource_id: id.map(Cow::Borrowed),
            instance_id: host.or(self.role_instance.as_deref()).map(Cow::Borrowed),
        }
    }
}

/// Returns a function's name as OpenTelemetry writes it, `<app>/<function>`.
pub(super) fn full_name(app: Option<&str>, function: &str) -> String {
    let function = function.strip_prefix("Functions.").unwrap_or(function);
    match app {
        Some(app) if !function.contains('/') => format!("{app}/{function}"),
        _ => function.to_owned(),
    }
}

/// Takes a record's properties as JSON text: an object, the text of one, or the text of one in single quotes.
pub(super) fn properties<'a>(object: &mut Object<'a>) -> Option<Cow<'a, str>> {
    let key = ["properties", "Properties", "customDimensions"]
        .into_iter()
        .find(|key| object.get(key).is_some())?;
    let value = object.get(key)?.get();
    let json = match text(value) {
        None => Cow::Borrowed(value),
        Some(text) if Object::parse(&text).is_ok() => text,
        Some(text) => Cow::Owned(pseudo_json::json(&text)),
    };
    Object::parse(&json).ok()?;
    object.take(key);
    Some(json)
}

/// Returns a region's name as resources carry it: `West Europe` is `westeurope`.
fn region_of(region: &str) -> String {
    region
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Returns where the segment after `name` begins in a resource id, in any letter case.
fn find_segment(id: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    for segment in id.split('/') {
        at += segment.len() + 1;
        if segment.eq_ignore_ascii_case(name) {
            return (at <= id.len()).then_some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Place, full_name, region_of};

    #[test]
    fn resource_ids_are_read_in_any_case() {
        let place = Place {
            resource_id: Some("/SUBSCRIPTIONS/AB-1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.WEB/SITES/SHOP".into()),
            ..Place::default()
        };
        let sender = place.sender(None, Some("Functions.Pay"), None);
        assert_eq!(sender.account.as_deref(), Some("ab-1"));
        assert_eq!(sender.function.as_deref(), Some("SHOP/Pay"));
        let cut = Place {
            resource_id: Some("/subscriptions".into()),
            ..Place::default()
        };
        assert_eq!(cut.sender(None, None, None).account, None);
    }

    #[test]
    fn names_have_one_form() {
        assert_eq!(full_name(Some("shop"), "Pay"), "shop/Pay");
        assert_eq!(full_name(Some("shop"), "shop/Pay"), "shop/Pay");
        assert_eq!(full_name(None, "Functions.Pay"), "Pay");
        assert_eq!(region_of("West Europe"), "westeurope");
    }
}
