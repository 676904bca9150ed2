//! Workspaces: what storage keeps apart.

/// Names in a data directory that are no workspaces: the write-ahead log, the lock and the format's number.
const RESERVED: [&str; 3] = ["wal", "lock", "format"];

/// The name of a workspace: 1 to 64 of `a-z`, `0-9`, `-` and `_`, starting with a letter or digit, so that it is a directory's
/// name everywhere; not `wal`, `lock` or `format`, which stand beside the workspaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workspace(String);

/// Says why a text is no workspace name.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{name}` cannot name a workspace: use 1 to 64 of a-z, 0-9, - and _, starting with a letter or digit, and not wal, lock or format"
)]
pub struct WorkspaceError {
    /// The text.
    pub name: String,
}

impl Workspace {
    /// Checks a name.
    ///
    /// # Errors
    /// [`WorkspaceError`] where the text is not such a name.
    pub fn new(name: &str) -> Result<Self, WorkspaceError> {
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let rest = name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        if starts && rest && name.len() <= 64 && !RESERVED.contains(&name) {
            Ok(Self(name.to_owned()))
        } else {
            Err(WorkspaceError { name: name.to_owned() })
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl std::fmt::Display for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn names_cannot_be_those_of_other_things_in_the_directory() {
        for reserved in ["wal", "lock", "format"] {
            let error = Workspace::new(reserved).unwrap_err();
            assert!(error.to_string().ends_with("not wal, lock or format"), "{error}");
        }
        assert!(Workspace::new("wal-1").is_ok());
    }

    #[test]
    fn names_cannot_leave_their_directory() {
        for bad in ["", "..", "a/b", "A", "-a", "a b", "é", &"a".repeat(65)] {
            assert!(Workspace::new(bad).is_err(), "{bad}");
        }
        for good in ["default", "team-a_1", "7"] {
            assert_eq!(Workspace::new(good).unwrap().as_str(), good);
        }
    }
}
