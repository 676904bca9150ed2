//! What an attempt's neighbours say about it: other attempts of its key, its instance and its messages; statements
//! about its environment and settings; deployments of its function.
//!
//! Fold knows the facts of one key and nothing else. What depends on more is computed here, when asked, from side
//! tables that are small beside the attempts: they are read once for a window and the look-back before it, and each
//! attempt is then completed by itself, so that views stream.

use std::sync::Arc;

use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Month;
use pennyspan_schema::{Table, Window};

use crate::analysis::cost::month_start;
use crate::error::AnalysisError;
use crate::neighbours::configurations::Configurations;
use crate::neighbours::deployments::Deployments;
use crate::neighbours::environments::Environments;
use crate::neighbours::instances::Instances;
use crate::neighbours::keys::Keys;
use crate::neighbours::messages::Messages;
use crate::neighbours::producers::Producers;
use crate::neighbours::sharing::Sharing;
use crate::neighbours::waits::Waits;
use crate::reading::Reading;

pub(crate) mod billing;
pub mod clocks;
pub mod configurations;
pub mod deployments;
mod derive;
pub mod derived;
pub mod environments;
pub mod instances;
pub mod keys;
pub mod lag;
pub mod messages;
pub(crate) mod producers;
pub(crate) mod replaced;
pub(crate) mod sharing;
pub mod sighting;
pub mod waits;

/// How far before the window an instance, an environment or an attempt of the same event is looked for.
pub const LOOKBACK_NANOS: i64 = 24 * 3_600_000_000_000;

/// How far before the window attempts of a key are ranked.
pub const RANK_NANOS: i64 = 6 * 3_600_000_000_000;

/// How long after the window's end an attempt that started in it may still say what it got.
const LONGEST_RUN_NANOS: i64 = 3_600_000_000_000;

/// The side tables of one window.
#[derive(Debug)]
pub struct Neighbours {
    pub(crate) window: Window,
    pub(crate) books: Arc<PriceBooks>,
    pub(crate) configurations: Configurations,
    pub(crate) environments: Environments,
    pub(crate) instances: Instances,
    pub(crate) keys: Keys,
    pub(crate) messages: Messages,
    pub(crate) deployments: Deployments,
    pub(crate) waits: Waits,
    pub(crate) producers: Producers,
    pub(crate) sharing: Sharing,
}

impl Neighbours {
    /// Reads the side tables for a window. No lag is corrected for clocks by more than the limit, in microseconds.
    ///
    /// # Errors
    /// [`AnalysisError`] where the tables cannot be read.
    pub(crate) async fn read(
        reading: &Reading,
        window: Window,
        books: Arc<PriceBooks>,
        skew_limit_us: i64,
    ) -> Result<Self, AnalysisError> {
        let since = window.start_unix_nano.saturating_sub(LOOKBACK_NANOS);
        let seen = Window {
            start_unix_nano: since,
            ..window
        };
        let configurations = Configurations::read(reading).await?;
        let environments = Environments::read(reading, seen).await?;
        let said = Window {
            end_unix_nano: window.end_unix_nano.saturating_add(LONGEST_RUN_NANOS),
            ..seen
        };
        let mut messages = Messages::read(reading, said).await?;
        let waits = Waits::read(reading, seen).await?;
        let mut instances = Instances::default();
        let mut deployments = Deployments::read(reading, &configurations).await?;
        let mut keys = Keys::default();
        let mut producers = Producers::default();
        let mut rows = reading
            .stream(Table::Invocations, sighting::COLUMNS, Some(seen))
            .await?;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(sighting::NAME))?;
            let reader = sighting::Reader::new(&batch).map_err(AnalysisError::rows(sighting::NAME))?;
            for row in reader.rows() {
                let environment = environments.of(row.provider, row.instance_id);
                let function = row.function.or(environment.and_then(|known| known.function.as_deref()));
                keys.see(&row);
                instances.see(&row, function);
                deployments.see(&row, function);
                messages.see(&row, function);
                producers.see(&row, function);
            }
        }
        drop(rows);
        keys.settle(reading, seen, window).await?;
        messages.settle(window);
        let month = month_start(Month::of(window.start_unix_nano));
        let billed = Window {
            start_unix_nano: since.min(month),
            ..said
        };
        let sharing = Sharing::read(reading, billed, &books).await?;
        producers.settle(reading, seen, skew_limit_us).await?;
        deployments.add_replaced(&instances);
        deployments.settle();
        Ok(Self {
            window,
            books,
            configurations,
            environments,
            instances,
            keys,
            messages,
            deployments,
            waits,
            producers,
            sharing,
        })
    }
}

impl Neighbours {
    /// Returns the pairs of sender and receiver whose clocks disagree, by name.
    pub fn skews(&self) -> impl Iterator<Item = &clocks::Skew> {
        self.producers.skews()
    }
}

#[cfg(test)]
mod tests;
