//! Fixed answers by hand: what the pages are tested and looked at with.

mod answers;
#[expect(
    clippy::cast_precision_loss,
    clippy::needless_pass_by_value,
    reason = "small values by hand"
)]
mod values;

use std::sync::Arc;

use crate::answers::Emptiness;
use crate::format::Missing;
use crate::routes::{Clock, Exposure, router};

/// 2026-11-19T14:52:00Z.
pub(crate) const NOW: i64 = 1_795_099_920_000_000_000;
pub(crate) const MINUTE: i64 = 60_000_000_000;

/// Names as nobody should send them.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script>\"' onload=x \u{202e}txt.exe\u{2066} ../..";

/// What the fixed answers are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scene {
    /// One function fails.
    Incident,
    /// Nothing does.
    Calm,
    /// Telemetry with hostile and endless names.
    Hostile,
    /// Nothing is known of anything.
    Unknown,
    /// There is nothing.
    Empty(Emptiness),
    /// Nothing can be answered.
    Broken,
}

/// Answers every question with fixed values.
#[derive(Debug, Clone)]
pub(crate) struct Fixed(pub(crate) Scene);

impl Fixed {
    /// Returns `name`, or a hostile name in its place.
    fn name(&self, name: &str) -> String {
        match self.0 {
            Scene::Hostile => format!("{name}{HOSTILE}{}", "long".repeat(2_500)),
            _ => name.to_owned(),
        }
    }

    /// Returns a value, unless nothing is known.
    fn known<T>(&self, value: T) -> Result<T, Missing> {
        if self.0 == Scene::Unknown {
            Err(Missing::Unknown)
        } else {
            Ok(value)
        }
    }

    fn values<T: Copy>(&self, values: Vec<Option<T>>) -> Vec<Option<T>> {
        if self.0 == Scene::Unknown {
            vec![None; values.len()]
        } else {
            values
        }
    }
}

pub(crate) fn site(scene: Scene, exposure: Exposure) -> axum::Router {
    let clock: Clock = Arc::new(|| NOW);
    router(Arc::new(Fixed(scene)), clock, exposure)
}

/// Serves every scene for looking at: each on its own port, from the one that the variable names.
#[tokio::test]
#[ignore = "serves until it is stopped; set PENNYSPAN_GALLERY_PORT"]
async fn serve_the_gallery() {
    let port: u16 = std::env::var("PENNYSPAN_GALLERY_PORT")
        .expect("PENNYSPAN_GALLERY_PORT")
        .parse()
        .unwrap();
    let scenes = [
        Scene::Incident,
        Scene::Calm,
        Scene::Hostile,
        Scene::Unknown,
        Scene::Empty(Emptiness::NeverSent),
        Scene::Empty(Emptiness::NotInRange {
            newest_unix_nano: NOW - 4_000 * MINUTE,
        }),
        Scene::Empty(Emptiness::FilteredAway {
            filter: "region",
            without_count: 8_214,
        }),
        Scene::Empty(Emptiness::TooFew {
            count: 212,
            needed_count: 1_000,
        }),
        Scene::Broken,
    ];
    let serve = |(port, scene): (u16, Scene)| async move {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        axum::serve(listener, site(scene, Exposure::Loopback)).await.unwrap();
    };
    futures::future::join_all((port..).zip(scenes).map(serve)).await;
}

/// Asks a scene for a page.
pub(crate) async fn ask(scene: Scene, path: &str) -> (u16, String) {
    use tower::ServiceExt;
    let request = axum::http::Request::get(path)
        .header("host", "localhost:4310")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = site(scene, Exposure::Loopback).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Asks a scene for a page and returns the words on it.
pub(crate) async fn words(scene: Scene, path: &str) -> String {
    let (_, markup) = ask(scene, path).await;
    let mut words = String::new();
    let mut inside = false;
    for character in markup
        .split_once("<main")
        .map_or(markup.as_str(), |(_, main)| main)
        .chars()
    {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            c if !inside => words.push(c),
            _ => {}
        }
    }
    words
        .replace(['\u{a0}', '\u{202f}'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
