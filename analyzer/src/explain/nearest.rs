//! The ids that an unknown one may have been meant for.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use datafusion::arrow::array::AsArray;
use futures::StreamExt as _;
use pennyspan_schema::Table;

use crate::error::AnalysisError;
use crate::reading;
use crate::session::Session;

/// Ids that are returned.
const MOST: usize = 3;

/// Returns the ids that are nearest to one that does not exist, the nearest first; none where nothing is near.
///
/// Ids are near that begin and end alike: a slip of the hand leaves the rest in its place.
///
/// # Errors
/// [`AnalysisError`] where the table cannot be read.
pub async fn nearest(session: &Session, invocation_id: &str) -> Result<Vec<String>, AnalysisError> {
    let failed = || AnalysisError::run("invocation ids");
    let stored = reading::stored(session.context(), Table::Invocations)
        .await
        .map_err(failed())?;
    let ids = stored.select_columns(&["invocation_id"]).map_err(failed())?;
    let mut rows = ids.execute_stream().await.map_err(failed())?;
    let mut best: BTreeSet<(Reverse<usize>, String)> = BTreeSet::new();
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(failed())?;
        let Some(ids) = batch.column(0).as_string_opt::<i32>() else {
            continue;
        };
        for id in ids.iter().flatten() {
            let alike = alike(invocation_id, id);
            if 2 * alike >= invocation_id.chars().count() && alike > 0 {
                best.insert((Reverse(alike), id.to_owned()));
            }
            if best.len() > MOST {
                best.pop_last();
            }
        }
    }
    Ok(best.into_iter().map(|(_, id)| id).collect())
}

/// Returns how many characters two texts share at their beginnings and ends, none counted twice.
fn alike(one: &str, other: &str) -> usize {
    let begin = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let end = one
        .chars()
        .rev()
        .zip(other.chars().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let most = one.chars().count().min(other.chars().count());
    begin + end.min(most - begin)
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn a_slip_of_the_hand_leaves_the_rest_in_its_place() {
        assert_eq!(alike("abcdef", "abXdef"), 5);
        assert_eq!(alike("abcdef", "abcdef"), 6);
        assert_eq!(alike("abc", "abcabc"), 3);
        assert_eq!(alike("äb", "äc"), 1);
        assert_eq!(alike("", "a"), 0);
    }
}
