//! Settings of one function at one instant.

use crate::analysis::Scope;
use crate::neighbours::configurations::Subject;
use crate::session::Session;

/// Returns the value of a setting of a function at an instant, in the key's unit; none where no statement says it.
#[must_use]
pub fn setting<'a>(session: &'a Session, scope: &Scope, key: &str, unix_nano: i64) -> Option<&'a str> {
    let subject = Subject {
        provider: &scope.provider,
        account: scope.account.as_deref(),
        region: scope.region.as_deref(),
        resource: scope.function.as_deref()?,
    };
    session.neighbours().configurations.value(subject, key, unix_nano)
}
