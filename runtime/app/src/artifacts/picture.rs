//! The size of a picture, where its first bytes tell. Pure.

/// Width and height in pixels of a PNG, GIF or JPEG.
pub(super) fn dimensions(head: &[u8]) -> Option<(u32, u32)> {
    if head.starts_with(b"\x89PNG") {
        let number = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
        return Some((number(16)?, number(20)?));
    }
    if head.starts_with(b"GIF8") {
        let number = |at: usize| {
            Some(u32::from(u16::from_le_bytes(
                head.get(at..at + 2)?.try_into().ok()?,
            )))
        };
        return Some((number(6)?, number(8)?));
    }
    jpeg(head)
}

/// Goes from segment to segment to the one that begins the frame.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut rest = head.strip_prefix(b"\xff\xd8")?;
    loop {
        let [0xff, marker, tail @ ..] = rest else {
            return None;
        };
        let number = |at: usize| Some(u16::from_be_bytes(tail.get(at..at + 2)?.try_into().ok()?));
        match marker {
            // A byte of filling before a marker.
            0xff => rest = &rest[1..],
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(marker) => {
                return Some((u32::from(number(5)?), u32::from(number(3)?)));
            }
            _ => rest = tail.get(usize::from(number(0)?)..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_tell_their_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";
        assert_eq!(dimensions(png), Some((640, 480)));
        assert_eq!(dimensions(b"GIF89a\x80\x02\xe0\x01"), Some((640, 480)));
        let jpeg =
            b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xdb\0\x02\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03";
        assert_eq!(dimensions(jpeg), Some((640, 480)));
    }

    #[test]
    fn what_is_cut_short_tells_nothing() {
        for head in [
            b"".as_slice(),
            b"\x89PNG\r\n",
            b"GIF8",
            b"\xff\xd8",
            b"\xff\xd8\xff\xe0\xff\xff",
            b"\xff\xd8\xff\xc0\0",
            b"\xff\xd8ab",
        ] {
            assert_eq!(dimensions(head), None, "{head:?}");
        }
    }
}
