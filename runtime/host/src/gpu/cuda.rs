//! What `libcuda` says. The only file beside `kernel` that calls CUDA; all calls block and may hang.

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys::{self, CUdevice, CUdevice_attribute, CUresult, CUuuid};

use coracle_model::{GpuUuid, Memory};

use super::merge::{Answer, CudaAnswer, CudaDevice};
use super::survey::{ComputeCapability, CudaVersion};

/// The functions an inventory needs. cudarc panics at the first use of one that the library lacks, so they are
/// looked for before.
const NEEDED: [&str; 8] = [
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetUuid",
    "cuDeviceTotalMem_v2",
    "cuDeviceGetAttribute",
];

/// Asks `libcuda` for its devices.
pub(super) fn ask() -> Answer<CudaAnswer> {
    if !library_is_present() {
        return Answer::Nothing("no `libcuda` can be opened".to_owned());
    }
    if let Some(name) = first_missing(&NEEDED) {
        return Answer::Failed(format!("`libcuda` has no `{name}`; is it a whole driver?"));
    }
    match result::init() {
        Ok(()) => {}
        Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE)) => {
            return Answer::Nothing(
                "`libcuda` finds no device (`CUDA_ERROR_NO_DEVICE`)".to_owned(),
            );
        }
        Err(error) => {
            return Answer::Failed(format!("`libcuda` cannot start ({})", describe(error)));
        }
    }
    match devices() {
        Ok(devices) => Answer::Given(CudaAnswer {
            version: driver_version(),
            devices,
        }),
        Err(error) => Answer::Failed(format!(
            "`libcuda` cannot list its devices ({})",
            describe(error)
        )),
    }
}

/// The name and number of an error, without asking the library that just failed.
pub(super) fn describe(DriverError(code): DriverError) -> String {
    format!("`{code:?}`, {}", code as u32)
}

/// Whether `libcuda` can be opened under one of its names.
#[expect(unsafe_code, reason = "opening a library runs its initialisers")]
pub(super) fn library_is_present() -> bool {
    // SAFETY: these are the driver's own names; its initialisers expect to run in any process.
    unsafe { sys::is_culib_present() }
}

/// The first of these functions that the library, which must be present, does not have.
pub(super) fn first_missing<'a>(names: &[&'a str]) -> Option<&'a str> {
    names.iter().copied().find(|name| !has_function(name))
}

#[expect(unsafe_code, reason = "looks a symbol up in the driver's library")]
fn has_function(name: &str) -> bool {
    // SAFETY: the symbol is only looked for, never called through this type.
    unsafe { sys::culib().get::<*const ()>(name.as_bytes()).is_ok() }
}

#[expect(
    unsafe_code,
    reason = "cudarc wraps this function only in its raw layer"
)]
fn driver_version() -> Option<CudaVersion> {
    let mut number = 0;
    // SAFETY: the function writes one int to the place it is given, and `NEEDED` says that it is there.
    let code = unsafe { sys::cuDriverGetVersion(&raw mut number) };
    code.result()
        .ok()
        .and_then(|()| CudaVersion::from_number(number))
}

/// How many devices this process sees; CUDA must be initialised.
pub(super) fn visible() -> Result<u32, DriverError> {
    Ok(u32::try_from(result::device::get_count()?).unwrap_or(0))
}

fn devices() -> Result<Vec<CudaDevice>, DriverError> {
    (0..result::device::get_count()?).map(device).collect()
}

/// The device at a place in the list that this process sees; CUDA must be initialised.
#[expect(
    unsafe_code,
    reason = "cudarc cannot know where a device handle comes from"
)]
pub(super) fn device(ordinal: i32) -> Result<CudaDevice, DriverError> {
    let handle = result::device::get(ordinal)?;
    // SAFETY: the handle was returned by `device::get` just now; devices are never taken back.
    let memory_total = unsafe { result::device::total_mem(handle)? };
    let major = attribute(
        handle,
        CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
    )?;
    let minor = attribute(
        handle,
        CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
    )?;
    Ok(CudaDevice {
        uuid: uuid_text(result::device::get_uuid(handle)?),
        name: result::device::get_name(handle)?,
        memory_total: Memory(memory_total as u64),
        compute_capability: ComputeCapability::from_numbers(major, minor),
    })
}

#[expect(
    unsafe_code,
    reason = "cudarc cannot know where a device handle comes from"
)]
fn attribute(handle: CUdevice, attribute: CUdevice_attribute) -> Result<i32, DriverError> {
    // SAFETY: the only caller got the handle from `device::get`.
    unsafe { result::device::get_attribute(handle, attribute) }
}

/// A UUID as NVML and Docker write it.
fn uuid_text(uuid: CUuuid) -> GpuUuid {
    let digits: String = uuid
        .bytes
        .iter()
        .map(|byte| format!("{:02x}", byte.cast_unsigned()))
        .collect();
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    GpuUuid::from(format!("GPU-{}", parts.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_written_as_nvidia_smi_does() {
        let bytes = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -128];
        assert_eq!(
            uuid_text(CUuuid { bytes }).as_str(),
            "GPU-ff000102-0304-0506-0708-090a0b0c0d80"
        );
    }
}
