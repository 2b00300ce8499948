//! Panics of the library that runs models, as errors: one that a model provokes must not end the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does something with the library.
///
/// What it panicked in the middle of is not used again: a model that is loaded, or the state of one run.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        let number = 7;
        assert_eq!(
            guarded(|| assert!(number == 8, "{number} is not 8")),
            Err("7 is not 8".to_owned())
        );
        assert_eq!(guarded(|| number), Ok(7));
    }
}
