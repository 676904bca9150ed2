//! Where questions get their rows: files, decoded into an in-memory store, or a data directory.

use std::fs::File;
use std::io::{BufReader, IsTerminal as _};
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use indicatif::{ProgressBar, ProgressStyle};
use pennyspan_analyzer::Snapshot;
use pennyspan_analyzer::report::Input;
use pennyspan_collector::decode::{Decoded, Origin, Settings};
use pennyspan_collector::import;
use pennyspan_collector::request::Door;
use pennyspan_schema::{Content, Rows, Workspace};
use pennyspan_store::MemoryStore;
use pennyspan_store::durable::{DataDir, DurableStore};
use tokio::runtime::Runtime;
use tracing::warn;

use crate::cli::DoorArgs;
use crate::clock;
use crate::config::{Config, function};
use crate::failure::Failure;
use crate::serving::durable_options;
use crate::when;

/// Returns the rows of the paths, or where none is given, of the configured data directory.
///
/// # Errors
/// No telemetry at the paths, or a directory that cannot be read.
pub fn snapshot(
    runtime: &Runtime,
    from: &[Utf8PathBuf],
    door: &DoorArgs,
    config: &Config,
    quiet: bool,
) -> anyhow::Result<(Snapshot, Input)> {
    let stated = stated(config)?;
    if !from.is_empty() {
        let files = read(from, door, &config.limits, quiet)?;
        return Ok((files.store.snapshot()?.with(&stated), files.input));
    }
    let path = Path::new(&config.data);
    let stored = runtime.block_on(async {
        let is_written = DataDir::is_written(path);
        let store = DurableStore::open_read_only(path, durable_options(&config.storage)).await?;
        store.fold_now(&Workspace::default()).await?;
        if is_written {
            say_how_old(path, store.committed_unix_nano(&Workspace::default()).await);
        }
        anyhow::Ok(store.snapshot(&Workspace::default()))
    });
    let snapshot = stored.map_err(|error| {
        Failure::no_data(format!(
            "cannot read the data directory {}; give files with --from, or another directory with --data",
            path.display()
        ))
        .because(error)
    })?;
    Ok((
        snapshot.with(&stated),
        Input {
            sources: 1,
            ..Input::default()
        },
    ))
}

/// Returns what the configuration says of functions, as rows.
///
/// # Errors
/// An entry that says nothing.
pub fn stated(config: &Config) -> Result<Rows, Failure> {
    function::rows(&config.function).map_err(|problem| Failure::usage(format!("[[function]]: {problem}")))
}

/// Says how far the tables of a directory may be behind the server that writes it.
pub fn say_how_old(path: &Path, committed_unix_nano: Option<i64>) {
    let path = path.display();
    match committed_unix_nano {
        Some(committed) => warn!(
            "{path} is written by a server: this answers from what it stored until {} ago, and what it received since is not \
             in it",
            when::length(clock::now_unix_nano().saturating_sub(committed))
        ),
        None => {
            warn!("{path} is written by a server that has stored nothing yet: what it received is not in this answer");
        }
    }
}

/// What was read from files.
pub struct Files {
    /// The rows.
    pub store: MemoryStore,
    /// What the report says of its input.
    pub input: Input,
}

/// Reads every file at or below the paths.
///
/// A file that cannot be read or understood is named on standard error and makes the input partial; the others are read.
///
/// # Errors
/// Where the rows cannot be kept.
pub fn read(paths: &[Utf8PathBuf], door: &DoorArgs, settings: &Settings, quiet: bool) -> anyhow::Result<Files> {
    let mut reading = Reading {
        files: Files {
            store: MemoryStore::default(),
            input: Input {
                sources: paths.len() as u64,
                ..Input::default()
            },
        },
        content: Content::default(),
        door: Door {
            resource: door.resource.clone(),
            instance: None,
        },
        region: door.region.as_deref(),
        settings,
    };
    let files = list(paths, &mut reading.files.input.partial);
    require_files(files.len(), paths)?;
    let bar = progress(files.len(), quiet);
    for file in files {
        reading.read(&file)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    reading.files.input.content = Some(reading.content.id());
    Ok(reading.files)
}

struct Reading<'a> {
    files: Files,
    content: Content,
    door: Door,
    region: Option<&'a str>,
    settings: &'a Settings,
}

impl Reading<'_> {
    fn read(&mut self, file: &Path) -> anyhow::Result<()> {
        let opened = match File::open(file) {
            Ok(opened) => opened,
            Err(error) => {
                self.leave_out(file, &format!("cannot be read: {error}"));
                return Ok(());
            }
        };
        let origin = Origin {
            door: &self.door,
            region: self.region,
            received_at_unix_nano: None,
        };
        let mut parts = Vec::new();
        let (store, content, mut refused) = (&mut self.files.store, &mut self.content, None);
        let read = import::decode_file(BufReader::new(opened), &origin, self.settings, |decoded: Decoded| {
            parts.extend(decoded.rejections.first().iter().take(3).map(ToString::to_string));
            if refused.is_none() {
                let added = content.add(&decoded.rows).map_err(anyhow::Error::from);
                refused = added.and_then(|()| Ok(store.push(decoded.rows)?)).err();
            }
        });
        if let Some(error) = refused {
            return Err(error);
        }
        match read {
            Ok(summary) => {
                self.files.input.rejected += summary.rejected as u64;
                if let Some(first) = parts.first() {
                    warn!(
                        "{}: {} of {} items rejected; the first: {first}",
                        file.display(),
                        summary.rejected,
                        summary.rejected + summary.accepted
                    );
                }
            }
            Err(error) => self.leave_out(file, &sentence_of(&error)),
        }
        Ok(())
    }

    fn leave_out(&mut self, file: &Path, why: &str) {
        warn!("{}: {why}", file.display());
        self.files.input.partial = true;
    }
}

/// Returns the files below the paths, each once; a path that cannot be followed makes the input partial.
pub fn list(paths: &[Utf8PathBuf], partial: &mut bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in paths.iter().flat_map(|path| import::files(path.as_std_path())) {
        match file {
            Ok(file) => found.push(file),
            Err(error) => {
                warn!("{error}: {}", error.error);
                *partial = true;
            }
        }
    }
    found.dedup();
    found
}

/// Returns an error's sentence with its causes.
pub fn sentence_of(error: &import::ImportError) -> String {
    let mut sentence = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        sentence = format!("{sentence}: {source}");
        cause = source.source();
    }
    sentence
}

/// Returns a bar over files; hidden where nobody sees it.
pub fn progress(files: usize, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} files, {eta} left").expect("the template is constant");
    ProgressBar::new(files as u64).with_style(style)
}

/// Refuses an input of no files at all.
///
/// # Errors
/// [`Failure`] with the exit code of no data.
pub fn require_files(files: usize, paths: &[Utf8PathBuf]) -> Result<(), Failure> {
    if files > 0 {
        return Ok(());
    }
    let named = paths.iter().map(|path| path.as_str()).collect::<Vec<_>>().join(", ");
    Err(Failure::no_data(format!("no file of telemetry at {named}")))
}
