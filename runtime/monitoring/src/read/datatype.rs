//! Values as bytes, by the datatypes of the Open Inference Protocol; all are little-endian.

use crate::cell::Cell;

/// The values in bytes; none where there is no such datatype, or where bytes are left over.
pub(super) fn cells(datatype: &str, bytes: &[u8]) -> Option<Vec<Cell>> {
    match datatype.to_ascii_uppercase().as_str() {
        "BOOL" => each(bytes, |[byte]: [u8; 1]| Cell::truth(byte != 0)),
        "INT8" => numbers(bytes, |bytes| f64::from(i8::from_le_bytes(bytes))),
        "INT16" => numbers(bytes, |bytes| f64::from(i16::from_le_bytes(bytes))),
        "INT32" => numbers(bytes, |bytes| f64::from(i32::from_le_bytes(bytes))),
        "INT64" => numbers(bytes, |bytes| i64::from_le_bytes(bytes) as f64),
        "UINT8" => numbers(bytes, |bytes| f64::from(u8::from_le_bytes(bytes))),
        "UINT16" => numbers(bytes, |bytes| f64::from(u16::from_le_bytes(bytes))),
        "UINT32" => numbers(bytes, |bytes| f64::from(u32::from_le_bytes(bytes))),
        "UINT64" => numbers(bytes, |bytes| u64::from_le_bytes(bytes) as f64),
        "FP16" => numbers(bytes, |bytes| of_half(u16::from_le_bytes(bytes))),
        "BF16" => numbers(bytes, |bytes| {
            f64::from(f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))
        }),
        "FP32" => numbers(bytes, |bytes| f64::from(f32::from_le_bytes(bytes))),
        "FP64" => numbers(bytes, f64::from_le_bytes),
        "BYTES" => texts(bytes),
        _ => None,
    }
}

fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Option<Vec<Cell>> {
    each(bytes, |bytes| Cell::number(number(bytes)))
}

fn each<const N: usize>(bytes: &[u8], cell: impl Fn([u8; N]) -> Cell) -> Option<Vec<Cell>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    rest.is_empty()
        .then(|| chunks.iter().map(|chunk| cell(*chunk)).collect())
}

/// Texts, each behind its length in four bytes.
fn texts(mut bytes: &[u8]) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        cells.push(Cell::text(&String::from_utf8_lossy(text)));
        bytes = rest;
    }
    bytes.is_empty().then_some(cells)
}

/// A number of two bytes: a sign, five bits of exponent, ten of fraction.
fn of_half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match exponent {
        0 => sign * fraction * 2f64.powi(-14),
        0x1f if fraction == 0.0 => sign * f64::INFINITY,
        0x1f => f64::NAN,
        _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `numpy.array([1, -2.5, 65504, 6e-8, 0.1, nan], numpy.float16).tobytes()` has.
    #[test]
    fn numbers_of_two_bytes_are_what_numpy_says() {
        let bits: [u16; 6] = [0x3c00, 0xc100, 0x7bff, 0x0001, 0x2e66, 0x7e00];
        let bytes: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let expected = [
            1.0,
            -2.5,
            65504.0,
            2f64.powi(-24),
            0.099_975_585_937_5,
            f64::NAN,
        ];
        let expected: Vec<Cell> = expected.into_iter().map(Cell::number).collect();
        assert_eq!(cells("FP16", &bytes), Some(expected));
    }

    #[test]
    fn every_datatype_has_its_own_bytes() {
        let number = |number: f64| Some(vec![Cell::number(number)]);
        assert_eq!(cells("int8", &[0xff]), number(-1.0));
        assert_eq!(cells("UINT8", &[0xff]), number(255.0));
        assert_eq!(cells("INT64", &(-7i64).to_le_bytes()), number(-7.0));
        assert_eq!(cells("FP64", &0.5f64.to_le_bytes()), number(0.5));
        assert_eq!(cells("BF16", &0x3fc0u16.to_le_bytes()), number(1.5));
        assert_eq!(cells("BOOL", &[1]), Some(vec![Cell::truth(true)]));
        assert_eq!(
            cells("BYTES", b"\x02\0\0\0ab\0\0\0\0"),
            Some(vec![Cell::text("ab"), Cell::text("")])
        );
    }

    #[test]
    fn bytes_that_are_left_over_are_no_values() {
        assert_eq!(cells("FP32", &[0; 7]), None);
        assert_eq!(cells("BYTES", b"\x09\0\0\0ab"), None);
        assert_eq!(cells("COMPLEX", &[0; 8]), None);
    }
}
