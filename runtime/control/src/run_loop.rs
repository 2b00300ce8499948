//! The loop itself: takes messages, asks the plans, records, acts.
//!
//! It runs on a thread of its own and never waits for anything but its inbox and the store. All that takes time
//! is spawned and answers by message.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coracle_host::ObservedWorkload;
use coracle_model::{EventCursor, Failure, FailureCode, RunId, RunState};
use coracle_plan::{Admission, AdmissionId, Admitted, Observation, RunPlan, Verdict};
use coracle_spec::kind::pod::PodUid;
use coracle_store::{Change, StoreError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};

use crate::batch::{Act, Batch, Message};
use crate::handle::ControlError;
use crate::live::Live;
use crate::room::PodRoom;
use crate::sandbox::SandboxPool;
use crate::setting::Setting;
use crate::supervisor::{Supervisor, TaskKind};

/// The most messages that are taken in before what they lead to is recorded.
const MOST_MESSAGES: usize = 512;

/// How long the loop waits before it tries again to record on a disk that is full.
const FULL_DISK_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// The loop.
pub(crate) struct RunLoop {
    pub(crate) setting: Setting,
    pub(crate) supervisor: Supervisor,
    pub(crate) outbox: UnboundedSender<Message>,
    pub(crate) runs: HashMap<RunId, Live>,
    pub(crate) admission: Admission,
    pub(crate) sandboxes: Arc<SandboxPool>,
    /// The pods that want room or have it.
    pub(crate) pods: HashMap<PodUid, PodRoom>,
    events: watch::Sender<EventCursor>,
}

impl RunLoop {
    pub(crate) fn new(
        setting: Setting,
        supervisor: Supervisor,
        outbox: UnboundedSender<Message>,
        events: watch::Sender<EventCursor>,
    ) -> Self {
        let admission = Admission::new(setting.budget.clone());
        let sandboxes = SandboxPool::new(setting.surroundings.workbench_names.clone());
        Self {
            setting,
            supervisor,
            outbox,
            runs: HashMap::new(),
            admission,
            sandboxes,
            pods: HashMap::new(),
            events,
        }
    }

    /// Takes up the open runs, says so, and works until shutdown.
    pub(crate) fn run(
        mut self,
        mut inbox: UnboundedReceiver<Message>,
        held: &[ObservedWorkload],
        ready: oneshot::Sender<Result<(), ControlError>>,
    ) {
        let stopping = self.supervisor.token().clone();
        let outbox = self.outbox.clone();
        let wake = stopping.clone();
        self.supervisor.spawn(TaskKind::Server, async move {
            wake.cancelled().await;
            let _ = outbox.send(Message::Shutdown);
        });
        let (sandboxes, engine) = (Arc::clone(&self.sandboxes), self.shared_engine());
        let token = stopping.clone();
        self.supervisor.spawn(TaskKind::Server, async move {
            sandboxes.tend(engine.as_ref(), &token).await;
        });
        let taken_up = self.take_up_open_runs(held);
        let failed = taken_up.is_err();
        // Nobody waits when the caller has gone, and then the shutdown follows.
        let _ = ready.send(taken_up.map_err(ControlError::from));
        while !failed && !stopping.is_cancelled() {
            let Some(first) = inbox.blocking_recv() else {
                break;
            };
            let mut batch = Batch::default();
            let mut touched = BTreeSet::new();
            self.take_in(first, &mut batch, &mut touched);
            for _ in 1..MOST_MESSAGES {
                let Ok(message) = inbox.try_recv() else { break };
                self.take_in(message, &mut batch, &mut touched);
            }
            self.work(batch, touched);
        }
    }

    fn take_up_open_runs(&mut self, held: &[ObservedWorkload]) -> Result<(), StoreError> {
        let open = self.setting.store.open_runs()?;
        let mut batch = Batch::default();
        let mut touched = BTreeSet::new();
        self.discard_leftovers(held, &open.iter().map(|run| run.id).collect());
        for record in open {
            let run = record.id;
            self.take_up(&record, &mut batch)?;
            touched.insert(run);
        }
        self.work(batch, touched);
        Ok(())
    }

    fn take_in(&mut self, message: Message, batch: &mut Batch, touched: &mut BTreeSet<RunId>) {
        let now = self.setting.clock.now();
        match message {
            Message::Wake(run) => self.wake(run, batch, touched),
            Message::Cancel { run, answer } => {
                let result = self.cancel(run, batch);
                touched.insert(run);
                batch.acts.push((run, Act::Answer(answer, result)));
            }
            Message::Retry { run, answer } => {
                let result = self.retry(run, batch);
                touched.insert(run);
                batch.acts.push((run, Act::Answer(answer, result)));
            }
            Message::Waiting { run, answer } => {
                // Whoever asked may have gone.
                let _ = answer.send(self.admission.waiting(run));
            }
            Message::DeadlineOver(run) => {
                if let Some(live) = self.runs.get_mut(&run) {
                    live.overdue = true;
                    live.plan.observe(Observation::CancelRequested, now);
                    touched.insert(run);
                }
            }
            Message::Resolved {
                run,
                image,
                result,
                notice,
            } => {
                batch.changes.extend(notice.map(|message| Change::Notice {
                    run,
                    path: None,
                    message,
                }));
                self.image_resolved(run, &image, &result, batch);
                touched.insert(run);
            }
            Message::Observed {
                run,
                observation,
                changes,
                spent,
            } => {
                batch.changes.extend(changes);
                self.observed(run, *observation);
                if !spent.is_empty() {
                    batch.acts.push((run, Act::Remove(spent)));
                }
                touched.insert(run);
            }
            Message::Notice { run, task, message } => {
                let path = Some(task).filter(|task| !task.is_root());
                batch.changes.push(Change::Notice { run, path, message });
            }
            Message::Reserve(request) => self.reserve(*request),
            Message::Release(pod) => self.release(pod),
            // The loop looks at the token after each batch.
            Message::Shutdown => {}
        }
    }

    fn observed(&mut self, run: RunId, observation: Observation) {
        if let Observation::Ended { task, .. } = &observation {
            self.admission.release(&AdmissionId::Step {
                run,
                task: task.clone(),
            });
        }
        if let Some(live) = self.runs.get_mut(&run) {
            if let Observation::Ended { task, .. } = &observation {
                live.stops.remove(task);
            }
            live.plan.observe(observation, self.setting.clock.now());
        }
    }

    /// Asks the plans of the runs that something happened to, lets in what fits, records, and acts.
    fn work(&mut self, mut batch: Batch, mut touched: BTreeSet<RunId>) {
        loop {
            while let Some(run) = touched.pop_first() {
                self.advance(run, &mut batch, &mut touched);
            }
            let admitted = self.admission.admit();
            if admitted.is_empty() {
                break;
            }
            for Admitted { id, gpus } in admitted {
                match id {
                    AdmissionId::Step { run, task } => {
                        touched.insert(run);
                        self.start(run, task, gpus, &mut batch);
                    }
                    AdmissionId::Pod(pod) => self.let_in(&pod, gpus),
                }
            }
        }
        self.tell_waiting_pods();
        self.commit(batch);
    }

    fn advance(&mut self, run: RunId, batch: &mut Batch, touched: &mut BTreeSet<RunId>) {
        let now = self.setting.clock.now();
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        let steps = live.plan.advance(now);
        for step in steps {
            self.step(run, step, batch, touched);
        }
        self.remember(run, batch);
    }

    /// Records first, acts then. A disk without room holds everything up until there is some: acting on what is
    /// not recorded could do a step twice.
    fn commit(&mut self, mut batch: Batch) {
        // Who follows a run stops at its end: what its last tasks did has to stand before it.
        batch.changes.sort_by_key(|change| {
            matches!(
                change,
                Change::Run {
                    finished_at: Some(_),
                    ..
                }
            )
        });
        if !self.record(batch.changes) {
            return;
        }
        for (run, act) in batch.acts {
            self.act(run, act);
        }
    }

    fn record(&self, mut changes: Vec<Change>) -> bool {
        while !changes.is_empty() {
            match self
                .setting
                .store
                .record(&changes, self.setting.clock.now())
            {
                Ok(events) => {
                    if let Some(last) = events.last() {
                        self.events.send_replace(last.cursor);
                    }
                    return true;
                }
                // It was over and somebody removed it; what its last steps still had to say is said to nobody.
                Err(StoreError::NoSuchRun { run }) => changes.retain(|change| change.run() != run),
                Err(error) if self.supervisor.token().is_cancelled() => {
                    tracing::error!(%error, "failed to record; what was not is done again at the next start");
                    return false;
                }
                Err(error) => {
                    tracing::error!(%error, "failed to record; nothing goes on until it succeeds");
                    std::thread::sleep(FULL_DISK_PAUSE);
                }
            }
        }
        true
    }

    /// Collects what changed in a run's plan, for the record.
    fn remember(&mut self, run: RunId, batch: &mut Batch) {
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        for record in live.plan.drain_records() {
            let fresh = record.state == coracle_model::TaskState::Succeeded && !record.cached;
            if let Some(fingerprint) = record.fingerprint.clone().filter(|_| fresh) {
                let pipeline = live.plan.pipeline().clone();
                batch.changes.push(Change::CacheEntry {
                    pipeline,
                    fingerprint,
                    run,
                    path: record.path.clone(),
                });
            }
            batch.changes.push(Change::Task(Box::new(record)));
        }
    }

    /// Puts a step in the line for the machine.
    pub(crate) fn enqueue(
        &mut self,
        run: RunId,
        task: coracle_model::TaskPath,
        resources: &coracle_model::Resources,
        batch: &mut Batch,
        touched: &mut BTreeSet<RunId>,
    ) {
        let id = AdmissionId::Step {
            run,
            task: task.clone(),
        };
        match self.admission.enqueue(id, resources) {
            Verdict::Queued => {}
            Verdict::Reduced(message) => batch.changes.push(Change::Notice {
                run,
                path: Some(task),
                message,
            }),
            Verdict::Impossible(failure) => {
                self.observed(run, Observation::Impossible { task, failure });
                touched.insert(run);
            }
        }
    }

    /// Takes up a run that somebody stored.
    fn wake(&mut self, run: RunId, batch: &mut Batch, touched: &mut BTreeSet<RunId>) {
        // Whoever stored it recorded events; they are not to wait for the plan of a run that may be large.
        self.events.send_modify(|_| {});
        if self.runs.contains_key(&run) {
            return;
        }
        match self.setting.store.run(run) {
            Ok(Some(record)) if !record.state.is_final() => {
                if let Err(error) = self.take_up(&record, batch) {
                    tracing::error!(%error, %run, "failed to take up a run");
                }
                touched.insert(run);
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, %run, "failed to read a run"),
        }
    }

    fn cancel(&mut self, run: RunId, batch: &mut Batch) -> Result<(), ControlError> {
        let now = self.setting.clock.now();
        let Some(live) = self.runs.get_mut(&run) else {
            let record = self
                .setting
                .store
                .run(run)?
                .ok_or(ControlError::NoSuchRun(run))?;
            return Err(ControlError::WrongState {
                run,
                state: record.state,
                action: "cancelled",
            });
        };
        if live.state != RunState::Canceling {
            live.state = RunState::Canceling;
            batch.changes.push(Change::Run {
                run,
                state: RunState::Canceling,
                failure: None,
                finished_at: None,
            });
            live.plan.observe(Observation::CancelRequested, now);
        }
        Ok(())
    }

    pub(crate) fn finished(
        &mut self,
        run: RunId,
        state: RunState,
        failure: Option<Failure>,
        batch: &mut Batch,
    ) {
        let Some(live) = self.runs.get(&run) else {
            return;
        };
        let failure = match live.deadline.filter(|_| live.overdue) {
            Some(deadline) => Some(Failure::new(
                FailureCode::Timeout,
                format!(
                    "the run took longer than the {} s it is allowed",
                    deadline.as_secs()
                ),
            )),
            None => failure,
        };
        let finished_at = Some(self.setting.clock.now());
        // Readers stop at the end of the run, so what it consists of is told before.
        self.remember(run, batch);
        batch.changes.push(Change::Run {
            run,
            state,
            failure,
            finished_at,
        });
        batch.acts.push((run, Act::Close));
    }

    /// The plan of a run, for a message that is about it.
    pub(crate) fn plan_of(&mut self, run: RunId) -> Option<&mut RunPlan> {
        self.runs.get_mut(&run).map(|live| &mut live.plan)
    }

    pub(crate) fn shared_engine(&self) -> Arc<dyn coracle_host::Engine> {
        Arc::clone(&self.setting.engine)
    }
}
