//! What steps were measured to use, and what to ask for them on another machine.

use coracle_model::{Cpu, Memory, Resources};

/// What is asked over what was measured, in percent: the margin of Kubernetes' vertical pod autoscaler.
const MARGIN_PERCENT: u64 = 15;

/// How far a limit of memory is over its request, in percent: a step that goes over it is killed, one under it costs nothing.
const LIMIT_PERCENT: u64 = 150;

/// What amounts of memory are rounded up to, in bytes.
const MEMORY_GRAIN: u64 = 16 << 20;

/// What amounts of CPU are rounded up to, in thousandths.
const CPU_GRAIN: u64 = 50;

/// What one attempt used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measurement {
    /// The most memory at once, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// CPU time, in seconds.
    pub cpu_seconds: Option<f64>,
    /// How long it ran, in seconds.
    pub seconds: f64,
}

/// What several attempts at one step used at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// How many attempts were measured.
    pub attempts: u32,
    /// The most memory that any held at once.
    pub memory: Option<Memory>,
    /// The most CPU that any used over its time.
    pub cpu: Option<Cpu>,
}

impl Measured {
    /// Takes one more attempt in.
    pub fn add(&mut self, measurement: Measurement) {
        self.attempts += 1;
        self.memory = self.memory.max(measurement.peak_memory_bytes.map(Memory));
        let mean = measurement
            .cpu_seconds
            .filter(|_| measurement.seconds > 0.0)
            .map(|cpu| thousandths(cpu / measurement.seconds));
        self.cpu = self.cpu.max(mean);
    }

    /// What to ask for: requests a margin over the most that was measured; a limit for memory, and none for CPU, since a step
    /// that may take what is free is done sooner and harms nobody. GPUs are as the step asked for them.
    pub fn suggestion(&self, asked: &Resources) -> Resources {
        let memory = self
            .memory
            .map(|Memory(bytes)| Memory(over(bytes, 100 + MARGIN_PERCENT, MEMORY_GRAIN)));
        let cpu = self
            .cpu
            .map(|Cpu(amount)| Cpu(over(amount, 100 + MARGIN_PERCENT, CPU_GRAIN)));
        Resources {
            cpu_request: cpu,
            cpu_limit: None,
            memory_request: memory,
            memory_limit: memory
                .map(|Memory(bytes)| Memory(over(bytes, LIMIT_PERCENT, MEMORY_GRAIN))),
            gpus: asked.gpus,
        }
    }
}

/// So many percent of an amount, rounded up to whole grains, and at least one.
fn over(amount: u64, percent: u64, grain: u64) -> u64 {
    let amount = u128::from(amount) * u128::from(percent);
    let grains = amount.div_ceil(100 * u128::from(grain)).max(1);
    u64::try_from(grains * u128::from(grain)).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion of floats saturates, and times are not negative"
)]
fn thousandths(cores: f64) -> Cpu {
    Cpu((cores * 1000.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn measured(measurements: &[(Option<u64>, Option<f64>, f64)]) -> Measured {
        let mut measured = Measured::default();
        for &(peak_memory_bytes, cpu_seconds, seconds) in measurements {
            measured.add(Measurement {
                peak_memory_bytes,
                cpu_seconds,
                seconds,
            });
        }
        measured
    }

    #[test]
    fn the_most_of_all_attempts_counts() {
        let measured = measured(&[
            (Some(200 * MIB), Some(1.0), 10.0),
            (None, Some(3.0), 2.0),
            (Some(100 * MIB), None, 0.0),
        ]);
        assert_eq!(measured.attempts, 3);
        assert_eq!(measured.memory, Some(Memory(200 * MIB)));
        assert_eq!(measured.cpu, Some(Cpu(1500)));
    }

    #[test]
    fn requests_have_a_margin_and_memory_has_a_limit_over_them() {
        let asked = Resources {
            gpus: 2,
            cpu_limit: Some(Cpu(4000)),
            ..Resources::default()
        };
        // 200 MiB and 15 % are 230, which is 15 grains of 16; half as much again is 360, which is 23.
        // 1.5 cores and 15 % are 1725 thousandths, which is 35 grains of 50.
        assert_eq!(
            measured(&[(Some(200 * MIB), Some(3.0), 2.0)]).suggestion(&asked),
            Resources {
                cpu_request: Some(Cpu(1750)),
                cpu_limit: None,
                memory_request: Some(Memory(240 * MIB)),
                memory_limit: Some(Memory(368 * MIB)),
                gpus: 2,
            }
        );
    }

    #[test]
    fn nothing_is_suggested_of_what_was_not_measured() {
        let nothing = measured(&[(None, Some(1.0), 0.0)]).suggestion(&Resources::default());
        assert_eq!(nothing, Resources::default());
    }

    proptest! {
        #[test]
        fn what_was_measured_always_fits_into_what_is_suggested(
            bytes in 0..u64::MAX / 4, cpu in 0.0..1e6_f64, seconds in 1e-3..1e6_f64,
        ) {
            let measured = measured(&[(Some(bytes), Some(cpu), seconds)]);
            let suggested = measured.suggestion(&Resources::default());
            prop_assert!(suggested.memory_request.unwrap() >= Memory(bytes));
            prop_assert!(suggested.memory_limit > suggested.memory_request || suggested.memory_limit == Some(Memory(u64::MAX)));
            prop_assert!(suggested.cpu_request.unwrap() >= measured.cpu.unwrap());
        }
    }
}
