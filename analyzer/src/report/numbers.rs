//! What a report is asked to judge by numbers: budgets, a comparison, limits on money.

use pennyspan_rules::price::Amount;

use crate::analysis::Question;
use crate::analysis::cost::monthly;
use crate::analysis::figures::figures;
use crate::error::AnalysisError;
use crate::report::Asked;
use crate::report::budget::{self, Budget, BudgetRow, Judging};
use crate::report::compare::{Before, Comparison, Sides};
use crate::report::money::{self, Increase, Month, Verdict, Volumes};
use crate::session::Session;

/// What is judged by numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Limits as code.
    pub budgets: Vec<Budget>,
    /// Rows below which nothing is judged.
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
        let is_idle = self.budgets.is_empty() && self.before.is_none() && self.max_increase.is_none();
        if is_idle && asked.gate.max_monthly.is_none() {
            return Ok(Judged::default());
        }
        let question = Question {
            window: session.window(),
            selection: asked.selection.clone(),
        };
        let all = figures(session, &question).await?;
        let budgets = budget::judge(session, &self.budgets, &all, by).await?;
        let sides = self.before.as_ref().map(|before| Sides::of(before, session, &all));
        let compared = self.before.as_ref().zip(sides.as_ref());
        let mut money = Verdict::default();
        if let Some(most) = &asked.gate.max_monthly {
            let ran = || all.iter().filter(|(_, sums)| sums.counts.rows > 0).collect();
            let at_volumes = self.volumes.as_ref();
            let at_volumes = at_volumes.map(|volumes| volumes.monthly(&ran(), &session.books()));
            let month = Month {
                monthly: monthly(amount, session.window().length_nanos()),
                at_volumes: at_volumes.as_ref(),
                not_priced,
            };
            money = money::judge_month(most, &month, sides.as_ref(), self.min_samples);
        }
        if let Some(most) = &self.max_increase {
            let risen = money::judge_increase(most, sides.as_ref(), self.volumes.as_ref(), self.min_samples);
            money.failed.extend(risen.failed);
            money.notes.extend(risen.notes);
        }
        Ok(Judged {
            budgets,
            comparison: compared.map(|(before, sides)| Comparison::of(before, sides)),
            money,
        })
    }
}
