//! Exit codes: one meaning each, for every subcommand.

use std::process::ExitCode;

/// How a command ended.
///
/// When several apply, the one that says most about what to do next wins: 4, 2, 1, 3, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done, and the gate passed.
    Passed,
    /// The gate failed: a finding at or above the level, a budget, an increase.
    GateFailed,
    /// The command line or the configuration is wrong.
    WrongUsage,
    /// There is no data, part of it could not be read, or a source could not be reached.
    NoData,
    /// A fault of pennyspan's own.
    Internal,
}

impl Exit {
    /// The exit codes with their meanings, as `--help` prints them.
    pub const HELP: &str = "Exit codes:\n  \
        0  passed\n  \
        1  gate failed: a finding at or above the level, a budget, an increase\n  \
        2  wrong usage or configuration\n  \
        3  no data, partial data or an unreachable source (after writing what there is)\n  \
        4  internal error";

    /// Returns the number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::GateFailed => 1,
            Self::WrongUsage => 2,
            Self::NoData => 3,
            Self::Internal => 4,
        }
    }

    /// Returns the one of two that says most.
    pub const fn worst(self, other: Self) -> Self {
        if self.rank() >= other.rank() { self } else { other }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::NoData => 1,
            Self::GateFailed => 2,
            Self::WrongUsage => 3,
            Self::Internal => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_code_that_says_most_wins() {
        let order = [
            Exit::Passed,
            Exit::NoData,
            Exit::GateFailed,
            Exit::WrongUsage,
            Exit::Internal,
        ];
        assert_eq!(order.map(Exit::code), [0, 3, 1, 2, 4]);
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(a.worst(*b), order[i.max(j)]);
            }
        }
    }
}
