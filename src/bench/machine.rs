//! The machine that figures are measured on.

use std::fs;

use crate::usage::kib_of;

/// What figures depend on.
#[derive(Debug)]
pub struct Machine {
    cores: usize,
    memory_kib: Option<u64>,
    load: Option<String>,
}

impl Machine {
    /// Reads what the operating system says now.
    pub fn read() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").ok();
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_kib: memory.and_then(|text| kib_of(&text, "MemTotal:")),
            load: load.and_then(|text| Some(text.split_whitespace().next()?.to_owned())),
        }
    }

    /// Returns cores, memory, and how busy it was before.
    pub fn sentence(&self) -> String {
        let memory = self.memory_kib.map(|kib| format!(", {} GiB of memory", kib >> 20));
        let load = self.load.as_ref().map(|load| format!(", load average {load} before"));
        format!(
            "{} cores{}{}",
            self.cores,
            memory.unwrap_or_default(),
            load.unwrap_or_default()
        )
    }
}
