//! `core.data` and `core.sleep`.

use aurak_api::{Class, Update};
use aurak_model::Value;

use crate::{call, core, done, get};

#[tokio::test]
async fn data_passes_values_on_with_their_marks() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let input =
        Value::map([("plain", Value::from("p")), ("hidden", Value::from("hidden-value").sensitive())]);
    let desired = Value::map([("input", input.clone())]);
    let made = done(core.create(&call(), "core.data", &desired).await.unwrap());
    assert_eq!(get(&made.attributes, "output"), input);
    assert_eq!(get(&made.attributes, "id"), Value::String(made.id.clone()));

    let plain = Value::map([("input", Value::map([("hidden", Value::from("open"))]))]);
    let update = Update { id: made.id.clone(), desired: plain, live: made.attributes, unset: Vec::new() };
    let changed = done(core.update(&call(), "core.data", &update).await.unwrap());
    assert_eq!(changed.id, made.id);
    assert_eq!(get(&changed.attributes, "output.hidden"), "open".into());

    let other = done(core.create(&call(), "core.data", &desired).await.unwrap());
    assert_ne!(other.id, made.id);
}

#[tokio::test]
async fn a_sleep_ends_when_it_is_cancelled_and_knows_its_durations() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let call = call();
    call.cancel.cancel();
    let desired = Value::map([("create", Value::from("10h"))]);
    let error = core.create(&call, "core.sleep", &desired).await.unwrap_err();
    assert_eq!(error.class, Class::Transient { after: None });

    let desired = Value::map([("destroy", Value::from("soon"))]);
    let error = core.create(&crate::call(), "core.sleep", &desired).await.unwrap_err();
    assert_eq!(
        error.message,
        "`destroy`: `soon` is not a duration: write it like `500ms`, `10s`, `2m` or `1h30m`"
    );
}
