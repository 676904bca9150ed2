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
    captures(glob, name).is_some()
}

/// Returns what each `*` of a glob stands for in a name, each as short as it can be but the last; none where it does not match.
///
/// ```
/// use pennyspan_analyzer::analysis::selection::captures;
/// assert_eq!(captures("*-pr-*", "shop-pr-12"), Some(vec!["shop".to_owned(), "12".to_owned()]));
/// ```
#[must_use]
pub fn captures(glob: &str, name: &str) -> Option<Vec<String>> {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut on, mut star) = (0, 0, None);
    let mut taken: Vec<(usize, usize)> = Vec::new();
    while on < name.len() {
        if glob.get(at) == Some(&'*') {
            star = Some((at, on));
            taken.push((on, on));
            at += 1;
        } else if glob.get(at).is_some_and(|c| *c == '?' || *c == name[on]) {
            (at, on) = (at + 1, on + 1);
        } else if let Some((star_at, star_on)) = star {
            star = Some((star_at, star_on + 1));
            if let Some(last) = taken.last_mut() {
                last.1 = star_on + 1;
            }
            (at, on) = (star_at + 1, star_on + 1);
        } else {
            return None;
        }
    }
    let rest = &glob[at..];
    taken.extend(rest.iter().map(|_| (on, on)));
    let text = |(from, to): (usize, usize)| name[from..to].iter().collect();
    rest.iter()
        .all(|c| *c == '*')
        .then(|| taken.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::{captures, matches};

    #[test]
    fn captures_are_what_the_stars_stand_for() {
        for (glob, name, taken) in [
            ("checkout-pr-*", "checkout-pr-12", vec!["12"]),
            ("*-pr-*", "a-pr-b-pr-3", vec!["a", "b-pr-3"]),
            ("a*b*c", "aXbbYc", vec!["X", "bY"]),
            ("a**", "a", vec!["", ""]),
            ("?x", "yx", vec![]),
        ] {
            assert_eq!(captures(glob, name).unwrap(), taken, "{glob} {name}");
        }
        assert_eq!(captures("a*", "b"), None);
    }

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
