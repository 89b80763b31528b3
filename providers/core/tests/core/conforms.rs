//! Every type passes the conformance kit.

use aurak_api::conformance::{self, Sample};
use aurak_model::Value;

use crate::core_type;

fn sample(type_name: &str, attributes: Value, update: Option<Value>) -> Sample {
    Sample { type_name: type_name.into(), attributes, update, ..Sample::default() }
}

#[tokio::test]
async fn every_type_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let samples = [
        sample(
            "core.data",
            Value::map([(
                "input",
                Value::map([("a", Value::Null), ("b", Value::from("secret").sensitive())]),
            )]),
            Some(Value::map([("input", Value::list([1.into(), 2.into()]))])),
        ),
        sample("core.data", Value::map::<&str>([]), None),
        sample("core.private_key", Value::map([("algorithm", Value::from("ed25519"))]), None),
        sample("core.random", Value::map([("kind", Value::from("uuid"))]), None),
        sample("core.random", Value::map([("kind", Value::from("password")), ("length", 20.into())]), None),
        sample(
            "core.sleep",
            Value::map([("create", Value::from("1ms")), ("destroy", "1ms".into())]),
            Some(Value::map([("destroy", Value::from("2ms"))])),
        ),
        Sample {
            key: Some("a/b.txt".into()),
            unknown_id: Some("a/nothing.txt".into()),
            ..sample(
                "core.file",
                Value::map([("path", Value::from("a/b.txt")), ("content", "one\n".into())]),
                Some(Value::map([
                    ("path", Value::from("a/b.txt")),
                    ("content", Value::from("two-secret").sensitive()),
                    ("mode", "0640".into()),
                ])),
            )
        },
        sample("core.command", command("one"), Some(command("two"))),
    ];
    let findings = conformance::run(core_type(folder.path()), &Value::Null, &samples).await;
    assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
}

/// A file that commands make, and that holds what they are told by the environment.
fn command(text: &str) -> Value {
    let write = "printf '{\"text\":\"%s\"}' \"$TEXT\" > made && cat made";
    Value::map([
        ("create", Value::from(write)),
        ("update", write.into()),
        ("read", "test -e made || exit 4; cat made".into()),
        ("delete", Value::list(["rm".into(), "-f".into(), "made".into()])),
        ("environment", Value::map([("TEXT", Value::from(text))])),
    ])
}
