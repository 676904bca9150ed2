//! Reading everything again, to prove that it is what the tables' logs and the facts say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use object_store::ObjectStoreExt;
use pennyspan_schema::{Period, Slice, Table, Window, Workspace};

use super::StoreError;
use super::distinct::distinct;
use super::encode::is_sorted;
use super::folding::fold_apart;
use super::reread::{decode, read_file};
use super::retention::lies_in;
use super::rollups::{first_whole, rolled_from, rows_of_times};
use super::space::Space;
use crate::delta::{DataFile, Stats};
use crate::fold::{FoldError, Folded, Reading, add_up};
use crate::scan::Sources;
use crate::snapshot::Snapshot;

/// Slices that are folded together: a fold of them reads two hours before and after.
const TOGETHER_SLICES: i64 = 360;

/// What reading everything of one workspace again has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The workspace.
    pub workspace: Workspace,
    /// Files that were read.
    pub files: u64,
    /// Of those, files whose names tell no checksum, because an earlier version wrote them.
    pub without_checksum: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
    /// Slices that were folded again.
    pub slices: u64,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

impl Space {
    /// Reads every file, and folds all facts once more.
    pub(super) async fn verify(&self) -> Result<Verified, StoreError> {
        let mut verified = Verified {
            workspace: self.workspace().clone(),
            files: 0,
            without_checksum: 0,
            bytes: 0,
            rows: 0,
            slices: 0,
            problems: Vec::new(),
        };
        let snapshot = self.snapshot();
        for table in Table::ALL {
            for file in snapshot.sources(*table).files.iter() {
                self.verify_file(*table, file, &mut verified).await;
            }
        }
        if verified.problems.is_empty() {
            self.verify_folds(&snapshot, &mut verified).await?;
        }
        Ok(verified)
    }

    async fn verify_file(&self, table: Table, file: &Arc<DataFile>, verified: &mut Verified) {
        let wrong = |what: &str| format!("`{}` {what}", file.location());
        let content = async { self.options.files.get(file.location()).await?.bytes().await };
        let content = match content.await {
            Ok(content) => content,
            Err(error) => return verified.problems.push(wrong(&format!("cannot be read: {error}"))),
        };
        verified.files += 1;
        verified.bytes += content.len() as u64;
        verified.without_checksum += u64::from(file.checksum().is_none());
        let of_file = Arc::clone(file);
        let checking = tokio::task::spawn_blocking(move || check(table, &of_file, content));
        match checking.await {
            Ok((rows, problems)) => {
                verified.rows += rows as u64;
                verified.problems.extend(problems.iter().map(|problem| wrong(problem)));
            }
            Err(error) => verified.problems.push(wrong(&format!("could not be checked: {error}"))),
        }
    }

    async fn verify_folds(&self, snapshot: &Snapshot, verified: &mut Verified) -> Result<(), StoreError> {
        let proof = self.proof(snapshot);
        for slices in proof.together() {
            verified.slices += slices.len() as u64;
            let again = self.fold_again(&proof, &slices).await?;
            let window = window_of(&slices);
            for (table, stored) in &proof.folded {
                let difference = self
                    .difference(*table, stored, &again, proof.kept(*table, window))
                    .await?;
                verified.problems.extend(difference.sentence(*table, window));
            }
            verified.problems.extend(proof.orphans_told_otherwise(&again));
        }
        for table in Table::folded().filter(|table| rolled_from(*table).is_some()) {
            self.verify_rollup(table, &snapshot.sources(table), &proof, verified)
                .await?;
        }
        Ok(())
    }

    /// Adds up every stored hour or day once more, from the finer rollup.
    async fn verify_rollup(
        &self,
        table: Table,
        stored: &Sources,
        proof: &Proof,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let (Some(rolled), Some((period, finer))) = (&stored.rolled, rolled_from(table)) else {
            return Ok(());
        };
        let removed_before = |table| proof.kept_from.get(&table).copied().unwrap_or(i64::MIN);
        let kept_from = first_whole(period, removed_before(table).max(removed_before(finer)));
        let is_stored = |time| {
            let start = period.start_of(time);
            (kept_from..rolled.from_unix_nano).contains(&start) && !stored.replaced.iter().any(|it| it.contains(start))
        };
        for day in days_of(stored).union(&days_of(&rolled.sources)) {
            let day = Period::Day.window_of(*day);
            let mut fine = Vec::new();
            for batch in self.rows_within(finer, &rolled.sources, day).await? {
                fine.push(rows_of_times(finer, &batch, is_stored)?);
            }
            let mut difference = Difference::default();
            for batch in add_up(&fine, period)? {
                difference.note(table, &batch, 1)?;
            }
            for batch in self.rows_within(table, stored, day).await? {
                difference.note(table, &rows_of_times(table, &batch, is_stored)?, -1)?;
            }
            verified.problems.extend(difference.sentence(table, day));
        }
        Ok(())
    }

    fn proof(&self, snapshot: &Snapshot) -> Proof {
        let state = self.state();
        let folded = Table::folded().filter(|table| rolled_from(*table).is_none());
        Proof {
            facts: snapshot.sources(Table::InvocationFacts),
            spans: snapshot.sources(Table::Spans),
            folded: folded.map(|table| (table, snapshot.sources(table))).collect(),
            orphans: state.orphans.clone(),
            folds_from: state.folds_from(),
            kept_from: Table::folded()
                .map(|table| (table, state.removed_before(table)))
                .collect(),
        }
    }

    /// Folds slices from all facts and spans that lie near enough to matter.
    async fn fold_again(&self, proof: &Proof, slices: &[Slice]) -> Result<BTreeMap<Slice, Folded>, StoreError> {
        let Some(reading) = Reading::of(slices) else {
            return Ok(BTreeMap::new());
        };
        let facts = self
            .rows_within(Table::InvocationFacts, &proof.facts, reading.wide())
            .await?;
        let spans = self.rows_within(Table::Spans, &proof.spans, reading.wide()).await?;
        fold_apart(facts, spans, slices.to_vec()).await
    }

    /// Compares the stored rows of a window with those that were folded again.
    async fn difference(
        &self,
        table: Table,
        stored: &Sources,
        again: &BTreeMap<Slice, Folded>,
        window: Window,
    ) -> Result<Difference, StoreError> {
        let mut difference = Difference::default();
        for batch in self.rows_within(table, stored, window).await? {
            difference.note(table, &batch, -1)?;
        }
        for batch in again.values().flat_map(|folded| rows_of(folded, table)) {
            if let Some(batch) = within(table, batch, window)? {
                difference.note(table, &batch, 1)?;
            }
        }
        Ok(difference)
    }

    /// Reads a table's rows of a window, without those that rows in memory replace.
    async fn rows_within(
        &self,
        table: Table,
        sources: &Sources,
        window: Window,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let mut rows = Vec::new();
        for batch in sources.batches.iter() {
            rows.extend(within(table, batch, window)?);
        }
        for file in sources.files.iter().filter(|file| file.touches(window)) {
            for batch in read_file(&self.options.files, table, file).await? {
                let Some(mut batch) = within(table, &batch, window)? else {
                    continue;
                };
                for replaced in sources.replaced.iter() {
                    batch = kept(table, &batch, |time| !replaced.contains(time))?;
                }
                rows.push(batch);
            }
        }
        Ok(rows)
    }
}

/// What is compared: what folds read, and what they wrote.
struct Proof {
    facts: Sources,
    spans: Sources,
    folded: Vec<(Table, Sources)>,
    orphans: BTreeMap<Slice, u64>,
    /// The oldest slice of which everything can still be read.
    folds_from: Option<Slice>,
    /// The first instant whose rows retention has left, by table.
    kept_from: HashMap<Table, i64>,
}

impl Proof {
    fn all(&self) -> impl Iterator<Item = &Sources> {
        let folded = self.folded.iter().map(|(_, sources)| sources);
        [&self.facts, &self.spans].into_iter().chain(folded)
    }

    /// Returns the slices that can be folded again, in groups that are folded together; those where nothing lies are left out.
    fn together(&self) -> Vec<Vec<Slice>> {
        let ends = self.all().filter_map(Sources::slices);
        let Some((first, last)) = ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))) else {
            return Vec::new();
        };
        let (mut groups, mut next) = (Vec::new(), first.max(self.folds_from.unwrap_or(first)));
        while next <= last {
            let through = Slice(last.0.min(next.0.saturating_add(TOGETHER_SLICES - 1)));
            let slices: Vec<Slice> = (next.0..=through.0).map(Slice).collect();
            if self.all().any(|sources| sources.touches(window_of(&slices))) {
                groups.push(slices);
            }
            next = Slice(through.0 + 1);
        }
        groups
    }

    /// Returns the part of a window whose rows retention has left.
    fn kept(&self, table: Table, window: Window) -> Window {
        let from = self.kept_from.get(&table).copied().unwrap_or(i64::MIN);
        Window {
            start_unix_nano: window.start_unix_nano.max(from),
            ..window
        }
    }

    fn orphans_told_otherwise(&self, again: &BTreeMap<Slice, Folded>) -> Vec<String> {
        let from = self.kept_from.get(&Table::Invocations).copied().unwrap_or(i64::MIN);
        let kept = again.iter().filter(|(slice, _)| slice.start_unix_nano() >= from);
        let otherwise = kept.filter_map(|(slice, folded)| {
            let (told, counted) = (self.orphans.get(slice).copied().unwrap_or(0), folded.orphan_span_count);
            (told != counted).then(|| {
                let minute = slice.0;
                format!("`invocations` tells {told} spans without an attempt in minute {minute}, and the spans say {counted}")
            })
        });
        otherwise.collect()
    }
}

/// Returns the window of consecutive slices.
fn window_of(slices: &[Slice]) -> Window {
    let (first, last) = (slices.first().copied(), slices.last().copied());
    Window {
        start_unix_nano: first.map_or(0, Slice::start_unix_nano),
        end_unix_nano: last.map_or(0, Slice::end_unix_nano),
    }
}

impl Sources {
    /// Returns the first and last slice in which rows lie.
    fn slices(&self) -> Option<(Slice, Slice)> {
        let windows = self.files.iter().filter_map(|file| lies_in(file));
        windows
            .map(|window| (Slice::of(window.start_unix_nano), Slice::of(window.end_unix_nano - 1)))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn touches(&self, window: Window) -> bool {
        !self.batches.is_empty() || self.files.iter().any(|file| file.touches(window))
    }
}

/// Returns the starts of the days in which rows of files lie.
fn days_of(sources: &Sources) -> BTreeSet<i64> {
    let mut days = BTreeSet::new();
    for times in sources.files.iter().filter_map(|file| file.times()) {
        let mut day = Period::Day.start_of(times.start_unix_nano);
        while day < times.end_unix_nano {
            days.insert(day);
            day = day.saturating_add(Period::Day.nanos());
        }
    }
    days
}

fn rows_of(folded: &Folded, table: Table) -> &[RecordBatch] {
    match table {
        Table::Invocations => &folded.invocations,
        Table::InvocationCalls => &folded.invocation_calls,
        Table::RollupMinute => &folded.rollup_minute,
        Table::InstanceMinutes => &folded.instance_minutes,
        _ => &[],
    }
}

/// Checks one file against its name and what the log says of it; returns its rows, and what is wrong.
fn check(table: Table, file: &DataFile, content: Bytes) -> (usize, Vec<String>) {
    let mut problems = Vec::new();
    if content.len() as u64 != file.size_bytes() {
        problems.push(format!(
            "has {} bytes, and the log says {}",
            content.len(),
            file.size_bytes()
        ));
    }
    if file
        .checksum()
        .is_some_and(|checksum| checksum != crc32c::crc32c(&content))
    {
        problems.push("has another checksum than its name says".to_owned());
    }
    let rows =
        decode(table, content).and_then(|batches| Ok(arrow::compute::concat_batches(&table.schema(), &batches)?));
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            problems.push(format!("cannot be decoded: {error}"));
            return (0, problems);
        }
    };
    if !file.agrees_with(&Stats::of(&rows)) {
        problems.push("holds other rows than the log's statistics say".to_owned());
    }
    if !matches!(is_sorted(table, &rows), Ok(true)) {
        problems.push("is not sorted by function and time".to_owned());
    }
    match distinct(table, &rows) {
        Ok(distinct) if distinct.num_rows() == rows.num_rows() => {}
        Ok(distinct) => problems.push(format!("holds {} rows twice", rows.num_rows() - distinct.num_rows())),
        Err(error) => problems.push(format!("cannot be compared row by row: {error}")),
    }
    if let Some(((first, last), times)) = file.slices().zip(file.times())
        && (times.start_unix_nano < first.start_unix_nano() || times.end_unix_nano > last.end_unix_nano())
    {
        problems.push("holds rows outside the minutes that its name says".to_owned());
    }
    (rows.num_rows(), problems)
}

/// Returns the rows whose time lies in a window; `None` where there are none.
fn within(table: Table, rows: &RecordBatch, window: Window) -> Result<Option<RecordBatch>, StoreError> {
    let rows = kept(table, rows, |time| window.contains(time))?;
    Ok((rows.num_rows() > 0).then_some(rows))
}

fn kept(table: Table, rows: &RecordBatch, keeps: impl Fn(i64) -> bool) -> Result<RecordBatch, StoreError> {
    let times = rows
        .column_by_name(table.time_column())
        .ok_or(FoldError::Layout { table: table.name() })?;
    let times = times.as_primitive::<Int64Type>().values();
    let kept: BooleanArray = times.iter().map(|time| Some(keeps(*time))).collect();
    let table = table.name();
    Ok(filter_record_batch(rows, &kept).map_err(|source| FoldError::Concat { table, source })?)
}

/// How often each row stands on one side more than on the other.
#[derive(Debug, Default)]
struct Difference {
    by_row: HashMap<[u8; 16], i64>,
}

impl Difference {
    fn note(&mut self, table: Table, rows: &RecordBatch, count: i64) -> Result<(), FoldError> {
        table.hashes(rows, |hash| *self.by_row.entry(hash).or_default() += count)?;
        Ok(())
    }

    fn sentence(&self, table: Table, window: Window) -> Option<String> {
        let missing: i64 = self.by_row.values().filter(|count| **count > 0).sum();
        let superfluous: i64 = self
            .by_row
            .values()
            .filter(|count| **count < 0)
            .map(|count| -count)
            .sum();
        (missing + superfluous > 0).then(|| {
            format!(
                "`{}` lacks {missing} rows that the facts say, and has {superfluous} that they do not, in minutes {} to {}",
                table.name(),
                Slice::of(window.start_unix_nano).0,
                Slice::of(window.end_unix_nano - 1).0
            )
        })
    }
}
