//! What a process used, as far as the operating system says; only Linux does.

use std::collections::BTreeMap;
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

    /// Returns the processor time so far of the threads that live, by their name.
    pub fn threads(self) -> BTreeMap<String, Duration> {
        let mut times = BTreeMap::<String, Duration>::new();
        let Ok(threads) = fs::read_dir(self.folder() + "/task") else {
            return times;
        };
        for thread in threads.flatten() {
            let of = |file| fs::read_to_string(thread.path().join(file)).ok();
            let nanos = of("schedstat").and_then(|stat| stat.split(' ').next()?.parse().ok());
            if let (Some(name), Some(nanos)) = (of("comm"), nanos) {
                *times.entry(name.trim().to_owned()).or_default() += Duration::from_nanos(nanos);
            }
        }
        times
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
    use super::{Process, kib_of, state_and_ticks};

    #[test]
    fn threads_are_told_apart_by_their_name() {
        let busy = std::thread::Builder::new().name("pspan-busy".to_owned());
        let busy = busy.spawn(|| {
            // Until the operating system has counted a first stretch.
            while Process::Own
                .threads()
                .get("pspan-busy")
                .is_none_or(std::time::Duration::is_zero)
            {}
        });
        busy.unwrap().join().unwrap();
        assert!(!Process::Own.threads().contains_key("pspan-busy"));
    }

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "17 (a) b (c) S 1 17 17 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 3 0";
        assert_eq!(state_and_ticks(stat), Some(('S', 300)));
        assert_eq!(state_and_ticks("17 (name"), None);
        assert_eq!(kib_of("VmPeak:\t 9 kB\nVmHWM:\t  2048 kB\n", "VmHWM:"), Some(2_048));
    }
}
