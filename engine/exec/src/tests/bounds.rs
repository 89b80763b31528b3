//! How much runs at once.

use std::time::Duration;

use aurak_api::{Class, ProviderError};
use aurak_model::Value;

use super::kit::*;

#[tokio::test(start_paused = true)]
async fn parallelism_caps_all() {
    for (parallelism, ms) in [(1, 12_001), (3, 4001), (12, 1001), (100, 1001)] {
        let mut kit = Kit::new().await;
        kit.context.limits.parallelism = parallelism;
        let mut p = Planner::new();
        for i in 0..12 {
            p.create(&format!("s{i}"), lasting(1000), &[]);
        }
        let ran = kit.run(&p.plan).await;
        assert_eq!(ran.done().ms(), ms, "{parallelism}");
        assert_eq!(kit.world.most_at_once(), parallelism.min(12));
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_not_asked_for_more_than_it_takes() {
    let mut kit = Kit::new().await;
    kit.context.limits.per_provider.insert("t".into(), 4);
    let mut p = Planner::new();
    for i in 0..12 {
        p.create(&format!("s{i}"), lasting(1000), &[]);
    }
    assert_eq!(kit.run(&p.plan).await.done().ms(), 3001);
    assert_eq!(kit.world.most_at_once(), 4);
}

#[tokio::test(start_paused = true)]
async fn steps_of_a_group_never_overlap() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("net", Value::map([("name", Value::from("n"))]), &[]);
    for i in 0..4 {
        // The group's text is only known once the network is there.
        p.create(&format!("s{i}"), lasting(1000), &["net"]).serialise = Some(later("net", "id"));
    }
    p.create("other", lasting(1000), &["net"]).serialise = Some(Value::from("elsewhere"));
    let ran = kit.run(&p.plan).await;
    assert_eq!(ran.done().ms(), 5001);
    assert_eq!(kit.world.most_at_once(), 2);
}

#[tokio::test(start_paused = true)]
async fn throttling_makes_fewer_calls_run_at_once() {
    let mut kit = Kit::new().await;
    kit.context.limits.per_provider.insert("t".into(), 8);
    let mut p = Planner::new();
    for i in 0..8 {
        let error = Class::Transient { after: Some(Duration::from_secs(1)) };
        kit.world.act(&format!("create s{i}"), Act::Fail(ProviderError::new(error, "slow down")));
    }
    for i in 0..40 {
        p.create(&format!("s{i}"), lasting(1000), &[]);
    }
    let ran = kit.run(&p.plan).await;
    ran.done();
    let begun = kit.log.timed();
    // After the first eight were told to wait, four may run; then one more with each round.
    let starts: Vec<u64> = begun
        .lines()
        .filter(|l| l.contains("create s"))
        .map(|l| l.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let at_once = |from: u64, to: u64| starts.iter().filter(|at| (from..to).contains(*at)).count();
    assert_eq!(at_once(0, 2), 8);
    assert_eq!(at_once(2, 2500), 8, "their second tries");
    assert!(at_once(2500, 3500) <= 5, "{begun}");
}

#[tokio::test(start_paused = true)]
async fn it_is_said_why_nothing_moves() {
    let mut kit = Kit::new().await;
    kit.context.limits.parallelism = 3;
    kit.context.limits.per_provider.insert("t".into(), 2);
    kit.world.act("create a", Act::Wait(300));
    kit.world.act("create b", Act::Wait(300));
    let mut p = Planner::new();
    p.create("a", lasting(10), &[]).serialise = Some(Value::from("g"));
    p.create("b", lasting(10), &[]);
    p.create("c", lasting(10), &[]);
    p.create("d", lasting(10), &["b"]);
    let ran = kit.run(&p.plan).await;
    let stalled: Vec<&str> = ran
        .done()
        .story()
        .lines()
        .filter(|l| l.contains("stalled"))
        .map(|l| Box::leak(Box::<str>::from(l)) as &str)
        .collect();
    insta::assert_snapshot!(stalled.join("\n"), @"
    60001 stalled [a: 241 to go; b: 241 to go; c: 2 calls of `t` are running]
    180001 stalled [a: 121 to go; b: 121 to go; c: 2 calls of `t` are running]
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_at_work_is_not_stalled() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", lasting(600_000), &[]);
    let ran = kit.run(&p.plan).await;
    assert!(!ran.done().story().contains("stalled"));
}
