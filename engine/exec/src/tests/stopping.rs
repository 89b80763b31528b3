//! Ctrl-C, once and twice, and the loss of the lease.

use std::time::Duration;

use aurak_api::{Effect, ProviderError};
use aurak_model::record::EndResult;
use tokio::time::sleep;

use super::kit::*;
use crate::ExecError;

/// Runs a plan and stops it at these times.
async fn stopped(kit: &Kit, p: &Planner, at: &[u64]) -> Ran {
    let cancel = kit.context.cancel.clone();
    let mut before = 0;
    let waits: Vec<u64> = at.iter().map(|ms| ms - std::mem::replace(&mut before, *ms)).collect();
    let stop = async {
        for wait in waits {
            sleep(Duration::from_millis(wait)).await;
            cancel.stop();
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ran = kit.run(&p.plan) => ran,
        () = stop => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_time_what_runs_is_finished_and_nothing_else_starts() {
    let mut kit = Kit::new().await;
    kit.context.limits.parallelism = 2;
    kit.world.act("create b", Act::Wait(3));
    let mut p = Planner::new();
    p.create("a", lasting(1000), &[]);
    p.create("b", lasting(10), &[]);
    p.create("c", lasting(1000), &["a"]);
    p.create("d", lasting(1000), &[]);
    let ran = stopped(&kit, &p, &[500]).await;
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 start b
    11 b: 3 to go
    500 stopping
    1001 done a
    1011 b: 2 to go
    2011 b: 1 to go
    3011 done b
    3011 skipped c: the run was stopped (-)
    3011 skipped d: the run was stopped (-)
    3011 Interrupted: 2 done, 0 failed, 2 skipped
    ");
    assert_eq!(ran.result.end, EndResult::Interrupted);
    assert_eq!(kit.state().await.rows.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_second_time_waits_are_given_up_and_can_be_resumed() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(1000));
    kit.world.act("create b", Act::Hang);
    for _ in 0..99 {
        kit.world.act("create c", Act::Fail(ProviderError::conflict("busy elsewhere")));
    }
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(10), &[]);
    p.create("c", lasting(10), &[]);
    p.create("d", lasting(10), &["a"]);
    let ran = stopped(&kit, &p, &[5_200, 7_200]).await;
    // Who of several is woken first is not determined.
    let story = ran.story();
    let (mut left, rest): (Vec<&str>, Vec<&str>) = story.lines().partition(|line| line.contains(" left "));
    left.sort_unstable();
    insta::assert_snapshot!(left.join("\n"), @"
    7200 left a: 993 to go
    7200 left c: busy elsewhere
    9200 left b: the answer to a call
    ");
    insta::assert_snapshot!(rest.join("\n"), @"
    1 start a
    1 start b
    1 start c
    11 c: busy elsewhere
    11 a: 1000 to go
    1011 a: 999 to go
    2011 a: 998 to go
    3011 a: 997 to go
    4011 a: 996 to go
    5011 a: 995 to go
    5200 stopping
    6011 a: 994 to go
    7011 a: 993 to go
    7200 stopping now
    9200 skipped d: the run was stopped (-)
    9200 Interrupted: 0 done, 0 failed, 4 skipped
    ");
    // What is known to have done nothing is settled; the others are for the next run.
    let state = kit.state().await;
    let open: Vec<String> = state.pending.iter().map(|p| p.intent.address.to_string()).collect();
    assert_eq!(open, ["a", "b"]);
    assert_eq!(ran.result.counts.left, 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_early_because_waits_are_given_up_is_no_failure() {
    let kit = Kit::new().await;
    let ended = ProviderError::permanent("it was ended").effect(Effect::Unknown);
    kit.world.act("create a", Act::Fail(ended));
    kit.world.act("create b", Act::Fail(ProviderError::transient("it did not wait")));
    kit.world.act("create c", Act::Fail(ProviderError::permanent("too big")));
    let mut p = Planner::new();
    p.create("a", lasting(10_000), &[]);
    p.create("b", lasting(10_100), &[]);
    p.create("c", lasting(10_200), &[]);
    let ran = stopped(&kit, &p, &[5_000, 9_500]).await;
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 start b
    1 start c
    5000 stopping
    9500 stopping now
    10001 left a: it was ended
    10101 left b: it did not wait
    10201 failed c: could not create `c`: too big
    10201 Interrupted: 0 done, 1 failed, 2 skipped
    ");
    let open: Vec<String> = kit.state().await.pending.iter().map(|p| p.intent.address.to_string()).collect();
    assert_eq!(open, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_before_it_starts_does_nothing() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    kit.context.cancel.stop();
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.story(), @"
    0 stopping
    0 skipped a: the run was stopped (-)
    0 Interrupted: 0 done, 0 failed, 1 skipped
    ");
    assert_eq!(kit.log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_a_run_lasts() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(600_000), &[]);
    p.create("b", lasting(600_000), &["a"]);
    kit.run(&p.plan).await.done();
}

#[tokio::test(start_paused = true)]
async fn after_a_suspension_past_its_lease_a_run_neither_calls_nor_writes() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Wait(1000));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(5_000), &[]);
    p.create("c", lasting(10), &["b"]);
    let suspend = async {
        sleep(Duration::from_millis(2_500)).await;
        kit.clock.suspend(LEASE);
        let seen = kit.log.lines().len();
        std::future::pending::<()>().await;
        seen
    };
    let ran = tokio::select! {
        ran = kit.run(&p.plan) => ran,
        _ = suspend => unreachable!(),
    };
    insta::assert_snapshot!(ran.story(), @"
    1 start b
    1 start a
    11 a: 1000 to go
    1011 a: 999 to go
    2011 a: 998 to go
    3011 left a: the lock on the state was lost while the run was under way, and how the call ended is not known
    3011 left b: the lock on the state was lost while the run was under way, and how the call ended is not known
    3011 skipped c: the lock on the state was lost while the run was under way (-)
    3011 Failed: 0 done, 0 failed, 3 skipped
    ");
    assert!(matches!(ran.result.error, Some(ExecError::LeaseLost(_))));
    insta::assert_snapshot!(kit.log.timed(), @"
    1 append provider t, intent b, intent a
    1 create b
    1 create a
    11 append handle
    1011 resume a
    2011 resume a
    ");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_not_made_again_after_a_suspension_past_the_lease() {
    let kit = Kit::new().await;
    kit.world.act("create a", Act::Fail(ProviderError::transient("busy")));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    let suspend = async {
        // While it waits for its next try.
        sleep(Duration::from_millis(50)).await;
        kit.clock.suspend(LEASE);
        std::future::pending::<()>().await;
    };
    let ran = tokio::select! {
        ran = kit.run(&p.plan) => ran,
        () = suspend => unreachable!(),
    };
    assert!(matches!(ran.result.error, Some(ExecError::LeaseLost(_))));
    assert_eq!(kit.log.calls(), ["create a"]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_broken_is_noticed() {
    use aurak_state::Store;
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(60_000), &[]);
    p.create("b", lasting(10), &["a"]);
    let breaking = async {
        sleep(Duration::from_millis(2_500)).await;
        kit.store.break_lease().await.unwrap();
        std::future::pending::<()>().await;
    };
    let ran = tokio::select! {
        ran = kit.run(&p.plan) => ran,
        () = breaking => unreachable!(),
    };
    let error = ran.result.error.as_ref().unwrap();
    insta::assert_snapshot!(format!("{error}: {}\n{}", std::error::Error::source(error).unwrap(), error.help().unwrap()), @"
    the lock on the state was lost while the run was under way: the lease 1 on the state is lost: it was ended by `aurak state unlock` or by its holder
    nothing was written after it was lost; run the command again, it continues from the journal
    ");
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    10000 left a: the lock on the state was lost while the run was under way, and how the call ended is not known
    10000 skipped b: the lock on the state was lost while the run was under way (-)
    10000 Failed: 0 done, 0 failed, 2 skipped
    ");
    assert_eq!(kit.log.calls(), ["create a"]);
}

#[tokio::test(start_paused = true)]
async fn who_stopped_before_it_began_starts_nothing() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    kit.context.cancel.stop();
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.story(), @"
    0 stopping
    0 skipped a: the run was stopped (-)
    0 Interrupted: 0 done, 0 failed, 1 skipped
    ");
    assert_eq!(kit.log.calls(), Vec::<String>::new());
    assert!(kit.store.appends.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_stops_while_an_append_is_under_way_starts_nothing_after_it() {
    let kit = Kit::new().await;
    *kit.store.delay.lock().unwrap() = Duration::from_millis(50);
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]);
    p.create("b", lasting(10), &["a"]);
    // The outcome of a is being written, and was not yet when the user asked, once and twice.
    let ran = stopped(&kit, &p, &[80, 81]).await;
    insta::assert_snapshot!(ran.story(), @"
    51 start a
    80 stopping
    81 stopping now
    111 done a
    161 skipped b: the run was stopped (-)
    161 Interrupted: 1 done, 0 failed, 1 skipped
    ");
    assert_eq!(kit.log.calls(), ["create a"]);
    assert!(kit.state().await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_done_while_the_lease_ran_out_is_said_and_not_written() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(2000), &[]);
    p.create("b", lasting(9000), &[]);
    let suspended = async {
        sleep(Duration::from_millis(1000)).await;
        kit.clock.suspend(LEASE);
        std::future::pending::<()>().await;
    };
    let ran = tokio::select! {
        ran = kit.run(&p.plan) => ran,
        () = suspended => unreachable!(),
    };
    assert!(matches!(ran.result.error, Some(ExecError::LeaseLost(_))));
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1 start b
    2001 left a: it was made (`id-a`), which is not written down: the lock on the state was lost while the run was under way
    2001 left b: the lock on the state was lost while the run was under way, and how the call ended is not known
    2001 Failed: 0 done, 0 failed, 2 skipped
    ");
    assert_eq!(kit.state().await.pending.len(), 2);
}
