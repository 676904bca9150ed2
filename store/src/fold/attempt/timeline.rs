//! The attempts of a key while its facts are walked in order of time.

use std::collections::BTreeMap;

use pennyspan_schema::Source;

use super::super::fact::Fact;
use super::{CLOCKS, REACH, UNENDED};

/// An attempt as far as it is known.
#[derive(Debug)]
struct Draft<'a> {
    start: i64,
    end: Option<i64>,
    instance: Option<&'a str>,
    kinds: Vec<(Source, &'a str)>,
}

impl<'a> Draft<'a> {
    fn open(fact: &Fact<'a>) -> Self {
        Self {
            start: fact.point,
            end: fact.end,
            instance: fact.instance,
            kinds: vec![(fact.source, fact.kind)],
        }
    }

    fn in_reach(&self, point: i64) -> bool {
        point <= self.start.saturating_add(REACH)
    }

    /// Returns the last instant at which a start hint belongs to the attempt, clocks aside.
    fn last_hint(&self) -> i64 {
        self.end
            .unwrap_or(self.start.saturating_add(UNENDED))
            .min(self.start.saturating_add(REACH))
    }

    fn takes(&self, fact: &Fact<'a>) -> bool {
        let behind = || self.end.is_some() && !self.kinds.contains(&(fact.source, fact.kind));
        fact.point <= self.last_hint()
            || (fact.point <= self.last_hint().saturating_add(CLOCKS) && self.in_reach(fact.point) && behind())
    }

    fn join(&mut self, fact: &Fact<'a>) {
        self.end = self.end.max(fact.end);
        self.instance = self.instance.or(fact.instance);
        if !self.kinds.contains(&(fact.source, fact.kind)) {
            self.kinds.push((fact.source, fact.kind));
        }
    }
}

/// The attempts of one key so far, by rising start, with those that the next fact may join.
#[derive(Debug, Default)]
pub(super) struct Timeline<'a> {
    drafts: Vec<Draft<'a>>,
    /// The last attempt of each instance.
    by_instance: BTreeMap<&'a str, usize>,
    /// The attempts whose instance is not known; only the last of them takes facts, and may learn it.
    anywhere: Vec<usize>,
    /// The latest end that is known, and the attempt that has it.
    latest_end: Option<(i64, usize)>,
}

impl<'a> Timeline<'a> {
    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// Places a fact with start hint, and returns its attempt.
    pub(super) fn join_or_open(&mut self, fact: &Fact<'a>) -> usize {
        match self
            .candidates(fact)
            .into_iter()
            .flatten()
            .find(|index| self.drafts[*index].takes(fact))
        {
            Some(index) => self.join(index, fact),
            None => self.open(fact),
        }
    }

    /// Places an END, and returns the attempt that it ends: the last one that may be meant.
    pub(super) fn end(&mut self, fact: &Fact<'a>) -> Option<usize> {
        let started = self
            .candidates(fact)
            .into_iter()
            .flatten()
            .filter(|index| self.drafts[*index].in_reach(fact.point));
        let index = started.max()?;
        Some(self.join(index, fact))
    }

    /// Places a fact that no attempt takes, and returns its own: one for all such facts of an instance that are in reach.
    pub(super) fn gather(&mut self, fact: &Fact<'a>) -> usize {
        match self
            .candidates(fact)
            .into_iter()
            .flatten()
            .find(|index| self.drafts[*index].in_reach(fact.point))
        {
            Some(index) => self.join(index, fact),
            None => self.open(fact),
        }
    }

    /// Returns the attempts that a fact may join, the likelier first: later ones of its instance have taken what earlier ones
    /// could.
    fn candidates(&self, fact: &Fact<'a>) -> [Option<usize>; 2] {
        match fact.instance {
            Some(instance) => [self.by_instance.get(instance).copied(), self.anywhere.last().copied()],
            None => [
                self.drafts.len().checked_sub(1),
                self.latest_end.map(|(_, index)| index),
            ],
        }
    }

    fn open(&mut self, fact: &Fact<'a>) -> usize {
        let index = self.drafts.len();
        self.drafts.push(Draft::open(fact));
        if fact.instance.is_none() {
            self.anywhere.push(index);
        }
        self.note(index);
        index
    }

    fn join(&mut self, index: usize, fact: &Fact<'a>) -> usize {
        self.drafts[index].join(fact);
        if self.anywhere.last() == Some(&index) && fact.instance.is_some() {
            self.anywhere.pop();
        }
        self.note(index);
        index
    }

    fn note(&mut self, index: usize) {
        let draft = &self.drafts[index];
        if let Some(instance) = draft.instance {
            let last = self.by_instance.entry(instance).or_insert(index);
            *last = index.max(*last);
        }
        self.latest_end = self.latest_end.max(draft.end.map(|end| (end, index)));
    }
}

/// When the attempts of a key started, by instance.
#[derive(Debug)]
pub(super) struct Starts<'a> {
    all: Vec<(i64, usize)>,
    by_instance: BTreeMap<Option<&'a str>, Vec<(i64, usize)>>,
}

impl<'a> Starts<'a> {
    pub(super) fn of(timeline: &Timeline<'a>) -> Self {
        let mut by_instance: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let all: Vec<_> = timeline
            .drafts
            .iter()
            .enumerate()
            .map(|(index, draft)| (draft.start, index))
            .collect();
        for (start, index) in &all {
            by_instance
                .entry(timeline.drafts[*index].instance)
                .or_default()
                .push((*start, *index));
        }
        Self { all, by_instance }
    }

    /// Returns the last attempt in reach that started before the fact, else the next in reach; a log line that matches none
    /// joins whichever instance's is nearest in the same way.
    pub(super) fn nearest(&self, fact: &Fact<'a>) -> Option<usize> {
        let own = fact.instance.and_then(|instance| self.by_instance.get(&Some(instance)));
        let anywhere = self.by_instance.get(&None);
        let fitting = match fact.instance {
            Some(_) => nearest(
                fact.point,
                &[own.map_or(&[], Vec::as_slice), anywhere.map_or(&[], Vec::as_slice)],
            ),
            None => nearest(fact.point, &[&self.all]),
        };
        fitting.or_else(|| {
            (fact.source == Source::Log)
                .then(|| nearest(fact.point, &[&self.all]))
                .flatten()
        })
    }
}

fn nearest(point: i64, lists: &[&[(i64, usize)]]) -> Option<usize> {
    let cut = |list: &[(i64, usize)]| list.partition_point(|(start, _)| *start <= point);
    let before = lists.iter().filter_map(|list| list[..cut(list)].last().copied()).max();
    let next = lists.iter().filter_map(|list| list[cut(list)..].first().copied()).min();
    before
        .filter(|(start, _)| point <= start.saturating_add(REACH))
        .or(next.filter(|(start, _)| *start <= point.saturating_add(REACH)))
        .map(|(_, index)| index)
}
