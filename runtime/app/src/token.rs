//! The tokens with which the steps of a run, and pods, reach the workbench from inside a container.
//!
//! A token is the run's id, or the pod's uid, and a seal made with the home's key: nothing has to be remembered for it, it is the
//! same after a restart, and nobody without the key can make one. Whether the run is still open, or the pod there, is
//! looked up each time.

use coracle_model::RunId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a pod's token begins with, and what its seal is made of beside the uid: a run's id seals no pod.
const POD: &str = "pod-";

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// The steps of a run.
    Run(RunId),
    /// The containers of a pod, which has this uid.
    Pod(Uuid),
}

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
    pub(crate) fn run_token(&self, run: RunId) -> String {
        self.token(TokenOwner::Run(run))
    }

    /// The token of a pod; none of one whose uid the workbench has not made.
    pub(crate) fn pod_token(&self, uid: &str) -> Option<String> {
        let uid = uid.parse().ok()?;
        Some(self.token(TokenOwner::Pod(uid)))
    }

    fn token(&self, owner: TokenOwner) -> String {
        let name = match owner {
            TokenOwner::Run(run) => run.to_string(),
            TokenOwner::Pod(uid) => format!("{POD}{uid}"),
        };
        format!("{name}.{}", self.seal(owner))
    }

    /// Whose token this is; nobody's when it was not made with this key.
    pub(crate) fn owner_of(&self, token: &str) -> Option<TokenOwner> {
        let (name, seal) = token.split_once('.')?;
        let owner = match name.strip_prefix(POD) {
            Some(uid) => TokenOwner::Pod(uid.parse().ok()?),
            None => TokenOwner::Run(name.parse().ok()?),
        };
        same(seal.as_bytes(), self.seal(owner).as_bytes()).then_some(owner)
    }

    /// Key, then message of fixed length, of another length for pods: nothing can be appended to either.
    fn seal(&self, owner: TokenOwner) -> String {
        let sealing = Sha256::new().chain_update(&self.0);
        let sealing = match owner {
            TokenOwner::Run(run) => sealing.chain_update(run.0.as_bytes()),
            TokenOwner::Pod(uid) => sealing.chain_update(POD).chain_update(uid.as_bytes()),
        };
        hex::encode(sealing.finalize())
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
        let token = key.run_token(run);
        assert_eq!(key.owner_of(&token), Some(TokenOwner::Run(run)));
        assert_eq!(TokenKey::new(vec![2; 32]).owner_of(&token), None);
        let other = RunId::random().to_string();
        assert_eq!(key.owner_of(&token.replace(&run.to_string(), &other)), None);
        for text in [
            "",
            ".",
            &run.to_string(),
            &format!("{run}."),
            &token[..token.len() - 1],
        ] {
            assert_eq!(key.owner_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_runs_token_is_no_pods() {
        let key = TokenKey::new(vec![1; 32]);
        let run = RunId::random();
        let uid = run.0.to_string();
        let token = key.pod_token(&uid).unwrap();
        assert_eq!(key.owner_of(&token), Some(TokenOwner::Pod(run.0)));
        let (_, seal) = token.split_once('.').unwrap();
        assert_eq!(key.owner_of(&format!("{run}.{seal}")), None);
        let forged = format!("{POD}{}", key.run_token(run));
        assert_eq!(key.owner_of(&forged), None);
        assert_eq!(key.pod_token("made-by-hand"), None);
    }
}
