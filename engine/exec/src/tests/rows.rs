//! What becomes of rows.

use aurak_api::{Applied, ProviderError};
use aurak_model::plan::{RowPlan, Work};
use aurak_model::record::Lifecycle;
use aurak_model::{Slot, Value};

use super::kit::*;

fn objects(kit_state: &aurak_model::StateDoc, name: &str) -> String {
    let Some(row) = kit_state.rows.get(&address(name)) else { return "no row".into() };
    let id = |slot| row.object(slot).map_or("-", |object| &*object.id);
    format!("current {}, old {}, temporary {}", id(Slot::Current), id(Slot::Old), id(Slot::Temporary))
}

#[tokio::test(start_paused = true)]
async fn create_first_moves_the_old_object_aside_until_it_is_deleted() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.has("user", Value::map([("name", Value::from("id-a"))])).await;
    kit.world.act("delete id-a", Act::Fail(ProviderError::permanent("in use")));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.update("user", Value::map([("name", later("a", "id"))]), Value::Null, &["a"]);
    p.delete("a", &["user"]).slot = Slot::Old;
    let ran = kit.run(&p.plan).await;
    assert_eq!(ran.result.counts.failed, 1);
    let state = kit.state().await;
    assert_eq!(objects(&state, "a"), "current id-a-0, old id-a, temporary -");
    let user = state.rows[&address("user")].current.as_ref().unwrap();
    assert_eq!(user.desired, Value::map([("name", Value::from("id-a-0"))]));

    // The next plan deletes what is left.
    let mut p = Planner::new();
    p.delete("a", &[]).slot = Slot::Old;
    kit.run(&p.plan).await.done();
    assert_eq!(objects(&kit.state().await, "a"), "current id-a-0, old -, temporary -");
    assert_eq!(kit.world.ids(), ["id-a-0", "id-user"]);
}

#[tokio::test(start_paused = true)]
async fn an_older_object_that_is_still_there_is_never_lost() {
    let kit = Kit::new().await;
    let applied = Applied { id: "new".into(), attributes: Value::Null };
    let mut both = row("a", &applied, Value::Null);
    both.old = both.current.clone();
    kit.has_row(both).await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.delete("a", &["a"]).slot = Slot::Old;
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: an older object of it has yet to be deleted [plan]
      nothing was sent
      make the plan again
    ");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_went_away_is_replaced_in_its_row() {
    let kit = Kit::new().await;
    let applied = Applied { id: "gone".into(), attributes: Value::Null };
    kit.has_row(row("a", &applied, Value::Null)).await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    kit.run(&p.plan).await.done();
    assert_eq!(objects(&kit.state().await, "a"), "current id-a, old -, temporary -");
}

#[tokio::test(start_paused = true)]
async fn delete_first_leaves_no_row_in_between() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    let mut p = Planner::new();
    p.delete("a", &[]);
    p.create("a", lasting(10), &["a"]);
    kit.run(&p.plan).await.done();
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append intent a
    1 delete id-a
    1001 append done 0 -a, intent a
    1001 create a
    1011 append done 1 +a
    ");
    assert_eq!(objects(&kit.state().await, "a"), "current id-a, old -, temporary -");
}

#[tokio::test(start_paused = true)]
async fn rows_can_be_written_moved_and_dropped_without_any_call() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.has("b", lasting(1)).await;
    kit.has("c", lasting(1)).await;
    let record = |id: &str, from: Option<&str>| Work::Record {
        id: id.into(),
        desired: lasting(2),
        attributes: Value::map([("ms", Value::Int(2)), ("token", Value::from("canary"))]),
        from: from.map(address),
        row: RowPlan {
            needs: vec![address("x")],
            lifecycle: Lifecycle { retain: true, ..Lifecycle::default() },
            schema_version: 3,
            place: Some("aurak.yaml:1:1".into()),
            replace_when: Value::Null,
        },
    };
    let mut p = Planner::new();
    p.step("a", record("id-a", None), &[]);
    p.step("moved", record("id-b", Some("b")), &[]);
    p.step("c", Work::Forget, &[]);
    // Adoption of an object that no row knew: its provider is opened for the world.
    p.step("adopted", record("found", None), &[]).provider = Some(0);
    let ran = kit.run(&p.plan).await;
    ran.done();
    let state = kit.state().await;
    let rows: Vec<&str> = state.rows.keys().map(|address| address.as_str()).collect();
    assert_eq!(rows, ["a", "adopted", "moved"]);
    for name in ["a", "adopted", "moved"] {
        let row = &state.rows[&address(name)];
        assert_eq!(row.world.as_deref(), Some("earth"));
        assert_eq!(row.current.as_ref().unwrap().attributes, lasting(2), "volatile leaves are left out");
        assert!(row.lifecycle.retain && row.schema_version == 3);
    }
    assert_eq!(kit.log.calls(), Vec::<String>::new());
    assert_eq!(kit.opened.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_temporary_object_stands_beside_the_current_one() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]).slot = Slot::Temporary;
    kit.run(&p.plan).await.done();
    assert_eq!(objects(&kit.state().await, "a"), "current id-a, old -, temporary id-a-0");
}

#[tokio::test(start_paused = true)]
async fn a_provider_leaves_the_state_with_its_last_row() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.has("b", lasting(1)).await;
    let mut p = Planner::new();
    p.delete("a", &[]);
    kit.run(&p.plan).await.done();
    assert_eq!(kit.state().await.providers.len(), 1);
    let mut p = Planner::new();
    p.delete("b", &[]);
    kit.run(&p.plan).await.done();
    assert!(kit.state().await.providers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_provider_stays_while_an_attempt_is_open() {
    let kit = Kit::new().await;
    let lost = ProviderError::transient("reset").effect(aurak_api::Effect::Unknown);
    kit.world.act("create a", Act::DoneBut(lost));
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    kit.run(&p.plan).await;
    let state = kit.state().await;
    assert_eq!((state.providers.len(), state.pending.len()), (1, 1));
}
