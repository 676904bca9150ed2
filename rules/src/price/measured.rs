//! From what was measured of a use to what is billed of it, by the rule that the price names, step by step.

use super::{BillingRule, InitBilling, Overlap, Packaging, Price, Step, TimeRule};

/// What was measured of one use, in the integers that telemetry has; what is not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// How long it ran, in microseconds.
    pub run_us: Option<i64>,
    /// Initialization before it, or the billed part of a restore, in microseconds.
    pub init_us: Option<i64>,
    /// How its code is packaged.
    pub packaging: Packaging,
    /// Memory, or storage, in MiB.
    pub memory_mib: Option<i64>,
    /// Processor, in thousandths.
    pub cpu_milli: Option<i64>,
    /// Processor time, in microseconds.
    pub cpu_us: Option<i64>,
    /// Payload, in bytes.
    pub bytes: Option<i64>,
}

/// What is billed of one use, in the base of the price's unit, and how it comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billed {
    /// The quantity.
    pub quantity: i128,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Says what is missing for a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbilled {
    /// How long it ran is not known.
    #[error("its duration is unknown")]
    Duration,
    /// Its memory is not known.
    #[error("its memory is unknown")]
    Memory,
    /// There is no such size.
    #[error("the price book has no size of {mib} MiB")]
    Size {
        /// The size.
        mib: i64,
    },
    /// Its processor is not known.
    #[error("its processor is unknown")]
    Cpu,
    /// Its processor time is not known.
    #[error("its processor time is unknown")]
    CpuTime,
    /// Its bytes are not known.
    #[error("its bytes are unknown")]
    Bytes,
}

impl Price {
    /// Returns what is billed of one use, by the rule that the price names; without a rule, what was measured.
    ///
    /// # Errors
    /// [`Unbilled`] names what is not known of the use, or the size that does not exist.
    pub fn billed(&self, rule: Option<&BillingRule>, measured: &Measured) -> Result<Billed, Unbilled> {
        let mut billing = Billing {
            rule,
            measured,
            steps: Vec::new(),
        };
        let quantity = match self.unit.base() {
            "MiB*ms" => billing.memory("MiB")? * billing.time_ms()?,
            // Memory is sold in sizes of 1,000 MB here, which are written as MiB everywhere else.
            "MB*ms" => billing.memory("MB")? * billing.time_ms()?,
            "MiB" => billing.memory("MiB")?,
            "mCPU*ms" => billing.cpu()? * billing.time_ms()?,
            "MHz*ms" => billing.mhz()? * billing.time_ms()?,
            "ms" => billing.time_ms()?,
            "us" => billing.cpu_time()?,
            "byte" => billing.bytes()?,
            base => billing.uses(base),
        };
        let mut steps = billing.steps;
        if let Some(rule) = rule.filter(|_| !steps.is_empty()) {
            steps.push(rule.step());
        }
        Ok(Billed { quantity, steps })
    }
}

/// Writes the steps down while it computes.
struct Billing<'a> {
    rule: Option<&'a BillingRule>,
    measured: &'a Measured,
    steps: Vec<Step>,
}

impl Billing<'_> {
    fn step(&mut self, name: &'static str, text: String) {
        self.steps.push(Step { name, text });
    }

    fn time_ms(&mut self) -> Result<i128, Unbilled> {
        let run_us = self.measured.run_us.ok_or(Unbilled::Duration)?;
        let Some(time) = self.rule.and_then(|rule| rule.time) else {
            self.step("duration", format!("{} ms", ms(run_us)));
            return Ok(i128::from(run_us / 1_000 + i64::from(run_us % 1_000 > 0)));
        };
        let (init_us, packaging) = (self.measured.init_us, self.measured.packaging);
        let billed_ms = time.billed_ms(run_us, init_us, packaging);
        let init = init_text(time, init_us, packaging);
        let overlap = match time.overlap {
            Overlap::Each => "",
            Overlap::Union => "; requests that share an instance are billed once, for the union of their times",
        };
        let least = if time.minimum_ms > time.step_ms {
            format!(", at least {} ms", time.minimum_ms)
        } else {
            String::new()
        };
        let up = format!("up to steps of {} ms{least}", time.step_ms);
        self.step(
            "duration",
            format!("{} ms{init}, {up}: {billed_ms} ms{overlap}", ms(run_us)),
        );
        Ok(billed_ms.into())
    }

    fn memory(&mut self, unit: &str) -> Result<i128, Unbilled> {
        let mib = self.measured.memory_mib.ok_or(Unbilled::Memory)?;
        let Some(rule) = self.rule.and_then(|rule| rule.memory.as_ref()) else {
            self.step("memory", format!("{mib} {unit}"));
            return Ok(mib.into());
        };
        let billed = rule.billed_mib(mib).ok_or(Unbilled::Size { mib })?;
        let mut how = vec![format!("{mib} {unit}")];
        if rule.included_mib > 0 {
            how.push(format!("less {} {unit} without a charge", rule.included_mib));
        }
        if rule.step_mib > 1 {
            how.push(format!("up to steps of {} {unit}", rule.step_mib));
        }
        how.extend(rule.maximum_mib.map(|most| format!("at most {most} {unit}")));
        if !rule.sizes_mib.is_empty() {
            how.push("the whole instance".to_owned());
        }
        self.step("memory", format!("{}: {billed} {unit}", how.join(", ")));
        Ok(billed.into())
    }

    fn cpu(&mut self) -> Result<i128, Unbilled> {
        let milli = self.measured.cpu_milli.ok_or(Unbilled::Cpu)?;
        self.step("processor", format!("{milli} thousandths of a vCPU"));
        Ok(milli.into())
    }

    fn mhz(&mut self) -> Result<i128, Unbilled> {
        let mib = self.measured.memory_mib.ok_or(Unbilled::Memory)?;
        let mhz = self.rule.and_then(|rule| rule.mhz(mib)).ok_or(Unbilled::Size { mib })?;
        self.step("processor", format!("{mib} MiB come with {mhz} MHz"));
        Ok(mhz.into())
    }

    fn cpu_time(&mut self) -> Result<i128, Unbilled> {
        let us = self.measured.cpu_us.ok_or(Unbilled::CpuTime)?;
        self.step("processor time", format!("{} ms", ms(us)));
        Ok(us.into())
    }

    fn bytes(&mut self) -> Result<i128, Unbilled> {
        let bytes = self.measured.bytes.ok_or(Unbilled::Bytes)?;
        let Some(payload) = self.rule.and_then(|rule| rule.payload) else {
            return Ok(bytes.into());
        };
        let billed = payload.billed_bytes(bytes);
        let free = payload.included_bytes;
        self.step(
            "payload",
            format!("{bytes} bytes, the first {free} free: {billed} bytes"),
        );
        Ok(billed.into())
    }

    /// Counts one use, and one more for each further step of its payload where that is known.
    fn uses(&mut self, base: &str) -> i128 {
        let payload = self.rule.and_then(|rule| rule.payload);
        let (Some(payload), Some(bytes)) = (payload, self.measured.bytes) else {
            return 1;
        };
        let uses = payload.uses(bytes);
        let (free, step) = (payload.included_bytes, payload.step_bytes.unwrap_or_default());
        let text = format!("{bytes} bytes, one more for each {step} bytes beyond {free}: {uses} {base}s");
        self.step("payload", text);
        uses.into()
    }
}

impl BillingRule {
    /// Says where the rule comes from.
    fn step(&self) -> Step {
        let ends = self
            .effective_to
            .map_or_else(String::new, |to| format!(", until {to} (not included)"));
        let note = self.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
        Step {
            name: "rule",
            text: format!(
                "`{}` in force from {}{ends}; {}, read {}{note}; {}:{}",
                self.id, self.effective_from, self.source, self.retrieved, self.place.file, self.place.line
            ),
        }
    }
}

fn init_text(time: TimeRule, init_us: Option<i64>, packaging: Packaging) -> String {
    let Some(init_us) = init_us else {
        return String::new();
    };
    match time.init {
        _ if time.billed_init_us(Some(init_us), packaging) > 0 => format!(" + {} ms initialization", ms(init_us)),
        InitBilling::NotBilled => String::new(),
        _ => format!(", its initialization of {} ms free", ms(init_us)),
    }
}

/// Prints microseconds as milliseconds.
fn ms(us: i64) -> String {
    let text = format!("{}.{:03}", us / 1_000, us % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
