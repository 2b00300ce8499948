//! The tokens with which the steps of a run reach the workbench from inside a container.
//!
//! A token is the run's id and a seal made with the home's key: nothing has to be remembered for it, it is the
//! same after a restart, and nobody without the key can make one. Whether the run is still open is asked of the
//! store each time.

use coracle_model::RunId;
use sha2::{Digest, Sha256};

/// The key that tokens are sealed with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TokenKey(Vec<u8>);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenKey")
    }
}

impl TokenKey {
    pub(crate) fn new(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// The token of a run.
    pub(crate) fn token(&self, run: RunId) -> String {
        format!("{run}.{}", self.seal(run))
    }

    /// The run whose token this is; none when it was not made with this key.
    pub(crate) fn run_of(&self, token: &str) -> Option<RunId> {
        let (run, seal) = token.split_once('.')?;
        let run: RunId = run.parse().ok()?;
        same(seal.as_bytes(), self.seal(run).as_bytes()).then_some(run)
    }

    /// Key, then message of fixed length: nothing can be appended to it.
    fn seal(&self, run: RunId) -> String {
        hex::encode(
            Sha256::new()
                .chain_update(&self.0)
                .chain_update(run.0.as_bytes())
                .finalize(),
        )
    }
}

/// Compares in a time that does not tell how much was right.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .fold(0, |all, (left, right)| all | (left ^ right))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_makes_tokens() {
        let key = TokenKey::new(vec![1; 32]);
        let run = RunId::random();
        let token = key.token(run);
        assert_eq!(key.run_of(&token), Some(run));
        assert_eq!(TokenKey::new(vec![2; 32]).run_of(&token), None);
        let other = RunId::random().to_string();
        assert_eq!(key.run_of(&token.replace(&run.to_string(), &other)), None);
        for text in [
            "",
            ".",
            &run.to_string(),
            &format!("{run}."),
            &token[..token.len() - 1],
        ] {
            assert_eq!(key.run_of(text), None, "{text}");
        }
    }
}
