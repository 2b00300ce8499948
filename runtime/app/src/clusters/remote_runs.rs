//! What was ordered for a server is sent, and followed to its end.
//!
//! ```text
//!   order, kept ──► SENDING ──► SENT ──look, news──► DONE
//!                      │  ▲       │ ▲
//!                      │  └trouble┘ └─ asked again, with growing pauses, for as long as it takes
//!                      └──► REFUSED
//! ```
//!
//! Each order has one task. A round of it reads what is kept, does one thing and keeps what came of it, so that a workbench that is
//! killed at any line goes on at its next start: what it does again finds what it did before.

use std::time::Duration;

use coracle_cluster::run_news::news;
use coracle_control::TaskKind;
use coracle_model::{RemoteNews, RemoteProblem, RemoteRun, RemoteStage, RunId};
use coracle_store::RemoteOrder;

use super::remote_server::Reached;
use crate::error::{AppError, with_causes};
use crate::workbench::Workbench;

/// Between two looks at a run in which something happens.
const SHORTEST: Duration = Duration::from_secs(1);

/// Between two looks at a run in which nothing happens.
const QUIET: Duration = Duration::from_secs(5);

/// Between two tries at a server that does not answer.
const LONGEST: Duration = Duration::from_secs(15);

/// What a round came to.
enum Round {
    /// Nothing more becomes of the run.
    Over,
    /// Something happened.
    Stirred,
    /// All is as it was.
    Quiet,
    /// The server does not answer as it should.
    Troubled,
}

/// Goes on with whatever was ordered and is not over.
pub(crate) async fn take_up_remote_runs(workbench: Workbench) {
    let runs = workbench.ask_store(|store| Ok(store.remote_runs()?)).await;
    let runs = runs.unwrap_or_else(|error| {
        tracing::error!(%error, "runs on clusters are not followed until the next start");
        Vec::new()
    });
    let Some(supervisor) = workbench.inner.supervisor.get() else {
        return;
    };
    for run in runs.iter().filter(|run| !run.stage.is_final()) {
        supervisor.spawn(TaskKind::Timer, follow(workbench.clone(), run.id));
    }
}

/// Sends what was ordered, and follows it to its end.
pub(super) async fn follow(workbench: Workbench, id: RunId) {
    let clock = workbench.inner.clock.clone();
    let mut pause = SHORTEST;
    let mut reached = Reached::default();
    loop {
        let round = round(&workbench, id, &mut reached).await.unwrap_or_else(|error| {
            tracing::warn!(run = %id, error = with_causes(&error), "what was heard of a run on a cluster was not kept");
            Round::Troubled
        });
        pause = match round {
            Round::Over => return,
            Round::Stirred => SHORTEST,
            Round::Quiet => (pause * 2).min(QUIET),
            Round::Troubled => (pause * 2).min(LONGEST),
        };
        clock.sleep_until(clock.steady().after(pause)).await;
    }
}

async fn round(workbench: &Workbench, id: RunId, reached: &mut Reached) -> Result<Round, AppError> {
    let order = workbench
        .ask_store(move |store| Ok(store.remote_order(id)?))
        .await?;
    let Some(order) = order.filter(|order| !order.run.stage.is_final()) else {
        return Ok(Round::Over);
    };
    let mut run = order.run.clone();
    let heard = match go_on(workbench, &order, &mut run, reached).await {
        Ok(mut heard) => {
            run.seen_at = Some(workbench.inner.clock.now());
            heard.splice(0..0, answered(&mut run));
            heard
        }
        Err(error) => trouble(&mut run, &error),
    };
    // What a server that answers does not tell is no reason to ask less often.
    let is_troubled = run.problem != run.sight.untold;
    let (stage, stirred) = (run.stage, !heard.is_empty());
    let at = workbench.inner.clock.now();
    workbench
        .ask_store(move |store| Ok(store.record_remote_run(&run, &heard, at)?))
        .await?;
    Ok(match stage {
        RemoteStage::Done | RemoteStage::Refused => Round::Over,
        RemoteStage::Sending | RemoteStage::Sent if is_troubled => Round::Troubled,
        RemoteStage::Sending | RemoteStage::Sent if stirred => Round::Stirred,
        RemoteStage::Sending | RemoteStage::Sent => Round::Quiet,
    })
}

/// Does what is next, and tells what is new.
async fn go_on(
    workbench: &Workbench,
    order: &RemoteOrder,
    run: &mut RemoteRun,
    reached: &mut Reached,
) -> Result<Vec<RemoteNews>, AppError> {
    match run.remote_id.clone() {
        None => reached.send(workbench, order, run).await,
        Some(there) => {
            let sight = reached.look(workbench, order, &there).await?;
            let heard = news(&run.sight, &sight);
            if sight.state().is_final() {
                run.stage = RemoteStage::Done;
            }
            run.sight = sight;
            Ok(heard)
        }
    }
}

/// What an answer makes of the problem that a run had. What the server does not tell of it is one as long as it is not told.
fn answered(run: &mut RemoteRun) -> Option<RemoteNews> {
    let before = std::mem::replace(&mut run.problem, run.sight.untold.clone());
    match &run.problem {
        Some(problem) => {
            (before.as_ref() != Some(problem)).then(|| RemoteNews::Trouble(problem.clone()))
        }
        None => before.map(|_| RemoteNews::Back),
    }
}

/// What an error makes of a run. The same trouble is told once for as long as it lasts.
fn trouble(run: &mut RemoteRun, error: &AppError) -> Vec<RemoteNews> {
    let is_refusal = match error {
        AppError::Kfp(error) => error.is_refusal(),
        AppError::Argo(error) => error.is_refusal(),
        _ => false,
    };
    let problem = RemoteProblem {
        code: code(error),
        message: with_causes(error),
        hint: error.hint().unwrap_or_default(),
    };
    let is_known = run.problem.as_ref() == Some(&problem);
    run.problem = Some(problem.clone());
    if is_refusal {
        run.stage = RemoteStage::Refused;
        return vec![RemoteNews::Refused(problem)];
    }
    if is_known {
        return Vec::new();
    }
    vec![RemoteNews::Trouble(problem)]
}

/// The word of the error that knows best.
fn code(error: &AppError) -> String {
    let code = match error {
        AppError::Kfp(error) => error.code(),
        AppError::Argo(error) => error.code(),
        AppError::Cluster(error) => error.code(),
        _ => "internal",
    };
    code.to_owned()
}

#[cfg(test)]
mod tests {
    use coracle_cluster::kfp::KfpError;
    use coracle_model::{RemotePlace, RemoteRequest, RemoteSight, Timestamp};

    use super::*;

    fn run() -> RemoteRun {
        RemoteRun {
            id: RunId::random(),
            place: RemotePlace::Endpoint("http://e".to_owned()),
            request: RemoteRequest {
                pipeline: "p".to_owned(),
                file_name: "p.yaml".to_owned(),
                display_name: "p".to_owned(),
                experiment: "Default".to_owned(),
                namespace: None,
                parameters: Default::default(),
                pipeline_root: None,
                recurrence: None,
                workflow: None,
            },
            stage: RemoteStage::Sent,
            remote_id: Some("r".to_owned()),
            sight: RemoteSight::default(),
            problem: None,
            created_at: Timestamp::UNIX_EPOCH,
            seen_at: None,
        }
    }

    #[test]
    fn what_is_not_told_of_a_run_is_said_once_and_is_its_problem() {
        let mut run = run();
        let untold = RemoteProblem {
            code: "tasks_not_told".to_owned(),
            message: "kept elsewhere".to_owned(),
            hint: "look there".to_owned(),
        };
        assert_eq!(answered(&mut run), None);
        run.sight.untold = Some(untold.clone());
        assert_eq!(
            answered(&mut run),
            Some(RemoteNews::Trouble(untold.clone()))
        );
        assert_eq!(answered(&mut run), None);
        assert_eq!(run.problem, Some(untold));
        run.sight.untold = None;
        assert_eq!(answered(&mut run), Some(RemoteNews::Back));
        assert_eq!((answered(&mut run), run.problem), (None, None));
    }

    #[test]
    fn trouble_is_told_once_and_a_refusal_ends_it() {
        let mut run = run();
        let server = || "s".to_owned();
        let busy = AppError::Kfp(KfpError::Busy {
            server: server(),
            status: 503,
            message: "later".to_owned(),
        });
        assert!(matches!(
            trouble(&mut run, &busy)[..],
            [RemoteNews::Trouble(_)]
        ));
        assert!(trouble(&mut run, &busy).is_empty());
        let token = AppError::Kfp(KfpError::Unauthorized {
            server: server(),
            message: "no".to_owned(),
        });
        assert!(matches!(
            trouble(&mut run, &token)[..],
            [RemoteNews::Trouble(_)]
        ));
        assert_eq!(run.stage, RemoteStage::Sent);
        let gone = AppError::Kfp(KfpError::Gone {
            server: server(),
            message: "no run".to_owned(),
        });
        assert!(matches!(
            trouble(&mut run, &gone)[..],
            [RemoteNews::Refused(_)]
        ));
        assert_eq!(run.stage, RemoteStage::Refused);
        assert_eq!(run.problem.unwrap().code, "gone");
    }
}
