//! Courses: what attempts add up to in each interval of a window, by function and part.
//!
//! Any [`Tally`] can be asked for. An interval without attempts has none, so that silence is not mistaken for zero.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream_partitioned;
use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_schema::Window;
use tokio::task::JoinSet;

use crate::analysis::{Attempt, Group, Part, Tally};
use crate::attempts::{self, Reader, Row};
use crate::error::AnalysisError;
use crate::grouped::Grouped;
use crate::pricing::Pricer;
use crate::session::Session;

/// A window cut into equal intervals; the last one may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The window.
    pub window: Window,
    /// The length of an interval in nanoseconds.
    pub step_nanos: i64,
}

impl Grid {
    /// Takes a window as one interval.
    #[must_use]
    pub fn whole(window: Window) -> Self {
        Self {
            window,
            step_nanos: window.length_nanos(),
        }
    }

    /// Returns how many intervals there are; at least one.
    #[must_use]
    pub fn count(self) -> usize {
        let step = self.step_nanos.max(1);
        let whole = self.window.length_nanos() / step + i64::from(self.window.length_nanos() % step > 0);
        usize::try_from(whole.max(1)).unwrap_or(1)
    }

    /// Returns the interval that holds an instant of the window.
    #[must_use]
    pub fn interval(self, unix_nano: i64) -> Option<usize> {
        let since = unix_nano.saturating_sub(self.window.start_unix_nano);
        let inside = self.window.contains(unix_nano);
        usize::try_from(since / self.step_nanos.max(1)).ok().filter(|_| inside)
    }
}

/// Which attempts are meant.
#[derive(Clone)]
pub struct Keep {
    takes: Arc<dyn for<'a> Fn(&Row<'a>) -> bool + Send + Sync>,
    function: Option<String>,
}

impl Keep {
    /// Keeps the attempts for which `takes` is true.
    pub fn new(takes: impl for<'a> Fn(&Row<'a>) -> bool + Send + Sync + 'static) -> Self {
        Self {
            takes: Arc::new(takes),
            function: None,
        }
    }

    /// Keeps every attempt.
    #[must_use]
    pub fn all() -> Self {
        Self::new(|_| true)
    }

    /// Keeps, of the same attempts, those for which `takes` is true as well.
    #[must_use]
    pub fn and(self, takes: impl for<'a> Fn(&Row<'a>) -> bool + Send + Sync + 'static) -> Self {
        let known = self.takes;
        Self {
            takes: Arc::new(move |row| known(row) && takes(row)),
            ..self
        }
    }

    /// Keeps, of the same attempts, those of functions of one name; files and parts of files without it are not read.
    #[must_use]
    pub fn of_function(self, name: &str) -> Self {
        Self {
            function: Some(name.to_owned()),
            ..self
        }
    }

    fn takes(&self, row: &Row<'_>) -> bool {
        (self.function.is_none() || self.function.as_deref() == row.function) && (self.takes)(row)
    }
}

/// What each interval adds up to; none where it has no attempt.
pub type Course<T> = Vec<Option<T>>;

/// Answers what the attempts that `keep` means add up to, interval by interval, by function and part.
///
/// # Errors
/// [`AnalysisError`] where the attempts cannot be read.
pub async fn courses<T: Tally>(
    session: &Session,
    grid: Grid,
    part: Part,
    keep: &Keep,
) -> Result<BTreeMap<Group, Course<T>>, AnalysisError> {
    let failed = || AnalysisError::run(attempts::NAME);
    let frame = session
        .attempts(grid.window, T::READS, keep.function.as_deref())
        .await?;
    let task = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(failed())?;
    let mut partitions = JoinSet::new();
    for stream in execute_stream_partitioned(plan, task).map_err(failed())? {
        let pass = Pass {
            grid,
            part,
            keep: keep.clone(),
            books: session.books(),
            groups: Grouped::default(),
        };
        partitions.spawn(pass.run(stream));
    }
    let mut all: BTreeMap<Group, Course<T>> = BTreeMap::new();
    while let Some(done) = partitions.join_next().await {
        let groups = done.map_err(|_| AnalysisError::Stopped {
            question: attempts::NAME.to_owned(),
        })??;
        for (names, course) in groups.into_groups() {
            merge(all.entry(Group::of(names)).or_default(), course);
        }
    }
    Ok(all)
}

/// Adds one course to another of the same grid.
pub fn merge<T: Tally>(into: &mut Course<T>, course: Course<T>) {
    if into.len() < course.len() {
        into.resize_with(course.len(), || None);
    }
    for (slot, tally) in into.iter_mut().zip(course) {
        if let Some(tally) = tally {
            slot.get_or_insert_default().merge(tally);
        }
    }
}

/// Adds all intervals of a course up.
#[must_use]
pub fn total<T: Tally>(course: Course<T>) -> T {
    course.into_iter().flatten().fold(T::default(), |mut sum, tally| {
        sum.merge(tally);
        sum
    })
}

/// The pass over one partition.
struct Pass<T> {
    grid: Grid,
    part: Part,
    keep: Keep,
    books: Arc<PriceBooks>,
    groups: Grouped<5, Course<T>>,
}

impl<T: Tally> Pass<T> {
    async fn run(mut self, mut rows: SendableRecordBatchStream) -> Result<Grouped<5, Course<T>>, AnalysisError> {
        let books = Arc::clone(&self.books);
        let mut pricer = Pricer::new(&books);
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(attempts::NAME))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows(attempts::NAME))?;
            let keep = self.keep.clone();
            for row in reader.rows().filter(|row| keep.takes(row)) {
                if let Some(interval) = self.grid.interval(row.start_unix_nano) {
                    let attempt = Attempt::new(row, pricer.price(&row));
                    self.slot(&row, interval).add(&attempt);
                }
            }
        }
        Ok(self.groups)
    }

    fn slot(&mut self, row: &Row<'_>, interval: usize) -> &mut T {
        let count = self.grid.count();
        let part = (self.part)(row);
        let course = self
            .groups
            .of([Some(row.provider), row.account, row.region, row.function, part]);
        if course.is_empty() {
            course.resize_with(count, || None);
        }
        course[interval].get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::counts::Counts;
    use crate::analysis::part;
    use crate::session::Span;
    use crate::testing::{SECOND, SEVEN, World, attempt};

    #[tokio::test]
    async fn each_attempt_counts_in_its_interval_and_silence_is_none() {
        let mut world = World::default();
        world
            .attempt(&attempt("a", 0))
            .attempt(&attempt("b", 19))
            .attempt(&attempt("c", 20))
            .attempt(&attempt("d", 59));
        let window = Window {
            start_unix_nano: SEVEN,
            end_unix_nano: SEVEN + 60 * SECOND,
        };
        let session = world.session(Span::Window(window)).await;
        let keep = Keep::new(|row| row.invocation_id != "d");
        let grid = Grid {
            window,
            step_nanos: 20 * SECOND,
        };
        let courses = courses::<Counts>(&session, grid, part::none, &keep).await.unwrap();
        let course: Vec<Option<u64>> = courses
            .values()
            .next()
            .unwrap()
            .iter()
            .map(|cell| cell.map(|cell| cell.rows))
            .collect();
        assert_eq!(course, [Some(2), Some(1), None]);
    }

    #[test]
    fn intervals_cover_the_window_without_a_rest() {
        let window = Window {
            start_unix_nano: 0,
            end_unix_nano: 100,
        };
        let grid = Grid { window, step_nanos: 15 };
        assert_eq!(
            (grid.count(), grid.interval(0), grid.interval(99), grid.interval(100)),
            (7, Some(0), Some(6), None)
        );
        assert_eq!(Grid::whole(window).interval(99), Some(0));
    }
}
