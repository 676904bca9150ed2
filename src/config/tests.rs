use super::layer::Layer;
use super::{Config, DEFAULT, InForce, layer};

fn file(text: &str) -> Layer {
    Layer::of_text("pennyspan.toml", text.to_owned()).unwrap()
}

#[test]
fn the_default_file_is_the_whole_default() {
    let in_force = InForce::of([]).unwrap();
    let values = toml::Value::try_from(&in_force.config).unwrap();
    let written: toml::Table = DEFAULT.parse().unwrap();
    assert_eq!(
        layer::leaves_of(&values).collect::<Vec<_>>(),
        layer::leaves_of(&toml::Value::Table(written)).collect::<Vec<_>>()
    );
}

#[test]
fn every_key_of_the_default_file_is_explained() {
    let mut commented = false;
    for line in DEFAULT.lines() {
        let is_comment = line.starts_with('#');
        if line.contains(" = ") && !is_comment {
            assert!(commented, "`{line}` has no comment above it");
        }
        commented = is_comment;
    }
}

#[test]
fn later_layers_win_and_say_where_they_stand() {
    let text = "[report]\nfail_on = \"low\"\non_no_data = \"warn\"\n";
    let environment = Layer::of_environment([("PENNYSPAN_REPORT_ON_NO_DATA".to_owned(), "pass".to_owned())]).unwrap();
    let flags = Layer::of_flags([("data", "--data".to_owned(), "/tmp/x".to_owned())]);
    let in_force = InForce::of([file(text), environment, flags]).unwrap();
    assert_eq!(in_force.config.report.fail_on, "low");
    assert_eq!(in_force.config.report.on_no_data, "pass");
    assert_eq!(in_force.config.data, "/tmp/x");
    let shown = in_force.show();
    assert!(
        shown.contains("report.fail_on = \"low\"  # pennyspan.toml:2\n"),
        "{shown}"
    );
    assert!(shown.contains("# environment PENNYSPAN_REPORT_ON_NO_DATA\n"), "{shown}");
    assert!(shown.contains("data = \"/tmp/x\"  # flag --data\n"), "{shown}");
    assert!(in_force.was_set("report.fail_on") && !in_force.was_set("report.threads"));
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let error = InForce::of([file("[report]\n\nfial_on = \"low\"\n")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pennyspan.toml:3: unknown key `report.fial_on`; did you mean `report.fail_on`?"
    );
    let error = Layer::of_environment([("PENNYSPAN_DAT".to_owned(), "x".to_owned())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment: unknown key `PENNYSPAN_DAT`; did you mean `PENNYSPAN_DATA`?"
    );
}

#[test]
fn a_value_of_another_type_is_refused_where_it_stands() {
    let error = InForce::of([file("[limits]\nitems = \"many\"\n")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pennyspan.toml:2: `limits.items` is string \"many\", expected integer such as 1000000"
    );
}

#[test]
fn payers_are_names_of_the_users_own() {
    let in_force = InForce::of([file("[payers]\n\"123456789012\" = \"acme\"\n")]).unwrap();
    assert_eq!(in_force.config.payers["123456789012"], "acme");
    let Config { payers, .. } = in_force.config;
    assert_eq!(payers.len(), 1);
}

#[test]
fn every_key_has_a_sentence_and_every_number_a_unit() {
    let keys = super::keys::all();
    let written: toml::Table = DEFAULT.parse().unwrap();
    let leaves: Vec<String> = layer::leaves_of(&toml::Value::Table(written))
        .map(|(path, _)| path)
        .collect();
    let mut listed: Vec<String> = keys
        .iter()
        .map(|key| key.path.clone())
        .filter(|path| !layer::OPEN.contains(&path.as_str()))
        .collect();
    listed.sort();
    let mut expected = leaves;
    expected.sort();
    assert_eq!(listed, expected);
    for key in keys {
        assert!(key.sentence.ends_with('.'), "{}: {}", key.path, key.sentence);
        let counted = key.default.is_integer() && key.path != "demo.seed";
        assert_eq!(key.unit.is_some(), counted, "{}", key.path);
        let default = key.default.as_str().unwrap_or_default();
        assert!(
            key.one_of.is_empty() || key.one_of.iter().any(|word| word == default),
            "{}",
            key.path
        );
    }
}

#[test]
fn words_are_checked_and_accepted_findings_are_no_environment() {
    let error = InForce::of([file("[report]\non_no_data = \"cry\"\n")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pennyspan.toml:2: `report.on_no_data` is \"cry\", expected one of fail, warn, pass"
    );
    assert!(Layer::of_environment([("PENNYSPAN_FUNCTION".to_owned(), "x".to_owned())]).is_err());
    assert!(Layer::of_environment([("PENNYSPAN_SUPPRESS".to_owned(), "x".to_owned())]).is_err());
}

#[test]
fn the_example_of_the_default_file_is_accepted() {
    let keys = super::keys::all();
    for key in keys.iter().filter(|key| !key.example.is_empty()) {
        let in_force = InForce::of([file(&key.example.join("\n"))]).unwrap();
        assert_eq!(in_force.suppressions().len(), usize::from(key.path == "suppress"));
    }
}
