//! The items of price books that an attempt may be charged for.

use super::plan::Plan;

/// An item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    /// Lambda's duration.
    Duration,
    /// Lambda's duration on provisioned environments.
    ProvisionedDuration,
    /// Lambda's storage.
    Storage,
    /// Lambda's restored snapshots.
    Restore,
    /// The processor that a plan bills.
    Processor,
    /// The memory that a plan bills.
    Memory,
    /// Processor time.
    ProcessorTime,
    /// The invocation itself.
    Request,
}

/// The instruction sets that prices tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Architecture {
    X86,
    Arm,
}

impl Item {
    /// Returns the id that the price book gives it.
    pub(super) fn id(self, plan: Plan, architecture: Architecture) -> &'static str {
        match (self, plan, architecture) {
            (Self::Duration, _, Architecture::X86) => "duration-x86",
            (Self::Duration, _, Architecture::Arm) => "duration-arm64",
            (Self::ProvisionedDuration, _, Architecture::X86) => "provisioned-duration-x86",
            (Self::ProvisionedDuration, _, Architecture::Arm) => "provisioned-duration-arm64",
            (Self::Storage, _, _) => "ephemeral-storage",
            (Self::Restore, _, _) => "snapstart-restore",
            (Self::Processor, Plan::FirstGeneration, _) => "processor",
            (Self::Processor, _, _) => "request-processor",
            (Self::Memory, Plan::FirstGeneration, _) => "memory",
            (Self::Memory, Plan::Flex, _) => "flex-time",
            (Self::Memory, _, _) => "request-memory",
            (Self::ProcessorTime, _, _) => "cpu-time",
            (Self::Request, Plan::FirstGeneration, _) => "invocations",
            (Self::Request, Plan::Flex, _) => "flex-executions",
            (Self::Request, _, _) => "requests",
        }
    }
}

impl Architecture {
    /// Reads an architecture; an unknown one is priced as `x86_64`, Lambda's default and the dearer one.
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("arm64" | "aarch64") => Self::Arm,
            _ => Self::X86,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}
