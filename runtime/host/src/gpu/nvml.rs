//! What `libnvidia-ml` says: the machine's GPUs, their MIG slices and how busy they are.
//!
//! Only a GPU's name and UUID must be readable. Everything else is missing on some GPU, driver or container,
//! and is then left open.

use coracle_model::{GpuUuid, Memory};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::merge::{Answer, NvmlAnswer};
use super::survey::{ComputeCapability, CudaVersion, Gpu, MigSlice, Utilization};

/// Asks `libnvidia-ml` for the machine's GPUs.
pub(super) fn ask() -> Answer<NvmlAnswer> {
    let nvml = match Nvml::init() {
        Ok(nvml) => nvml,
        Err(NvmlError::LibloadingError(_)) => {
            return Answer::Nothing("no `libnvidia-ml` can be opened".to_owned());
        }
        Err(NvmlError::DriverNotLoaded) => {
            return Answer::Nothing(
                "`libnvidia-ml` is installed but the kernel has no NVIDIA driver loaded".to_owned(),
            );
        }
        Err(error) => return Answer::Failed(format!("`libnvidia-ml` cannot start ({error})")),
    };
    match nvml.device_count() {
        Ok(count) => Answer::Given(inventory(&nvml, count)),
        Err(error) => Answer::Failed(format!("`libnvidia-ml` cannot count the GPUs ({error})")),
    }
}

fn inventory(nvml: &Nvml, count: u32) -> NvmlAnswer {
    let mut answer = NvmlAnswer {
        driver_version: nvml.sys_driver_version().ok(),
        cuda_version: nvml
            .sys_cuda_driver_version()
            .ok()
            .and_then(CudaVersion::from_number),
        devices: Vec::new(),
        unreadable: Vec::new(),
    };
    for index in 0..count {
        match nvml
            .device_by_index(index)
            .and_then(|device| gpu(&device, index))
        {
            Ok(gpu) => answer.devices.push(gpu),
            Err(error) => answer.unreadable.push(format!(
                "GPU {index} cannot be read and is left out: {error}"
            )),
        }
    }
    answer
}

fn gpu(device: &Device<'_>, index: u32) -> Result<Gpu, NvmlError> {
    let (memory_total, memory_used) = memory(device);
    let capability = device.cuda_compute_capability().ok();
    Ok(Gpu {
        uuid: GpuUuid::from(device.uuid()?),
        index,
        name: device.name()?,
        memory_total,
        memory_used,
        compute_capability: capability
            .and_then(|is| ComputeCapability::from_numbers(is.major, is.minor)),
        utilization: utilization(device),
        processes: device.running_compute_processes_count().ok(),
        mig: mig_slices(device)?,
    })
}

fn memory(device: &Device<'_>) -> (Option<Memory>, Option<Memory>) {
    match device.memory_info() {
        Ok(memory) => (Some(Memory(memory.total)), Some(Memory(memory.used))),
        Err(_) => (None, None),
    }
}

fn utilization(device: &Device<'_>) -> Option<Utilization> {
    let rates = device.utilization_rates().ok()?;
    Some(Utilization {
        compute: rates.gpu,
        memory: rates.memory,
    })
}

/// The slices of a GPU in MIG mode. A slice that cannot be read fails the GPU: leasing the rest as if it were
/// all would be a guess.
fn mig_slices(device: &Device<'_>) -> Result<Option<Vec<MigSlice>>, NvmlError> {
    let partitioned = device.mig_mode().is_ok_and(|mode| mode.current != 0);
    if !partitioned {
        return Ok(None);
    }
    let mut slices = Vec::new();
    for index in 0..device.mig_device_count()? {
        match device.mig_device_by_index(index) {
            Ok(slice) => slices.push(mig_slice(&slice, index)?),
            // The places of slices that were not made are empty.
            Err(NvmlError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(slices))
}

fn mig_slice(slice: &Device<'_>, index: u32) -> Result<MigSlice, NvmlError> {
    let (memory_total, memory_used) = memory(slice);
    Ok(MigSlice {
        uuid: GpuUuid::from(slice.uuid()?),
        index,
        name: slice.name()?,
        memory_total,
        memory_used,
    })
}
