//! Pages over generated telemetry: what they show is the truth that the generator knows.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use pennyspan_analyzer::analysis::Selection;
use pennyspan_analyzer::judge::{Judging, judge};
use pennyspan_analyzer::{Session, Snapshot, Span, analysis};
use pennyspan_collector::decode::{Origin, Settings as Decoding};
use pennyspan_collector::import::decode_file;
use pennyspan_collector::request::Door;
use pennyspan_fixtures::{Fault, Injection, Scenario, Side, Truth, generate};
use pennyspan_rules::Catalogue;
use pennyspan_rules::price::PriceBooks;
use pennyspan_store::MemoryStore;
use tokio::sync::OnceCell;

use super::{
    Addresses, AnalyzerAnswers, Evaluation, FirstSeen, Intake, Judged, Settings, SnapshotSource, SourceError, numbers,
};
use crate::answers::{Answers, FunctionTab, Question, TraceView};
use crate::format::Usd;
use crate::routes::{Clock, Exposure, router};
use crate::state::{State, Window};

/// One snapshot, kept.
struct Kept(Snapshot);

#[async_trait]
impl SnapshotSource for Kept {
    async fn snapshot(&self) -> Result<Snapshot, SourceError> {
        Ok(self.0.clone())
    }
    fn intake(&self) -> Intake {
        Intake::default()
    }
}

/// A company's telemetry behind the pages.
struct World {
    answers: Arc<AnalyzerAnswers>,
    truth: Truth,
}

fn settings() -> Settings {
    Settings {
        partitions: NonZeroUsize::MIN,
        memory_bytes: 1 << 30,
        spill: None,
        skew_limit_us: 1_000_000,
    }
}

impl World {
    async fn of(scenario: &Scenario) -> Self {
        let telemetry = generate(scenario);
        let files = telemetry.files().into_iter().map(|file| file.body).collect();
        Self::over_files(files, telemetry.truth).await
    }

    /// Reads files into memory and judges the truth's window.
    async fn over_files(files: Vec<Vec<u8>>, truth: Truth) -> Self {
        let mut store = MemoryStore::default();
        let origin = Origin {
            door: &Door::default(),
            region: None,
            received_at_unix_nano: None,
        };
        for file in files {
            let mut decoded = Vec::new();
            decode_file(file.as_slice(), &origin, &Decoding::default(), |part| {
                decoded.push(part.rows);
            })
            .unwrap();
            for rows in decoded {
                store.push(rows).unwrap();
            }
        }
        let snapshot = store.snapshot().unwrap();
        let books = Arc::new(PriceBooks::embedded().unwrap());
        let catalogue = Arc::new(Catalogue::embedded().unwrap());
        let window = Window {
            start: truth.window.start_unix_nano,
            end: truth.window.end_unix_nano,
        };
        let evaluation = Arc::new(Evaluation::default());
        let session = Session::open(
            &snapshot,
            Arc::clone(&books),
            Span::Window(numbers::window(window)),
            settings(),
        );
        let session = session.await.unwrap();
        let asked = analysis::Question {
            window: session.window(),
            selection: Selection::default(),
        };
        let judgement = judge(&session, &asked, &catalogue, &Judging::default()).await.unwrap();
        evaluation.replace(Judged::new(window, window.end, judgement, &FirstSeen::default()));
        let addresses = Addresses {
            http: "http://127.0.0.1:4318".to_owned(),
            grpc: "http://127.0.0.1:4317".to_owned(),
            token_needed: false,
        };
        let answers = AnalyzerAnswers::new(
            Arc::new(Kept(snapshot)),
            books,
            catalogue,
            evaluation,
            addresses,
            "default".to_owned(),
            settings(),
        );
        Self {
            answers: Arc::new(answers),
            truth,
        }
    }

    fn question(&self, query: &str) -> Question {
        let (state, _) = State::parse(query);
        let window = self.window();
        Question {
            state: state.over(window),
            window,
            now_unix_nano: window.end,
        }
    }

    fn window(&self) -> Window {
        Window {
            start: self.truth.window.start_unix_nano,
            end: self.truth.window.end_unix_nano,
        }
    }

    fn site(&self) -> Router {
        let now = self.window().end;
        let clock: Clock = Arc::new(move || now);
        router(Arc::clone(&self.answers) as Arc<dyn Answers>, clock, Exposure::Loopback)
    }

    /// Returns an address over the truth's window.
    fn over(&self, path: &str) -> String {
        self.question("").state.href(path)
    }

    async fn page(&self, address: &str) -> (u16, String) {
        use tower::ServiceExt;
        let request = axum::http::Request::get(address)
            .header("host", "localhost:4310")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = self.site().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// Returns six hours in which one function runs out of memory, generated and judged once for all tests.
async fn failing() -> &'static World {
    static WORLD: OnceCell<World> = OnceCell::const_new();
    let scenario = Scenario::new(11).with(Injection {
        fault: Fault::Oom,
        side: Side::Above,
    });
    WORLD.get_or_init(|| async move { World::of(&scenario).await }).await
}

/// Reads exact decimal dollars.
fn exact(text: &str) -> Usd {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    Usd(format!("{whole}{fraction:0<18}").parse().unwrap())
}

fn links(markup: &str) -> Vec<String> {
    let hrefs = markup
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let mut links: Vec<String> = hrefs
        .filter(|href| href.starts_with('/'))
        .map(|href| href.replace("&amp;", "&"))
        .collect();
    links.sort();
    links.dedup();
    links
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

#[tokio::test]
async fn every_function_shows_the_counts_and_the_cost_that_are_true() {
    let world = failing().await;
    let answer = world.answers.functions(&world.question("")).await.unwrap();
    let functions = answer.body.unwrap();
    let rows: Vec<_> = functions.groups.iter().flat_map(|group| &group.rows).collect();
    assert_eq!(rows.len(), world.truth.functions.len());
    for truth in &world.truth.functions {
        let row = rows.iter().find(|row| row.id.function == truth.function).unwrap();
        let failed = truth.errors + truth.timeouts + truth.out_of_memory;
        assert_eq!(
            (row.invocations, row.errors),
            (Ok(number(truth.invocations)), number(failed)),
            "{}",
            truth.function
        );
        assert_eq!(row.cold.unwrap().0, number(truth.cold_starts), "{}", truth.function);
        assert_eq!(row.memory_mib, Ok(truth.memory_size_mib), "{}", truth.function);
        let apart = row.amount.usd.0 - exact(&truth.cost_usd).0;
        assert!(
            apart.abs() <= 1,
            "{}: {:?} {}",
            truth.function,
            row.amount.usd,
            truth.cost_usd
        );
        assert_eq!(row.amount.not_priced, number(truth.not_priced), "{}", truth.function);
    }
}

#[tokio::test]
async fn the_tabs_of_a_function_add_up() {
    let world = failing().await;
    for truth in world.truth.functions.iter().step_by(4) {
        let functions = world
            .answers
            .functions(&world.question(""))
            .await
            .unwrap()
            .body
            .unwrap();
        let mut rows = functions.groups.iter().flat_map(|group| &group.rows);
        let id = &rows.find(|row| row.id.function == truth.function).unwrap().id;
        let ask = async |tab| {
            world
                .answers
                .function(&world.question(""), id, tab)
                .await
                .unwrap()
                .body
                .unwrap()
        };
        let overview = ask(FunctionTab::Overview).await.overview.unwrap();
        let sum = |values: &[Option<i64>]| values.iter().flatten().sum::<i64>();
        assert_eq!(
            sum(&overview.succeeded) + sum(&overview.failed),
            number(truth.invocations),
            "{}",
            truth.function
        );
        assert_eq!(sum(&overview.throttled), number(truth.throttles), "{}", truth.function);
        assert_eq!(
            overview.concurrency.iter().flatten().max(),
            Some(&number(truth.concurrency_max)),
            "{}",
            truth.function
        );
        assert_eq!(
            overview.versions.iter().map(|row| row.attempts.0).sum::<i64>(),
            number(truth.invocations)
        );
        let cold = ask(FunctionTab::ColdStarts).await.cold_starts.unwrap();
        assert_eq!(
            (cold.totals.0, sum(&cold.cold)),
            (number(truth.cold_starts), number(truth.cold_starts))
        );
        assert_eq!(
            cold.by_version.iter().map(|group| group.cold_count).sum::<i64>(),
            number(truth.cold_starts)
        );
        let cost = ask(FunctionTab::Cost).await.cost.unwrap();
        assert_eq!(
            cost.waste.iter().map(|row| row.usd.0).sum::<i128>(),
            cost.total.usd.0,
            "{}",
            truth.function
        );
        assert_eq!(
            cost.lines.iter().map(|line| line.usd.unwrap().0).sum::<i128>(),
            cost.total.usd.0
        );
    }
}

#[tokio::test]
async fn a_fault_stands_on_the_first_page_and_leads_to_function_evidence_and_runbook() {
    let world = failing().await;
    let fault = &world.truth.findings[0];
    let function = fault.function.clone().unwrap();
    let (status, home) = world.page(&world.over("/")).await;
    assert_eq!(status, 200);
    assert!(
        home.contains(&function) && home.contains(&format!("/rules/{}", fault.rule)),
        "{home}"
    );
    let links = links(&home);
    let finding = links.iter().find(|link| link.starts_with("/findings/")).unwrap();
    let (status, page) = world.page(finding).await;
    assert_eq!(status, 200);
    for words in [
        "Confirm",
        "Contain",
        "Verify",
        "[[suppress]]",
        "Rows of the evidence query",
        "csv=evidence",
    ] {
        assert!(page.contains(words), "{words} is missing on {finding}");
    }
    let to_function = self::links(&page)
        .into_iter()
        .find(|link| link.starts_with("/functions/"))
        .unwrap();
    let (status, page) = world.page(&to_function).await;
    assert_eq!(status, 200);
    assert!(page.contains(&function));
    let trace = self::links(&page)
        .into_iter()
        .find(|link| link.starts_with("/traces/"))
        .unwrap();
    assert_eq!(world.page(&trace).await.0, 200);
}

#[tokio::test]
async fn each_link_of_each_page_answers() {
    let world = failing().await;
    let mut open = vec![
        world.over("/"),
        world.over("/functions"),
        world.over("/findings"),
        world.over("/setup"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let mut kinds: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    while let Some(address) = open.pop() {
        let path = address.split(['?', '#']).next().unwrap().to_owned();
        let kind = path.split('/').nth(1).unwrap_or_default().to_owned();
        let known = kinds.entry(kind).or_default();
        if *known >= 3 || !seen.insert(address.clone()) {
            continue;
        }
        *known += 1;
        let (status, markup) = world.page(address.split('#').next().unwrap()).await;
        assert!(status == 200 || status == 303, "{status} {address}");
        open.extend(links(&markup));
    }
    assert!(kinds.len() >= 6, "{kinds:?}");
}

#[tokio::test]
async fn a_trace_shows_each_of_its_spans_and_attempts_and_what_they_cost() {
    let world = failing().await;
    let attempt = world
        .truth
        .attempts
        .iter()
        .find(|attempt| attempt.trace_id.is_some())
        .unwrap();
    let trace_id = attempt.trace_id.clone().unwrap();
    let view = TraceView::default();
    let trace = world
        .answers
        .trace(&world.question(""), &trace_id, &view)
        .await
        .unwrap()
        .body
        .unwrap();
    let attempts = world
        .truth
        .attempts
        .iter()
        .filter(|one| one.trace_id.as_ref() == Some(&trace_id));
    assert_eq!(
        trace.cost.total.priced + trace.cost.total.not_priced,
        number(attempts.count())
    );
    assert_eq!(
        trace.cost.lines.iter().map(|(_, usd)| usd.0).sum::<i128>(),
        trace.cost.total.usd.0
    );
    let length = (trace.end_unix_nano - trace.start_unix_nano) / 1_000;
    assert_eq!(trace.parts.iter().map(|part| part.us).sum::<i64>(), length);
    assert!(trace.spans_count > 0);
}

#[tokio::test]
async fn links_across_an_asynchronous_hop_are_followed_both_ways() {
    let world = failing().await;
    let mut followed = 0;
    let traced = |function: &str| {
        let mut attempts = world.truth.attempts.iter();
        attempts.find(|one| one.function == function && one.trace_id.is_some())
    };
    for attempt in world.truth.functions.iter().filter_map(|one| traced(&one.function)) {
        let id = attempt.trace_id.clone().unwrap();
        let ask = async |id: &str| {
            let answer = world
                .answers
                .trace(&world.question(""), id, &TraceView::default())
                .await
                .unwrap();
            answer.body.unwrap().links
        };
        if let Some(link) = ask(&id).await.first() {
            let back = ask(&link.trace_id).await;
            assert!(
                back.iter().any(|link| link.trace_id == id),
                "{id} and {}",
                link.trace_id
            );
            followed += 1;
            if followed == 2 {
                break;
            }
        }
    }
    assert!(followed > 0);
}

#[tokio::test]
async fn first_sights_survive_a_finding_that_comes_and_goes() {
    let world = failing().await;
    let judged = world.answers.evaluation.current().unwrap();
    let findings = &judged.judgement.findings;
    let at = judged.evaluated.at_unix_nano;
    let hour = 3_600_000_000_000;
    let gone = judged.first_seen.merged(&[], at + hour);
    let text = serde_json::to_string(&gone.merged(findings, at + 2 * hour)).unwrap();
    let back: FirstSeen = serde_json::from_str(&text).unwrap();
    let again = Judged::new(judged.evaluated.window, at + 3 * hour, judged.judgement.clone(), &back);
    assert_eq!(again.since(&findings[0]), at);
    let late = Judged::new(judged.evaluated.window, at + 40 * hour, judged.judgement.clone(), &gone);
    assert_eq!(late.since(&findings[0]), at + 40 * hour);
}

#[tokio::test]
async fn pages_say_why_there_is_nothing() {
    let world = failing().await;
    let address = world
        .question("")
        .state
        .filtered("region", "mars-north-1")
        .href("/functions");
    let (status, page) = world.page(&address).await;
    assert!(status == 200 && page.contains("mars-north-1"), "{page}");
    let (status, _) = world.page(&world.over("/functions/aws/-/-/nobody")).await;
    assert_eq!(status, 404);
    let (status, page) = world
        .page("/functions?from=2020-01-01T00:00Z&to=2020-01-01T01:00Z")
        .await;
    assert!(status == 200 && !page.contains("All functions"));
}

#[tokio::test]
async fn setup_shows_what_arrived_and_how_many_rules_can_judge() {
    let world = failing().await;
    let setup = world.answers.setup(&world.question("")).await.unwrap().body.unwrap();
    let names: Vec<&str> = setup.sources.iter().map(|source| source.name.as_str()).collect();
    for name in ["Spans", "The platform’s records", "Settings"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(setup.rules_total, 16);
    assert!(setup.rules_judging > 0 && setup.rules_judging <= setup.rules_total);
}

#[tokio::test]
async fn names_from_telemetry_stay_text_on_every_page() {
    let name = "<script>alert('x')</script>\\u202e\\\"onload=x";
    let records: String = (0..40)
        .map(|n| {
            format!(
                r#"{{"provider":"aws","platform":"aws_lambda","region":"{name}","function":"{name}","version":"{name}","service":"{name}","invocation_id":"i-{n}","trace_id":"5b8efff798038103d269b633813fc60c","start_time":"2026-10-08T07:{n:02}:28Z","duration_ms":12.5,"billed_duration_ms":13,"memory_size_mib":128,"outcome":"error","error_type":"{name}"}}"#
            ) + "\n"
        })
        .collect();
    let world = World::over_files(vec![records.into_bytes()], failing().await.truth.clone()).await;
    let mut open = vec![
        world.over("/"),
        world.over("/traces/5b8efff798038103d269b633813fc60c"),
        world.over("/setup"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(address) = open.pop() {
        if seen.len() > 12 || !seen.insert(address.clone()) {
            continue;
        }
        let (status, markup) = world.page(&address).await;
        assert_eq!(status, 200, "{address}");
        assert!(
            !markup.contains("<script>alert") && !markup.contains('\u{202e}'),
            "{address}"
        );
        let tags = markup.split('<').skip(1).filter_map(|rest| rest.split('>').next());
        for tag in tags {
            assert!(
                !tag.split('"').step_by(2).any(|outside| outside.contains("onload")),
                "{address}: {tag}"
            );
        }
        let about = |link: &String| link.starts_with("/findings/") || link.starts_with("/functions/");
        open.extend(links(&markup).into_iter().filter(about));
    }
    assert!(seen.len() > 6, "{seen:?}");
}

/// Serves the generated telemetry for looking at, on the port that the variable names.
#[tokio::test]
#[ignore = "serves until it is stopped; set PENNYSPAN_GALLERY_PORT"]
async fn serve_generated_telemetry() {
    let port = std::env::var("PENNYSPAN_GALLERY_PORT").expect("PENNYSPAN_GALLERY_PORT");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse().unwrap()))
        .await
        .unwrap();
    axum::serve(listener, failing().await.site()).await.unwrap();
}
