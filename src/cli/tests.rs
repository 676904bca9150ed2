//! The help is part of what is promised.

use clap::Command;

use super::configured;

/// Returns every command with its path, the program first.
fn all(command: &Command, path: &str) -> Vec<(String, Command)> {
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let mut found = vec![(path.clone(), command.clone())];
    found.extend(below.flat_map(|below| all(below, &path)));
    found
}

fn built() -> Command {
    let mut command = configured::command().term_width(100);
    command.build();
    command
}

#[test]
fn every_subcommand_has_an_example_that_it_accepts() {
    let mut examples = 0;
    for (path, command) in all(&built(), "") {
        let is_leaf = command.get_subcommands().all(|below| below.get_name() == "help");
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in after.lines().filter(|line| line.contains("pennyspan ")) {
            let words = line.split_once("pennyspan ").unwrap().1.split(" > ").next().unwrap();
            let words = shell_words(words);
            let parsed =
                configured::command().try_get_matches_from(std::iter::once("pennyspan".to_owned()).chain(words));
            assert!(parsed.is_ok(), "{path}: {line}: {}", parsed.unwrap_err());
            examples += 1;
        }
        assert!(!is_leaf || after.contains("Example"), "{path} has no example");
    }
    assert!(examples > 10, "{examples}");
}

/// Splits a line as a shell does that knows single quotes only.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn help_shows_the_defaults_of_the_configuration() {
    let command = built();
    let help = |name: &str| {
        command
            .find_subcommand(name)
            .unwrap()
            .clone()
            .render_long_help()
            .to_string()
    };
    assert!(help("serve").contains("[default: 127.0.0.1:4317]"));
    assert!(help("report").contains("[default: high]") && help("query").contains("[default: table]"));
}

#[test]
fn help_of_every_subcommand() {
    let help = all(&built(), "").into_iter().map(|(path, mut command)| {
        let text = command.render_long_help().to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        format!("## {path}\n\n{}\n", lines.join("\n").trim_end())
    });
    insta::assert_snapshot!("help", help.collect::<Vec<_>>().join("\n"));
}

#[test]
fn flags_of_keys_are_flags_and_keys() {
    let matches = configured::command()
        .try_get_matches_from([
            "pennyspan",
            "report",
            "--threads",
            "3",
            "--color",
            "never",
            "--fail-on",
            "low",
        ])
        .unwrap();
    let said = configured::flags(&matches);
    let said: Vec<_> = said
        .iter()
        .map(|(key, flag, text)| (*key, flag.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("color", "--color", "never"),
            ("report.fail_on", "--fail-on", "low"),
            ("report.threads", "--threads", "3")
        ]
    );
    crate::config::Layer::of_flags(configured::flags(&matches));
}

#[test]
fn the_version_names_commit_and_price_books() {
    let version = crate::version::long();
    assert!(
        version.contains("commit ") && version.contains("aws-lambda of 20"),
        "{version}"
    );
}
