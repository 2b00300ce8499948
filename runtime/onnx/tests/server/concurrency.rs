//! Many clients of one model.

use std::thread;

use serde_json::json;

use super::models::{self, Named};
use super::{post, serve};

#[test]
fn clients_at_once_get_their_own_answers() {
    let server = serve(&models::linear(Named("N")));
    thread::scope(|scope| {
        for client in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for number in 0..100 {
                    // Batches of different sizes, so that one could not do for another.
                    let (rows, first) = (1 + (client + number) % 5, client * 1000 + number);
                    let instances = vec![[first, 0, 0]; rows];
                    let answer = post(
                        server,
                        "/v1/models/m:predict",
                        &json!({ "instances": instances }),
                    );
                    let first = f64::from(u32::try_from(first).unwrap());
                    let rows = vec![[first, if first == 0.0 { 0.0 } else { -first }]; rows];
                    assert_eq!(answer, (200, json!({ "predictions": rows })));
                }
            });
        }
    });
}
