//! What Azure's exports look like.

use super::keys::Keys;

/// Returns whether a file's first object is a batch of diagnostic records, one of them, the answer to a query, or a row of one.
pub(super) fn is_of(keys: &Keys) -> bool {
    let has = |key: &str| keys.outer().iter().any(|outer| outer == key);
    let any = |names: &[&str]| names.iter().any(|key| has(key));
    let holds = |key: &str| keys.inner().iter().any(|inner| inner == key);
    let batch = has("records") && (holds("resourceId") || holds("category") || holds("Type"));
    let record = any(&["resourceId", "_ResourceId"]) && any(&["category", "Type", "metricName"]);
    let answer = has("tables") && holds("columns") && holds("rows");
    let row = any(&["TimeGenerated", "timestamp"])
        && any(&[
            "OperationId",
            "operation_Id",
            "AppRoleName",
            "cloud_RoleName",
            "FunctionInvocationId",
        ]);
    batch || record || answer || row
}
