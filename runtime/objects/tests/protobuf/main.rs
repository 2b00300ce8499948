//! Bodies in protobuf against the JSON that says the same: objects of an API server (`served.jsonl`, by `record.py`) and
//! objects with a value in every field (`filled.jsonl`, by `fill.go`). What is no message is refused, whatever it is.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coracle_objects::decode::{self, Body, FieldValidation};
use coracle_objects::meta::{DeleteOptions, DryRun};
use coracle_objects::schema::ObjectType;
use coracle_objects::{Object, Status};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

const SERVED: &str = include_str!("served.jsonl");
const FILLED: &str = include_str!("filled.jsonl");
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    api_version: String,
    kind: String,
    /// In base64.
    protobuf: String,
    json: Value,
}

impl Pair {
    fn all() -> Vec<Self> {
        let lines = SERVED.lines().chain(FILLED.lines());
        lines
            .map(|line| serde_json::from_str(line).expect("each line is a pair"))
            .collect()
    }

    fn object_type(&self) -> &'static ObjectType {
        let (group, version) = self
            .api_version
            .split_once('/')
            .unwrap_or(("", &self.api_version));
        ObjectType::built_in(group, version, &self.kind).expect("the kind is embedded")
    }

    fn protobuf(&self) -> Vec<u8> {
        BASE64_STANDARD
            .decode(&self.protobuf)
            .expect("it is base64")
    }
}

fn read(content_type: &str, bytes: &[u8], object_type: &ObjectType) -> Result<Object, Status> {
    let body = Body {
        content_type: Some(content_type),
        bytes,
    };
    let decoded = decode::object(body, object_type, FieldValidation::Strict)?;
    assert_eq!(decoded.warnings, [""; 0]);
    Ok(decoded.object)
}

#[test]
fn protobuf_says_what_json_says() {
    let mut differences = Vec::new();
    for pair in Pair::all() {
        let object_type = pair.object_type();
        let json = pair.json.to_string();
        let read = [
            ("protobuf", read(PROTOBUF, &pair.protobuf(), object_type)),
            (
                "JSON",
                read("application/json", json.as_bytes(), object_type),
            ),
        ];
        for (format, object) in read {
            let place = format!("{format} of {}", pair.kind);
            match object {
                Ok(object) => compare(&place, &object.into(), &pair.json, &mut differences),
                Err(status) => differences.push(format!("{place}: {}", status.message)),
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Tells where two values differ.
fn compare(place: &str, ours: &Value, theirs: &Value, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for name in names {
                let place = format!("{place}.{name}");
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => compare(&place, one, other, differences),
                    (one, other) => differences.push(format!("{place}: {one:?} for {other:?}")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{place}[{index}]"), one, other, differences);
            }
        }
        _ if ours == theirs => {}
        _ => differences.push(format!("{place}: {ours} for {theirs}")),
    }
}

/// A field that holds bytes.
fn block(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("it is short");
    [&[number << 3 | 2, length], bytes].concat()
}

fn envelope(api_version: &str, kind: &str, message: &[u8]) -> Vec<u8> {
    let head = [block(1, api_version.as_bytes()), block(2, kind.as_bytes())].concat();
    [b"k8s\0".as_slice(), &block(1, &head), &block(2, message)].concat()
}

fn config_map(message: &[u8]) -> Result<Value, String> {
    config_map_of(&envelope("v1", "ConfigMap", message))
}

fn config_map_of(bytes: &[u8]) -> Result<Value, String> {
    let object_type = ObjectType::built_in("", "v1", "ConfigMap").expect("it is embedded");
    let read = read(PROTOBUF, bytes, object_type);
    read.map(Value::from).map_err(|status| {
        assert_eq!(status.code, 400);
        status.message
    })
}

#[test]
fn what_a_body_is_not_told_to_be_it_is_by_its_place() {
    let named = block(1, &block(1, b"a"));
    let expected = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    for (api_version, kind) in [
        ("v1", ""),
        ("", "ConfigMap"),
        ("", ""),
        ("a/b/c", "ConfigMap"),
    ] {
        let bytes = envelope(api_version, kind, &named);
        assert_eq!(
            config_map_of(&bytes),
            Ok(expected.clone()),
            "{api_version} {kind}"
        );
    }
}

#[test]
fn bodies_are_refused_in_the_words_of_an_api_server() {
    let unrecognized = "the object provided is unrecognized (must be of type ConfigMap):";
    let told = |bytes: &[u8]| config_map_of(bytes).unwrap_err();
    assert_eq!(told(b""), format!("{unrecognized} empty data (<empty>)"));
    assert_eq!(
        told(b"k8s\0"),
        format!("{unrecognized} empty body (6b387300)")
    );
    assert_eq!(
        told(b"k8s\0\x0a\xff"),
        format!("{unrecognized} unexpected EOF (6b3873000aff)")
    );
    assert_eq!(
        told(&envelope("v1", "Secret", b"")),
        "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown \
         conversion"
    );
    let told = |message: &[u8]| {
        let told = config_map(message).unwrap_err();
        let prefix = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: ";
        told.strip_prefix(prefix).map(str::to_owned).ok_or(told)
    };
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(
        told(&[0x08, 5]),
        ok("proto: wrong wireType = 0 for field ObjectMeta")
    );
    assert_eq!(
        told(&block(1, &[0x08, 5])),
        ok("proto: wrong wireType = 0 for field Name")
    );
    assert_eq!(
        told(&[0x0c]),
        ok("proto: ConfigMap: wiretype end group for non-group")
    );
    assert_eq!(
        told(&[0x02, 0]),
        ok("proto: ConfigMap: illegal tag 0 (wire type 2)")
    );
    assert_eq!(told(&[0x7f]), ok("proto: illegal wireType 7"));
    assert_eq!(
        told(&[&[0x38], [0xff; 11].as_slice()].concat()),
        ok("proto: integer overflow")
    );
    assert_eq!(told(&[0x0a, 0x20, b'a']), ok("unexpected EOF"));
    assert_eq!(
        told(&block(1, &block(8, &block(1, b"x")))),
        ok("proto: wrong wireType = 2 for field Seconds")
    );
}

#[test]
fn pieces_of_a_value_come_together() {
    let message = [
        block(1, &block(1, b"a")),
        block(1, &block(5, b"u")),
        block(2, &[block(1, b"k"), block(2, b"first")].concat()),
        block(
            2,
            &[block(2, b"last"), block(1, b"k"), block(9, b"?")].concat(),
        ),
        block(2, &block(1, b"empty")),
        block(3, &block(1, b"none")),
        block(15, b"unknown"),
        vec![0x20, 2],
    ];
    assert_eq!(
        config_map(&message.concat()),
        Ok(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "uid": "u"},
            "data": {"k": "last", "empty": ""},
            "binaryData": {"none": ""},
            "immutable": true,
        }))
    );
}

#[test]
fn numbers_of_a_list_may_stand_in_one_run() {
    let groups = [&[0x20, 1, 0x22, 3, 2, 0xac, 0x02][..], &[0x20, 3]].concat();
    let pod = envelope("v1", "Pod", &block(2, &block(14, &groups)));
    let object_type = ObjectType::built_in("", "v1", "Pod").expect("it is embedded");
    let pod = read(PROTOBUF, &pod, object_type).map(Value::from);
    let pod = pod.expect("it is a pod");
    let groups = &pod["spec"]["securityContext"]["supplementalGroups"];
    assert_eq!(groups, &json!([1, 2, 300, 3]));
}

#[test]
fn options_of_a_deletion_are_read() {
    let read = |bytes: &[u8]| {
        let content_type = Some(PROTOBUF);
        DeleteOptions::read(
            Body {
                content_type,
                bytes,
            },
            &[],
        )
    };
    let message = [vec![0x08, 5], block(4, b"Orphan"), block(5, b"All")].concat();
    for (api_version, kind) in [
        ("v1", "DeleteOptions"),
        ("batch/v1", "DeleteOptions"),
        ("", ""),
    ] {
        let options = read(&envelope(api_version, kind, &message)).expect("they are options");
        assert_eq!(options.grace_period_seconds, Some(5));
        assert_eq!(options.dry_run, DryRun::All);
    }
    let told = |bytes: &[u8]| read(bytes).map_err(|status| (status.code, status.message));
    let fault = |message: &str| Err((500, message.to_owned()));
    assert_eq!(told(b"k8s\0"), fault("empty body"));
    assert_eq!(
        told(&envelope("v1", "DeleteOptions", &block(1, b""))),
        fault("proto: wrong wireType = 2 for field GracePeriodSeconds")
    );
    assert_eq!(
        told(&envelope("v1", "Pod", b"")),
        fault(
            "no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:110\""
        )
    );
}

#[test]
fn custom_kinds_are_not_read() {
    let schema = json!({"type": "object"});
    let object_type = ObjectType::custom("example.com", "v1", "Thing", &schema).expect("it is one");
    let status = read(
        PROTOBUF,
        &envelope("example.com/v1", "Thing", b""),
        &object_type,
    );
    assert_eq!(status.map_err(|status| status.code), Err(415));
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(message in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = config_map(&message);
        let pod = ObjectType::built_in("", "v1", "Pod").expect("it is embedded");
        let _ = read(PROTOBUF, &[b"k8s\0\x12", message.as_slice()].concat(), pod);
    }

    #[test]
    fn no_damage_is_too_odd(
        pair in proptest::sample::select(Pair::all()),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = pair.protobuf();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Err(status) = read(PROTOBUF, &bytes, pair.object_type()) {
            prop_assert_eq!(status.code, 400);
        }
    }
}
