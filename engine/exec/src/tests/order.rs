//! What starts when.

use super::kit::*;

#[tokio::test(start_paused = true)]
async fn steps_start_when_what_they_wait_for_is_done_and_run_side_by_side() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(1000), &[]);
    p.create("b", lasting(3000), &[]);
    p.create("c", lasting(500), &["a"]);
    p.join("all", &["b", "c"]);
    p.create("d", lasting(100), &["all"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.done().story(), @"
    1 start a
    1 start b
    1001 done a
    1001 start c
    1501 done c
    3001 done b
    3001 start all
    3001 done all
    3001 start d
    3101 done d
    3101 Done: 4 done, 0 failed, 0 skipped
    ");
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append provider t, intent a, intent b
    1 create a
    1 create b
    1001 append done 0 +a, intent c
    1001 create c
    1501 append done 2 +c
    3001 append done 1 +b, intent d
    3001 create d
    3101 append done 4 +d
    ");
}

#[tokio::test(start_paused = true)]
async fn an_empty_plan_is_done_at_once_and_writes_nothing() {
    let kit = Kit::new().await;
    let ran = kit.run(&Planner::new().plan).await;
    insta::assert_snapshot!(ran.done().story(), @"0 Done: 0 done, 0 failed, 0 skipped");
    assert_eq!(kit.log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_critical_path_goes_first() {
    let mut kit = Kit::new().await;
    kit.context.limits.parallelism = 2;
    let mut p = Planner::new();
    // Two workers; a chain of 3 s and four single seconds. In the order of the plan it would take
    // 5 s, with the chain first 4 s (rounded up from 3.5).
    for name in ["w", "x", "y", "z"] {
        p.create(name, lasting(1000), &[]).usual_ms = Some(1000);
    }
    p.create("a", lasting(1000), &[]).usual_ms = Some(1000);
    p.create("b", lasting(1000), &["a"]).usual_ms = Some(1000);
    p.create("c", lasting(1000), &["b"]).usual_ms = Some(1000);
    let ran = kit.run(&p.plan).await;
    assert_eq!(kit.log.calls()[0], "create a");
    // One millisecond opens the provider.
    assert_eq!(ran.done().ms(), 4001);
}

#[tokio::test(start_paused = true)]
async fn a_plan_out_of_order_is_refused() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    p.create("b", lasting(1), &["a"]);
    p.plan.steps[0].after = vec![aurak_model::StepId(1)];
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.result.error.unwrap(), @"the plan cannot be executed: step 0 (a) waits for step 1, which does not stand before it");
    assert_eq!(kit.log.lines(), Vec::<String>::new());
}

/// A run may be a task of a runtime with several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn execution_and_recovery_can_be_spawned() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    for i in 0..50 {
        p.create(&format!("s{i}"), lasting(1), &[]);
    }
    let (context, state) = (kit.context.clone(), kit.state().await);
    let ends = tokio::spawn(async move {
        let (sender, _) = tokio::sync::mpsc::unbounded_channel();
        let mut reporter = crate::Reporter::new(sender);
        let recovered = crate::recover(&context, &state).await.unwrap();
        assert_eq!(recovered.settled, 0);
        crate::execute(&context, &p.plan, &state, &mut reporter).await.end
    });
    assert_eq!(ends.await.unwrap(), aurak_model::record::EndResult::Done);
    assert_eq!(kit.state().await.rows.len(), 50);
}
