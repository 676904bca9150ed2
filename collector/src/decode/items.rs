//! The items of one body that are read one by one: how many there are, their times, and what becomes of them.

use std::fmt;

use pennyspan_schema::Table;
use pennyspan_schema::tables::{environment_facts, invocation_facts, logs};

use super::fault::Fault;
use super::object::{Rest, no_time};
use super::slices::Slices;
use super::time::Filed;
use super::{Clock, Origin, Output, Reason, Settings};

/// What has been read of a body so far.
#[derive(Debug)]
pub(crate) struct Items<'o> {
    pub(crate) origin: &'o Origin<'o>,
    pub(crate) settings: &'o Settings,
    pub(crate) output: Output,
    slices: Slices,
    counted: usize,
}

impl<'o> Items<'o> {
    /// Returns the items of a body of which none is read yet.
    pub(crate) fn new(origin: &'o Origin<'o>, settings: &'o Settings) -> Self {
        Self {
            origin,
            settings,
            output: Output::default(),
            slices: Slices::new(origin, settings),
            counted: 0,
        }
    }

    /// Takes one item; what `read` refuses is rejected by its place.
    pub(crate) fn take(
        &mut self,
        table: Table,
        place: &dyn fmt::Display,
        read: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) {
        match self.count_one().and_then(|()| read(self)) {
            Ok(()) => self.output.accepted += 1,
            Err(fault) => self.output.reject(fault.at(table, place.to_string())),
        }
    }

    /// Counts one more thing that a row is built of.
    ///
    /// # Errors
    /// The fault says that the body holds more than it may.
    pub(crate) fn count_one(&mut self) -> Result<(), Fault> {
        if self.left() == 0 {
            return Err(self.too_many());
        }
        self.counted += 1;
        Ok(())
    }

    /// Rejects what stands in a list beyond the most that the body may hold.
    pub(crate) fn reject_beyond(&mut self, beyond: usize, place: &str) {
        if beyond > 0 {
            let rejection = self.too_many().at(Table::Logs, place.to_owned());
            self.output.reject_many(rejection, beyond);
        }
    }

    /// Returns the fault of what is more than the body may hold.
    pub(crate) fn too_many(&self) -> Fault {
        let detail = format!(
            "more than {} items in one request; send it in parts",
            self.settings.items
        );
        Fault::whole(Reason::TooMany, detail)
    }

    /// Returns how many more the body may hold.
    pub(crate) fn left(&self) -> usize {
        self.settings.items.saturating_sub(self.counted)
    }

    /// Files an item under its time, or that of its receipt, and opens the minute.
    ///
    /// # Errors
    /// The fault says that there is no time, or that the body opens too many minutes.
    pub(crate) fn file(&mut self, unix_nano: Option<i64>, field: &'static str) -> Result<Filed, Fault> {
        let filed = match unix_nano {
            Some(unix_nano) => self.clock().file(unix_nano),
            None => self.clock().file_untimed().ok_or_else(|| no_time(field))?,
        };
        self.slices.open(filed.unix_nano)?;
        Ok(filed)
    }

    /// Returns the clock by which times are judged.
    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.origin.received_at_unix_nano)
    }

    /// Returns what has no column as JSON, and counts what was left out.
    pub(crate) fn json_of(&mut self, rest: Rest) -> Option<String> {
        self.output.attributes_dropped += rest.dropped;
        rest.into_json()
    }

    /// Appends a statement about an invocation, and returns it as it was appended.
    pub(crate) fn append_fact<'r>(&mut self, row: &invocation_facts::Row<'r>) -> invocation_facts::Row<'r> {
        let mut row = invocation_facts::Row {
            received_unix_nano: self.origin.received_at_unix_nano,
            ..*row
        };
        row.content_hash = row.hash();
        self.output.invocation_facts.append(&row);
        row
    }

    /// Appends a statement about an execution environment.
    pub(crate) fn append_environment(&mut self, row: &environment_facts::Row<'_>) {
        let mut row = environment_facts::Row {
            received_unix_nano: self.origin.received_at_unix_nano,
            ..*row
        };
        row.content_hash = row.hash();
        self.output.environment_facts.append(&row);
    }

    /// Appends a log record.
    pub(crate) fn append_log(&mut self, row: &logs::Row<'_>) {
        self.output.logs.append(&logs::Row {
            received_unix_nano: self.origin.received_at_unix_nano,
            ..*row
        });
    }
}
