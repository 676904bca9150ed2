//! The house itself: who depends on whom, and generated pages that say what the code says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::company::pennyspan;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Which of our crates each crate may use; the program wires all of them.
const MAY_USE: &[(&str, &[&str])] = &[
    ("pennyspan-schema", &[]),
    ("pennyspan-rules", &[]),
    ("pennyspan-fixtures", &[]),
    ("pennyspan-collector", &["pennyspan-schema"]),
    ("pennyspan-store", &["pennyspan-schema"]),
    (
        "pennyspan-analyzer",
        &["pennyspan-rules", "pennyspan-schema", "pennyspan-store"],
    ),
    (
        "pennyspan-web",
        &["pennyspan-analyzer", "pennyspan-rules", "pennyspan-schema"],
    ),
];

/// Crates from outside that only some of ours may use.
const ONLY_FOR: &[(&str, &[&str])] = &[
    ("datafusion", &["pennyspan", "pennyspan-analyzer", "pennyspan-store"]),
    ("deltalake-core", &["pennyspan-store"]),
    ("axum", &["pennyspan", "pennyspan-collector", "pennyspan-web"]),
    ("plotters", &["pennyspan-web"]),
];

#[test]
fn crates_depend_one_way() {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let uses: BTreeMap<String, BTreeSet<String>> = metadata
        .packages
        .iter()
        .map(|package| {
            let normal = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal);
            (
                package.name.to_string(),
                normal.map(|dependency| dependency.name.clone()).collect(),
            )
        })
        .collect();
    assert_eq!(uses.len(), MAY_USE.len() + 1, "a crate is missing from the list");
    for (name, may_use) in MAY_USE {
        let ours: BTreeSet<&str> = uses[*name]
            .iter()
            .map(String::as_str)
            .filter(|used| used.starts_with("pennyspan"))
            .collect();
        let excess: Vec<_> = ours.iter().filter(|used| !may_use.contains(used)).collect();
        assert!(excess.is_empty(), "{name} must not depend on {excess:?}");
    }
    for (outside, may) in ONLY_FOR {
        for (name, used) in &uses {
            assert!(
                !used.contains(*outside) || may.contains(&name.as_str()),
                "{name} must not depend on {outside}"
            );
        }
    }
}

#[test]
fn generated_pages_are_current() {
    let catalogue = pennyspan_rules::Catalogue::embedded().unwrap();
    let books = pennyspan_rules::PriceBooks::embedded().unwrap();
    let printed = |arguments: &[&str]| String::from_utf8(pennyspan(arguments).stdout).unwrap();
    let pages = [
        ("docs/report.schema.json", printed(&["config", "schema", "--report"])),
        ("docs/configuration.schema.json", printed(&["config", "schema"])),
        ("docs/configuration.md", printed(&["config", "schema", "--markdown"])),
        ("docs/columns.md", pennyspan_schema::docs::columns_page()),
        ("docs/rules.md", pennyspan_rules::rules_page(&catalogue)),
        ("docs/prices.md", pennyspan_rules::prices_page(&books)),
    ];
    for (path, page) in pages {
        let file = root().join(path);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &page).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(written == page, "{path} is stale: run `just bless`");
    }
}

#[test]
fn nothing_below_the_program_reads_the_clock_or_the_environment() {
    let forbidden = [
        "SystemTime::now",
        "Utc::now",
        "Local::now",
        "env::var",
        "env::current_dir",
    ];
    let mut seen = 0;
    for folder in [
        "analyzer/src",
        "collector/src",
        "fixtures/src",
        "rules/src",
        "store/src",
        "store/schema/src",
        "web/src",
    ] {
        let files = sources(&root().join(folder));
        let for_tests = test_modules(&files);
        for file in files {
            let named = |name: &str| for_tests.contains(name);
            if file
                .iter()
                .filter_map(|part| Path::new(part).file_stem()?.to_str())
                .any(named)
            {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            for word in forbidden {
                assert!(!production.contains(word), "{} holds {word}", file.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} files were read");
}

#[test]
fn every_statement_of_otlp_and_every_trap_names_tests_that_exist() {
    let crates = [
        "collector/src",
        "analyzer/src",
        "store/src",
        "rules/src",
        "web/src",
        "tests/e2e",
    ];
    let files = crates.into_iter().flat_map(|folder| sources(&root().join(folder)));
    let code: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    for (name, least) in [("docs/otlp.md", 20), ("docs/traps.md", 20)] {
        let page = fs::read_to_string(root().join(name)).unwrap();
        let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
        let mut statements = 0;
        for row in rows.filter(|row| !row.starts_with("| section")) {
            let tests = row.trim_end_matches('|').rsplit('|').next().unwrap();
            let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "no test: {row}");
            for test in named {
                assert!(
                    code.contains(&format!("fn {test}(")),
                    "{name} names `{test}`, which is no test"
                );
            }
            statements += 1;
        }
        assert!(statements > least, "{name}: {statements}");
    }
}

#[test]
fn no_placeholder_pages() {
    let mut pages = vec![];
    for folder in ["", "docs", "docs/adr"] {
        let entries = fs::read_dir(root().join(folder))
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    assert!(pages.len() > 5, "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let unfinished = ["TBD", "TODO", "FIXME", "coming soon", "lorem ipsum"];
        for word in unfinished {
            assert!(!text.contains(word), "{} holds {word}", page.display());
        }
        assert!(
            text.lines().filter(|line| !line.trim().is_empty()).count() > 3,
            "{} is empty",
            page.display()
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Returns the modules that are only compiled for tests.
fn test_modules(files: &[PathBuf]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
            rest.lines()
                .next()?
                .trim()
                .strip_suffix(';')?
                .rsplit_once("mod ")
                .map(|(_, name)| name.to_owned())
        });
        names.extend(declared);
    }
    names
}

/// What is copied or included as YAML.
const YAML: [&str; 2] = ["action.yml", "templates/report.yml"];

#[test]
fn what_pipelines_include_is_yaml() {
    let included = YAML.map(|file| (file, fs::read_to_string(root().join(file)).unwrap()));
    let documented = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let blocks = documented.split("```yaml\n").skip(1).map(|rest| {
        let block = rest.split("```").next().unwrap();
        ("docs/ci.md", block.to_owned())
    });
    let all: Vec<(&str, String)> = included.into_iter().chain(blocks).collect();
    assert_eq!(all.len(), 5);
    for (file, text) in all {
        let events = saphyr_parser::Parser::new_from_str(&text);
        let read: Result<Vec<_>, _> = events.collect();
        assert!(read.is_ok_and(|events| events.len() > 10), "{file}:\n{text}");
    }
}

#[test]
fn lines_that_runbooks_say_to_add_are_accepted() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pennyspan.toml");
    let mut accepted = 0;
    for rule in fs::read_dir(root().join("rules/catalog")).unwrap() {
        let path = rule.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```toml\n").skip(1) {
            fs::write(&file, block.split("```").next().unwrap()).unwrap();
            let output = pennyspan(&["config", "check", file.to_str().unwrap()]);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {said}", path.display());
            accepted += 1;
        }
    }
    assert!(accepted > 10, "{accepted}");
}
