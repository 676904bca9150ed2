//! Which attempts a question is about: globs over function, service, environment and tenant.

use crate::attempts::Row;

/// Globs; an attempt is meant where each list is empty or has a glob that matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Functions.
    pub functions: Vec<String>,
    /// Services.
    pub services: Vec<String>,
    /// Environments.
    pub environments: Vec<String>,
    /// Tenants.
    pub tenants: Vec<String>,
    /// A selection that must select it as well.
    pub within: Option<Box<Selection>>,
}

impl Selection {
    /// Returns whether an attempt is meant.
    #[must_use]
    pub fn selects(&self, row: &Row<'_>) -> bool {
        let named = |globs: &[String], name: Option<&str>| {
            globs.is_empty() || name.is_some_and(|name| globs.iter().any(|glob| matches(glob, name)))
        };
        named(&self.functions, row.function)
            && named(&self.services, row.service)
            && named(&self.environments, row.environment)
            && named(&self.tenants, row.tenant)
            && self.within.as_ref().is_none_or(|wider| wider.selects(row))
    }
}

/// Returns whether a glob matches a whole name: `*` stands for any text, `?` for one character.
///
/// ```
/// use pennyspan_analyzer::analysis::selection::matches;
/// assert!(matches("check*", "checkout") && !matches("check", "checkout"));
/// ```
#[must_use]
pub fn matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut on, mut star) = (0, 0, None);
    while on < name.len() {
        if glob.get(at) == Some(&'*') {
            star = Some((at, on));
            at += 1;
        } else if glob.get(at).is_some_and(|c| *c == '?' || *c == name[on]) {
            (at, on) = (at + 1, on + 1);
        } else if let Some((star_at, star_on)) = star {
            star = Some((star_at, star_on + 1));
            (at, on) = (star_at + 1, star_on + 1);
        } else {
            return false;
        }
    }
    glob[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match_whole_names() {
        for (glob, name) in [
            ("*", ""),
            ("a*c", "abc"),
            ("a*c", "acc"),
            ("?b", "äb"),
            ("**x", "x"),
            ("a*b*c", "aXbXbXc"),
        ] {
            assert!(matches(glob, name), "{glob} {name}");
        }
        for (glob, name) in [
            ("", "a"),
            ("a", ""),
            ("a*c", "ab"),
            ("?", ""),
            ("a", "A"),
            ("a*b*c", "aXcXb"),
        ] {
            assert!(!matches(glob, name), "{glob} {name}");
        }
    }
}
