//! The help is part of what is promised.

use clap::{Command, ValueEnum as _};

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

/// Returns the names of all commands, each with its path and hyphens between, the program first.
fn page_names() -> Vec<String> {
    let all = all(&built(), "");
    all.into_iter().map(|(path, _)| path.replace(' ', "-")).collect()
}

#[test]
fn completions_of_every_shell_know_every_command() {
    let names: Vec<String> = built()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for shell in clap_complete::Shell::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut configured::command(), "pennyspan", &mut script);
        let script = String::from_utf8(script).unwrap();
        let missing: Vec<_> = names.iter().filter(|name| !script.contains(name.as_str())).collect();
        assert!(missing.is_empty() && script.contains("fail-on"), "{shell}: {missing:?}");
    }
}

#[test]
fn every_command_has_its_manual_page() {
    let place = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(configured::command(), place.path()).unwrap();
    for name in page_names() {
        let page = std::fs::read_to_string(place.path().join(format!("{name}.1")));
        assert!(page.is_ok_and(|page| page.contains(".SH SYNOPSIS")), "{name}");
    }
}

/// Leaves out variables that hold whole flags; those that hold the value of one stay.
fn without_variables(words: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        let is_value = kept.last().is_some_and(|before| before.starts_with('-'));
        if is_value || !word.starts_with('$') {
            kept.push(word);
        }
    }
    kept
}

/// What people copy into their pipelines.
const PIPELINES: [(&str, &str); 4] = [
    ("docs/ci.md", include_str!("../../docs/ci.md")),
    ("action.yml", include_str!("../../action.yml")),
    ("templates/report.yml", include_str!("../../templates/report.yml")),
    ("docs/report.md", include_str!("../../docs/report.md")),
];

#[test]
fn command_lines_of_pipelines_are_accepted() {
    let mut accepted = 0;
    for (file, text) in PIPELINES {
        for line in text.lines() {
            let line = line.trim_start_matches([' ', '-', '`']);
            let bare = line.strip_prefix("script: ").unwrap_or(line);
            let bare = bare.strip_prefix(".pennyspan/bin/").unwrap_or(bare);
            if !bare.starts_with("pennyspan ") {
                continue;
            }
            let command = bare.split(['`', '#', '>']).next().unwrap_or_default().replace('"', "'");
            let parsed = configured::command().try_get_matches_from(without_variables(shell_words(&command)));
            assert!(parsed.is_ok(), "{file}: {line}: {}", parsed.unwrap_err());
            accepted += 1;
        }
    }
    assert!(accepted > 15, "{accepted}");
}
