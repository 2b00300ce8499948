//! Why a step ran.

use axum::http::{Method, StatusCode};
use coracle_app::view::{CreateRun, KeyChange, Verdict, Why};
use coracle_host::fake::Act;
use coracle_model::RunId;

use crate::place::{API, Place, bare, greet, greet_with};

async fn why(place: &Place, run: RunId, step: &str) -> Why {
    place
        .get(&format!("{API}/runs/{run}/why?step={step}"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_can_be_asked_why_it_ran() {
    let place = Place::new(|_| Act::succeed()).await;
    let first = place.run(&greet_with("1")).await.run_id;
    assert_eq!(why(&place, first, "load").await.verdict, Verdict::FirstTime);

    let second = place.run(&greet_with("2")).await.run_id;
    let change = KeyChange {
        part: "input parameter `n`".to_owned(),
        before: Some("1".to_owned()),
        after: Some("2".to_owned()),
    };
    let changed = why(&place, second, "load").await;
    assert_eq!(
        changed.verdict,
        Verdict::Changed {
            before: first,
            changes: vec![change]
        }
    );
    assert!(
        changed.message.contains("input parameter `n`"),
        "{}",
        changed.message
    );
    assert_eq!(
        why(&place, second, "train").await.verdict,
        Verdict::Cached { from: Some(first) }
    );

    let off = place
        .run(&CreateRun {
            cache: false,
            ..greet_with("2")
        })
        .await
        .run_id;
    let verdict = why(&place, off, "load").await.verdict;
    assert!(
        matches!(&verdict, Verdict::NotCacheable { reason } if reason.contains("--no-cache")),
        "{verdict:?}"
    );

    let (status, body) = place
        .refused(bare(
            Method::GET,
            &format!("{API}/runs/{off}/why?step=none"),
        ))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{}", body.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_failed_then_runs_again_though_nothing_changed() {
    let place = Place::new(|_| Act::fail(1)).await;
    let first = place.run(&greet()).await.run_id;
    let second = place.run(&greet()).await.run_id;
    let verdict = why(&place, second, "load").await.verdict;
    assert!(
        matches!(&verdict, Verdict::Unchanged { before, reason } if *before == first && reason.contains("failed")),
        "{verdict:?}"
    );
    let verdict = why(&place, second, "train").await.verdict;
    assert!(matches!(verdict, Verdict::NotRun { .. }), "{verdict:?}");
}
