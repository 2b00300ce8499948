//! Images that are built.

use std::collections::BTreeMap;

use coracle_host::log::Only;
use coracle_host::{
    BuildFile, BuildFileKind, Engine, EngineError, ImageBuild, OwnImage, PullPolicy,
};

use crate::ask_engine;
use crate::bench::{Bench, bench, read_log};

const GOOD: &str = "FROM debian:bookworm AS first
ARG PIP_INDEX_URL
COPY told /told
RUN echo \"from $PIP_INDEX_URL\" && cp /told /kept && date +%N >> /kept
FROM debian:bookworm
COPY --from=first /kept /kept
COPY told /told
CMD [\"cat\", \"/kept\"]
";

const BAD: &str = "FROM debian:bookworm
RUN echo before the end && exit 7
";

/// An index with a password, another one for each run of the tests: what an engine has built before it does not build again.
fn index_of(bench: &Bench) -> String {
    format!("http://user:hunter2@{}/", bench.prefix)
}

fn build(bench: &Bench, dockerfile: &'static str) -> ImageBuild {
    let file = |name, content, kind| BuildFile {
        name,
        content,
        kind,
    };
    let name = format!("coracle-test/{}:1", bench.prefix);
    ImageBuild {
        name: name.parse().unwrap(),
        files: vec![
            file("Dockerfile", dockerfile, BuildFileKind::Text),
            file("told", "told\n", BuildFileKind::Program),
        ],
        environment: BTreeMap::from([("PIP_INDEX_URL".to_owned(), index_of(bench))]),
        ..OwnImage::jupyterlab().build(BTreeMap::new(), bench.directory.path())
    }
}

#[tokio::test]
async fn an_image_is_built_once_and_keeps_no_secrets() {
    let bench = bench!("builds");
    let request = build(&bench, GOOD);
    let missing = bench.engine.resolve_image(&request.name, PullPolicy::Never);
    assert!(matches!(
        missing.await,
        Err(EngineError::ImageNotFound { .. })
    ));
    let (first, second) = tokio::join!(
        bench.engine.build_image(&request),
        bench.engine.build_image(&request)
    );
    first.and(second).unwrap();
    let log = String::from_utf8(read_log(&request.log, Only::Both)).unwrap();
    // The second asker has not built another.
    assert_eq!(
        log.matches("Step 1/8").count() + log.matches("[1/2] STEP 1/4").count(),
        1,
        "{log}"
    );
    assert!(log.contains(&format!("from {}", index_of(&bench))), "{log}");
    let digest = bench.digest(request.name.as_str()).await;
    for what in ["json", "history"] {
        if let Some(shown) = ask_engine("GET", &format!("/images/{}/{what}", request.name)) {
            assert!(
                shown.contains("/kept") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
    }
    // One that is there is not built again.
    bench.engine.build_image(&request).await.unwrap();
    assert_eq!(bench.digest(request.name.as_str()).await, digest);
    let workload = bench.plain("a", request.name.as_str()).await;
    let exit = bench.run("a", &workload).await;
    assert_eq!(exit.code, 0);
    assert!(bench.output("a").starts_with("told\n"));
    bench.engine.remove(&workload.name).await.unwrap();
    ask_engine("DELETE", &format!("/images/{}", request.name));
}

#[tokio::test]
async fn a_build_that_fails_tells_its_last_lines() {
    let bench = bench!("buildfails");
    let request = build(&bench, BAD);
    let error = bench.engine.build_image(&request).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, EngineError::BuildFailed { .. }), "{text}");
    assert!(text.contains("before the end"), "{text}");
    assert!(text.contains('7'), "{text}");
    let missing = bench.engine.resolve_image(&request.name, PullPolicy::Never);
    assert!(matches!(
        missing.await,
        Err(EngineError::ImageNotFound { .. })
    ));
}
