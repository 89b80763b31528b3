//! What an interrupted run left behind.

use std::sync::Arc;

use aurak_api::{Applied, ProviderError, Recovery};
use aurak_model::plan::{RowPlan, Work};
use aurak_model::record::{CallKind, IdempotencyKey, Intent, OperationId, Outcome, ProviderRow, RowChange};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Name, Path, Record, Slot, StepId, Value};
use aurak_state::Store;

use super::kit::*;
use crate::Recovered;

fn intent(name: &str, call: CallKind, id: Option<&str>, key: Option<&str>) -> Intent {
    Intent {
        operation: OperationId("killed".into()),
        step: StepId(0),
        key: IdempotencyKey(format!("killed-{name}").into()),
        address: address(name),
        type_name: "t.thing".into(),
        slot: Slot::Current,
        provider: provider_address("t"),
        call,
        id: id.map(Name::from),
        natural_key: key.map(Name::from),
        desired: Value::map([("name", Value::from(name)), ("size", Value::Int(2))]),
        row: Some(RowPlan { schema_version: 1, ..RowPlan::default() }),
        takes: Vec::new(),
        at_ms: 0,
    }
}

/// Puts an intent into the journal as a killed run left it.
async fn left(kit: &Kit, intent: Intent, handle: Option<&str>) {
    let provider = ProviderRow {
        address: intent.provider.clone(),
        type_name: "t".into(),
        config: Value::map::<Name>([]),
        needs: Vec::new(),
    };
    let mut records = vec![Record::Provider(provider), Record::Intent(intent.clone())];
    records.extend(handle.map(|handle| Record::Waiting { key: intent.key, handle: Value::from(handle) }));
    kit.store.append(kit.context.lease.fence(), records).await.unwrap();
}

fn findings(recovered: &Recovered) -> String {
    recovered.findings.iter().map(|d| format!("{:?}: {}", d.severity, told(d))).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_still_on_its_way_is_waited_for() {
    let kit = Kit::new().await;
    // However long ago the intent was written: it may have been sent again since.
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    for name in ["late", "never"] {
        left(&kit, intent(name, CallKind::Create, None, Some(name)), None).await;
    }
    let world = kit.world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        world.put("x/1", Value::map([("name", Value::from("late"))]));
    });
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while creating `late`: it is there, and was taken over [recovered]
    Note: a run was interrupted while creating `never`: it was not made [recovered]
    ");
    assert_eq!(recovered.settled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_create_is_found_by_its_key_or_was_never_made() {
    let kit = Kit::new().await;
    kit.world.put("x/1", Value::map([("name", Value::from("there"))]));
    left(&kit, intent("there", CallKind::Create, None, Some("there")), None).await;
    left(&kit, intent("not_there", CallKind::Create, None, Some("not_there")), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while creating `there`: it is there, and was taken over [recovered]
    Note: a run was interrupted while creating `not_there`: it was not made [recovered]
    ");
    assert_eq!(recovered.settled, 1);
    let state = kit.state().await;
    assert_eq!(state.pending.len(), 1, "it may still be on its way");
    assert_eq!(state.rows.len(), 1);
    let row = &state.rows[&address("there")];
    assert_eq!((&*row.current.as_ref().unwrap().id, row.world.as_deref()), ("x/1", Some("earth")));
    assert!(!kit.log.lines().iter().any(|line| line.starts_with("create")));
}

#[tokio::test(start_paused = true)]
async fn a_create_without_a_key_is_a_question_until_somebody_answers_it() {
    let kit = Kit::new().await;
    left(&kit, intent("a", CallKind::Create, None, None), None).await;
    for _ in 0..2 {
        let recovered = kit.recover().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(findings(&recovered), @"
            Error: a run was interrupted while creating `a`: it is not known whether it was made: the service names it [unanswered]
              it will not be made a second time before this is settled
              look for it at the service; if it is there, add `imports: [{ to: a, id: ... }]` to the stack, or delete it if it was to replace another. Then drop the attempt with `aurak state rm --attempt 'a'` and run the command again
            ");
        }
        assert_eq!(recovered.settled, 0);
        assert_eq!(kit.state().await.pending.len(), 1);
    }
    // Imported by hand: the row is written after the intent.
    let applied = Applied { id: "x/7".into(), attributes: Value::Null };
    let outcome = Outcome {
        operation: OperationId("import".into()),
        step: StepId(0),
        key: None,
        rows: vec![RowChange::Put(Arc::new(row("a", &applied, Value::Null)))],
        error: None,
        took: None,
        at_ms: 0,
    };
    kit.store.append(kit.context.lease.fence(), vec![Record::Outcome(outcome)]).await.unwrap();
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while creating `a`: it was imported since [recovered]");
    let state = kit.state().await;
    assert!(state.pending.is_empty());
    assert_eq!(&*state.rows[&address("a")].current.as_ref().unwrap().id, "x/7");
}

#[tokio::test(start_paused = true)]
async fn a_question_about_a_replacement_is_not_answered_by_the_older_object() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    left(&kit, intent("a", CallKind::Create, None, None), None).await;
    assert_eq!(kit.recover().await.settled, 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_can_be_dropped_by_hand() {
    let kit = Kit::new().await;
    left(&kit, intent("a", CallKind::Create, None, None), None).await;
    left(&kit, intent("b", CallKind::Create, None, None), None).await;
    let state = kit.state().await;
    assert_eq!(crate::drop_attempts(&kit.context, &state, &address("a")).await.unwrap(), 1);
    let pending = kit.state().await.pending;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].intent.address, address("b"));
}

#[tokio::test(start_paused = true)]
async fn the_provider_may_know_what_became_of_it() {
    for (answer, rows, open) in [
        (Recovery::Repeat, 0, 0),
        (Recovery::Object(Refreshed::Absent), 0, 1),
        (Recovery::Object(Refreshed::Found { id: "x/3".into(), attributes: Value::Null }), 1, 0),
    ] {
        let kit = Kit::new().await;
        *kit.world.recovery.lock().unwrap() = Some(answer);
        left(&kit, intent("a", CallKind::Create, None, None), None).await;
        assert_eq!(kit.recover().await.settled, 1 - open);
        let state = kit.state().await;
        assert_eq!((state.rows.len(), state.pending.len()), (rows, open));
    }
}

/// The create of `a` as `Planner::keyed` asks for it, sent by a run that was killed.
fn sent() -> Intent {
    let desired = Value::map([("name", Value::from("a"))]);
    Intent { desired, ..intent("a", CallKind::Create, None, Some("a")) }
}

#[tokio::test(start_paused = true)]
async fn a_create_of_which_nothing_is_seen_is_made_under_the_same_key() {
    for (sent, same) in [
        (sent(), true),
        (Intent { desired: Value::map([("name", Value::from("b"))]), ..sent() }, false),
        (Intent { slot: Slot::Temporary, ..sent() }, false),
    ] {
        let kit = Kit::new().await;
        left(&kit, sent.clone(), None).await;
        assert_eq!(kit.recover().await.settled, 0);
        let mut p = Planner::new();
        p.keyed("a", false);
        kit.run(&p.plan).await.done();
        let records = kit.store.records(0, usize::MAX).await.unwrap();
        let keys: Vec<Name> = records
            .into_iter()
            .filter_map(|(_, record)| match record {
                Record::Intent(intent) => Some(intent.key.0),
                _ => None,
            })
            .collect();
        assert_eq!((keys.len(), keys[0] == keys[1]), (2, same), "{keys:?}");
        let open = kit.state().await.pending.len();
        assert_eq!(open, usize::from(sent.slot != Slot::Current), "only another object's stays open");
    }
}

#[tokio::test(start_paused = true)]
async fn what_appears_after_it_was_looked_for_is_taken_over_where_it_is_ours() {
    for (recovery, ours) in [
        (Recovery::Ask("nobody knows".into()), true),
        (Recovery::Object(Refreshed::Found { id: "x/1".into(), attributes: Value::Null }), true),
        (Recovery::Object(Refreshed::Absent), false),
    ] {
        let kit = Kit::new().await;
        left(&kit, sent(), None).await;
        assert_eq!(kit.recover().await.settled, 0);
        kit.world.put("x/1", sent().desired);
        kit.world.act("create a", Act::Fail(ProviderError::exists("x/1", "there is an `a`")));
        *kit.world.recovery.lock().unwrap() = Some(recovery);
        let mut p = Planner::new();
        p.keyed("a", false);
        let ran = kit.run(&p.plan).await;
        let state = kit.state().await;
        assert!(state.pending.is_empty());
        let row = state.rows.get(&address("a")).map(|row| row.current.as_ref().unwrap().id.to_string());
        assert_eq!(row, ours.then(|| "x/1".to_string()));
        if !ours {
            assert!(ran.failure().starts_with("could not create `a`: there is an `a` [exists]"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_made_under_the_same_name_is_not_taken_over() {
    let kit = Kit::new().await;
    kit.world.put("x/1", sent().desired);
    *kit.world.recovery.lock().unwrap() = Some(Recovery::Object(Refreshed::Absent));
    left(&kit, sent(), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while creating `a`: it was not made [recovered]");
    assert!(kit.state().await.rows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_next_plan_does_not_make_is_dropped() {
    let kit = Kit::new().await;
    left(&kit, sent(), None).await;
    left(&kit, intent("b", CallKind::Create, None, Some("b")), None).await;
    kit.recover().await;
    let mut p = Planner::new();
    p.keyed("a", false);
    assert_eq!(crate::drop_unseen(&kit.context, &kit.state().await, &p.plan).await.unwrap(), 1);
    assert_eq!(kit.state().await.pending[0].intent.address, address("a"));
}

#[tokio::test(start_paused = true)]
async fn making_another_object_of_an_address_keeps_no_attempt_open() {
    let kit = Kit::new().await;
    left(&kit, Intent { slot: Slot::Temporary, ..sent() }, None).await;
    kit.recover().await;
    let mut p = Planner::new();
    p.keyed("a", false);
    assert_eq!(crate::drop_unseen(&kit.context, &kit.state().await, &p.plan).await.unwrap(), 1);
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_is_there_sets_the_older_object_aside() {
    let kit = Kit::new().await;
    kit.has("a", Value::map([("name", Value::from("old"))])).await;
    kit.world.put("x/2", Value::map([("name", Value::from("a"))]));
    left(&kit, intent("a", CallKind::Create, None, Some("a")), None).await;
    assert_eq!(kit.recover().await.settled, 1);
    let state = kit.state().await;
    let row = &state.rows[&address("a")];
    assert_eq!(&*row.current.as_ref().unwrap().id, "x/2");
    assert_eq!(&*row.old.as_ref().unwrap().id, "id-a");
    // Once more, as if the outcome had been lost: nothing moves.
    let mut again = intent("a", CallKind::Create, None, Some("a"));
    again.key = IdempotencyKey("killed-again".into());
    left(&kit, again, None).await;
    assert_eq!(kit.recover().await.settled, 1);
    assert_eq!(&*kit.state().await.rows[&address("a")].old.as_ref().unwrap().id, "id-a");
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_service_is_waited_for() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(3));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let cancel = kit.context.cancel.clone();
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        cancel.stop();
        cancel.stop();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = kit.run(&p.plan) => {}
        () = stop => unreachable!(),
    }
    assert!(kit.state().await.pending[0].handle.is_some());
    let kit = Kit { context: crate::Context { cancel: crate::Cancel::new(), ..kit.context.clone() }, ..kit };
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while creating `a`: it has ended well since [recovered]");
    let state = kit.state().await;
    assert_eq!(&*state.rows[&address("a")].current.as_ref().unwrap().id, "id-a");
    assert_eq!(kit.world.ids(), ["id-a"]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_forgotten_or_ended_badly_is_looked_at() {
    let kit = Kit::new().await;
    // The service forgot the operation: only the object can tell.
    kit.world.put("x/1", Value::map([("name", Value::from("a"))]));
    left(&kit, intent("a", CallKind::Create, None, Some("a")), Some("op-unknown")).await;
    let forgotten = ProviderError::permanent("no such operation").effect(aurak_api::Effect::Unknown);
    kit.world.act("resume a", Act::Fail(forgotten));
    left(&kit, intent("b", CallKind::Create, None, Some("b")), Some("op-b")).await;
    kit.world.act("resume b", Act::Fail(ProviderError::permanent("quota exceeded")));
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while creating `a`: it is there, and was taken over [recovered]
    Note: a run was interrupted while creating `b`: quota exceeded [recovered]
    ");
    assert_eq!(kit.state().await.rows.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_read_and_the_next_plan_does_the_rest() {
    let kit = Kit::new().await;
    kit.has("a", Value::map([("size", Value::Int(1)), ("name", Value::from("old"))])).await;
    kit.world.put("id-a", Value::map([("size", Value::Int(2)), ("name", Value::from("old"))]));
    left(&kit, intent("a", CallKind::Update, Some("id-a"), None), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while updating `a`: what is there was recorded [recovered]");
    let state = kit.state().await;
    insta::assert_debug_snapshot!(state.rows[&address("a")].current, @r#"
    Some(
        Object {
            id: "id-a",
            desired: {
                "name": "old",
                "size": 1,
            },
            attributes: {
                "name": "old",
                "size": 2,
            },
            incomplete: None,
            since: 0,
        },
    )
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_delete_was_done_or_was_not() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    kit.has("b", lasting(1)).await;
    kit.world.objects.lock().unwrap().remove("id-a");
    for name in ["a", "b"] {
        let mut intent = intent(name, CallKind::Delete, Some(&format!("id-{name}")), None);
        intent.row = None;
        left(&kit, intent, None).await;
    }
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while deleting `a`: it is gone [recovered]
    Note: a run was interrupted while deleting `b`: what is there was recorded [recovered]
    ");
    let state = kit.state().await;
    assert_eq!(state.rows.keys().map(|a| a.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(state.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_is_not_repeated() {
    let kit = Kit::new().await;
    left(&kit, intent("a", CallKind::Invoke("drain".into()), None, None), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Warning: a run was interrupted while invoking `drain` on `a`: whether `drain` was done is not known [recovered]");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_action_that_may_be_done_twice_is_left_to_the_next_plan() {
    let kit = Kit::new().await;
    left(&kit, intent("a", CallKind::Invoke("settle".into()), Some("x"), None), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while invoking `settle` on `a`: `settle` is done again where that is still needed [recovered]");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_that_goes_on_at_the_service_is_waited_for_and_leaves_the_row_alone() {
    let kit = Kit::new().await;
    kit.has("a", lasting(1)).await;
    let before = kit.state().await.rows;
    kit.world.act("invoke drain", Act::Wait(3));
    let mut p = Planner::new();
    p.step("a", Work::Invoke { action: "drain".into(), args: lasting(10) }, &[]);
    let killed = tokio::time::timeout(std::time::Duration::from_millis(500), kit.run(&p.plan)).await;
    assert!(killed.is_err() && kit.state().await.pending[0].handle.is_some());
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"Note: a run was interrupted while invoking `drain` on `a`: it has ended well since [recovered]");
    let state = kit.state().await;
    assert_eq!(state.rows, before);
    assert!(state.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_the_provider_cannot_be_opened_everything_stays_open() {
    let kit = Kit::new().await;
    *kit.open_fails.lock().unwrap() = Some(ProviderError::permanent("bad credentials").help("log in"));
    left(&kit, intent("a", CallKind::Create, None, Some("a")), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Error: a run was interrupted while creating `a`: the provider `t` could not be opened: bad credentials [refused]
      nothing was changed
      log in
    ");
    assert_eq!(kit.state().await.pending.len(), 1);
}

#[tokio::test]
async fn a_process_that_outlived_its_run_is_waited_for() {
    // Real time: the lock is the operating system's.
    let dir = tempfile::tempdir().unwrap();
    let mut kit = Kit::new().await;
    kit.context.lock_dir = Some(dir.path().to_path_buf());
    let file = std::fs::File::create(dir.path().join("killed-a.lock")).unwrap();
    file.lock().unwrap();
    left(&kit, intent("a", CallKind::Create, None, Some("a")), None).await;
    let recovering = kit.recover();
    tokio::pin!(recovering);
    let early = tokio::time::timeout(std::time::Duration::from_millis(250), &mut recovering).await;
    assert!(early.is_err(), "it does not look while the process lives");
    assert!(!kit.log.lines().iter().any(|line| line.starts_with("find")));
    // The process makes the object, then ends.
    kit.world.put("x/9", Value::map([("name", Value::from("a"))]));
    drop(file);
    assert_eq!(recovering.await.settled, 1);
    assert_eq!(kit.state().await.rows.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_open_calls_of_one_row_do_not_undo_each_other() {
    for swapped in [false, true] {
        let kit = Kit::new().await;
        let applied = |id: &str| Applied { id: id.into(), attributes: Value::map([("size", Value::Int(1))]) };
        let mut there = row("a", &applied("id-a"), Value::map([("size", Value::Int(1))]));
        there.old = row("a", &applied("id-old"), Value::Null).current;
        kit.has_row(there).await;
        // The older object is gone, the current one was changed; neither was written down.
        kit.world.put("id-a", Value::map([("size", Value::Int(2))]));
        let mut delete = intent("a", CallKind::Delete, Some("id-old"), None);
        (delete.slot, delete.row, delete.key) = (Slot::Old, None, IdempotencyKey("delete".into()));
        let update = intent("a", CallKind::Update, Some("id-a"), None);
        let mut both = [delete, update];
        if swapped {
            both.reverse();
        }
        for intent in both {
            left(&kit, intent, None).await;
        }
        assert_eq!(kit.recover().await.settled, 2);
        let state = kit.state().await;
        let row = &state.rows[&address("a")];
        assert_eq!(row.old, None, "it was deleted");
        assert_eq!(row.current.as_ref().unwrap().attributes.at(&Path::key("size")), Some(&Value::Int(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_or_breaks_off_stays_open() {
    let kit = Kit::new().await;
    left(&kit, intent("a", CallKind::Create, None, Some("a")), Some("op-a")).await;
    kit.world.act("resume a", Act::Hang);
    left(&kit, intent("b", CallKind::Update, Some("id-b"), None), None).await;
    kit.world.act("read id-b", Act::Panic);
    left(&kit, intent("c", CallKind::Create, None, Some("c")), None).await;
    let recovered = kit.recover().await;
    insta::assert_snapshot!(findings(&recovered), @"
    Error: a run was interrupted while creating `a`: it was not done within 1 h [timeout]
      it may still go on at the service
      run the command again: it goes on from there
    Error: a run was interrupted while updating `b`: the provider broke off with an error of its own [panic]
      this is an error in aurak: please report it. Then run the command again
    Note: a run was interrupted while creating `c`: it was not made [recovered]
    ");
    assert_eq!((recovered.settled, kit.state().await.pending.len()), (0, 3));
}

/// An object of a name that the service is in the middle of.
fn under_way(name: &str, how: &str) -> Value {
    Value::map([("name", Value::from(name)), ("any", Value::from(how))])
}

/// Has the service come further after this time.
async fn later_on(kit: &Kit, after: u64, then: &[(&str, Option<Value>)]) {
    tokio::time::sleep(std::time::Duration::from_secs(after)).await;
    for (id, value) in then {
        match value {
            Some(value) => kit.world.put(id, value.clone()),
            None => drop(kit.world.objects.lock().unwrap().remove(*id)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_still_makes_is_waited_for_without_a_handle() {
    let kit = Kit::new().await;
    for name in ["a", "b", "c"] {
        kit.world.put(&format!("id-{name}"), under_way(name, "making"));
        left(&kit, intent(name, CallKind::Create, None, Some(name)), None).await;
    }
    let then =
        [("id-a", Some(under_way("a", "made"))), ("id-b", Some(under_way("b", "broken"))), ("id-c", None)];
    let (recovered, ()) = tokio::join!(kit.recover(), later_on(&kit, 62, &then));
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while creating `a`: it is there, and was taken over [recovered]
    Note: a run was interrupted while creating `b`: it is there, but incomplete [recovered]
    Note: a run was interrupted while creating `c`: it is gone again [recovered]
    ");
    let state = kit.state().await;
    assert!(state.pending.is_empty());
    let object = |name: &str| state.rows[&address(name)].current.as_ref().unwrap();
    assert_eq!(object("a").attributes.at(&Path::key("any")), Some(&Value::from("made")));
    assert_eq!((&object("a").incomplete, &object("b").incomplete), (&None, &Some("no room".to_string())));
    assert!(!state.rows.contains_key(&address("c")));
}

#[tokio::test(start_paused = true)]
async fn an_update_and_a_delete_that_go_on_are_waited_for() {
    let kit = Kit::new().await;
    for (name, call) in [("a", CallKind::Update), ("b", CallKind::Delete)] {
        kit.has(name, lasting(1)).await;
        kit.world.put(&format!("id-{name}"), under_way(name, "making"));
        left(&kit, intent(name, call, Some(&format!("id-{name}")), None), None).await;
    }
    let then = [("id-a", Some(under_way("a", "made"))), ("id-b", None)];
    let (recovered, ()) = tokio::join!(kit.recover(), later_on(&kit, 62, &then));
    insta::assert_snapshot!(findings(&recovered), @"
    Note: a run was interrupted while updating `a`: what is there was recorded [recovered]
    Note: a run was interrupted while deleting `b`: it is gone [recovered]
    ");
    let state = kit.state().await;
    assert_eq!(state.rows.keys().map(|a| a.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_made_when_the_user_stops_stays_open() {
    let kit = Kit::new().await;
    kit.world.put("id-a", under_way("a", "making"));
    left(&kit, intent("a", CallKind::Create, None, Some("a")), None).await;
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_secs(62)).await;
        kit.context.cancel.stop();
    };
    let (recovered, ()) = tokio::join!(kit.recover(), stop);
    assert_eq!((recovered.settled, kit.state().await.pending.len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_open_keeps_nobody_from_stopping() {
    let kit = Kit::new().await;
    kit.world.act("open t", Act::Hang);
    left(&kit, intent("a", CallKind::Create, None, Some("a")), None).await;
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        kit.context.cancel.stop();
    };
    let within = std::time::Duration::from_secs(6);
    let (recovered, ()) = tokio::join!(tokio::time::timeout(within, kit.recover()), stop);
    assert_eq!(recovered.unwrap().settled, 0);
    assert_eq!(kit.state().await.pending.len(), 1);
}
