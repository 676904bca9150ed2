//! What a process used, as far as the operating system says; only Linux does.

use std::fs;
use std::time::Duration;

/// Ticks per second in `/proc/PID/stat`: a constant of the Linux interface (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// A process whose use is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Process {
    /// This one.
    Own,
    /// A child that was not waited for.
    Child(u32),
}

impl Process {
    fn folder(self) -> String {
        match self {
            Self::Own => "/proc/self".to_owned(),
            Self::Child(id) => format!("/proc/{id}"),
        }
    }

    /// Returns the processor time of all its threads so far.
    pub fn cpu_time(self) -> Option<Duration> {
        let stat = fs::read_to_string(self.folder() + "/stat").ok()?;
        let (_, ticks) = state_and_ticks(&stat)?;
        Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
    }

    /// Returns whether it has ended, and waits for its parent to ask how.
    pub fn has_ended(self) -> bool {
        let stat = fs::read_to_string(self.folder() + "/stat").ok();
        stat.is_none_or(|stat| state_and_ticks(&stat).is_none_or(|(state, _)| matches!(state, 'Z' | 'X')))
    }

    /// Returns the most memory that was resident at once so far, in bytes.
    pub fn peak_rss_bytes(self) -> Option<u64> {
        kib_of(&fs::read_to_string(self.folder() + "/status").ok()?, "VmHWM:").map(|kib| kib << 10)
    }
}

/// Returns the number of KiB on a line of `/proc`.
pub fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Reads the state, and user and system time together; the program's name before them may hold anything.
fn state_and_ticks(stat: &str) -> Option<(char, u64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let user: u64 = fields.nth(10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((state, user + system))
}

#[cfg(test)]
mod tests {
    use super::{kib_of, state_and_ticks};

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "17 (a) b (c) S 1 17 17 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 3 0";
        assert_eq!(state_and_ticks(stat), Some(('S', 300)));
        assert_eq!(state_and_ticks("17 (name"), None);
        assert_eq!(kib_of("VmPeak:\t 9 kB\nVmHWM:\t  2048 kB\n", "VmHWM:"), Some(2_048));
    }
}
