//! All attempts of a fold: which facts each has, in the order in which rows come out.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use pennyspan_schema::tables::invocation_facts::Reader;

use super::FoldError;
use super::attempt::{REACH, split};
use super::fact::Fact;
use super::key::{At, Facts, Key};

/// One attempt: which facts it has, and where it stands among the others.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    members: Range<usize>,
    /// The merged start: the hint of the best source that has one, else the earliest fact's time.
    pub(super) start: i64,
    /// The merged function's place in the order of functions.
    function: usize,
    /// Whether another attempt of the key began in the hour before it.
    pub(super) retried: bool,
}

/// The attempts of all keys, sorted by (function, start, key).
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    facts: &'a Facts,
    members: Vec<At>,
    list: Vec<Attempt>,
}

/// The facts of one attempt, the best source first, then by (time, content hash): the order in which `Merge::First` looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members<'a> {
    facts: &'a Facts,
    places: &'a [At],
}

impl<'a> Attempts<'a> {
    /// Splits every key.
    pub(super) fn of(facts: &'a Facts) -> Result<Self, FoldError> {
        let mut gathering = Gathering::new(facts);
        let (mut of_key, mut owners) = (Vec::new(), Vec::new());
        facts.each_key(|places| {
            of_key.clear();
            of_key.extend(places.iter().map(|at| Fact::read(facts, *at)));
            let count = split(&mut of_key, &mut owners);
            gathering.add(&of_key, &owners, count);
        })?;
        Ok(gathering.sorted())
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Attempt, Members<'_>)> {
        self.list.iter().map(|attempt| (attempt, self.members_of(attempt)))
    }

    pub(super) fn get(&self, index: usize) -> (&Attempt, Members<'_>) {
        let attempt = &self.list[index];
        (attempt, self.members_of(attempt))
    }

    fn members_of(&self, attempt: &Attempt) -> Members<'_> {
        Members {
            facts: self.facts,
            places: &self.members[attempt.members.clone()],
        }
    }
}

impl<'a> Members<'a> {
    pub(super) fn len(self) -> usize {
        self.places.len()
    }

    /// Returns where the facts lie.
    pub(super) fn places(self) -> &'a [At] {
        self.places
    }

    /// Returns each fact's reader, and its index in it.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'a Reader, usize)> {
        self.places.iter().map(move |at| self.facts.of(*at))
    }

    /// Returns the value of the best source that has one.
    pub(super) fn first<T>(self, value: impl Fn(&'a Reader, usize) -> Option<T>) -> Option<T> {
        self.iter().find_map(|(reader, row)| value(reader, row))
    }

    pub(super) fn key(self) -> Key<'a> {
        self.facts.key(self.places[0])
    }

    fn hash(self) -> Option<[u8; 16]> {
        self.first(|reader, row| Some(reader.content_hash(row)))
    }

    fn start(self) -> i64 {
        let times = || self.iter().map(|(reader, row)| reader.fact_unix_nano(row));
        self.first(Reader::start_hint_unix_nano)
            .or_else(|| times().min())
            .unwrap_or_default()
    }
}

/// The attempts while keys come in any order.
struct Gathering<'a> {
    facts: &'a Facts,
    members: Vec<At>,
    list: Vec<Attempt>,
    /// Each function's number, in the order of first sight; unknown is 0.
    functions: HashMap<&'a str, usize, RandomState>,
}

impl<'a> Gathering<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            members: Vec::new(),
            list: Vec::new(),
            functions: HashMap::default(),
        }
    }

    /// Adds one key's attempts: `owners` numbers the attempt of each fact.
    fn add(&mut self, facts: &[Fact<'a>], owners: &[usize], count: usize) {
        let mut order: Vec<usize> = (0..facts.len()).collect();
        order.sort_unstable_by_key(|index| (owners[*index], facts[*index].in_merge()));
        let first = self.list.len();
        for run in order.chunk_by(|a, b| owners[*a] == owners[*b]) {
            let from = self.members.len();
            self.members.extend(run.iter().map(|index| facts[*index].at));
            let (facts, places) = (self.facts, &self.members[from..]);
            let start = Members { facts, places }.start();
            let named = places
                .iter()
                .map(|at| facts.of(*at))
                .find_map(|(reader, row)| reader.function(row));
            let function = named.map_or(0, |name| {
                let next = self.functions.len() + 1;
                *self.functions.entry(name).or_insert(next)
            });
            self.list.push(Attempt {
                members: from..self.members.len(),
                start,
                function,
                retried: false,
            });
        }
        if count > 1 {
            mark_retries(&mut self.list[first..]);
        }
    }

    fn sorted(self) -> Attempts<'a> {
        let Self {
            facts,
            members,
            mut list,
            functions,
        } = self;
        let mut names: Vec<(&str, usize)> = functions.into_iter().collect();
        names.sort_unstable();
        let mut place = vec![0; names.len() + 1];
        for (rank, (_, number)) in names.into_iter().enumerate() {
            place[number] = rank + 1;
        }
        for attempt in &mut list {
            attempt.function = place[attempt.function];
        }
        let of = |attempt: &Attempt| Members {
            facts,
            places: &members[attempt.members.clone()],
        };
        list.sort_unstable_by(|a, b| {
            let order = (a.function, a.start).cmp(&(b.function, b.start));
            order
                .then_with(|| of(a).key().cmp(&of(b).key()))
                .then_with(|| of(a).hash().cmp(&of(b).hash()))
        });
        Attempts { facts, members, list }
    }
}

/// Marks the attempts of one key that began within an hour after another.
fn mark_retries(attempts: &mut [Attempt]) {
    attempts.sort_by_key(|attempt| attempt.start);
    for index in 1..attempts.len() {
        attempts[index].retried = attempts[index].start <= attempts[index - 1].start.saturating_add(REACH);
    }
}
