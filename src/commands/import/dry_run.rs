//! `pennyspan import --dry-run`: what would be new, beside what the data directory has.

use std::path::{Path, PathBuf};

use pennyspan_schema::Workspace;
use pennyspan_store::durable::{DataDir, DurableStore, StoreError};
use pennyspan_store::{Compared, Newcomers};
use tokio::runtime::Runtime;

use super::{Loading, answer};
use crate::cli::ImportArgs;
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::serving::durable_options;
use crate::source;

/// Decodes every file, compares it with what is stored, and says what an import would do.
pub(super) fn run(
    files: Vec<PathBuf>,
    mut loading: Loading,
    args: &ImportArgs,
    in_force: &InForce,
    quiet: bool,
    runtime: &Runtime,
) -> anyhow::Result<Exit> {
    let mut newcomers = Newcomers::default();
    let bar = source::progress(files.len(), quiet);
    for file in files {
        loading.load(&file, args, in_force, |_, rows| Ok(newcomers.add(&rows)?))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    runtime.block_on(compare(&in_force.config, &mut newcomers))?;
    let tables = newcomers
        .compared()
        .map(|(table, compared)| line(table.name(), compared));
    answer(&tables.chain(loading.refusals()).collect::<String>())?;
    Ok(if loading.partial { Exit::NoData } else { Exit::Passed })
}

/// Compares with the directory; where there is none yet, everything is new.
async fn compare(config: &Config, newcomers: &mut Newcomers) -> anyhow::Result<()> {
    let path = Path::new(&config.data);
    let is_written = DataDir::is_written(path);
    let store = match DurableStore::open_read_only(path, durable_options(&config.storage)).await {
        Ok(store) => store,
        Err(StoreError::NotData { .. }) => return Ok(()),
        Err(StoreError::Directory { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let workspace = Workspace::default();
    if is_written {
        source::say_how_old(path, store.committed_unix_nano(&workspace).await);
    }
    Ok(store.compare(&workspace, newcomers).await?)
}

fn line(table: &str, compared: Compared) -> String {
    let Compared { new, stored, repeated } = compared;
    format!("{table}: {new} new, {stored} already there, {repeated} repeated in the input\n")
}
