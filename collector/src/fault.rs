//! Places where a test can stop the server to kill it there.
//!
//! Without the feature `fault-points` a place costs nothing. With it, the program arms a stage with a countdown and an
//! action; the action runs on the thread that reaches the stage, and usually never returns.

/// Before a request's body is decoded.
pub const DECODE: &str = "decode";
/// Before a group of frames is written to its segment.
pub const APPEND: &str = "append";
/// After a group was written and before it is synced.
pub const FSYNC: &str = "fsync";
/// After a group was synced and before anyone is told.
pub const SYNCED: &str = "synced";
/// Before a durable frame's rows become visible.
pub const PUBLISH: &str = "publish";

#[cfg(not(feature = "fault-points"))]
/// Does nothing: the program was built without `fault-points`.
#[inline]
pub fn reached(_stage: &str) {}

#[cfg(feature = "fault-points")]
pub use armed::{arm, reached};

#[cfg(feature = "fault-points")]
mod armed {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};

    type Action = Arc<dyn Fn(&str) + Send + Sync>;

    struct Armed {
        left: u64,
        action: Action,
    }

    static STAGES: Mutex<Option<HashMap<String, Armed>>> = Mutex::new(None);

    /// Arms `stage`: its next `passes` visits pass, the one after them runs `action` and disarms the stage.
    pub fn arm(stage: &str, passes: u64, action: impl Fn(&str) + Send + Sync + 'static) {
        let armed = Armed {
            left: passes,
            action: Arc::new(action),
        };
        let mut stages = STAGES.lock().unwrap_or_else(PoisonError::into_inner);
        stages.get_or_insert_default().insert(stage.to_owned(), armed);
    }

    /// Says that `stage` is reached; runs its action when its countdown has ended.
    pub fn reached(stage: &str) {
        if let Some(action) = due(stage) {
            action(stage);
        }
    }

    fn due(stage: &str) -> Option<Action> {
        let mut stages = STAGES.lock().unwrap_or_else(PoisonError::into_inner);
        let stages = stages.as_mut()?;
        let armed = stages.get_mut(stage)?;
        if armed.left > 0 {
            armed.left -= 1;
            return None;
        }
        stages.remove(stage).map(|armed| armed.action)
    }

    #[cfg(test)]
    mod tests {
        use std::sync::atomic::{AtomicU64, Ordering};

        use super::*;

        #[test]
        fn an_armed_stage_stops_once_after_its_countdown() {
            let hits = Arc::new(AtomicU64::new(0));
            let seen = Arc::clone(&hits);
            arm("stage of this test", 2, move |_| {
                seen.fetch_add(1, Ordering::SeqCst);
            });
            let mut after_each = Vec::new();
            for _ in 0..4 {
                reached("another stage");
                reached("stage of this test");
                after_each.push(hits.load(Ordering::SeqCst));
            }
            assert_eq!(after_each, [0, 0, 1, 1]);
        }
    }
}
