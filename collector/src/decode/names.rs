//! Names as senders write them, and the one form in which they are kept.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

/// Stands between the kept part of a cut name and the hash of the whole.
const CUT: &str = "~";
/// Hex digits of the hash that a cut name ends in.
const HASH_DIGITS: usize = 16;

/// Returns a name of at most `limit` bytes: a longer one is cut and ends in a marker and a hash of the whole, so that two long
/// names stay two.
pub(crate) fn name(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let kept = text_up_to(text, limit.saturating_sub(CUT.len() + HASH_DIGITS));
    Cow::Owned(format!("{kept}{CUT}{}", &digest[..HASH_DIGITS]))
}

/// Returns the longest start of a text that has at most `limit` bytes and ends between two characters.
pub(crate) fn text_up_to(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Returns an execution environment's id: the 32 hex digits at its end where it ends in them.
///
/// Lambda writes one environment as `2026/10/08/[$LATEST]22be..` (log stream) and as `2026/10/08/checkout[$LATEST]22be..`.
pub(crate) fn instance_id(text: &str) -> &str {
    let digits = text.len().checked_sub(32).and_then(|from| text.get(from..));
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .unwrap_or(text)
}

/// Returns whether a text is a UUID: 32 hex digits in groups of 8, 4, 4, 4 and 12.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns the scope in which a provider's invocation id is unique: empty where it is so by itself, else the function's name.
pub(crate) fn key_scope<'a>(provider: &str, invocation_id: &str, function: Option<&'a str>) -> &'a str {
    let unique = matches!(provider, "aws" | "azure") || is_uuid(invocation_id);
    if unique { "" } else { function.unwrap_or_default() }
}

/// An Amazon resource name: `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// The service, such as `lambda`.
    pub(crate) service: &'a str,
    /// The region, where the resource has one.
    pub(crate) region: Option<&'a str>,
    /// The account, where the resource has one.
    pub(crate) account: Option<&'a str>,
    /// What stands after the account.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Returns the parts of an ARN, or `None` for another text.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (_partition, service) = (parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let given = |part: &'a str| Some(part).filter(|part| !part.is_empty());
        Some(Self {
            service,
            region: given(region),
            account: given(account),
            resource,
        })
    }

    /// Returns the resource's own name: what stands after its type.
    pub(crate) fn resource_name(&self) -> &'a str {
        self.resource
            .split_once(['/', ':'])
            .map_or(self.resource, |(_, name)| name)
    }

    /// Returns the function that the ARN names, or `None` for that of another resource.
    pub(crate) fn function(&self) -> Option<FunctionArn<'a>> {
        let rest = self
            .resource
            .strip_prefix("function:")
            .filter(|_| self.service == "lambda")?;
        let (function, qualifier) = match rest.split_once(':') {
            Some((function, qualifier)) => (function, Some(qualifier).filter(|qualifier| !qualifier.is_empty())),
            None => (rest, None),
        };
        (!function.is_empty()).then_some(FunctionArn {
            region: self.region,
            account: self.account,
            function,
            qualifier,
        })
    }
}

/// The ARN of a Lambda function, which may name a version or an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionArn<'a> {
    /// The region.
    pub(crate) region: Option<&'a str>,
    /// The account.
    pub(crate) account: Option<&'a str>,
    /// The function's name.
    pub(crate) function: &'a str,
    /// What stands after the name: a version or an alias.
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> FunctionArn<'a> {
    /// Returns the parts of a function's ARN, or `None` for another text.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Arn::parse(text)?.function()
    }

    /// Returns the qualifier where it is a version: a number or `$LATEST`.
    pub(crate) fn version(&self) -> Option<&'a str> {
        self.qualifier.filter(|qualifier| is_version(qualifier))
    }

    /// Returns the qualifier where it is an alias, which is never a number.
    pub(crate) fn alias(&self) -> Option<&'a str> {
        self.qualifier.filter(|qualifier| !is_version(qualifier))
    }
}

fn is_version(qualifier: &str) -> bool {
    qualifier == "$LATEST" || qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
