//! Bytes in base64, as Go reads them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The canonical form: without the line breaks that Go reads over.
///
/// # Errors
/// Go's words, with the place of the fault.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match BASE64_STANDARD.decode(&packed) {
        Ok(bytes) => Ok(BASE64_STANDARD.encode(bytes)),
        Err(_) => Err(format!("illegal base64 data at input byte {}", fault(text))),
    }
}

/// Where Go sees the fault: the first byte that may not be, or the start of the group of four that is not whole.
fn fault(text: &str) -> usize {
    let (mut group, mut start) = (0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                if group == 0 {
                    start = at;
                }
                group = (group + 1) % 4;
            }
            b'=' if group == 2 && text.as_bytes().get(at + 1) == Some(&b'=') => return at + 2,
            b'=' if group == 3 => return at + 1,
            _ => return at,
        }
    }
    if group == 0 { text.len() } else { start }
}
