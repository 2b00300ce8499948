//! The image that a sandbox runs: one program that waits for ever.
//!
//! It is made here, byte by byte, so that it needs no compiler on any machine. The program is some twenty bytes of machine code behind the smallest ELF header that Linux takes.

use super::client::DockerEngine;
use super::program_image::ProgramImage;
use crate::engine::EngineError;

/// The image. The tag changes with the program below.
pub(super) const PAUSE_IMAGE: &str = "coracle/pause:1";

/// The program's path in the image.
pub(super) const PAUSE_PROGRAM: &str = "/pause";

/// Linux' number for a machine in an ELF header, and a program for it that sleeps until a signal ends it.
struct Program {
    machine: u16,
    code: &'static [u8],
}

/// `loop: mov eax, 34 (pause); syscall; jmp loop`
const X86_64: Program = Program {
    machine: 62,
    code: &[0xb8, 0x22, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xeb, 0xf7],
};

/// There is no `pause` on this machine; `ppoll` of nothing without a timeout is the same.
///
/// `loop: mov x0..x3, #0; mov x8, #73 (ppoll); svc #0; b loop`
const AARCH64: Program = Program {
    machine: 183,
    code: &[
        0x00, 0x00, 0x80, 0xd2, // mov x0, #0
        0x01, 0x00, 0x80, 0xd2, // mov x1, #0
        0x02, 0x00, 0x80, 0xd2, // mov x2, #0
        0x03, 0x00, 0x80, 0xd2, // mov x3, #0
        0x28, 0x09, 0x80, 0xd2, // mov x8, #73
        0x01, 0x00, 0x00, 0xd4, // svc #0
        0xfa, 0xff, 0xff, 0x17, // b loop
    ],
};

const ELF_HEADER_BYTES: u64 = 64;
const SEGMENT_HEADER_BYTES: u64 = 56;
const LOAD_ADDRESS: u64 = 0x40_0000;

/// A static program of one segment that holds the headers and the code.
fn elf(program: &Program) -> Vec<u8> {
    let code_offset = ELF_HEADER_BYTES + SEGMENT_HEADER_BYTES;
    let size = code_offset + program.code.len() as u64;
    let mut file = Vec::new();
    // 64 bits, little endian, version 1, no particular ABI.
    file.extend([0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(2_u16.to_le_bytes()); // an executable
    file.extend(program.machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend((LOAD_ADDRESS + code_offset).to_le_bytes()); // entry
    file.extend(ELF_HEADER_BYTES.to_le_bytes()); // where the segment headers are
    file.extend(0_u64.to_le_bytes()); // no sections
    file.extend(0_u32.to_le_bytes()); // no flags
    file.extend((ELF_HEADER_BYTES as u16).to_le_bytes());
    file.extend((SEGMENT_HEADER_BYTES as u16).to_le_bytes());
    file.extend(1_u16.to_le_bytes()); // one segment
    file.extend([0; 6]); // no sections
    file.extend(1_u32.to_le_bytes()); // to be loaded
    file.extend(5_u32.to_le_bytes()); // readable and executable
    file.extend(0_u64.to_le_bytes()); // from the start of the file
    file.extend(LOAD_ADDRESS.to_le_bytes());
    file.extend(LOAD_ADDRESS.to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(0x1_0000_u64.to_le_bytes()); // the largest page there is
    file.extend(program.code);
    file
}

fn program(architecture: &str) -> Option<&'static Program> {
    match architecture {
        "amd64" | "x86_64" => Some(&X86_64),
        "arm64" | "aarch64" => Some(&AARCH64),
        _ => None,
    }
}

/// Makes the image when the engine does not have it.
pub(super) async fn ensure(engine: &DockerEngine) -> Result<(), EngineError> {
    let architecture = &engine.engine.architecture;
    let program = program(architecture).ok_or_else(|| EngineError::Unsupported {
        message: format!(
            "the engine's machine is `{architecture}`; only amd64 and arm64 are known"
        ),
    })?;
    let image = ProgramImage {
        name: PAUSE_IMAGE,
        path: PAUSE_PROGRAM,
        program: &elf(program),
    };
    image.ensure(engine).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_has_the_shape_that_linux_loads() {
        for program in [&X86_64, &AARCH64] {
            let file = elf(program);
            assert_eq!(file.len() as u64, 64 + 56 + program.code.len() as u64);
            let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
            // The entry is the first byte behind the headers, and the segment covers the whole file.
            assert_eq!(word(24), LOAD_ADDRESS + 120);
            assert_eq!(word(64 + 32), file.len() as u64);
            assert_eq!(&file[120..], program.code);
        }
    }
}
