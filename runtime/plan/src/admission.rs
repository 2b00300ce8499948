//! Which of the steps and pods that want to start fit on the machine: one ledger of CPU, memory and GPUs for all.
//!
//! Requests are served in the order in which they came. One that does not fit lets later ones that do go first,
//! but only so often: then it holds the line until the machine has room for it. Requests of the same size form
//! one queue, so that admitting costs by the number of sizes and not by the length of the line.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use coracle_model::{Cpu, Failure, FailureCode, GpuUuid, Memory, Resources, RunId, TaskPath};
use coracle_spec::kind::pod::{GPU, PodUid};

use crate::pod::Lacking;

/// What a step that names no CPU request counts for. Starting a container is half of a small step's work, so
/// two for each core keep the cores busy.
const DEFAULT_CPU: Cpu = Cpu(500);

/// How often a request may be passed over before it holds the line.
const PATIENCE: u32 = 64;

/// What the machine has for steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Budget {
    /// CPU.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// GPUs, each leased as a whole.
    pub gpus: Vec<GpuUuid>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdmissionId {
    /// A task of a run.
    Step {
        /// The run.
        run: RunId,
        /// The task.
        task: TaskPath,
    },
    /// A pod.
    Pod(PodUid),
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the queue.
    Queued,
    /// It is in the queue, but asks for more than the machine has; it will run alone, and this says so.
    Reduced(String),
    /// It can never run here.
    Impossible(Failure),
}

/// A step that may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Which.
    pub id: AdmissionId,
    /// The GPUs it is leased.
    pub gpus: Vec<GpuUuid>,
}

/// A step that waits for room, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub id: AdmissionId,
    /// `needs 4 GiB of memory, 2.1 GiB free`.
    pub reason: String,
}

/// The ledger.
#[derive(Debug, Default)]
pub struct Admission {
    budget: Budget,
    queues: BTreeMap<Size, VecDeque<Entry>>,
    queued: HashMap<AdmissionId, u64>,
    held: HashMap<AdmissionId, (Size, Vec<GpuUuid>)>,
    free_gpus: Vec<GpuUuid>,
    used: Size,
    next_ticket: u64,
}

/// What a request takes of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
struct Size {
    cpu: u64,
    memory: u64,
    gpus: u32,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    id: AdmissionId,
    passed_over: u32,
}

impl Admission {
    /// An empty ledger over a budget.
    pub fn new(budget: Budget) -> Self {
        Self {
            free_gpus: budget.gpus.clone(),
            budget,
            ..Self::default()
        }
    }

    /// Puts a request in the queue, unless it can never be met.
    pub fn enqueue(&mut self, id: AdmissionId, resources: &Resources) -> Verdict {
        if let Some(failure) = self.impossible(resources) {
            return Verdict::Impossible(failure);
        }
        let (size, notice) = self.size(resources);
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.queued.insert(id.clone(), ticket);
        self.queues.entry(size).or_default().push_back(Entry {
            ticket,
            id,
            passed_over: 0,
        });
        notice.map_or(Verdict::Queued, Verdict::Reduced)
    }

    /// Takes a request back.
    pub fn dequeue(&mut self, id: &AdmissionId) {
        // The entry stays in its queue and is passed by when its turn comes: its ticket no longer stands.
        self.queued.remove(id);
    }

    /// Counts a step that is at work already.
    pub fn hold(&mut self, id: AdmissionId, resources: &Resources, gpus: Vec<GpuUuid>) {
        let (size, _) = self.size(resources);
        self.free_gpus.retain(|gpu| !gpus.contains(gpu));
        self.take(id, size, gpus);
    }

    /// Gives back what a step held.
    pub fn release(&mut self, id: &AdmissionId) {
        if let Some((size, gpus)) = self.held.remove(id) {
            self.used.cpu -= size.cpu;
            self.used.memory -= size.memory;
            self.free_gpus.extend(gpus);
            self.free_gpus.sort();
        }
    }

    /// The steps that may start now.
    pub fn admit(&mut self) -> Vec<Admitted> {
        let mut admitted = Vec::new();
        while let Some(size) = self.next_that_fits() {
            let Some(entry) = self.queues.get_mut(&size).and_then(VecDeque::pop_front) else {
                break;
            };
            self.queued.remove(&entry.id);
            let gpus: Vec<_> = self.free_gpus.drain(..size.gpus as usize).collect();
            self.take(entry.id.clone(), size, gpus.clone());
            admitted.push(Admitted { id: entry.id, gpus });
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        admitted
    }

    /// The steps of a run that wait, and for what.
    pub fn waiting(&self, run: RunId) -> Vec<Waiting> {
        let of_run =
            |id: &AdmissionId| matches!(id, AdmissionId::Step { run: own, .. } if *own == run);
        self.in_line()
            .filter(|(_, id)| of_run(id))
            .map(|(size, id)| Waiting {
                id: id.clone(),
                reason: self.shortage(size),
            })
            .collect()
    }

    /// The pods that wait, and what there is too little of for each.
    pub fn waiting_pods(&self) -> Vec<(PodUid, BTreeSet<Lacking>)> {
        let pods = self.in_line().filter_map(|(size, id)| match id {
            AdmissionId::Pod(pod) => Some((pod.clone(), self.lacking(size))),
            AdmissionId::Step { .. } => None,
        });
        pods.collect()
    }

    fn in_line(&self) -> impl Iterator<Item = (Size, &AdmissionId)> {
        let queues = self.queues.iter();
        let entries = queues.flat_map(|(size, queue)| queue.iter().map(|entry| (*size, entry)));
        entries
            .filter(|(_, entry)| self.queued.get(&entry.id) == Some(&entry.ticket))
            .map(|(size, entry)| (size, &entry.id))
    }

    fn lacking(&self, size: Size) -> BTreeSet<Lacking> {
        let short = [
            (self.used.cpu + size.cpu > self.budget.cpu.0, Lacking::Cpu),
            (
                self.used.memory + size.memory > self.budget.memory.0,
                Lacking::Memory,
            ),
            (
                size.gpus as usize > self.free_gpus.len(),
                Lacking::Extended(GPU.to_owned()),
            ),
        ];
        let short = short.into_iter().filter(|(is_short, _)| *is_short);
        short.map(|(_, lacking)| lacking).collect()
    }

    fn take(&mut self, id: AdmissionId, size: Size, gpus: Vec<GpuUuid>) {
        self.used.cpu += size.cpu;
        self.used.memory += size.memory;
        self.held.insert(id, (size, gpus));
    }

    /// The size whose first request came earliest among those that fit, unless an impatient one holds the line.
    fn next_that_fits(&mut self) -> Option<Size> {
        self.drop_withdrawn();
        let mut heads: Vec<_> = self
            .queues
            .iter()
            .filter_map(|(size, queue)| queue.front().map(|entry| (entry.ticket, *size)))
            .collect();
        heads.sort_unstable();
        let position = heads.iter().position(|(_, size)| self.fits(*size))?;
        for (_, size) in &heads[..position] {
            let head = self.queues.get_mut(size).and_then(VecDeque::front_mut)?;
            if head.passed_over >= PATIENCE {
                return None;
            }
            head.passed_over += 1;
        }
        Some(heads[position].1)
    }

    fn drop_withdrawn(&mut self) {
        let queued = &self.queued;
        for queue in self.queues.values_mut() {
            while queue
                .front()
                .is_some_and(|entry| queued.get(&entry.id) != Some(&entry.ticket))
            {
                queue.pop_front();
            }
        }
    }

    fn fits(&self, size: Size) -> bool {
        self.used.cpu + size.cpu <= self.budget.cpu.0
            && self.used.memory + size.memory <= self.budget.memory.0
            && size.gpus as usize <= self.free_gpus.len()
    }

    fn impossible(&self, resources: &Resources) -> Option<Failure> {
        let have = self.budget.gpus.len();
        (resources.gpus as usize > have).then(|| {
            let asked = resources.gpus;
            let message = match have {
                0 => format!("the step asks for {asked} GPU(s) (`nvidia.com/gpu`) and this machine offers none"),
                _ => format!("the step asks for {asked} GPU(s) (`nvidia.com/gpu`) and this machine has {have}"),
            };
            Failure::new(FailureCode::InsufficientResources, message).with_hint(
                "`coracle doctor` shows the GPUs that were found and why others were not",
            )
        })
    }

    /// What a request takes. As on Kubernetes a limit without a request is a request too. CPU and memory beyond the
    /// machine's are brought down to all of it, so that the step runs, alone.
    fn size(&self, resources: &Resources) -> (Size, Option<String>) {
        let cpu = resources
            .cpu_request
            .or(resources.cpu_limit)
            .unwrap_or(DEFAULT_CPU);
        let memory = resources
            .memory_request
            .or(resources.memory_limit)
            .unwrap_or_default();
        let mut notices = Vec::new();
        if cpu > self.budget.cpu && resources.cpu_request.or(resources.cpu_limit).is_some() {
            notices.push(format!("{cpu} CPU of {}", self.budget.cpu));
        }
        if memory > self.budget.memory {
            notices.push(format!("{memory} of memory of {}", self.budget.memory));
        }
        let notice = (!notices.is_empty()).then(|| {
            format!(
                "asks for more than this machine has ({}); it will run alone",
                notices.join(", ")
            )
        });
        let size = Size {
            cpu: cpu.0.min(self.budget.cpu.0),
            memory: memory.0.min(self.budget.memory.0),
            gpus: resources.gpus,
        };
        (size, notice)
    }

    fn shortage(&self, size: Size) -> String {
        let mut short = Vec::new();
        let free_cpu = self.budget.cpu.0.saturating_sub(self.used.cpu);
        if size.cpu > free_cpu {
            short.push(format!(
                "needs {} CPU, {} free",
                Cpu(size.cpu),
                Cpu(free_cpu)
            ));
        }
        let free_memory = self.budget.memory.0.saturating_sub(self.used.memory);
        if size.memory > free_memory {
            short.push(format!(
                "needs {} of memory, {} free",
                Memory(size.memory),
                Memory(free_memory)
            ));
        }
        if size.gpus as usize > self.free_gpus.len() {
            short.push(format!(
                "needs {} GPU(s), {} free",
                size.gpus,
                self.free_gpus.len()
            ));
        }
        if short.is_empty() {
            "waits its turn".to_owned()
        } else {
            short.join("; ")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn budget(cpu: u64, gpus: usize) -> Budget {
        Budget {
            cpu: Cpu(cpu),
            memory: Memory(8 << 30),
            gpus: (0..gpus)
                .map(|index| GpuUuid::from(format!("GPU-{index}")))
                .collect(),
        }
    }

    fn id(number: usize) -> AdmissionId {
        AdmissionId::Step {
            run: RunId(Default::default()),
            task: TaskPath::from(format!("step-{number}")),
        }
    }

    fn asks(cpu: u64, gpus: u32) -> Resources {
        Resources {
            cpu_request: Some(Cpu(cpu)),
            gpus,
            ..Resources::default()
        }
    }

    #[test]
    fn gpus_that_are_not_there_are_refused_at_once() {
        let mut admission = Admission::new(budget(2000, 1));
        let Verdict::Impossible(failure) = admission.enqueue(id(0), &asks(100, 2)) else {
            panic!("two of one GPU")
        };
        assert_eq!(failure.code, FailureCode::InsufficientResources);
        assert!(
            failure.message.contains("asks for 2") && failure.message.contains("has 1"),
            "{failure}"
        );
    }

    #[test]
    fn a_request_beyond_the_machine_runs_alone() {
        let mut admission = Admission::new(budget(2000, 0));
        assert!(matches!(
            admission.enqueue(id(0), &asks(64_000, 0)),
            Verdict::Reduced(_)
        ));
        admission.enqueue(id(1), &asks(100, 0));
        assert_eq!(admission.admit().len(), 1);
        admission.release(&id(0));
        assert_eq!(admission.admit()[0].id, id(1));
    }

    #[test]
    fn a_large_request_is_not_starved() {
        let mut admission = Admission::new(budget(2000, 0));
        admission.enqueue(id(0), &asks(500, 0));
        assert_eq!(admission.admit().len(), 1);
        admission.enqueue(id(1), &asks(2000, 0));
        let mut running = vec![id(0)];
        for number in 2..1000 {
            admission.enqueue(id(number), &asks(500, 0));
            running.extend(admission.admit().into_iter().map(|admitted| admitted.id));
            if running.contains(&id(1)) {
                return;
            }
            admission.release(&running.remove(0));
        }
        panic!("the large request never ran");
    }

    #[test]
    fn what_is_withdrawn_does_not_run_and_says_nothing() {
        let mut admission = Admission::new(budget(500, 0));
        admission.enqueue(id(0), &asks(500, 0));
        admission.enqueue(id(1), &asks(500, 0));
        admission.enqueue(id(2), &asks(500, 0));
        assert_eq!(admission.admit().len(), 1);
        admission.dequeue(&id(1));
        let [waiting] = admission
            .waiting(RunId(Default::default()))
            .try_into()
            .unwrap();
        assert_eq!(waiting.reason, "needs 500m CPU, 0 free");
        assert_eq!(admission.waiting(RunId::random()), []);
        admission.release(&id(0));
        assert_eq!(admission.admit()[0].id, id(2));
    }

    #[test]
    fn pods_hear_what_there_is_too_little_of() {
        let mut admission = Admission::new(budget(1000, 1));
        admission.enqueue(id(0), &asks(900, 1));
        assert_eq!(admission.admit().len(), 1);
        let pod = PodUid::from("a");
        admission.enqueue(AdmissionId::Pod(pod.clone()), &asks(200, 1));
        let lacking = [Lacking::Cpu, Lacking::Extended(GPU.to_owned())].into();
        assert_eq!(admission.waiting_pods(), [(pod, lacking)]);
    }

    proptest! {
        #[test]
        fn nothing_is_given_twice(requests in proptest::collection::vec((1u64..3000, 0u32..4), 1..60)) {
            let mut admission = Admission::new(budget(4000, 3));
            let mut running: Vec<Admitted> = Vec::new();
            let mut served = 0;
            for (number, (cpu, gpus)) in requests.iter().enumerate() {
                match admission.enqueue(id(number), &asks(*cpu, *gpus)) {
                    Verdict::Impossible(_) => served += 1,
                    Verdict::Queued | Verdict::Reduced(_) => {}
                }
            }
            loop {
                running.extend(admission.admit());
                let mut leased: Vec<_> = running.iter().flat_map(|admitted| admitted.gpus.clone()).collect();
                let total = leased.len();
                leased.sort();
                leased.dedup();
                prop_assert_eq!(leased.len(), total);
                prop_assert!(admission.used.cpu <= 4000);
                if running.is_empty() {
                    break;
                }
                admission.release(&running.remove(0).id);
                served += 1;
            }
            prop_assert_eq!(served, requests.len());
        }
    }
}
