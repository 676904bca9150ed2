//! Rules of billing: what a provider bills of a use, which changes at other times than its prices.

use std::fmt;

use super::{Date, Place};

/// What a provider bills of a use, over one range of dates. Prices name the rule that they follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingRule {
    /// Name, which prices refer to; rules of one name follow each other in time.
    pub id: String,
    /// First day on which it is in force.
    pub effective_from: Date,
    /// First day on which it is no longer in force.
    pub effective_to: Option<Date>,
    /// How time is billed, where it is.
    pub time: Option<TimeRule>,
    /// How memory, or storage, is billed; none where it is billed as it is.
    pub memory: Option<MemoryRule>,
    /// The processor that each memory size has: MiB and MHz, ascending.
    pub cpu_by_memory: Vec<(i64, i64)>,
    /// How the bytes of a use are billed, where they are.
    pub payload: Option<PayloadRule>,
    /// Public page from which it was taken.
    pub source: String,
    /// Day on which that was read.
    pub retrieved: Date,
    /// What a reader should know about its certainty.
    pub note: Option<String>,
    /// File and line of the entry.
    pub place: Place,
}

/// How time is billed. It is rounded up; no provider here rounds otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRule {
    /// Billed time is rounded up to a multiple of this, in milliseconds.
    pub step_ms: i64,
    /// Least billed time, in milliseconds.
    pub minimum_ms: i64,
    /// Whether initialization is billed.
    pub init: InitBilling,
    /// What several uses of one instance at a time are billed for.
    pub overlap: Overlap,
}

/// Whether initialization before the handler is part of the billed duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitBilling {
    /// Every initialization is billed.
    Billed,
    /// That of zip packages on managed runtimes, on demand, is free.
    FreeForManagedZip,
    /// It is not billed, or the duration contains it already.
    NotBilled,
}

/// What several uses of one instance at a time are billed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Each for its own time.
    Each,
    /// The instance once, for the union of their times.
    Union,
}

/// How memory is billed: rounded up to a size, at least and at most so much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRule {
    /// What costs nothing, in MiB; it is taken off first.
    pub included_mib: i64,
    /// Rounded up to a multiple of this, in MiB.
    pub step_mib: i64,
    /// At most this, in MiB.
    pub maximum_mib: Option<i64>,
    /// The only sizes that there are, in MiB; all where it is empty.
    pub sizes_mib: Vec<i64>,
}

/// How the bytes of one use are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadRule {
    /// What costs nothing beyond the use itself, in bytes.
    pub included_bytes: i64,
    /// Each further step, or begun step, counts as one use more, in bytes.
    pub step_bytes: Option<i64>,
}

/// How a function's code is packaged, as far as billing asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packaging {
    /// A zip package on a managed runtime.
    #[default]
    ManagedZip,
    /// A container image, or a runtime of one's own.
    Other,
}

impl BillingRule {
    /// Tells whether the rule is in force at an instant, half-open, in nanoseconds since 1970, UTC.
    #[must_use]
    pub fn in_force_at(&self, unix_nano: i64) -> bool {
        let ended = self.effective_to.is_some_and(|to| to.start_unix_nano() <= unix_nano);
        self.effective_from.start_unix_nano() <= unix_nano && !ended
    }

    /// Returns the processor of a memory size in MHz; none where there is no such size.
    #[must_use]
    pub fn mhz(&self, memory_mib: i64) -> Option<i64> {
        let found = self.cpu_by_memory.iter().find(|(mib, _)| *mib == memory_mib);
        found.map(|(_, mhz)| *mhz)
    }
}

impl fmt::Display for BillingRule {
    /// Says what the rule does, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.time.map(|time| time.to_string()));
        parts.extend(self.memory.as_ref().map(ToString::to_string));
        if !self.cpu_by_memory.is_empty() {
            let sizes: Vec<String> = self
                .cpu_by_memory
                .iter()
                .map(|(mib, mhz)| format!("{mib} MiB {mhz} MHz"))
                .collect();
            parts.push(format!("processor by memory: {}", sizes.join(", ")));
        }
        parts.extend(self.payload.map(|payload| payload.to_string()));
        f.write_str(&parts.join("; "))
    }
}

impl fmt::Display for TimeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time up to steps of {} ms", self.step_ms)?;
        if self.minimum_ms > self.step_ms {
            write!(f, ", at least {} ms", self.minimum_ms)?;
        }
        f.write_str(match self.init {
            InitBilling::Billed => ", with initialization",
            InitBilling::FreeForManagedZip => ", with initialization except of zip packages on managed runtimes",
            InitBilling::NotBilled => "",
        })?;
        f.write_str(match self.overlap {
            Overlap::Each => "",
            Overlap::Union => ", requests that share an instance once, for the union of their times",
        })
    }
}

impl fmt::Display for MemoryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")?;
        if self.included_mib > 0 {
            write!(f, " less {} MiB", self.included_mib)?;
        }
        if self.step_mib > 1 {
            write!(f, " up to steps of {} MiB", self.step_mib)?;
        }
        if let Some(most) = self.maximum_mib {
            write!(f, ", at most {most} MiB")?;
        }
        if !self.sizes_mib.is_empty() {
            let sizes: Vec<String> = self.sizes_mib.iter().map(ToString::to_string).collect();
            write!(f, " of the whole instance: {} MiB", sizes.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for PayloadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step_bytes {
            Some(step) => write!(
                f,
                "one use more for each {step} bytes, or a part of them, beyond the first {}",
                self.included_bytes
            ),
            None => write!(f, "the first {} bytes of each use free", self.included_bytes),
        }
    }
}

impl TimeRule {
    /// Computes the billed milliseconds of a run for which none were logged.
    ///
    /// `run_us` is the duration that the platform reports; `init_us` the initialization, or the billed part of a
    /// restore, before it. Both are rounded up together, once.
    #[must_use]
    pub fn billed_ms(&self, run_us: i64, init_us: Option<i64>, packaging: Packaging) -> i64 {
        let total_us = run_us.max(0).saturating_add(self.billed_init_us(init_us, packaging));
        let step_us = self.step_ms.saturating_mul(1_000).max(1);
        let steps = total_us / step_us + i64::from(total_us % step_us != 0);
        let least = self.minimum_ms;
        steps.saturating_mul(self.step_ms).max(least)
    }

    /// Returns the part of an initialization that is billed, in microseconds.
    #[must_use]
    pub fn billed_init_us(&self, init_us: Option<i64>, packaging: Packaging) -> i64 {
        match (self.init, packaging) {
            (InitBilling::NotBilled, _) | (InitBilling::FreeForManagedZip, Packaging::ManagedZip) => 0,
            _ => init_us.unwrap_or(0).max(0),
        }
    }
}

impl MemoryRule {
    /// Returns the billed memory in MiB; none where there is no such size.
    #[must_use]
    pub fn billed_mib(&self, mib: i64) -> Option<i64> {
        if !self.sizes_mib.is_empty() && !self.sizes_mib.contains(&mib) {
            return None;
        }
        let charged = mib.saturating_sub(self.included_mib).max(0);
        let step = self.step_mib.max(1);
        let steps = charged / step + i64::from(charged % step != 0);
        let rounded = steps.saturating_mul(step);
        Some(self.maximum_mib.map_or(rounded, |most| rounded.min(most)))
    }
}

impl PayloadRule {
    /// Returns the bytes of one use that are billed.
    #[must_use]
    pub fn billed_bytes(&self, bytes: i64) -> i64 {
        bytes.saturating_sub(self.included_bytes).max(0)
    }

    /// Returns as how many uses one use of so many bytes counts.
    #[must_use]
    pub fn uses(&self, bytes: i64) -> i64 {
        let Some(step) = self.step_bytes.filter(|step| *step > 0) else {
            return 1;
        };
        let beyond = self.billed_bytes(bytes);
        (beyond / step + i64::from(beyond % step != 0)).saturating_add(1)
    }
}

/// Reads from a logged billed duration which rule made it.
///
/// Returns none where both rules would bill the same, or where there was no initialization.
#[must_use]
pub fn init_billing_seen(run_us: i64, init_us: i64, billed_ms: i64) -> Option<InitBilling> {
    let ceil_ms = |us: i64| us / 1_000 + i64::from(us % 1_000 > 0);
    let (run, both) = (ceil_ms(run_us), ceil_ms(run_us.saturating_add(init_us)));
    match billed_ms {
        _ if run == both => None,
        billed if billed >= both => Some(InitBilling::Billed),
        _ => Some(InitBilling::FreeForManagedZip),
    }
}
