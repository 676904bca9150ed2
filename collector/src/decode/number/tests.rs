use proptest::prelude::*;

use super::{duration_us, scaled, unix_nano, unix_nano_of_millis, us_of_nanos, whole};

#[test]
fn durations_come_from_their_decimal_text() {
    assert_eq!(duration_us("1233.96"), Some(1_233_960));
    assert_eq!(duration_us("463.512"), Some(463_512));
    assert_eq!(duration_us("0"), Some(0));
    assert_eq!(duration_us("1.2345e3"), Some(1_234_500));
    assert_eq!(scaled("0.783137066", 6), Some(783_137));
    assert_eq!(scaled("0.7831375", 6), Some(783_138), "half goes to even");
    assert_eq!(scaled("0.7831365", 6), Some(783_136), "half goes to even");
    assert_eq!(scaled("0.78313650001", 6), Some(783_137));
}

#[test]
fn what_is_no_duration_is_none() {
    for text in [
        "",
        "-",
        ".",
        "1.2.3",
        "NaN",
        "inf",
        "-1",
        "-0",
        "1e",
        "1e99",
        "0x10",
        " 1",
        "1 ",
        "9999999999999999999",
    ] {
        assert_eq!(duration_us(text), None, "{text}");
    }
    assert_eq!(duration_us("0e999"), Some(0));
}

#[test]
fn whole_numbers_have_no_fraction() {
    for (text, value) in [
        ("512", 512),
        ("512.0", 512),
        ("5.12e2", 512),
        ("51200e-2", 512),
        ("-7", -7),
        ("0.00", 0),
        ("1e3", 1000),
    ] {
        assert_eq!(whole(text), Some(value), "{text}");
    }
    for text in [
        "0.5",
        "512.5",
        "5.1234e2",
        "1e-1",
        "0.0000001",
        "9223372036854775808",
        "512 MB",
    ] {
        assert_eq!(whole(text), None, "{text}");
    }
}

#[test]
fn instants_keep_their_nanoseconds() {
    assert_eq!(unix_nano("2026-10-08T07:30:28.235Z"), Some(1_791_444_628_235_000_000));
    assert_eq!(
        unix_nano("2026-10-08T09:30:28.235000001+02:00"),
        Some(1_791_444_628_235_000_001)
    );
    assert_eq!(
        unix_nano("2026-10-08T07:30:28.235+0000"),
        Some(1_791_444_628_235_000_000)
    );
    assert_eq!(unix_nano("2026-10-08"), None);
    assert_eq!(unix_nano("9999-12-31T00:00:00Z"), None);
    assert_eq!(unix_nano_of_millis("1791444628235.25"), Some(1_791_444_628_235_250_000));
}

#[test]
fn nanoseconds_round_half_to_even() {
    assert_eq!(
        [499, 500, 501, 1500, -500, -501, -1500].map(us_of_nanos),
        [0, 0, 1, 2, 0, -1, -2]
    );
    assert_eq!(us_of_nanos(i64::MAX), i64::MAX / 1000 + 1);
}

proptest! {
    #[test]
    fn integers_and_their_fractions_are_exact(value in any::<i64>(), places in 0_u32..18) {
        prop_assert_eq!(scaled(&value.to_string(), 0), Some(value));
        prop_assert_eq!(whole(&value.to_string()), Some(value));
        let unit = 10_u64.pow(places);
        let sign = if value < 0 { "-" } else { "" };
        let (whole, fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
        let width = usize::try_from(places).unwrap();
        let text = format!("{sign}{whole}.{fraction:0width$}");
        prop_assert_eq!(scaled(&text, places.cast_signed()), Some(value), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "[-+0-9.eE]{0,45}", power in -20_i32..20) {
        let _ = (scaled(&text, power), whole(&text), duration_us(&text), unix_nano(&text));
    }
}
