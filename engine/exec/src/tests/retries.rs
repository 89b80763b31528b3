//! Calls that fail in passing, conflicts, lost replies, objects that are there already, waits.

use std::time::Duration;

use aurak_api::{Applied, Class, Effect, ProviderError, Recovery};
use aurak_model::plan::Work;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Record, Slot, Value};

use super::kit::*;

fn lost() -> ProviderError {
    ProviderError::transient("connection reset").effect(Effect::Unknown)
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_passing_is_tried_again() {
    let kit = Kit::new().await;
    for _ in 0..3 {
        kit.world.act("create a", Act::Fail(ProviderError::transient("busy")));
    }
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.done().story(), @"
    1 start a
    11 a: try 2 after busy
    294 a: try 3 after busy
    1190 a: try 4 after busy
    2395 done a
    2395 Done: 1 done, 0 failed, 0 skipped
    ");
    assert_eq!(kit.state().await.pending.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_unless_the_service_says_when_to_come_back() {
    let mut kit = Kit::new().await;
    kit.context.limits.tries = 3;
    for _ in 0..9 {
        kit.world.act("create a", Act::Fail(ProviderError::transient("busy").status("503 Unavailable")));
        let later = Class::Transient { after: Some(Duration::from_secs(7)) };
        kit.world.act("create b", Act::Fail(ProviderError::new(later, "slow down")));
    }
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: busy (tried 3 times) [unavailable]
      the answer was 503 Unavailable; nothing was changed
      run the command again
    ");
    let count = |line: &str| kit.log.lines().iter().filter(|l| *l == line).count();
    assert_eq!((count("create a"), count("create b")), (3, 10));
    assert!(ran.ms() >= 63_000, "never earlier than asked: {}", ran.ms());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_waited_for_until_the_time_is_up() {
    let kit = Kit::new().await;
    for _ in 0..100 {
        kit.world.act("create a", Act::Fail(ProviderError::conflict("another operation is in progress")));
    }
    kit.world.act("create b", Act::Fail(ProviderError::conflict("another operation is in progress")));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]).timeout_s = Some(120);
    p.create("b", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: it was not done within 2 min; it last waited for: another operation is in progress [timeout]
      nothing was changed
      run the command again: it goes on from there; `timeouts` in the resource gives it more time
    ");
    assert_eq!(kit.world.ids(), ["id-b"]);
    // Nothing was changed, so nothing is open.
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_there_is_an_error_with_the_import_line() {
    let kit = Kit::new().await;
    kit.world.put("x/1", Value::map([("name", Value::from("a"))]));
    let error = ProviderError::exists("x/1", "`a` exists").status("409 Conflict");
    kit.world.act("create m[\"k\"].a", Act::Fail(error));
    let mut p = Planner::new();
    p.keyed("m[\"k\"].a", false);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @r#"
    could not create `m["k"].a`: `a` exists [exists]
      the answer was 409 Conflict; nothing was changed
      to take it over, add this to the stack, or set `lifecycle: { adopt: true }`:
    imports: [{ to: 'm["k"].a', id: "x/1" }]
    "#);
    assert!(kit.state().await.rows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn adoption_takes_over_what_is_there_and_changes_it_under_an_intent_of_its_own() {
    let kit = Kit::new().await;
    kit.world.put("x/1", Value::map([("name", Value::from("b")), ("size", Value::Int(3))]));
    kit.world.put("x/2", Value::map([("name", Value::from("same")), ("size", Value::Int(3))]));
    kit.world.act("create a", Act::Fail(ProviderError::exists("x/1", "exists")));
    kit.world.act("create same", Act::Fail(ProviderError::exists("x/2", "exists")));
    let mut p = Planner::new();
    p.keyed("a", true);
    p.keyed("same", true);
    let ran = kit.run(&p.plan).await;
    ran.done();
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append provider t, intent a, intent same
    1 create a
    1 create same
    1001 read x/1
    1001 read x/2
    1011 append done 0, intent a, done 1 +same
    1011 update x/1
    2011 append done 0 +a
    ");
    let state = kit.state().await;
    let id = |name: &str| state.rows[&address(name)].current.as_ref().unwrap().id.clone();
    assert_eq!((&*id("a"), &*id("same")), ("x/1", "x/2"));
    assert!(state.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_another_address_has_is_not_taken_over() {
    for slot in [Slot::Current, Slot::Old, Slot::Temporary] {
        let kit = Kit::new().await;
        kit.world.put("x/1", Value::map([("name", Value::from("a"))]));
        let mut theirs = row("b", &Applied { id: "x/1".into(), attributes: Value::Null }, Value::Null);
        let object = theirs.current.take();
        *theirs.slot_mut(slot) = object;
        kit.has_row(theirs).await;
        kit.world.act("create a", Act::Fail(ProviderError::exists("x/1", "exists")));
        let mut p = Planner::new();
        p.keyed("a", true);
        let ran = kit.run(&p.plan).await;
        let failure = ran.failure();
        assert!(failure.contains("`a` would be the same t.thing as `b`"), "{slot:?}: {failure}");
        assert_eq!(kit.state().await.rows.len(), 1, "{slot:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_without_an_answer_is_looked_for_by_its_key() {
    let kit = Kit::new().await;
    // It took effect; it did not.
    kit.world.act("create a", Act::DoneBut(lost()));
    kit.world.act("create b", Act::Fail(lost()));
    let mut p = Planner::new();
    p.keyed("a", false);
    p.keyed("b", false);
    kit.run(&p.plan).await.done();
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append provider t, intent a, intent b
    1 create a
    1 create b
    1001 find a
    1001 find b
    1011 recover a
    1011 append done 0 +a
    1435 create b
    2435 append done 1 +b
    ");
    assert_eq!(kit.world.ids(), ["id-a", "id-b"]);
}

/// What went unanswered may still be on its way, however often it was looked for and made again.
#[tokio::test(start_paused = true)]
async fn a_create_that_never_has_an_answer_stays_open() {
    let mut kit = Kit::new().await;
    kit.context.limits.tries = 3;
    for _ in 0..3 {
        kit.world.act("create a", Act::Fail(lost()));
    }
    let mut p = Planner::new();
    p.keyed("a", false);
    let ran = kit.run(&p.plan).await;
    assert!(ran.failure().contains("(tried 3 times)"), "{}", ran.failure());
    let count = kit.log.lines().iter().filter(|line| *line == "create a").count();
    assert_eq!((count, kit.state().await.pending.len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_key_it_becomes_a_question_and_never_a_second_create() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::DoneBut(lost()));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: it is not known whether the object was made: connection reset; the service names it [unanswered]
      it will not be made a second time before this is settled
      look for it at the service; if it is there, add `imports: [{ to: a, id: ... }]` to the stack, or delete it if it was to replace another. Then drop the attempt with `aurak state rm --attempt 'a'` and run the command again
    ");
    assert_eq!(kit.log.calls(), ["create a", "recover a"]);
    assert_eq!(kit.state().await.pending.len(), 1, "the next run has to ask too");
}

#[tokio::test(start_paused = true)]
async fn a_provider_may_know_that_a_second_create_does_no_harm() {
    let kit = Kit::new().await;
    *kit.world.recovery.lock().unwrap() = Some(Recovery::Repeat);
    kit.world.act("create a", Act::Fail(lost()));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    kit.run(&p.plan).await.done();
    assert_eq!(kit.log.calls(), ["create a", "recover a", "create a"]);
}

#[tokio::test(start_paused = true)]
async fn where_looking_fails_the_intent_stays_open() {
    let kit = Kit::new().await;
    *kit.world.found.lock().unwrap() = Some(Refreshed::Unreadable("forbidden".into()));
    kit.world.act("create a", Act::DoneBut(lost()));
    let mut p = Planner::new();
    p.keyed("a", false);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: it could not be found out whether the object was made: forbidden [unanswered]
      the attempt is in the journal; it will not be made a second time blindly
      run the command again: it looks for the object first
    ");
    assert_eq!(kit.state().await.pending.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_or_a_delete_without_an_answer_is_made_again() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.has("b", lasting(1)).await;
    kit.world.act("update id-a", Act::DoneBut(lost()));
    kit.world.act("delete id-b", Act::DoneBut(lost()));
    kit.world.act("delete id-b", Act::Fail(ProviderError::gone("not there")));
    let mut p = Planner::new();
    p.update("a", Value::map([("size", Value::Int(2))]), lasting(1), &[]);
    p.delete("b", &[]);
    kit.run(&p.plan).await.done();
    let state = kit.state().await;
    assert_eq!(state.rows.len(), 1);
    assert!(state.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_cannot_be_updated() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.world.act("update id-a", Act::Fail(ProviderError::gone("not there").status("404 Not Found")));
    let mut p = Planner::new();
    p.update("a", Value::map([("size", Value::Int(2))]), lasting(1), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not update `a`: not there [gone]
      the answer was 404 Not Found; nothing was changed
      make the plan again: it will create the object anew
    ");
}

#[tokio::test(start_paused = true)]
async fn a_long_operation_is_waited_for_with_a_durable_handle() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(3));
    kit.world.act("resume a", Act::Fail(ProviderError::transient("busy")));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.done().story(), @"
    1 start a
    11 a: 3 to go
    1011 a: try 2 after busy
    1284 a: 2 to go
    2284 a: 1 to go
    3284 done a
    3284 Done: 1 done, 0 failed, 0 skipped
    ");
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append provider t, intent a
    1 create a
    11 append handle
    1011 resume a
    1284 resume a
    2284 resume a
    3284 resume a
    3284 append done 0 +a
    ");
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_takes_too_long_fails_and_the_next_run_goes_on_with_it() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(1000));
    kit.world.act("create b", Act::Hang);
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]).timeout_s = Some(60);
    p.create("b", lasting(10), &[]).timeout_s = Some(90);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.result.findings.iter().map(told).collect::<Vec<_>>().join("\n"), @"
    could not create `a`: it was not done within 1 min; it last waited for: 941 to go [timeout]
      it may still go on at the service
      run the command again: it goes on from there; `timeouts` in the resource gives it more time
    could not create `b`: it was not done within 90 s [timeout]
      it may still go on at the service
      run the command again: it goes on from there; `timeouts` in the resource gives it more time
    ");
    let pending = kit.state().await.pending;
    assert_eq!(pending.len(), 2);
    assert!(pending[0].handle.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_step_has_the_time_that_its_resource_gives_it_and_else_that_of_its_type() {
    let mut kit = Kit::new().await;
    let mut of_type = schema();
    of_type.timeouts.create = Some(60);
    let schemas = std::sync::Arc::make_mut(&mut kit.context.schemas);
    schemas.types.insert("t.thing".into(), std::sync::Arc::new(of_type));
    kit.world.act("create a", Act::Hang);
    kit.world.act("create b", Act::Hang);
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]).timeout_s = Some(90);
    p.create("b", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    let summaries: Vec<&str> = ran.result.findings.iter().map(|found| found.summary.as_str()).collect();
    assert_eq!(
        summaries,
        [
            "could not create `b`: it was not done within 1 min",
            "could not create `a`: it was not done within 90 s"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_ends_badly_is_settled() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(5));
    kit.world.act("resume a", Act::Fail(ProviderError::permanent("quota exceeded").code("Quota")));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: quota exceeded [refused]
      code Quota; nothing was changed
    ");
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_say_how_far_it_is_ends_no_operation() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(5));
    let refused = ProviderError::permanent("not allowed to look").effect(Effect::Unknown);
    kit.world.act("resume a", Act::Fail(refused));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not create `a`: not allowed to look [refused]
      it may have taken effect
    ");
    assert!(kit.state().await.pending[0].handle.is_some(), "the next run goes on with it");
}

#[tokio::test(start_paused = true)]
async fn every_key_is_used_for_one_intent() {
    let kit = Kit::new().await;
    for name in ["a", "b", "c"] {
        kit.world.act(&format!("create {name}"), Act::Fail(ProviderError::transient("busy")));
    }
    let mut p = Planner::new();
    for name in ["a", "b", "c"] {
        p.create(name, lasting(10), &[]);
    }
    kit.run(&p.plan).await.done();
    let appends = kit.store.appends.lock().unwrap();
    let intents = appends.iter().flatten().filter(|record| matches!(record, Record::Intent(_))).count();
    assert_eq!(intents, 3, "a second try is the same call");
}

#[tokio::test(start_paused = true)]
async fn what_an_unanswered_create_began_is_waited_for_before_its_dependants_start() {
    let kit = Kit::new().await;
    let lost = ProviderError::transient("connection reset").effect(Effect::Unknown);
    kit.world.act("create a", Act::Fail(lost));
    let there = |how: &str| Value::map([("name", Value::from("a")), ("any", Value::from(how))]);
    kit.world.put("id-a", there("making"));
    let mut p = Planner::new();
    p.keyed("a", false);
    p.create("b", lasting(10), &["a"]);
    let made = async {
        tokio::time::sleep(Duration::from_secs(21)).await;
        kit.world.put("id-a", there("made"));
    };
    let (ran, ()) = tokio::join!(kit.run(&p.plan), made);
    insta::assert_snapshot!(ran.done().story(), @"
    1 start a
    1001 a: it is looked for: a create went unanswered
    1011 a: it is being made
    21051 done a
    21051 start b
    21061 done b
    21061 Done: 2 done, 0 failed, 0 skipped
    ");
    let state = kit.state().await;
    let object = state.rows[&address("a")].current.as_ref().unwrap();
    assert_eq!(object.attributes.at(&aurak_model::Path::key("any")), Some(&Value::from("made")));
}

#[tokio::test(start_paused = true)]
async fn an_action_that_goes_unanswered_is_not_done_again() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    let lost = ProviderError::transient("connection reset").effect(Effect::Unknown);
    kit.world.act("invoke drain", Act::DoneBut(lost));
    kit.world.act("invoke drain", Act::Fail(ProviderError::transient("busy")));
    let mut p = Planner::new();
    p.step("a", Work::Invoke { action: "drain".into(), args: Value::Null }, &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not invoke `drain` on `a`: it is not known whether `drain` was done: connection reset [unanswered]
      it was not done again
      look at the service, then plan again
    ");
    assert_eq!(kit.log.calls(), ["invoke drain"]);
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_that_may_be_done_twice_is_done_again_under_its_key() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    let lost = ProviderError::transient("connection reset").effect(Effect::Unknown);
    kit.world.act("invoke settle", Act::DoneBut(lost));
    let mut p = Planner::new();
    p.step("a", Work::Invoke { action: "settle".into(), args: Value::Null }, &[]);
    kit.run(&p.plan).await.done();
    assert_eq!(kit.log.calls(), ["invoke settle", "invoke settle"]);
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_needs_an_object() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.step("a", Work::Invoke { action: "settle".into(), args: Value::Null }, &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not invoke `settle` on `a`: there is no object to invoke `settle` on [absent]
      make the plan again
    ");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
}
