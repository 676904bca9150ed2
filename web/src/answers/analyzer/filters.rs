//! The filters of a page as a question, and why they may leave nothing.

use pennyspan_analyzer::analysis::counts::{Counts, whole};
use pennyspan_analyzer::analysis::courses::{Grid, Keep, total};
use pennyspan_analyzer::analysis::selection::matches;
use pennyspan_analyzer::attempts::Row;

use super::{Asked, run};
use crate::answers::{AnswerError, Emptiness, Question};
use crate::state::{FILTER_KEYS, Filters};

/// Returns which attempts filters mean: globs, and for the search words that stand in the name of function or service.
pub(super) fn keep(filters: &Filters) -> Keep {
    let filters = filters.clone();
    Keep::new(move |row| {
        let named = |glob: &str, name: Option<&str>| glob.is_empty() || name.is_some_and(|name| matches(glob, name));
        named(&filters.provider, Some(row.provider))
            && named(&filters.account, row.account)
            && named(&filters.region, row.region)
            && named(&filters.environment, row.environment)
            && named(&filters.service, row.service)
            && named(&filters.function, row.function)
            && named(&filters.version, row.version)
            && named(&filters.trigger, row.trigger_type)
            && searched(&filters.query, row)
    })
}

fn searched(query: &str, row: &Row<'_>) -> bool {
    let names = [row.function, row.service].map(|name| name.unwrap_or_default().to_lowercase());
    let found = |word: &str| names.iter().any(|name| name.contains(word));
    query.is_empty() || query.to_lowercase().split_whitespace().all(found)
}

/// Says why a question about attempts has nothing to answer.
pub(super) async fn emptiness(asked: &Asked, question: &Question) -> Result<Emptiness, AnswerError> {
    let Some(newest_unix_nano) = asked.seen.newest_unix_nano else {
        return Ok(Emptiness::NeverSent);
    };
    let filters = &question.state.filters;
    let set = FILTER_KEYS.into_iter().filter(|key| !filters.get(key).is_empty());
    for filter in set {
        let without_count = count(asked, &question.state.filtered(filter, "").filters).await?;
        if without_count > 0 {
            return Ok(Emptiness::FilteredAway { filter, without_count });
        }
    }
    let first = FILTER_KEYS.into_iter().find(|key| !filters.get(key).is_empty());
    let without_count = count(asked, &Filters::default()).await?;
    Ok(match first {
        Some(filter) if without_count > 0 => Emptiness::FilteredAway { filter, without_count },
        _ => Emptiness::NotInRange { newest_unix_nano },
    })
}

async fn count(asked: &Asked, filters: &Filters) -> Result<i64, AnswerError> {
    let grid = Grid::whole(asked.session.window());
    let counts = run::<Counts>(&asked.session, grid, &keep(filters)).await?;
    Ok(counts
        .into_values()
        .map(|course| whole(total(course).invocations_milli))
        .sum())
}
