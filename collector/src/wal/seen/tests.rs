use super::*;

const SMALL: SeenOptions = SeenOptions {
    window_nanos: 100,
    at_least: 3,
    at_most: 6,
};

fn digest(number: u8) -> Digest {
    Digest([number; 32])
}

/// Takes the request where it is the first copy, and says whether it was.
fn take(seen: &Seen, number: u8, now: i64) -> bool {
    match seen.admit(&Workspace::default(), digest(number), now) {
        Admission::First(first) => {
            first.answer(Bytes::from(vec![number]));
            true
        }
        Admission::Repeat(_) => false,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_repeat_waits_for_the_first_answer() {
    let seen = Seen::new(SMALL);
    runtime().block_on(async {
        let Admission::First(first) = seen.admit(&Workspace::default(), digest(1), 0) else {
            panic!()
        };
        let Admission::Repeat(repeat) = seen.admit(&Workspace::default(), digest(1), 1) else {
            panic!()
        };
        let waiting = tokio::spawn(repeat.answer());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        first.answer(Bytes::from_static(b"done"));
        assert_eq!(waiting.await.unwrap(), Some(Bytes::from_static(b"done")));
        let Admission::Repeat(late) = seen.admit(&Workspace::default(), digest(1), 2) else {
            panic!()
        };
        assert_eq!(late.answer().await, Some(Bytes::from_static(b"done")));
    });
    assert_eq!(seen.repeats(), 2);
}

#[test]
fn a_refused_request_is_taken_when_it_comes_again() {
    let seen = Seen::new(SMALL);
    let Admission::First(first) = seen.admit(&Workspace::default(), digest(1), 0) else {
        panic!()
    };
    let Admission::Repeat(repeat) = seen.admit(&Workspace::default(), digest(1), 1) else {
        panic!()
    };
    drop(first);
    assert_eq!(runtime().block_on(repeat.answer()), None);
    assert!(take(&seen, 1, 2));
}

#[test]
fn workspaces_do_not_see_each_other() {
    let seen = Seen::new(SMALL);
    assert!(take(&seen, 1, 0));
    let other = Workspace::new("other").unwrap();
    assert!(matches!(seen.admit(&other, digest(1), 0), Admission::First(_)));
}

#[test]
fn requests_are_remembered_for_the_window_and_at_least_so_many() {
    let seen = Seen::new(SMALL);
    for number in 0..5 {
        assert!(take(&seen, number, i64::from(number)));
    }
    assert!(
        (0..5).all(|number| !take(&seen, number, 100)),
        "all are within the window"
    );
    assert!(
        (2..5).all(|number| !take(&seen, number, 10_000)),
        "three are remembered however old"
    );
    assert!(take(&seen, 0, 10_000), "more are not");
    assert_eq!(seen.forgotten_early(), 0);
}

#[test]
fn memory_is_bounded_however_many_come() {
    let seen = Seen::new(SMALL);
    for number in 0..20 {
        assert!(take(&seen, number, 0));
    }
    assert!(!take(&seen, 19, 0) && take(&seen, 5, 0));
    assert!(seen.forgotten_early() >= 13);
}

#[test]
fn the_side_file_gives_back_what_was_remembered() {
    let seen = Seen::new(SMALL);
    for number in 0..4 {
        assert!(take(&seen, number, i64::from(number)));
    }
    let Admission::First(pending) = seen.admit(&Workspace::default(), digest(9), 5) else {
        panic!()
    };
    let side_file = seen.encode();
    drop(pending);
    let later = Seen::new(SMALL);
    later.restore(&side_file).unwrap();
    for number in 0..4 {
        let Admission::Repeat(repeat) = later.admit(&Workspace::default(), digest(number), 50) else {
            panic!()
        };
        assert_eq!(runtime().block_on(repeat.answer()), Some(Bytes::from(vec![number])));
    }
    assert!(take(&later, 9, 50), "what was not answered is not remembered");
    for cut in 0..side_file.len() {
        assert!(Seen::new(SMALL).restore(&side_file[..cut]).is_none(), "cut at {cut}");
    }
}
