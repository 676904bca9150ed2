//! Deployments in a span of time: markers, first sights of versions, changed settings.

use pennyspan_schema::Window;

use crate::analysis::Scope;
pub use crate::neighbours::deployments::Deployment;
use crate::session::Session;

/// Returns the deployments of a window, in the order of time.
#[must_use]
pub fn deployed(session: &Session, window: Window) -> Vec<Deployment> {
    let all = session.neighbours().deployments.iter();
    all.filter(|deployment| window.contains(deployment.deployed_unix_nano))
        .cloned()
        .collect()
}

/// Returns whether a deployment is of a function, or of the service that it belongs to.
#[must_use]
pub fn is_of(deployment: &Deployment, scope: &Scope, service: Option<&str>) -> bool {
    let agrees = |said: Option<&str>, known: Option<&str>| said.zip(known).is_none_or(|(said, known)| said == known);
    let named = match (&deployment.function, &deployment.service) {
        (Some(function), _) => scope.function.as_ref() == Some(function),
        (None, Some(named)) => service == Some(named.as_str()),
        (None, None) => false,
    };
    named
        && agrees(deployment.provider.as_deref(), Some(&scope.provider))
        && agrees(deployment.account.as_deref(), scope.account.as_deref())
        && agrees(deployment.region.as_deref(), scope.region.as_deref())
}
