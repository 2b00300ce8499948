//! A small kernel that proves a GPU computes: a vector addition, checked number by number.
//!
//! It runs on the first device that this process sees. Whoever leased a GPU runs it in a process of its own with
//! `CUDA_VISIBLE_DEVICES` set to the lease, which is how a leased GPU looks from inside a container. The kernel
//! is PTX text that the driver translates, so that neither building nor running it takes a CUDA toolkit.

use std::ffi::{CString, c_void};
use std::sync::Arc;

use coracle_model::GpuUuid;
use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys::{CUfunction, CUmodule, CUresult};
use cudarc::driver::{CudaContext, CudaSlice, CudaStream, DevicePtr, DevicePtrMut, LaunchConfig};
use serde::{Deserialize, Serialize};

use super::cuda;

const VECTOR_ADD: &str = include_str!("vector_add.ptx");

/// The functions of the driver that a kernel needs beyond those of an inventory.
const NEEDED: [&str; 8] = [
    "cuDevicePrimaryCtxRetain",
    "cuModuleLoadData",
    "cuModuleGetFunction",
    "cuMemAlloc_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuLaunchKernel",
    "cuStreamSynchronize",
];

/// What a kernel ran on, and that its result was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelRun {
    /// How many devices the process sees.
    pub visible: u32,
    /// The GPU it ran on; for a MIG slice, the GPU that the slice lies on.
    pub gpu: GpuUuid,
    /// The GPU's name.
    pub name: String,
    /// How many additions were made and checked.
    pub elements: u32,
}

/// Why no kernel ran, or not rightly.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// There is no driver to run it.
    #[error("no kernel can run: {0}")]
    NoDriver(String),
    /// The driver refused.
    #[error("failed to {action} ({code})")]
    Refused {
        /// What was asked of it.
        action: &'static str,
        /// Its answer.
        code: String,
    },
    /// A number came out wrong.
    #[error("the GPU computed {found} where {expected} is right, at place {place}")]
    WrongResult {
        /// The place in the vector.
        place: usize,
        /// What is right.
        expected: f32,
        /// What came back.
        found: f32,
    },
    /// The driver took a text that is no kernel.
    #[error("the driver accepted a text that is no kernel")]
    AcceptedNonsense,
}

/// Adds two vectors of so many elements on the first device that this process sees, and checks every sum.
///
/// Blocks. A driver may hang or end the process: run it in one that may be lost.
///
/// # Errors
/// Without a driver or device, when the driver refuses, and when a sum is wrong.
pub fn run_vector_add(elements: u32) -> Result<KernelRun, KernelError> {
    let context = first_device()?;
    let device = cuda::device(0).map_err(refused("describe the device"))?;
    let visible = cuda::visible().map_err(refused("count the devices"))?;
    let module = Module::load(&context, VECTOR_ADD).map_err(refused("load the kernel"))?;
    let sums = add_on_device(&context, &module, elements)?;
    verify(&sums)?;
    Ok(KernelRun {
        visible,
        gpu: device.uuid,
        name: device.name,
        elements,
    })
}

/// Gives the driver a text that is no kernel, and returns the refusal.
///
/// # Errors
/// Without a driver or device, and when the driver takes it.
pub fn refuses_a_broken_kernel() -> Result<String, KernelError> {
    match Module::load(&first_device()?, "this is no kernel") {
        Ok(_) => Err(KernelError::AcceptedNonsense),
        Err(error) => Ok(cuda::describe(error)),
    }
}

fn refused(action: &'static str) -> impl Fn(DriverError) -> KernelError {
    move |error| KernelError::Refused {
        action,
        code: cuda::describe(error),
    }
}

fn first_device() -> Result<Arc<CudaContext>, KernelError> {
    if !cuda::library_is_present() {
        return Err(KernelError::NoDriver(
            "no `libcuda` can be opened".to_owned(),
        ));
    }
    if let Some(name) = cuda::first_missing(&NEEDED) {
        return Err(KernelError::NoDriver(format!("`libcuda` has no `{name}`")));
    }
    CudaContext::new(0).map_err(refused("open the device"))
}

/// The two terms at a place. Both and their sum are whole and far below 2^24, so that a float holds them exactly
/// and any wrong bit shows.
fn terms(place: usize) -> (f32, f32) {
    let term = |factor: usize| (place * factor % 65_521) as f32;
    (term(1), term(7))
}

fn verify(sums: &[f32]) -> Result<(), KernelError> {
    let wrong = sums.iter().copied().enumerate().find_map(|(place, found)| {
        let (left, right) = terms(place);
        let expected = left + right;
        (found.to_bits() != expected.to_bits()).then_some(KernelError::WrongResult {
            place,
            expected,
            found,
        })
    });
    wrong.map_or(Ok(()), Err)
}

fn add_on_device(
    context: &Arc<CudaContext>,
    module: &Module,
    elements: u32,
) -> Result<Vec<f32>, KernelError> {
    let stream = context.default_stream();
    let (left, right): (Vec<f32>, Vec<f32>) = (0..elements as usize).map(terms).unzip();
    let copied = refused("copy to the device");
    let left = stream.clone_htod(&left).map_err(&copied)?;
    let right = stream.clone_htod(&right).map_err(&copied)?;
    // Not zeros but a copy of a term: a kernel that does nothing leaves wrong sums, even of zeros.
    let mut sum = stream
        .clone_dtod(&right)
        .map_err(refused("allocate on the device"))?;
    let function = module
        .function("vector_add")
        .map_err(refused("find the kernel"))?;
    launch(&stream, function, &left, &right, &mut sum, elements)
        .map_err(refused("launch the kernel"))?;
    let sums = stream
        .clone_dtoh(&sum)
        .map_err(refused("copy from the device"))?;
    stream.synchronize().map_err(refused("finish the kernel"))?;
    Ok(sums)
}

#[expect(unsafe_code, reason = "no type says which arguments a kernel takes")]
fn launch(
    stream: &CudaStream,
    function: CUfunction,
    left: &CudaSlice<f32>,
    right: &CudaSlice<f32>,
    sum: &mut CudaSlice<f32>,
    mut count: u32,
) -> Result<(), DriverError> {
    let shape = LaunchConfig::for_num_elems(count);
    let (mut left, _left_in_use) = left.device_ptr(stream);
    let (mut right, _right_in_use) = right.device_ptr(stream);
    let (mut sum, _sum_in_use) = sum.device_ptr_mut(stream);
    let mut arguments: [*mut c_void; 4] = [
        (&raw mut left).cast(),
        (&raw mut right).cast(),
        (&raw mut sum).cast(),
        (&raw mut count).cast(),
    ];
    // SAFETY: `vector_add` takes three addresses and a 32-bit count, in this order. The three vectors hold
    // `count` floats each, and the kernel touches none beyond. The driver copies the arguments before it returns.
    unsafe {
        result::launch_kernel(
            function,
            shape.grid_dim,
            shape.block_dim,
            0,
            stream.cu_stream(),
            &mut arguments,
        )
    }
}

/// A loaded kernel text, unloaded when dropped.
struct Module {
    handle: CUmodule,
    context: Arc<CudaContext>,
}

impl Module {
    #[expect(
        unsafe_code,
        reason = "cudarc's safe loader stands behind its NVRTC feature"
    )]
    fn load(context: &Arc<CudaContext>, text: &str) -> Result<Self, DriverError> {
        context.bind_to_thread()?;
        let text = CString::new(text).map_err(|_| DriverError(CUresult::CUDA_ERROR_INVALID_PTX))?;
        // SAFETY: the driver reads the text up to its closing zero, and keeps no pointer to it.
        let handle = unsafe { result::module::load_data(text.as_ptr().cast())? };
        Ok(Self {
            handle,
            context: Arc::clone(context),
        })
    }

    #[expect(unsafe_code, reason = "cudarc cannot know whether a module is loaded")]
    fn function(&self, name: &str) -> Result<CUfunction, DriverError> {
        self.context.bind_to_thread()?;
        let name = CString::new(name).map_err(|_| DriverError(CUresult::CUDA_ERROR_NOT_FOUND))?;
        // SAFETY: the module is unloaded only when `self` is dropped.
        unsafe { result::module::get_function(self.handle, name) }
    }
}

impl Drop for Module {
    #[expect(unsafe_code, reason = "cudarc cannot know whether a module is loaded")]
    fn drop(&mut self) {
        self.context.record_err(self.context.bind_to_thread());
        // SAFETY: loaded by `load`, unloaded only here; what it ran was waited for or given up.
        self.context
            .record_err(unsafe { result::module::unload(self.handle) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_wrong_sum_is_found() {
        let right: Vec<f32> = (0..100_000)
            .map(|place| terms(place).0 + terms(place).1)
            .collect();
        assert_eq!(verify(&right), Ok(()));
        let mut wrong = right.clone();
        wrong[99_999] += 1.0;
        assert!(matches!(
            verify(&wrong),
            Err(KernelError::WrongResult { place: 99_999, .. })
        ));
        assert!(verify(&[f32::NAN]).is_err());
    }

    #[test]
    fn a_copy_of_a_term_is_no_sum() {
        let copied: Vec<f32> = (0..10).map(|place| terms(place).1).collect();
        assert!(verify(&copied).is_err());
    }
}
