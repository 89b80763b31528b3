//! How steps end, and what becomes of those that hang on them.

use aurak_api::{Applied, Effect, ProviderError};
use aurak_model::plan::Work;
use aurak_model::record::EndResult;
use aurak_model::{StepId, Value};

use super::kit::*;

#[tokio::test(start_paused = true)]
async fn a_failure_stops_its_dependants_only() {
    let kit = Kit::new().await;
    kit.world.act(
        "create a",
        Act::Fail(ProviderError::permanent("no").status("400 Bad Request").code("Nope").help("do it right")),
    );
    let mut p = Planner::new();
    p.create("a", lasting(100), &[]);
    p.create("b", lasting(100), &[]);
    p.create("c", lasting(100), &["a"]);
    p.join("j", &["c", "b"]);
    p.create("d", lasting(100), &["j"]);
    p.create("e", lasting(100), &["b"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 start b
    101 failed a: could not create `a`: no
    101 skipped c: `a` failed (a)
    101 skipped j: `a` failed (a)
    101 skipped d: `a` failed (a)
    101 done b
    101 start e
    201 done e
    201 Failed: 2 done, 1 failed, 2 skipped
    ");
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: no [refused]
      the answer was 400 Bad Request, code Nope; nothing was changed
      do it right
    ");
    assert_eq!(kit.world.ids(), ["id-b", "id-e"]);
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_object_is_recorded_and_the_step_fails() {
    let kit = Kit::new().await;
    let applied = Applied { id: "half".into(), attributes: Value::map([("size", Value::Int(1))]) };
    let error = ProviderError::permanent("ran out of quota").effect(Effect::Partial(Box::new(applied)));
    kit.world.act("create a", Act::Fail(error));
    let mut p = Planner::new();
    p.create("a", lasting(100), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: ran out of quota [refused]
      an incomplete object `half` is there now
    ");
    let state = kit.state().await;
    insta::assert_debug_snapshot!(state.rows[&address("a")].current, @r#"
    Some(
        Object {
            id: "half",
            desired: {
                "ms": 100,
            },
            attributes: {
                "size": 1,
            },
            incomplete: Some(
                "ran out of quota",
            ),
            since: 1,
        },
    )
    "#);
    assert!(state.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_update_that_got_half_way_keeps_what_was_asked_for_before() {
    let kit = Kit::new().await;
    kit.has("a", Value::map([("size", Value::Int(1)), ("name", Value::from("n"))])).await;
    let applied = Applied {
        id: "id-a".into(),
        attributes: Value::map([("size", Value::Int(2)), ("name", Value::from("n"))]),
    };
    let error = ProviderError::permanent("half").effect(Effect::Partial(Box::new(applied)));
    kit.world.act("update id-a", Act::Fail(error));
    let mut p = Planner::new();
    p.update("a", Value::map([("size", Value::Int(2)), ("name", Value::from("m"))]), Value::Null, &[]);
    let ran = kit.run(&p.plan).await;
    assert_eq!(ran.result.counts.failed, 1);
    insta::assert_debug_snapshot!(kit.state().await.rows[&address("a")].current, @r#"
    Some(
        Object {
            id: "id-a",
            desired: {
                "name": "n",
                "size": 1,
            },
            attributes: {
                "name": "n",
                "size": 2,
            },
            incomplete: None,
            since: 0,
        },
    )
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_be_opened_fails_the_steps_that_need_it() {
    let kit = Kit::new().await;
    *kit.open_fails.lock().unwrap() = Some(ProviderError::permanent("bad credentials").help("log in"));
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    p.create("b", lasting(1), &[]);
    p.create("c", lasting(1), &["a"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 failed a: could not create `a`: the provider `t` could not be opened: bad credentials
    1 skipped c: `a` failed (a)
    1 start b
    1 failed b: could not create `b`: the provider `t` could not be opened: bad credentials
    1 Failed: 0 done, 2 failed, 1 skipped
    ");
    assert_eq!(kit.opened.lock().unwrap().len(), 1);
    assert_eq!(kit.log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_provider_fails_its_step_and_leaves_the_intent_open() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Panic);
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    p.create("b", lasting(1), &[]);
    let ran = kit.run(&p.plan).await;
    assert_eq!((ran.result.counts.done, ran.result.counts.failed), (1, 1));
    let pending = kit.state().await.pending;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].intent.step, StepId(0));
}

#[tokio::test(start_paused = true)]
async fn an_object_of_another_world_is_not_touched() {
    let kit = Kit::new().await;
    let applied = Applied { id: "id-a".into(), attributes: Value::Null };
    let mut other = row("a", &applied, Value::Null);
    other.world = Some("mars".into());
    kit.has_row(other).await;
    let mut p = Planner::new();
    p.delete("a", &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not delete `a`: it lives in `mars`, and the provider `t` reaches `earth` [world]
      nothing was sent
      check the provider's configuration and credentials
    ");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn actions_and_waits_and_reads_are_steps_too() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.world.put("x", Value::map([("name", Value::from("existing"))]));
    let mut p = Planner::new();
    p.step("a", Work::Invoke { action: "drain".into(), args: lasting(100) }, &[]);
    p.step("a", Work::Wait { what: "nodes".into() }, &["a"]);
    p.step("found", Work::Read { id: Value::from("x"), whole: false }, &[]);
    p.create("b", Value::map([("name", later("found", "name"))]), &["found"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.done().story(), @"
    1 start a
    1 start found
    11 done found
    11 start b
    101 done a
    101 start a
    111 done a
    1011 done b
    1011 Done: 4 done, 0 failed, 0 skipped
    ");
    // What only reads writes nothing.
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append intent a
    1 invoke drain
    1 read x
    11 append intent b
    11 create b
    101 append done 0
    101 read id-a
    1011 append done 3 +b
    ");
    assert!(!kit.state().await.rows.contains_key(&address("found")));
}

#[tokio::test(start_paused = true)]
async fn what_is_read_must_be_there() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.step("found", Work::Read { id: Value::from("x"), whole: false }, &[]);
    p.create("b", Value::map([("name", later("found", "name"))]), &["found"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not read `found`: there is no object with the id `x` [absent]
      `existing` resources must be there; correct the id, or make it a resource
    ");
    assert_eq!(ran.result.counts.skipped, 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_breaks_off_or_never_answers_while_it_is_opened_ends_its_steps() {
    for (act, why) in [(Act::Panic, "broke off"), (Act::Hang, "no answer within 1 h")] {
        let kit = Kit::new().await;
        kit.world.act("open t", act);
        let mut p = Planner::new();
        p.create("a", lasting(10), &[]);
        let ran = kit.run(&p.plan).await;
        assert_eq!(ran.result.end, EndResult::Failed);
        assert!(ran.failure().contains(why), "{}", ran.failure());
        assert_eq!(kit.log.calls(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_breaks_off_or_never_answers_while_a_row_is_read_ends_who_needs_it() {
    for (act, why) in [(Act::Panic, "broke off"), (Act::Hang, "no answer within 1 h")] {
        let kit = Kit::new().await;
        kit.has("a", lasting(1)).await;
        kit.world.act("read id-a", act);
        let mut p = Planner::new();
        p.create("b", Value::map([("any", later("a", "token"))]), &[]);
        p.create("c", lasting(10), &[]);
        let ran = kit.run(&p.plan).await;
        assert_eq!((ran.result.counts.done, ran.result.counts.failed), (1, 1));
        assert!(ran.failure().contains(why), "{}", ran.failure());
    }
}
