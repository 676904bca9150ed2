//! Tells the program which commit it is built from.
//!
//! Cargo hands the variable on to what it runs, so its name must not be one that the program reads as configuration.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=BUILT_COMMIT");
    if std::env::var_os("BUILT_COMMIT").is_some() {
        return;
    }
    // Files that change with the commit; where there is no repository, nothing is watched but this script.
    println!("cargo:rerun-if-changed=build.rs");
    let watched = ["HEAD".to_owned()]
        .into_iter()
        .chain(git(&["symbolic-ref", "-q", "HEAD"]))
        .chain(["packed-refs".to_owned()]);
    for name in watched {
        if let Some(path) = git(&["rev-parse", "--git-path", &name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo:rustc-env=BUILT_COMMIT={commit}");
    }
}

/// Returns what git answers about this folder, where it is the root of a repository.
fn git(arguments: &[&str]) -> Option<String> {
    if !Path::new(".git").exists() {
        return None;
    }
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
