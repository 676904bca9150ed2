//! `pennyspan doctor`: tries every door of a running server as a sender would, and says in words what is wrong.

use std::fmt::Write as _;
use std::time::Duration;

use super::answer;
use crate::bench::client::{get, reader};
use crate::cli::doctor::DoctorArgs;
use crate::clock;
use crate::config::{Config, InForce};
use crate::exit::Exit;
use diagnosis::{Finding, clock_of, of_answer, of_error};
use doors::{Credentials, Door, Places, knock};

mod diagnosis;
mod doors;

/// How long a door may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// Tries every door, prints what was found, and returns how it stands.
///
/// # Errors
/// Addresses that are none.
pub fn run(args: &DoctorArgs, in_force: &InForce) -> anyhow::Result<Exit> {
    let places = places(args, &in_force.config);
    let now_unix_nano = clock::now_unix_nano();
    let credentials = Credentials {
        token: args.token.as_deref(),
        firehose_key: args.firehose_key.as_deref(),
    };
    let doors = doors::all(&places, credentials, now_unix_nano);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut findings = Vec::new();
    let mut clocks = Vec::new();
    for door in &doors.all {
        let answered = runtime.block_on(async { tokio::time::timeout(WITHIN, knock(door)).await });
        let finding = match answered {
            Err(_) => Finding::silent(door, WITHIN),
            Ok(Err(error)) => runtime.block_on(of_error(door, &error)),
            Ok(Ok(answered)) => {
                clocks.extend(clock_of(&answered, clock::now_unix_nano()));
                of_answer(door, &answered)
            }
        };
        findings.push(finding);
    }
    findings.extend(runtime.block_on(pages(&places, &doors.trace_id)));
    findings.extend(diagnosis::clock(&clocks));
    answer(&told(&findings))?;
    Ok(findings
        .iter()
        .fold(Exit::Passed, |worst, finding| worst.worst(finding.exit)))
}

fn places(args: &DoctorArgs, config: &Config) -> Places {
    let given = |said: &Option<String>, configured: &str| {
        let url = said.clone().unwrap_or_else(|| format!("http://{configured}"));
        url.trim_end_matches('/').to_owned()
    };
    Places {
        http: given(&args.http, &config.serve.otlp_http),
        grpc: given(&args.grpc, &config.serve.otlp_grpc),
        web: given(&args.web, &config.serve.web),
    }
}

/// Looks at the pages: whether they answer, whether telemetry moves, and whether what was sent can be seen.
async fn pages(places: &Places, trace_id: &str) -> Vec<Finding> {
    let trace = format!("/traces/{trace_id}");
    let asked = [
        ("pages", "/", "the pages are not answered"),
        ("health", "/healthz", "telemetry does not move through the server"),
        ("metrics", "/metrics", "the server's counters are not answered"),
        (
            "the span that was sent",
            trace.as_str(),
            "it is not there, though a door may have taken it: the pages may be another server's",
        ),
    ];
    let mut findings = Vec::new();
    for (name, path, otherwise) in asked {
        let connection = reader();
        let url = format!("{}{path}", places.web);
        let page = tokio::time::timeout(WITHIN, get(&connection, &places.web, path)).await;
        let door = Door::page(name, &url);
        findings.push(match page {
            Err(_) => Finding::silent(&door, WITHIN),
            Ok(Err(error)) => of_error(&door, &error).await,
            Ok(Ok((status, _))) if status.is_success() => Finding::well(&door, ""),
            Ok(Ok((status, text))) => {
                let said = text.lines().next().unwrap_or_default();
                let said = if said.starts_with('<') { "" } else { said };
                Finding::wrong(
                    &door,
                    Exit::WrongUsage,
                    format!(
                        "{otherwise} ({status}{}{said})",
                        if said.is_empty() { "" } else { ": " }
                    ),
                )
            }
        });
    }
    findings
}

/// Returns one line per door, and a sentence on all of them.
fn told(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.door.chars().count())
        .max()
        .unwrap_or(0);
    let (mut text, mut before) = (String::new(), "");
    for Finding { door, url, words, exit } in findings {
        let mark = if *exit == Exit::Passed { "ok   " } else { "WRONG" };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{mark}  {door:width$}  {url}");
        // What is wrong with one door is often wrong with its neighbours.
        if !words.is_empty() && words != before {
            let _ = writeln!(text, "       {words}");
        }
        before = words;
    }
    let wrong = findings.iter().filter(|finding| finding.exit != Exit::Passed).count();
    let doors = findings.len();
    let _ = match wrong {
        0 => writeln!(text, "\nAll {doors} doors are open."),
        1 => writeln!(text, "\nOne of {doors} doors is not as it should be."),
        wrong => writeln!(text, "\n{wrong} of {doors} doors are not as they should be."),
    };
    text
}
