//! Environments that were replaced all at once: what a deployment does, even of a version that never changes its name.

/// Within how long the environments are replaced.
const WITHIN_NANOS: i64 = 5 * 60 * 1_000_000_000;
/// How many environments there must be at least: a few come and go by themselves.
const LEAST: usize = 5;
/// The share of them that is replaced, in percent.
const SHARE_PERCENT: usize = 80;
/// Instants that lie closer together than this are not looked at one by one.
const STEP_NANOS: i64 = 10 * 1_000_000_000;

/// From the first to the last attempt that was seen on an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Life {
    pub(crate) first_unix_nano: i64,
    pub(crate) last_unix_nano: i64,
}

/// Returns when at least 80 % of a function's environments were replaced within five minutes: of those that were in use, that many
/// are not seen again, as many new ones came, and requests went on.
pub(crate) fn instants(mut lives: Vec<Life>) -> Vec<i64> {
    lives.sort_unstable();
    let mut lasts: Vec<i64> = lives.iter().map(|life| life.last_unix_nano).collect();
    lasts.sort_unstable();
    let ended_before = |unix_nano: i64| lasts.partition_point(|last| *last < unix_nano);
    let begun_before = |unix_nano: i64| lives.partition_point(|life| life.first_unix_nano < unix_nano);
    let mut found: Vec<i64> = Vec::new();
    let mut looked_at = i64::MIN;
    for life in &lives {
        let at = life.first_unix_nano;
        let until = at.saturating_add(WITHIN_NANOS);
        let after_found = found.last().is_none_or(|last| at >= last.saturating_add(WITHIN_NANOS));
        if !after_found || at < looked_at.saturating_add(STEP_NANOS) {
            continue;
        }
        looked_at = at;
        let idle = ended_before(at.saturating_sub(WITHIN_NANOS));
        let (begun, begun_later) = (begun_before(at), begun_before(until));
        let (used, new) = (begun - idle, &lives[begun..begun_later]);
        let enough = |part: usize| part * 100 >= used * SHARE_PERCENT;
        if used < LEAST || !enough(new.len()) {
            continue;
        }
        let short = new.iter().filter(|life| life.last_unix_nano < until).count();
        let gone = ended_before(until) - short - idle;
        if enough(gone) && short < new.len() {
            found.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Life, instants};

    const MINUTE: i64 = 60 * 1_000_000_000;

    fn lives(count: i64, from: i64, until: i64) -> Vec<Life> {
        let life = |index| Life {
            first_unix_nano: from * MINUTE + index,
            last_unix_nano: until * MINUTE + index,
        };
        (0..count).map(life).collect()
    }

    #[test]
    fn environments_that_are_replaced_at_once_tell_a_deployment() {
        let all = [lives(10, 0, 60), lives(10, 61, 120)].concat();
        assert_eq!(instants(all), [61 * MINUTE]);
        let most = [lives(8, 0, 60), lives(2, 0, 120), lives(8, 61, 120)].concat();
        assert_eq!(instants(most), [61 * MINUTE]);
    }

    #[test]
    fn what_comes_and_goes_by_itself_is_no_deployment() {
        let scaled_out = [lives(10, 0, 120), lives(10, 61, 120)].concat();
        let some = [lives(7, 0, 60), lives(3, 0, 120), lives(8, 61, 120)].concat();
        let few = [lives(4, 0, 60), lives(4, 61, 120)].concat();
        let quiet_between = [lives(10, 0, 60), lives(10, 66, 120)].concat();
        let traffic_ended = [lives(10, 0, 60), lives(10, 61, 62)].concat();
        let one_by_one: Vec<Life> = (0..60).flat_map(|at| lives(1, at * 5, at * 5 + 100)).collect();
        for (name, lives) in [
            ("scaled out", scaled_out),
            ("70 %", some),
            ("few", few),
            ("quiet between", quiet_between),
            ("traffic ended", traffic_ended),
            ("one by one", one_by_one),
            ("none", Vec::new()),
        ] {
            assert_eq!(instants(lives), Vec::<i64>::new(), "{name}");
        }
    }
}
