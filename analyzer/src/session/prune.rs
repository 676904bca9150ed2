//! Lets a comparison with an id in hex reach the files: `trace_id = '<hex>'` becomes the comparison of the stored
//! bytes.

use datafusion::common::{
    Result,
    tree_node::{Transformed, TreeNode},
};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, expr::InList};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

use crate::functions::show::HexId;

/// Rewrites `hex_id(column) = 'hex'`, `<>` and `IN` into comparisons of bytes.
#[derive(Debug)]
pub(crate) struct CompareIdBytes;

impl OptimizerRule for CompareIdBytes {
    fn name(&self) -> &'static str {
        "compare_id_bytes"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.map_expressions(|expression| expression.transform_up(|node| Ok(compare_bytes(node))))
    }
}

fn compare_bytes(node: Expr) -> Transformed<Expr> {
    match node {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Eq | Operator::NotEq),
            right,
        }) => {
            let sides =
                |id: &Expr, text: &Expr| id_column(id).and_then(|(column, width)| Some((column, bytes(text, width)?)));
            match sides(&left, &right).or_else(|| sides(&right, &left)) {
                Some((column, literal)) => Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(
                    Box::new(column),
                    op,
                    Box::new(literal),
                ))),
                None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
            }
        }
        Expr::InList(InList { expr, list, negated }) => {
            let rewritten = id_column(&expr).and_then(|(column, width)| {
                let literals: Option<Vec<Expr>> = list.iter().map(|text| bytes(text, width)).collect();
                Some(InList::new(Box::new(column), literals?, negated))
            });
            rewritten.map_or_else(
                || {
                    Transformed::no(Expr::InList(InList {
                        expr: expr.clone(),
                        list: list.clone(),
                        negated,
                    }))
                },
                |list| Transformed::yes(Expr::InList(list)),
            )
        }
        other => Transformed::no(other),
    }
}

/// Returns the column whose hex is shown, and its width in bytes.
fn id_column(expression: &Expr) -> Option<(Expr, i32)> {
    match expression {
        Expr::ScalarFunction(call) => {
            let width = HexId::width_of(call.func.name())?;
            call.args.first().map(|column| (column.clone(), width))
        }
        _ => None,
    }
}

/// Returns the bytes of a literal in lower-case hex of that width.
fn bytes(expression: &Expr, width: i32) -> Option<Expr> {
    let Expr::Literal(
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        _,
    ) = expression
    else {
        return None;
    };
    let lower = !text.contains(|letter: char| letter.is_ascii_uppercase());
    let id = hex::decode(text)
        .ok()
        .filter(|id| lower && i32::try_from(id.len()) == Ok(width))?;
    Some(Expr::Literal(ScalarValue::FixedSizeBinary(width, Some(id)), None))
}
