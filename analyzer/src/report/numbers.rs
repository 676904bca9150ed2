//! What a report is asked to judge by numbers: budgets, a comparison, limits on money.

use std::collections::BTreeMap;

use pennyspan_rules::price::Amount;

use crate::analysis::Question;
use crate::analysis::cost::monthly;
use crate::analysis::figures::figures;
use crate::error::AnalysisError;
use crate::report::Asked;
use crate::report::budget::{self, Budget, BudgetRow, Judging};
use crate::report::compare::{Before, Comparison, Sides};
use crate::report::money::{self, AtVolumes, Increase, Month, Verdict, Volumes};
use crate::session::Session;

/// What is judged by numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Limits as code.
    pub budgets: Vec<Budget>,
    /// Rows below which a budget is not judged.
    pub min_samples: i64,
    /// The side before.
    pub before: Option<Before>,
    /// How much more than before is too much.
    pub max_increase: Option<Increase>,
    /// Production's counts, in which monthly figures are given.
    pub volumes: Option<Volumes>,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    pub(crate) budgets: Vec<BudgetRow>,
    pub(crate) comparison: Option<Comparison>,
    pub(crate) money: Verdict,
}

impl Numbers {
    /// Judges the session's window, whose exact list amount is given.
    ///
    /// # Errors
    /// [`AnalysisError`] where the attempts cannot be read.
    pub(crate) async fn judge(
        &self,
        session: &Session,
        asked: &Asked,
        amount: &Amount,
        not_priced: i64,
    ) -> Result<Judged, AnalysisError> {
        let by = Judging {
            within: &asked.selection,
            min_samples: self.min_samples,
            volumes: self.volumes.as_ref(),
        };
        let budgets = budget::judge(session, &self.budgets, by).await?;
        let sides = match &self.before {
            Some(before) => Some(Sides::of(before, session, &asked.selection).await?),
            None => None,
        };
        let compared = self.before.as_ref().zip(sides.as_ref());
        let mut money = Verdict::default();
        if let Some(most) = &asked.gate.max_monthly {
            let at_volumes = self.at_volumes(session, asked).await?;
            let month = Month {
                monthly: monthly(amount, session.window().length_nanos()),
                at_volumes: at_volumes.as_ref(),
                not_priced,
            };
            money = money::judge_month(most, &month, sides.as_ref());
        }
        if let Some(most) = &self.max_increase {
            let risen = money::judge_increase(most, sides.as_ref(), self.volumes.as_ref());
            money.failed.extend(risen.failed);
            money.notes.extend(risen.notes);
        }
        Ok(Judged {
            budgets,
            comparison: compared.map(|(before, sides)| Comparison::of(before, sides)),
            money,
        })
    }

    async fn at_volumes(&self, session: &Session, asked: &Asked) -> Result<Option<AtVolumes>, AnalysisError> {
        let Some(volumes) = &self.volumes else {
            return Ok(None);
        };
        let question = Question {
            window: session.window(),
            selection: asked.selection.clone(),
        };
        let all = figures(session, &question).await?;
        let of: BTreeMap<_, _> = all.iter().filter(|(_, sums)| sums.counts.rows > 0).collect();
        Ok(Some(volumes.monthly(&of, &session.books())))
    }
}
