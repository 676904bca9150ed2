use chrono_tz::Tz;

use super::*;

fn text(shown: &Shown) -> String {
    shown.text().replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn durations_take_the_unit_that_suits_them() {
    let shown = [
        0, 7, 999, 1_000, 4_149, 9_949, 9_950, 412_400, 999_499, 999_500, 8_924_000, 27_300_000, 59_949_999,
    ]
    .map(|us| text(&duration(us)));
    assert_eq!(
        shown,
        [
            "0 ms", "7 µs", "999 µs", "1.0 ms", "4.1 ms", "9.9 ms", "10 ms", "412 ms", "999 ms", "1.00 s", "8.92 s",
            "27.3 s", "59.9 s"
        ]
    );
    assert_eq!(text(&duration(1_890_000_000)), "31 min 30 s");
    assert_eq!(text(&duration(18_720_000_000)), "5 h 12 min");
    assert_eq!(text(&duration(i64::MAX)), "106,751,991 d");
    assert_eq!(text(&duration(-412_400)), "−412 ms");
    assert!(!text(&duration(i64::MIN)).is_empty());
}

#[test]
fn something_is_never_shown_as_nothing_nor_almost_all_as_all() {
    assert_eq!(text(&percent(0, 18_240)), "0 %");
    assert_eq!(text(&percent(1, 1_000_000)), "< 0.01 %");
    assert_eq!(text(&percent(37, 10_000)), "0.37 %");
    assert_eq!(text(&percent(62, 1_000)), "6.2 %");
    assert_eq!(text(&percent(23_380, 23_798)), "98.2 %");
    assert_eq!(text(&percent(999_999, 1_000_000)), "> 99.9 %");
    assert_eq!(text(&percent(7, 7)), "100 %");
    assert_eq!(text(&usd(Usd(1))), "< 0.01 USD");
    assert_eq!(text(&micro_usd(Usd(144_400_000_000_000))), "144.40 µUSD");
}

#[test]
fn unknown_is_a_word() {
    assert_eq!(text(&percent(0, 0)), "no data");
    assert_eq!(text(&Shown::missing(Missing::TooFew(1_204))), "n = 1,204");
    assert_eq!(
        text(
            &Amount {
                usd: Usd(0),
                priced: 0,
                not_priced: 31
            }
            .shown()
        ),
        "not priced"
    );
    assert_eq!(
        Shown::missing(Missing::Unknown).cell(),
        "<span class=\"nodata\">unknown</span>"
    );
    assert_eq!(
        Shown::missing(Missing::Unknown)
            .harmful(Harm::Fires)
            .quantile(Precision::Buckets)
            .digits(),
        "unknown"
    );
}

#[test]
fn bucket_quantiles_carry_a_tilde() {
    assert_eq!(
        duration(8_920_000).quantile(Precision::Buckets).cell(),
        "~8.92\u{a0}<span class=\"u\">s</span>"
    );
}

#[test]
fn changes_are_factors_not_bare_percentages() {
    let words = |was, now| change(was, now).words.replace('\u{a0}', " ");
    assert_eq!(words(0.37, 6.2), "× 17");
    assert_eq!(words(236.0, 15.0), "÷ 16");
    assert_eq!(words(100.0, 109.0), "+9 %");
    assert_eq!(words(100.0, 80.0), "−20 %");
    assert_eq!(words(0.0, 694.0), "from 0");
    assert_eq!(words(3.0, 0.0), "to 0");
    assert_eq!(words(0.0, 0.0), "as before");
    assert_eq!(words(f64::NAN, 1.0), "not comparable");
    assert_eq!(words(1e-300, 1e300), "× 10¹⁵ and more");
}

#[test]
fn rates_keep_small_numbers_visible() {
    let minute = 60_000_000_000;
    assert_eq!(text(&per_minute(18_954, minute)), "18,954");
    assert_eq!(text(&per_minute(4, 60 * minute)), "0.07");
    assert_eq!(text(&per_minute(0, minute)), "0");
    assert_eq!(text(&per_minute(5, 0)), "no data");
}

#[test]
fn times_follow_the_readers_zone_through_a_change_of_clocks() {
    let before = 1_792_888_200_000_000_000; // 2026-10-25T00:30:00Z
    assert_eq!(clock(before, Tz::Europe__Berlin), "02:30:00");
    assert_eq!(clock(before + 3_600_000_000_000, Tz::Europe__Berlin), "02:30:00");
    assert_eq!(range(before, before + 3_600_000_000_000, Tz::UTC), "00:30 – 01:30");
    assert_eq!(age(31 * 60_000_000_000), "31\u{a0}min");
    assert!(!clock(i64::MIN, Tz::UTC).is_empty());
}

#[test]
fn shown_parts_add_up_to_the_shown_total() {
    let micro = 1_000_000_000_000;
    let parts = [
        6_600_000_000_000,
        5_400_000_000_000,
        638_400_000_000_000,
        2_763_600_000_000_000,
    ]
    .map(Usd);
    let total = Usd(parts.iter().map(|part| part.0).sum());
    assert_eq!(total, Usd(3_414 * micro));
    let (shown, whole) = usd_parts(&parts, total);
    let digits: Vec<&str> = shown.iter().map(Shown::digits).collect();
    assert_eq!(digits, ["0.000007", "0.000005", "0.000638", "0.002764"]);
    assert_eq!(whole.digits(), "0.003414");
    let (shown, whole) = usd_parts(&[Usd(1), Usd(2_000_000 * micro)], Usd(2_000_000 * micro + 1));
    assert_eq!(
        (shown[0].digits(), shown[1].digits(), whole.digits()),
        ("<\u{202f}0.01", "2.00", "2.00")
    );
}
