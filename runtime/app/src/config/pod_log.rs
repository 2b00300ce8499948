//! How much of what a pod's container writes is kept.

use coracle_host::log::Keep;
use coracle_model::Memory;

use super::ConfigError;

/// How much of a container's log is kept on the disk, as `50Mi`; `all` for all of it.
const VARIABLE: &str = "CORACLE_POD_LOG";

/// What a kubelet keeps: five files of 10 MiB.
const USUAL: Keep = Keep::End(50 << 20);

/// Less is hardly a log: what a writer gathers before it writes is as much.
const LEAST: u64 = 1 << 20;

/// Reads the setting out of an environment.
///
/// # Errors
/// What is no amount of memory, or too little.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Keep, ConfigError> {
    let Some(text) = variable(VARIABLE) else {
        return Ok(USUAL);
    };
    if text.trim() == "all" {
        return Ok(Keep::All);
    }
    let wrong = |message| ConfigError::Variable {
        name: VARIABLE,
        message,
    };
    let Memory(bytes) = text
        .trim()
        .parse()
        .map_err(|error| wrong(format!("{error}; `all` keeps everything")))?;
    if bytes < LEAST {
        return Err(wrong(format!("`{text}` is less than `1Mi`")));
    }
    Ok(Keep::End(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_kept_as_a_kubelet_keeps_it_unless_somebody_says_otherwise() {
        let read = |text: Option<&str>| read(|_| text.map(str::to_owned));
        assert_eq!(read(None), Ok(Keep::End(50 << 20)));
        assert_eq!(read(Some("200Mi")), Ok(Keep::End(200 << 20)));
        assert_eq!(read(Some("all")), Ok(Keep::All));
        for wrong in ["much", "-1", "0", "1000"] {
            assert!(read(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
