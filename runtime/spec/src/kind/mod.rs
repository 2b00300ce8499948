//! Kinds of Kubernetes' API as types: objects that were checked and defaulted at the door are read into what the
//! plans decide on. Fields that nobody here knows are passed over.

pub mod pod;
