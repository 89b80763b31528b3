//! What is on disk when something is sent, and what becomes of a run that cannot write.

use std::time::Duration;

use aurak_model::Record;
use aurak_model::plan::Work;

use super::kit::*;
use crate::ExecError;

#[tokio::test(start_paused = true)]
async fn a_slow_store_holds_back_calls_and_gathers_meanwhile() {
    let kit = Kit::new().await;
    *kit.store.delay.lock().unwrap() = Duration::from_millis(50);
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(20), &[]);
    p.create("c", lasting(30), &[]);
    p.create("d", lasting(10), &["a"]);
    p.create("e", lasting(10), &["b"]);
    p.create("f", lasting(10), &["c"]);
    let ran = kit.run(&p.plan).await;
    // The outcomes of b and c arrive while a's is written, and go into one append.
    insta::assert_snapshot!(kit.log.timed(), @"
    51 append provider t, intent a, intent b, intent c
    51 create a
    51 create b
    51 create c
    111 append done 0 +a, intent d
    111 create d
    161 append done 1 +b, intent e, done 2 +c, intent f
    161 create e
    161 create f
    211 append done 3 +d
    261 append done 4 +e, done 5 +f
    ");
    // What is shown is durable: a is done at its append's return.
    insta::assert_snapshot!(ran.done().story(), @"
    51 start a
    51 start b
    51 start c
    111 done a
    111 start d
    161 done b
    161 start e
    161 done c
    161 start f
    211 done d
    261 done e
    261 done f
    261 Done: 6 done, 0 failed, 0 skipped
    ");
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_come_together_share_an_append() {
    let mut kit = Kit::new().await;
    kit.context.limits.parallelism = 10;
    let mut p = Planner::new();
    for i in 0..200 {
        p.create(&format!("s{i}"), lasting(5), &[]);
    }
    kit.run(&p.plan).await.done();
    let appends = kit.store.appends.lock().unwrap();
    // Intents of the first ten, nineteen times ten outcomes with ten intents, ten outcomes.
    assert_eq!(appends.len(), 21);
    assert!(appends[1..20].iter().all(|records| records.len() == 20));
}

/// A tree of four thousand whose calls take what they take, against a store as far away as a blob.
#[tokio::test(start_paused = true)]
async fn thousands_share_a_few_appends_of_a_far_store() {
    const COUNT: usize = 4000;
    let mut kit = Kit::new().await;
    kit.context.limits.per_provider.insert("t".into(), kit.context.limits.parallelism);
    *kit.store.delay.lock().unwrap() = Duration::from_millis(50);
    let mut p = Planner::new();
    p.create("s0", lasting(5), &[]);
    for i in 1..COUNT {
        let parent = format!("s{}", (i - 1) / 4);
        p.create(&format!("s{i}"), lasting(i64::try_from(i * 7 % 40).unwrap()), &[&parent]);
    }
    let begun = tokio::time::Instant::now();
    kit.run(&p.plan).await.done();
    let took = begun.elapsed();
    let appends = kit.store.appends.lock().unwrap();
    let records: usize = appends.iter().map(Vec::len).sum();
    assert_eq!(records, 2 * COUNT + 1, "an intent and an outcome for each, and the provider");
    // A call waits for two: the one that is under way, and its own. With one for each record it would
    // be 400 s.
    assert!(appends.len() <= 2 * COUNT / kit.context.limits.parallelism + 20, "{}", appends.len());
    assert!(took < Duration::from_secs(8), "in the time of the test's own clock: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_chain_takes_one_append_a_link() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("s0", lasting(5), &[]);
    for i in 1..20 {
        p.create(&format!("s{i}"), lasting(5), &[&format!("s{}", i - 1)]);
    }
    kit.run(&p.plan).await.done();
    assert_eq!(kit.store.appends.lock().unwrap().len(), 21);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_the_run_and_nothing_is_sent_after_it() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(2000), &[]);
    p.create("c", lasting(10), &["a"]);
    p.create("d", lasting(10), &["b"]);
    *kit.store.fail_at.lock().unwrap() = Some(1);
    let ran = kit.run(&p.plan).await;
    assert!(matches!(ran.result.error, Some(ExecError::Store(_))));
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 start b
    7001 left a: it was made (`id-a`), which is not written down: could not write to the state
    7001 left b: it was made (`id-b`), which is not written down: could not write to the state
    7001 skipped c: could not write to the state (-)
    7001 skipped d: could not write to the state (-)
    7001 Failed: 0 done, 0 failed, 4 skipped
    ");
    assert_eq!(kit.log.calls(), ["create a", "create b"]);
    // The next run knows of both.
    assert_eq!(kit.state().await.pending.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_came_of_calls_is_written_where_the_store_recovers() {
    let kit = Kit::new().await;
    kit.world.act("create e", Act::Hang);
    kit.world.act("create f", Act::Wait(9));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(1000), &[]);
    p.create("c", lasting(10), &["a"]);
    p.create("e", lasting(10), &[]);
    p.create("f", lasting(500), &[]);
    *kit.store.fail_at.lock().unwrap() = Some(1);
    let recovers = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        *kit.store.fail_at.lock().unwrap() = None;
        std::future::pending::<()>().await;
    };
    let ran = tokio::select! {
        ran = kit.run(&p.plan) => ran,
        () = recovers => unreachable!(),
    };
    assert!(matches!(ran.result.error, Some(ExecError::Store(_))));
    // Who of several is woken first is not determined.
    let mut story: Vec<String> = ran.story().lines().map(String::from).collect();
    story.sort();
    insta::assert_snapshot!(story.join("\n"), @"
    1 start a
    1 start b
    1 start e
    1 start f
    3011 Failed: 2 done, 0 failed, 3 skipped
    3011 done a
    3011 done b
    3011 left e: the answer to a call
    3011 left f: the answer to a call
    3011 skipped c: could not write to the state (-)
    ");
    let state = kit.state().await;
    assert_eq!(state.rows.keys().map(|a| a.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // What was still going on is for the next run, with its handle.
    let open: Vec<_> =
        state.pending.iter().map(|p| (p.intent.address.as_str(), p.handle.is_some())).collect();
    assert_eq!(open, [("e", false), ("f", true)]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_recorded_before_its_first_use_and_only_when_it_changed() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    kit.run(&p.plan).await.done();
    {
        let appends = kit.store.appends.lock().unwrap();
        assert!(matches!(&appends[0][..], [Record::Provider(_), Record::Intent(_)]));
    }
    let mut p = Planner::new();
    p.create("b", lasting(10), &[]);
    kit.run(&p.plan).await.done();
    let appends = kit.store.appends.lock().unwrap();
    assert!(matches!(&appends[2][..], [Record::Intent(_)]));
}

#[tokio::test(start_paused = true)]
async fn secrets_are_sealed_in_the_journal_and_open_for_the_provider() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    let secret = aurak_model::Value::from("canary").sensitive();
    p.create("a", aurak_model::Value::map([("secret", secret)]), &[]);
    kit.run(&p.plan).await.done();
    let state = kit.state().await;
    let row = &state.rows[&address("a")];
    assert_eq!(format!("{:?}", row.current.as_ref().unwrap().desired), "{\"secret\": (sensitive)}");
}

#[tokio::test(start_paused = true)]
async fn how_long_things_take_is_learned() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(1500), &[]);
    kit.run(&p.plan).await.done();
    insta::assert_snapshot!(format!("{:?}", kit.state().await.durations), @r#"{"create a": 1500, "create t.thing": 1500}"#);
}

#[tokio::test(start_paused = true)]
async fn a_sensitive_key_or_id_is_neither_written_nor_shown() {
    let kit = Kit::new().await;
    let canary = aurak_model::Value::from("canary").sensitive();
    let mut p = Planner::new();
    let step = p.keyed("a", false);
    if let Work::Create { desired, key, .. } = &mut step.work {
        *desired = aurak_model::Value::map([("name", canary.clone())]);
        *key = Some(canary.clone());
    }
    p.step("b", Work::Read { id: canary, whole: false }, &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not read `b`: its id turned out to be sensitive [sensitive]
      nothing was sent
      ids are shown and recorded in clear: take it from something that is no secret
    ");
    let appends = kit.store.appends.lock().unwrap();
    let intent = appends.iter().flatten().find_map(|record| match record {
        Record::Intent(intent) => Some(intent),
        _ => None,
    });
    assert_eq!(intent.unwrap().natural_key, None);
    assert!(!format!("{appends:?}").contains("canary"));
}
