//! Why an attempt that ran has no price.

use std::fmt;

/// What is missing for a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No price book is about what it ran on.
    Product,
    /// What is billed is the instance, for as long as it lives, and no part of that is the invocation's own.
    Instance,
    /// What is billed is memory as the platform observed it, which no record carries.
    ObservedMemory,
    /// It is not known which of its platform's plans bills it.
    BillingMode,
    /// Its region is not known.
    Region,
    /// The price book has no price for its region.
    RegionPrice,
    /// Neither its billed duration nor its duration is known.
    Duration,
    /// Requests share its instances, and on which one it ran is not known.
    SharedInstance,
    /// Its memory size is not known.
    Memory,
    /// The price book has no such memory size.
    Size {
        /// The size, in MiB.
        mib: i64,
    },
    /// Its processor is not known.
    Processor,
    /// Its processor time is not known.
    ProcessorTime,
}

impl Reason {
    /// Returns the word by which programs know it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Product => "no_book",
            Self::Instance => "instance_billed",
            Self::ObservedMemory => "observed_memory_unknown",
            Self::BillingMode => "billing_mode_unknown",
            Self::Region => "region_unknown",
            Self::RegionPrice => "region_without_price",
            Self::Duration => "duration_unknown",
            Self::SharedInstance => "shared_instance_unknown",
            Self::Memory => "memory_unknown",
            Self::Size { .. } => "size_without_price",
            Self::Processor => "processor_unknown",
            Self::ProcessorTime => "processor_time_unknown",
        }
    }
}

impl fmt::Display for Reason {
    /// Says what is missing, and what to do about it where something can be done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Size { mib } = self {
            return write!(f, "no price book has a size of {mib} MiB for its plan");
        }
        f.write_str(match self {
            Self::Product => "no price book is about what it ran on",
            Self::Instance => {
                "what is billed is its instance, for as long as it lives, and no part of that is the invocation's own"
            }
            Self::ObservedMemory => "its plan bills the memory that the platform observed, which no record carries",
            Self::BillingMode => "its billing mode is unknown: no setting says it",
            Self::Region => "its region is unknown: name it with --region, or send cloud.region",
            Self::RegionPrice => "no price book has a price for its region",
            Self::Duration => {
                "its billed duration is unknown: no platform record reports it, and its duration is unknown as well"
            }
            Self::SharedInstance => "requests may share its instance, and no record says on which one it ran",
            Self::Memory => "its memory size is unknown: no platform record or setting says it",
            Self::Processor => "its processor is unknown: no setting says it",
            Self::ProcessorTime => "its processor time is unknown: no record says it",
            Self::Size { .. } => "",
        })
    }
}
