//! `pennyspan import`: telemetry files into the data directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use pennyspan_collector::decode::{Decoded, Origin, Reason};
use pennyspan_collector::import;
use pennyspan_collector::request::Door;
use pennyspan_schema::{Position, Rows, Sink as _, Table, Workspace};
use pennyspan_store::durable::DataDir;
use tracing::warn;

use super::answer;
use crate::cli::ImportArgs;
use crate::config::InForce;
use crate::exit::Exit;
use crate::serving::durable_options;
use crate::source;

mod dry_run;

/// The log whose transactions stand for files: they are not in any write-ahead log.
const IMPORTED: &str = "import";

/// Loads every file at or below the paths, and says what became of it.
///
/// # Errors
/// A data directory that cannot be written.
pub fn run(args: &ImportArgs, in_force: &InForce, quiet: bool) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut loading = Loading::default();
    let files = source::list(&args.paths, &mut loading.partial);
    source::require_files(files.len(), &args.paths)?;
    if args.dry_run {
        return dry_run::run(files, loading, args, in_force, quiet, &runtime);
    }
    let store = {
        let config = &in_force.config;
        let opening = DataDir::open(Path::new(&config.data), durable_options(&config.storage));
        let directory = runtime.block_on(opening)?;
        loading.position = directory.highest_position();
        runtime.block_on(directory.follow(IMPORTED))?
    };
    let bar = source::progress(files.len(), quiet);
    for file in files {
        loading.load(&file, args, in_force, |position, rows| {
            let published = store.publish(position, &Workspace::default(), rows);
            published.map_err(anyhow::Error::from)
        })?;
        runtime.block_on(store.flush_due())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    runtime.block_on(store.fold_now(&Workspace::default()))?;
    runtime.block_on(store.flush_all())?;
    answer(&loading.sentence())?;
    Ok(if loading.partial { Exit::NoData } else { Exit::Passed })
}

/// What loading came to so far.
#[derive(Default)]
struct Loading {
    position: Position,
    rows: BTreeMap<Table, usize>,
    rejected: BTreeMap<(Table, Reason), usize>,
    partial: bool,
}

impl Loading {
    fn load(
        &mut self,
        file: &Path,
        args: &ImportArgs,
        in_force: &InForce,
        mut take: impl FnMut(Position, Rows) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let door = Door {
            resource: args.door.resource.clone(),
            instance: None,
        };
        let origin = Origin {
            door: &door,
            region: args.door.region.as_deref(),
            received_at_unix_nano: None,
        };
        let opened = match File::open(file) {
            Ok(opened) => opened,
            Err(error) => {
                self.leave_out(file, &format!("cannot be read: {error}"));
                return Ok(());
            }
        };
        let mut refused = None;
        let read = import::decode_file(
            BufReader::new(opened),
            &origin,
            &in_force.config.limits,
            |decoded: Decoded| {
                self.count(&decoded);
                if refused.is_none() {
                    self.position = self.position.next();
                    refused = take(self.position, decoded.rows).err();
                }
            },
        );
        if let Some(error) = refused {
            return Err(error);
        }
        if let Err(error) = read {
            self.leave_out(file, &source::sentence_of(&error));
        }
        Ok(())
    }

    fn count(&mut self, decoded: &Decoded) {
        for (table, batch) in decoded.rows.iter() {
            *self.rows.entry(table).or_default() += batch.num_rows();
        }
        for (key, count) in decoded.rejections.counts() {
            *self.rejected.entry(*key).or_default() += count;
        }
    }

    fn leave_out(&mut self, file: &Path, why: &str) {
        warn!("{}: {why}", file.display());
        self.partial = true;
    }

    fn sentence(&self) -> String {
        let rows = self
            .rows
            .iter()
            .map(|(table, count)| format!("loaded {count} rows into {}\n", table.name()));
        rows.chain(self.refusals()).collect()
    }

    /// Returns what was rejected and why, one line each.
    fn refusals(&self) -> impl Iterator<Item = String> + '_ {
        self.rejected
            .iter()
            .map(|((table, reason), count)| format!("rejected {count} for {}: {}\n", table.name(), reason.as_str()))
    }
}
