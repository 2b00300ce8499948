//! Puts what the two libraries said together into one inventory. Pure: it asks nobody.

use coracle_model::{GpuUuid, Memory};

use super::survey::{ComputeCapability, CudaVersion, Driver, Gpu, GpuSurvey};

/// What came back from one library.
#[derive(Debug)]
pub(super) enum Answer<T> {
    /// The library is not installed, or says that there is no device or no driver.
    Nothing(String),
    /// The library is there and fails.
    Failed(String),
    /// It answers.
    Given(T),
}

/// What `libcuda` says.
#[derive(Debug)]
pub(super) struct CudaAnswer {
    pub(super) version: Option<CudaVersion>,
    pub(super) devices: Vec<CudaDevice>,
}

/// A device as `libcuda` sees it.
#[derive(Debug)]
pub(super) struct CudaDevice {
    pub(super) uuid: GpuUuid,
    pub(super) name: String,
    pub(super) memory_total: Memory,
    pub(super) compute_capability: Option<ComputeCapability>,
}

/// What `libnvidia-ml` says.
#[derive(Debug)]
pub(super) struct NvmlAnswer {
    pub(super) driver_version: Option<String>,
    pub(super) cuda_version: Option<CudaVersion>,
    pub(super) devices: Vec<Gpu>,
    /// The devices that could not be read, with the reason.
    pub(super) unreadable: Vec<String>,
}

/// Puts the two answers together.
pub(super) fn merge(cuda: Answer<CudaAnswer>, nvml: Answer<NvmlAnswer>) -> GpuSurvey {
    match (cuda, nvml) {
        (Answer::Given(cuda), Answer::Given(nvml)) => both(&cuda, nvml),
        (Answer::Given(cuda), Answer::Nothing(why) | Answer::Failed(why)) => cuda_alone(cuda, &why),
        (Answer::Nothing(why) | Answer::Failed(why), Answer::Given(nvml)) => nvml_alone(nvml, &why),
        (Answer::Nothing(cuda), Answer::Nothing(nvml)) => GpuSurvey {
            driver: Driver::Absent {
                why: format!("{cuda}; {nvml}"),
            },
            devices: Vec::new(),
            notices: Vec::new(),
        },
        (Answer::Failed(cuda), Answer::Failed(nvml) | Answer::Nothing(nvml))
        | (Answer::Nothing(cuda), Answer::Failed(nvml)) => {
            GpuSurvey::broken(format!("{cuda}; {nvml}"))
        }
    }
}

/// NVML names what the machine has and an engine can give out; CUDA fills what it left open.
fn both(cuda: &CudaAnswer, nvml: NvmlAnswer) -> GpuSurvey {
    let (seen, held) = (cuda.devices.len(), nvml.devices.len());
    let mut notices = nvml.unreadable;
    let mut devices = nvml.devices;
    for device in &mut devices {
        let twin = cuda.devices.iter().find(|twin| twin.uuid == device.uuid);
        device.compute_capability = device
            .compute_capability
            .or_else(|| twin?.compute_capability);
        // In MIG mode CUDA speaks of one slice, whose memory is not the GPU's.
        let whole = twin.filter(|_| device.mig.is_none());
        device.memory_total = device.memory_total.or_else(|| Some(whole?.memory_total));
    }
    if seen < held {
        notices.push(format!(
            "`libcuda` sees {seen} of {held} GPUs; `CUDA_VISIBLE_DEVICES` or MIG mode hides the others from it"
        ));
    }
    let unknown = cuda
        .devices
        .iter()
        .filter(|twin| devices.iter().all(|device| device.uuid != twin.uuid));
    notices.extend(unknown.map(|twin| {
        format!(
            "`libnvidia-ml` does not show `{}`, which `libcuda` sees",
            twin.uuid
        )
    }));
    let driver = Driver::Present {
        version: nvml.driver_version,
        cuda_version: cuda.version.or(nvml.cuda_version),
    };
    GpuSurvey {
        driver,
        devices,
        notices,
    }
}

fn cuda_alone(cuda: CudaAnswer, why: &str) -> GpuSurvey {
    let devices = (0..)
        .zip(cuda.devices)
        .map(|(index, device)| device.alone(index))
        .collect();
    GpuSurvey {
        driver: Driver::Present {
            version: None,
            cuda_version: cuda.version,
        },
        devices,
        notices: vec![format!(
            "use, MIG slices and the driver's version are unknown: {why}"
        )],
    }
}

fn nvml_alone(nvml: NvmlAnswer, why: &str) -> GpuSurvey {
    let mut notices = nvml.unreadable;
    notices.push(format!(
        "whether programs can compute here is unknown: {why}"
    ));
    let driver = Driver::Present {
        version: nvml.driver_version,
        cuda_version: nvml.cuda_version,
    };
    GpuSurvey {
        driver,
        devices: nvml.devices,
        notices,
    }
}

impl CudaDevice {
    fn alone(self, index: u32) -> Gpu {
        Gpu {
            uuid: self.uuid,
            index,
            name: self.name,
            memory_total: Some(self.memory_total),
            memory_used: None,
            compute_capability: self.compute_capability,
            utilization: None,
            processes: None,
            mig: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::MigSlice;

    fn seen_by_cuda(uuid: &str) -> CudaDevice {
        CudaDevice {
            uuid: uuid.into(),
            name: "Test GPU".to_owned(),
            memory_total: Memory(8 << 30),
            compute_capability: ComputeCapability::from_numbers(9, 0),
        }
    }

    fn seen_by_nvml(uuid: &str, index: u32) -> Gpu {
        Gpu {
            memory_total: None,
            compute_capability: None,
            ..seen_by_cuda(uuid).alone(index)
        }
    }

    fn cuda(devices: Vec<CudaDevice>) -> Answer<CudaAnswer> {
        Answer::Given(CudaAnswer {
            version: CudaVersion::from_number(12080),
            devices,
        })
    }

    fn nvml(devices: Vec<Gpu>) -> Answer<NvmlAnswer> {
        let driver_version = Some("550.54.15".to_owned());
        Answer::Given(NvmlAnswer {
            driver_version,
            cuda_version: None,
            devices,
            unreadable: Vec::new(),
        })
    }

    fn uuids(survey: &GpuSurvey) -> Vec<&str> {
        survey
            .devices
            .iter()
            .map(|device| device.uuid.as_str())
            .collect()
    }

    #[test]
    fn devices_are_joined_by_uuid_whatever_their_order() {
        let mut fast = seen_by_cuda("GPU-b");
        fast.memory_total = Memory(16 << 30);
        let survey = merge(
            cuda(vec![fast, seen_by_cuda("GPU-a")]),
            nvml(vec![seen_by_nvml("GPU-a", 0), seen_by_nvml("GPU-b", 1)]),
        );
        assert_eq!(uuids(&survey), ["GPU-a", "GPU-b"]);
        let memory: Vec<_> = survey
            .devices
            .iter()
            .map(|device| device.memory_total)
            .collect();
        assert_eq!(memory, [Some(Memory(8 << 30)), Some(Memory(16 << 30))]);
        assert_eq!(survey.notices, Vec::<String>::new());
        let Driver::Present {
            version,
            cuda_version,
        } = &survey.driver
        else {
            panic!("{:?}", survey.driver)
        };
        assert_eq!(version.as_deref(), Some("550.54.15"));
        assert_eq!(
            cuda_version.map(|version| version.to_string()).as_deref(),
            Some("12.8")
        );
    }

    #[test]
    fn a_gpu_hidden_from_cuda_stays_in_the_inventory() {
        let survey = merge(
            cuda(vec![seen_by_cuda("GPU-b")]),
            nvml(vec![seen_by_nvml("GPU-a", 0), seen_by_nvml("GPU-b", 1)]),
        );
        assert_eq!(uuids(&survey), ["GPU-a", "GPU-b"]);
        assert_eq!(survey.devices[0].memory_total, None);
        assert!(survey.notices[0].contains("1 of 2"), "{:?}", survey.notices);
    }

    #[test]
    fn a_partitioned_gpu_is_leased_by_slice_and_keeps_its_own_memory() {
        let slice = |uuid: &str, index| MigSlice {
            uuid: uuid.into(),
            index,
            name: "Test GPU MIG 1g.5gb".to_owned(),
            memory_total: Some(Memory(5 << 30)),
            memory_used: None,
        };
        let mut parent = seen_by_nvml("GPU-a", 0);
        parent.mig = Some(vec![slice("MIG-1", 0), slice("MIG-2", 1)]);
        let survey = merge(
            cuda(vec![seen_by_cuda("GPU-a")]),
            nvml(vec![parent, seen_by_nvml("GPU-b", 1)]),
        );
        let units: Vec<_> = survey
            .units()
            .into_iter()
            .map(|unit| (unit.uuid.to_string(), unit.gpu.to_string()))
            .collect();
        let expected = [("MIG-1", "GPU-a"), ("MIG-2", "GPU-a"), ("GPU-b", "GPU-b")];
        assert_eq!(
            units,
            expected.map(|(unit, gpu)| (unit.to_owned(), gpu.to_owned()))
        );
        assert_eq!(
            survey.devices[0].memory_total, None,
            "the slice's memory is not the GPU's"
        );
    }

    #[test]
    fn mig_mode_without_slices_offers_nothing() {
        let mut parent = seen_by_nvml("GPU-a", 0);
        parent.mig = Some(Vec::new());
        assert_eq!(merge(cuda(Vec::new()), nvml(vec![parent])).units(), []);
    }

    #[test]
    fn one_library_alone_gives_a_partial_answer_with_a_reason() {
        let why = || "no symbol `cuInit`".to_owned();
        let survey = merge(Answer::Failed(why()), nvml(vec![seen_by_nvml("GPU-a", 0)]));
        assert_eq!(uuids(&survey), ["GPU-a"]);
        assert!(survey.notices[0].contains("no symbol `cuInit`"));
        let survey = merge(
            cuda(vec![seen_by_cuda("GPU-a")]),
            Answer::Nothing("no library".to_owned()),
        );
        assert_eq!(uuids(&survey), ["GPU-a"]);
        assert!(survey.notices[0].contains("no library"));
    }

    #[test]
    fn nothing_is_absent_and_a_failure_is_broken() {
        let nothing = || "not installed".to_owned();
        let survey = merge(Answer::Nothing(nothing()), Answer::Nothing(nothing()));
        assert!(matches!(survey.driver, Driver::Absent { .. }));
        let survey = merge(
            Answer::Failed("CUDA_ERROR_UNKNOWN".to_owned()),
            Answer::Nothing(nothing()),
        );
        assert!(
            matches!(&survey.driver, Driver::Broken { why } if why.contains("CUDA_ERROR_UNKNOWN"))
        );
    }
}
