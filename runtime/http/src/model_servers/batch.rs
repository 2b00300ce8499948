//! One request that stands for several, and its answer taken apart again.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batcher::{Answered, Share};
use super::front::Failure;

/// A body's fields. What stands in them is passed on as it was written.
type Fields = BTreeMap<String, Box<RawValue>>;

/// What one request asks.
#[derive(Debug)]
pub(super) struct Asked {
    instances: Vec<Box<RawValue>>,
    beside: Fields,
}

/// What several ask, in the order in which they came.
#[derive(Debug)]
pub(super) struct Batch {
    instances: Vec<Box<RawValue>>,
    beside: Fields,
    bytes: usize,
    /// How many instances each of them has.
    counts: Vec<usize>,
}

/// What one who asked is told, in the form of KServe's agent.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    /// Why there are no predictions; empty where there are.
    message: String,
    batch_id: String,
    predictions: Option<Vec<Box<RawValue>>>,
}

/// What a server answers.
#[derive(Deserialize)]
struct Predictions {
    #[serde(default)]
    predictions: Vec<Box<RawValue>>,
}

impl Asked {
    /// Reads a request's body.
    ///
    /// # Errors
    /// What is wrong with it, in the words of KServe's agent.
    pub(super) fn read(body: &[u8]) -> Result<Self, &'static str> {
        const UNREADABLE: &str = "can't Unmarshal body";
        const NOTHING: &str = "no instances in the request";
        let mut beside: Fields = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
        let instances = beside.remove("instances").ok_or(NOTHING)?;
        let instances: Option<Vec<_>> =
            serde_json::from_str(instances.get()).map_err(|_| UNREADABLE)?;
        let instances = instances.filter(|instances| !instances.is_empty());
        Ok(Self {
            instances: instances.ok_or(NOTHING)?,
            beside,
        })
    }

    /// All that it says beside its instances.
    pub(super) fn beside(&self) -> String {
        serde_json::to_string(&self.beside).expect("what was read as JSON is JSON")
    }
}

impl Batch {
    /// A batch of requests that say the same beside their instances.
    pub(super) fn new(first: &Asked) -> Self {
        Self {
            instances: Vec::new(),
            beside: first.beside.clone(),
            bytes: 0,
            counts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, asked: Asked) {
        let lengths = asked.instances.iter().map(|instance| instance.get().len());
        self.bytes += lengths.sum::<usize>();
        self.counts.push(asked.instances.len());
        self.instances.extend(asked.instances);
    }

    pub(super) fn instances(&self) -> usize {
        self.instances.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The body of the one request.
    pub(super) fn body(&self) -> Bytes {
        #[derive(Serialize)]
        struct Body<'a> {
            instances: &'a [Box<RawValue>],
            #[serde(flatten)]
            beside: &'a Fields,
        }
        let body = Body {
            instances: &self.instances,
            beside: &self.beside,
        };
        let body = serde_json::to_vec(&body).expect("what was read as JSON is JSON");
        body.into()
    }

    /// What each of those who asked is answered.
    pub(super) fn share_out(&self, answered: Answered, batch_id: &str) -> Vec<Share> {
        match self.predictions(answered, batch_id) {
            Ok(predictions) => {
                let mut rest = predictions.into_iter();
                let own = self.counts.iter().map(|count| {
                    Ok(Said {
                        message: String::new(),
                        batch_id: batch_id.to_owned(),
                        predictions: Some(rest.by_ref().take(*count).collect()),
                    })
                });
                own.collect()
            }
            Err(same) => self.counts.iter().map(|_| same.clone()).collect(),
        }
    }

    /// As many predictions as there are instances, or what everybody is answered instead.
    fn predictions(&self, answered: Answered, batch_id: &str) -> Result<Vec<Box<RawValue>>, Share> {
        let without = |message: String, batch_id: &str| {
            Ok(Said {
                message,
                batch_id: batch_id.to_owned(),
                predictions: None,
            })
        };
        let (code, body) = answered.map_err(Err::<Said, Failure>)?;
        if code != StatusCode::OK {
            return Err(without(String::from_utf8_lossy(&body).into_owned(), ""));
        }
        let read: Predictions =
            serde_json::from_slice(&body).map_err(|error| without(error.to_string(), batch_id))?;
        if read.predictions.len() != self.instances.len() {
            let said = "size of prediction is not equal to the size of instances";
            return Err(without(said.to_owned(), batch_id));
        }
        Ok(read.predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bodies_with_instances_are_taken() {
        let check =
            |body: &str, said: &str| assert_eq!(Asked::read(body.as_bytes()).err(), Some(said));
        check("", "can't Unmarshal body");
        check("[1]", "can't Unmarshal body");
        check(r#"{"instances":1}"#, "can't Unmarshal body");
        for nothing in [
            r#"{"instances":[]}"#,
            r#"{"instances":null}"#,
            r#"{"inputs":[1]}"#,
        ] {
            check(nothing, "no instances in the request");
        }
    }

    fn shares(code: StatusCode, answer: &str) -> Vec<String> {
        let asked = |body: &str| Asked::read(body.as_bytes()).unwrap();
        let first = asked(r#"{"instances":[1,2]}"#);
        let mut batch = Batch::new(&first);
        batch.add(first);
        batch.add(asked(r#"{"instances":[3]}"#));
        let answered = Ok((code, answer.to_owned().into()));
        let shares = batch.share_out(answered, "b").into_iter();
        let shares = shares.map(|share| share.unwrap_or_else(|_| panic!("no share")));
        shares
            .map(|said| serde_json::to_string(&said).unwrap())
            .collect()
    }

    #[test]
    fn predictions_go_to_whose_instances_they_are_of_as_they_are_written() {
        let answer = r#"{"predictions":[1.50,123456789012345678901234567890,"c"]}"#;
        let expected = [
            r#"{"message":"","batchId":"b","predictions":[1.50,123456789012345678901234567890]}"#,
            r#"{"message":"","batchId":"b","predictions":["c"]}"#,
        ];
        assert_eq!(shares(StatusCode::OK, answer), expected);
    }

    #[test]
    fn where_there_are_no_predictions_everybody_is_told_why() {
        let check = |code: StatusCode, answer: &str, message: &str, id: &str| {
            let told = format!(r#"{{"message":"{message}","batchId":"{id}","predictions":null}}"#);
            assert_eq!(shares(code, answer), [told.clone(), told]);
        };
        let size = "size of prediction is not equal to the size of instances";
        check(StatusCode::OK, r#"{"predictions":[1,2]}"#, size, "b");
        check(StatusCode::OK, r#"{"model":"m"}"#, size, "b");
        check(
            StatusCode::INTERNAL_SERVER_ERROR,
            "out of memory",
            "out of memory",
            "",
        );
        let told = &shares(StatusCode::OK, "no JSON")[1];
        assert!(told.starts_with(r#"{"message":"expected"#), "{told}");
    }
}
