//! When notebooks that nobody uses are stopped.

use std::time::Duration;

use coracle_plan::kind::culling::Culling;

use super::ConfigError;

/// For how many minutes nobody has to use a notebook; never, where it is not set or 0.
const IDLE: &str = "CORACLE_CULL_IDLE";

/// Every how many minutes that is looked at.
const CHECK: &str = "CORACLE_CULL_CHECK";

/// Kubeflow's own period.
const USUAL_PERIOD: Duration = Duration::from_secs(60);

/// Reads the settings out of an environment.
///
/// # Errors
/// What is no number of minutes.
pub(super) fn read(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Culling>, ConfigError> {
    let minutes = |name: &'static str| variable(name).map(|text| minutes(name, &text)).transpose();
    let period = minutes(CHECK)?.filter(|period| !period.is_zero());
    let idle = minutes(IDLE)?.filter(|idle| !idle.is_zero());
    Ok(idle.map(|idle| Culling {
        idle,
        period: period.unwrap_or(USUAL_PERIOD),
    }))
}

fn minutes(name: &'static str, text: &str) -> Result<Duration, ConfigError> {
    let number = text.trim().parse().ok();
    number
        .and_then(|minutes: f64| Duration::try_from_secs_f64(minutes * 60.0).ok())
        .ok_or_else(|| ConfigError::Variable {
            name,
            message: format!("`{text}` is not a number of minutes"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notebooks_are_stopped_where_somebody_says_when() {
        let read = |pairs: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name)?;
                Some(found.1.to_owned())
            };
            read(find)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(IDLE, "0"), (CHECK, "5")]), Ok(None));
        let culling = read(&[(IDLE, "90")]).unwrap().unwrap();
        assert_eq!(culling.idle, Duration::from_secs(5400));
        assert_eq!(culling.period, USUAL_PERIOD);
        let culling = read(&[(IDLE, "1440"), (CHECK, "0.5")]).unwrap().unwrap();
        assert_eq!(culling.period, Duration::from_secs(30));
        for wrong in ["soon", "-1", "NaN"] {
            assert!(read(&[(IDLE, wrong)]).is_err(), "{wrong}");
        }
    }
}
