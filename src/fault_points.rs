//! Stops the program at a named stage, for a test that kills it there or watches it stand still. Only built with the feature
//! `fault-points`.
//!
//! `PENNYSPAN_FAULT=STAGE:PASSES` or `STAGE:PASSES:FILE`: the stage lets so many visits pass, and the next one says on standard
//! error that it is reached and does not return; the process lives on until it is killed. With a file, the count begins when
//! the file exists, and what is stopped goes on when it is gone. Stages: [`STAGES`].

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pennyspan_collector::fault;

use crate::failure::Failure;

/// The variable that arms a stage.
const VARIABLE: &str = "PENNYSPAN_FAULT";
/// The stages, in the order in which a request meets them, and those of upkeep.
const STAGES: [&str; 11] = [
    fault::DECODE,
    fault::APPEND,
    fault::FSYNC,
    fault::SYNCED,
    fault::PUBLISH,
    "fold",
    "flush",
    "commit",
    "swap",
    "merge",
    "expire",
];
/// How often it is looked whether the file exists, or is gone.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Arms what the environment says.
///
/// # Errors
/// [`Failure`] where the variable names no stage or no count.
pub fn arm() -> Result<(), Failure> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(());
    };
    let wrong = || {
        Failure::usage(format!(
            "{VARIABLE}={text} is not STAGE:PASSES[:FILE] with a stage of {STAGES:?}"
        ))
    };
    let mut parts = text.splitn(3, ':');
    let stage = parts.next().unwrap_or_default();
    let stage = STAGES.into_iter().find(|known| *known == stage).ok_or_else(wrong)?;
    let passes = parts.next().and_then(|passes| passes.parse().ok()).ok_or_else(wrong)?;
    match parts.next().map(PathBuf::from) {
        Some(file) => {
            std::thread::spawn(move || arm_when_there(stage, passes, &file));
        }
        None => fault::arm(stage, passes, |stage| stop(stage, None)),
    }
    Ok(())
}

fn arm_when_there(stage: &str, passes: u64, file: &Path) {
    while !file.exists() {
        std::thread::sleep(LOOK_EVERY);
    }
    let file = file.to_owned();
    fault::arm(stage, passes, move |stage| stop(stage, Some(&file)));
}

/// Says where the program is, and stays there; with a file, until that is gone.
fn stop(stage: &str, file: Option<&Path>) {
    // Whoever reads it may be gone; the stage is reached all the same.
    let _ = writeln!(std::io::stderr(), "stopped at the fault point `{stage}`");
    while file.is_none_or(Path::exists) {
        std::thread::sleep(LOOK_EVERY);
    }
}
