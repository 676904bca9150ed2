//! The identity of functions: names, accounts and regions of previews stand for one logical function.
//!
//! Only the logical one enters a fingerprint; what is shown keeps the real names.

use std::collections::BTreeMap;

use super::judgement::Finding;
use super::query::RowScope;
use crate::analysis::selection::{captures, matches};

/// What one `[[identity]]` table says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Glob over the names of functions, or of queues, dependencies and routes.
    pub names: Glob,
    /// Glob over providers; any where there is none.
    pub provider: Option<String>,
    /// Glob over accounts; any where there is none. With one, the finding is the same in each of them.
    pub account: Option<String>,
    /// Glob over regions; any where there is none.
    pub region: Option<String>,
    /// The logical name, in which `$1` is what the first `*` stands for.
    pub logical: String,
    /// The logical provider; the real one where there is none.
    pub logical_provider: Option<String>,
    /// The logical region; the real one where there is none.
    pub logical_region: Option<String>,
}

/// Whose names an identity is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glob {
    /// Those of functions.
    Function(String),
    /// Those of queues, dependencies and routes.
    SubResource(String),
}

impl Default for Glob {
    fn default() -> Self {
        Self::Function(String::new())
    }
}

/// Who a scope is, for fingerprints and the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logical {
    pub(crate) scope: RowScope,
    /// Whether it is the same in any account.
    pub(crate) any_account: bool,
}

/// Returns who a scope is: the first identity that fits its function says so, and the first that fits its sub-resource.
pub(crate) fn logical(identities: &[Identity], scope: &RowScope) -> Logical {
    let mut found = Logical {
        scope: scope.clone(),
        any_account: false,
    };
    let [_, _, _, function, sub_resource] = scope;
    let named = |identity: &Identity, of_function: bool| match (&identity.names, of_function) {
        (Glob::Function(glob), true) => identity.name(glob, function.as_ref(), scope),
        (Glob::SubResource(glob), false) => identity.name(glob, sub_resource.as_ref(), scope),
        _ => None,
    };
    let first = |of_function| {
        identities
            .iter()
            .find_map(|identity| named(identity, of_function).map(|name| (identity, name)))
    };
    if let Some((identity, name)) = first(true) {
        found.scope[3] = Some(name);
        found.any_account = identity.account.is_some();
        for (at, said) in [(0, &identity.logical_provider), (2, &identity.logical_region)] {
            if said.is_some() {
                found.scope[at].clone_from(said);
            }
        }
    }
    if let Some((_, name)) = first(false) {
        found.scope[4] = Some(name);
    }
    found
}

impl Identity {
    fn name(&self, glob: &str, name: Option<&String>, [provider, account, region, ..]: &RowScope) -> Option<String> {
        let fits = |glob: &Option<String>, name: &Option<String>| {
            let name = name.as_deref().unwrap_or_default();
            glob.as_ref().is_none_or(|glob| matches(glob, name))
        };
        let place = fits(&self.provider, provider) && fits(&self.account, account) && fits(&self.region, region);
        let taken = captures(glob, name?).filter(|_| place)?;
        Some(filled(&self.logical, &taken))
    }
}

/// Returns a name with `$1` to `$9` replaced; a `$` before anything else stands for itself.
fn filled(name: &str, taken: &[String]) -> String {
    let mut text = String::new();
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let number = rest.peek().and_then(|next| next.to_digit(10)).filter(|_| c == '$');
        match number.and_then(|number| taken.get(usize::try_from(number).ok()?.checked_sub(1)?)) {
            Some(capture) => {
                text.push_str(capture);
                rest.next();
            }
            None => text.push(c),
        }
    }
    text
}

/// Leaves one finding of those that have one identity, the first in the order in which they are shown, which is the worst; it
/// names the places of the others.
pub(super) fn together(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut by_identity: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for finding in findings {
        let account = finding.account.clone().filter(|_| !finding.any_account);
        if let Some(at) = by_identity.get(&(finding.fingerprint.clone(), account.clone())) {
            kept[*at].also.push(place(&finding));
        } else {
            by_identity.insert((finding.fingerprint.clone(), account), kept.len());
            kept.push(finding);
        }
    }
    kept
}

/// Returns the real names of a finding's place, in one line.
fn place(finding: &Finding) -> String {
    let parts = [
        &finding.provider,
        &finding.account,
        &finding.region,
        &finding.function,
        &finding.sub_resource,
    ];
    parts
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(account: &str, region: &str, function: &str, sub_resource: Option<&str>) -> RowScope {
        let text = |text: &str| Some(text.to_owned());
        [
            text("aws"),
            text(account),
            text(region),
            text(function),
            sub_resource.and_then(text),
        ]
    }

    fn preview() -> Identity {
        Identity {
            names: Glob::Function("*-pr-*".to_owned()),
            logical: "$1".to_owned(),
            ..Identity::default()
        }
    }

    #[test]
    fn a_preview_stands_for_its_logical_function() {
        let said = logical(&[preview()], &scope("1", "eu-west-1", "checkout-pr-12", None));
        assert_eq!(said.scope, scope("1", "eu-west-1", "checkout", None));
        assert!(!said.any_account);
        let other = scope("1", "eu-west-1", "mailer", None);
        assert_eq!(logical(&[preview()], &other).scope, other);
    }

    #[test]
    fn the_first_that_fits_place_and_name_decides() {
        let elsewhere = Identity {
            account: Some("9*".to_owned()),
            logical_region: Some("eu-west-1".to_owned()),
            ..preview()
        };
        let queue = Identity {
            names: Glob::SubResource("orders-*".to_owned()),
            logical: "orders".to_owned(),
            ..Identity::default()
        };
        let all = [elsewhere, preview(), queue];
        let said = logical(&all, &scope("99", "us-east-1", "a-pr-1", Some("orders-7")));
        assert_eq!(
            (said.scope, said.any_account),
            (scope("99", "eu-west-1", "a", Some("orders")), true)
        );
        let said = logical(&all, &scope("1", "us-east-1", "a-pr-1", None));
        assert_eq!(
            (said.scope, said.any_account),
            (scope("1", "us-east-1", "a", None), false)
        );
    }

    #[test]
    fn a_dollar_that_names_no_star_stands_for_itself() {
        assert_eq!(filled("$1-$2-$", &["a".to_owned()]), "a-$2-$");
    }
}
