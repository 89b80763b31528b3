//! The progress of runs as it is shown.

use aurak_model::Slot;
use aurak_model::record::OperationId;
use insta::assert_snapshot;

use super::*;
use crate::fixtures::address;

fn info(step: u32, name: &str, verb: Verb, after: &[u32], usual_ms: u64) -> StepInfo {
    StepInfo {
        step: StepId(step),
        address: address(name),
        type_name: "sim.node".into(),
        verb,
        slot: Slot::Current,
        action: None,
        after: after.iter().map(|id| StepId(*id)).collect(),
        usual_ms: (usual_ms > 0).then_some(usual_ms),
    }
}

fn steps() -> Vec<StepInfo> {
    vec![
        info(0, "group", Verb::Create, &[], 600),
        info(1, "pools[\"nlp\"]", Verb::Update, &[0], 600_000),
        info(2, "system.eck", Verb::Create, &[0], 90_000),
        info(3, "core.api", Verb::Create, &[2], 60_000),
        info(4, "dns.zone", Verb::Delete, &[1, 3], 0),
        info(5, "pools", Verb::Join, &[1], 0),
        info(6, "dns.records[\"a long key that goes on and on\"]", Verb::Create, &[4], 0),
    ]
}

struct Run {
    progress: Progress,
    n: u64,
}

impl Run {
    fn new(style: Style, display: Display) -> Run {
        let mut run = Run { progress: Progress::new(style, display, Files::default()), n: 0 };
        let started = Report::Started {
            operation: OperationId("op1".into()),
            stack: "aura-es-pre".into(),
            environment: None,
            steps: steps(),
            about_ms: Some(600_600),
        };
        run.at(0, started);
        run
    }

    fn at(&mut self, at_ms: u64, report: Report) -> String {
        self.n += 1;
        self.progress.event(&Event { n: self.n - 1, at_ms, report })
    }

    /// A run up to a failure, as text.
    fn play(&mut self) -> String {
        let mut out = String::new();
        out += &self.at(0, Report::StepStarted { step: StepId(0) });
        out += &self.at(600, finished(0, 600, StepEnd::Done));
        for step in [1, 2] {
            out += &self.at(600, Report::StepStarted { step: StepId(step) });
        }
        let message = "3 of 7 pods still on nlp-1".to_string();
        out += &self.at(9_000, Report::StepProgress { step: StepId(1), message });
        out += &self.at(
            10_000,
            Report::StepRetry {
                step: StepId(2),
                why: "429 too many requests".into(),
                attempt: 2,
                after_ms: 5_000,
            },
        );
        out
    }

    fn fail(&mut self) -> String {
        let why = Diagnostic::error("refused", "creating system.eck was refused")
            .detail("asked: PUT /eck\nanswered: 403 Forbidden (AuthorizationFailed)\nnothing was changed")
            .help("grant the role Contributor, then apply again");
        let mut out = self.at(20_000, finished(2, 19_400, StepEnd::Failed(Box::new(why))));
        for step in [3, 4, 6] {
            let end = StepEnd::Skipped { why: "not reached".into(), because: Some(StepId(2)) };
            out += &self.at(20_000, finished(step, 0, end));
        }
        out
    }
}

fn finished(step: u32, took_ms: u64, end: StepEnd) -> Report {
    Report::StepFinished { step: StepId(step), took_ms, end }
}

fn done(result: EndResult) -> Report {
    Report::Finished { result, done: 0, failed: 0, skipped: 0 }
}

fn bare(width: u16) -> Style {
    Style { colour: false, ..Style::terminal(width) }
}

const NEXT: Next<'_> = Next { again: "aurak apply", follow_up: None, outputs: Some("aurak output") };

#[test]
fn the_live_block_wide_and_narrow() {
    let mut run = Run::new(bare(100), Display::Live);
    assert_snapshot!(run.play(), @"✔ group             created                                                 0.6s");
    assert_snapshot!(run.progress.frame(130_000, 100, 24), @r#"
    aura-es-pre  1 of 6 done, 2 running                                          2m 10s of about 10 min
    ⠋ pools["nlp"]      changing  3 of 7 pods still on nlp-1                                     2m 09s
    ⠋ system.eck        creating  429 too many requests; try 2 in 5.0s                           2m 09s
    "#);
    assert_snapshot!(run.progress.frame(130_100, 60, 24), @r#"
    aura-es-pre  1 of 6 done, 2 running  2m 10s of about 10 min
    ⠙ pools["nlp"]      changing  3 of 7 pods still on…  2m 10s
    ⠙ system.eck        creating  429 too many request…  2m 10s
    "#);
    assert_snapshot!(run.progress.frame(130_100, 40, 24), @r#"
    aura-es-pre  1 of 6 done, 2 running
    ⠙ pools["nlp"]     3 of 7 pods…  2m 10s
    ⠙ system.eck       429 too man…  2m 10s
    "#);
    for width in 2..120 {
        let frame = run.progress.frame(130_000, width, 24);
        assert!(frame.lines().all(|line| text::width(line) < usize::from(width)), "{width}: {frame}");
    }
}

#[test]
fn the_live_block_keeps_to_the_height() {
    let mut run = Run::new(Style { unicode: false, ..bare(60) }, Display::Live);
    for step in [0, 1, 2, 3, 4, 5, 6] {
        run.at(0, Report::StepStarted { step: StepId(step) });
    }
    assert_snapshot!(run.progress.frame(3_000, 60, 6), @r#"
    aura-es-pre  0 of 6 done, 6 running    3.0s of about 10 min
    - group             creating                           3.0s
    - pools["nlp"]      changing                           3.0s
    - system.eck        creating                           3.0s
    ... and 3 more
    "#);
    assert_snapshot!(run.progress.frame(3_200, 100, 30), @r#"
    aura-es-pre  0 of 6 done, 6 running                                            3.2s of about 10 min
    | group                                    creating                                            3.2s
    | pools["nlp"]                             changing                                            3.2s
    | system.eck                               creating                                            3.2s
    | core.api                                 creating                                            3.2s
    | dns.zone                                 deleting                                            3.2s
    | ...ds["a long key that goes on and on"]  creating                                            3.2s
    "#);
}

#[test]
fn a_failure_is_shown_at_once_and_again_at_the_end() {
    let mut run = Run::new(bare(100), Display::Live);
    run.play();
    assert_snapshot!(run.fail(), @"
    × creating system.eck was refused
      asked: PUT /eck
      answered: 403 Forbidden (AuthorizationFailed)
      nothing was changed
      help: grant the role Contributor, then apply again
    ");
    run.at(60_000, finished(1, 59_400, StepEnd::Done));
    run.at(60_000, done(EndResult::Failed));
    assert_eq!(run.progress.frame(60_000, 100, 24), "");
    assert_snapshot!(run.progress.end(&NEXT), @r#"
    1 failure:
    × creating system.eck was refused
      asked: PUT /eck
      answered: 403 Forbidden (AuthorizationFailed)
      nothing was changed
      help: grant the role Contributor, then apply again

    not started
      core.api, dns.zone, dns.records["a long key that goes on and on"]: system.eck failed

    failed in 1m 00s: 1 created, 1 changed; 1 failed, 3 not started
    next: put right what failed, then `aurak apply`; what is done stays done
    "#);
}

#[test]
fn a_failure_that_is_still_in_sight_is_not_repeated() {
    let mut run = Run::new(bare(60), Display::Live);
    run.play();
    run.at(15_000, finished(1, 59_400, StepEnd::Done));
    run.fail();
    run.at(60_000, done(EndResult::Failed));
    assert_snapshot!(run.progress.end(&NEXT), @r#"
    not started
      core.api, dns.zone, dns.records["a long key that goes on
        and on"]: system.eck failed

    failed in 1m 00s: 1 created, 1 changed; 1 failed, 3 not started
    next: put right what failed, then `aurak apply`; what is
    done stays done
    "#);
}

#[test]
fn a_log_has_a_failure_in_full_once() {
    let mut run = Run::new(Style::plain(), Display::Lines);
    run.play();
    run.fail();
    run.at(60_000, finished(1, 59_400, StepEnd::Done));
    run.at(60_000, done(EndResult::Failed));
    assert_snapshot!(run.progress.end(&NEXT), @r#"
    1 failure:
      creating system.eck was refused

    not started
      core.api, dns.zone, dns.records["a long key that goes on and on"]: system.eck failed

    failed in 1m 00s: 1 created, 1 changed; 1 failed, 3 not started
    next: put right what failed, then `aurak apply`; what is done stays done
    "#);
}

#[test]
fn without_a_terminal_there_are_lines() {
    let mut run = Run::new(Style::plain(), Display::Lines);
    let mut out = run.play();
    out += &run.progress.heartbeat(30_000);
    out += &run.at(45_000, finished(1, 44_400, StepEnd::Done));
    out += &run.at(50_000, finished(2, 49_400, StepEnd::Done));
    out += &run.at(50_000, done(EndResult::Done));
    out += &run.progress.end(&NEXT);
    assert_snapshot!(out, @r#"
    group: creating
    group: created in 0.6s
    pools["nlp"]: changing
    system.eck: creating
    system.eck: 429 too many requests; try 2 in 5.0s
    aura-es-pre: 1 of 6 done, 2 running, 30s of about 10 min
      pools["nlp"]: changing for 29s, 3 of 7 pods still on nlp-1
      system.eck: creating for 29s, 429 too many requests; try 2 in 5.0s
    pools["nlp"]: changed in 44s
    system.eck: created in 49s

    done in 50s: 2 created, 1 changed
    outputs: `aurak output`
    "#);
    assert_eq!(run.progress.heartbeat(60_000), "");
}

#[test]
fn stopping_leaves_what_waits() {
    let mut run = Run::new(bare(80), Display::Live);
    run.play();
    let mut out = run.at(11_000, Report::Stopping { now: false });
    out += &run.progress.frame(11_000, 80, 24);
    out += &run.at(12_000, Report::Stopping { now: true });
    out += &run.progress.frame(12_000, 80, 24);
    out += &run.at(12_000, finished(1, 11_000, StepEnd::Left { why: "3 of 7 pods still on nlp-1".into() }));
    out += &run
        .at(12_000, finished(4, 0, StepEnd::Skipped { why: "the run was stopped".into(), because: None }));
    out += &run.at(12_000, done(EndResult::Interrupted));
    out += &run.progress.end(&NEXT);
    assert_snapshot!(out, @r#"
    stopping: nothing new is started, what runs is finished; once more leaves it
    aura-es-pre  1 of 6 done, 2 running, stopping               11s of about 10 min
    ⠋ pools["nlp"]      changing  3 of 7 pods still on nlp-1                    10s
    ⠋ system.eck        creating  429 too many requests; try 2 in 5.0s          10s
    stopping now: what still runs is left, the next run goes on with it
    aura-es-pre  1 of 6 done, 2 running, stopping now           12s of about 10 min
    ⠋ pools["nlp"]      changing  3 of 7 pods still on nlp-1                    11s
    ⠋ system.eck        creating  429 too many requests                         11s
    ! pools["nlp"]      left while it waited: 3 of 7 pods still on nlp-1

    not started
      dns.zone: the run was stopped

    still going on; the next run takes it up again
      pools["nlp"]: 3 of 7 pods still on nlp-1

    stopped in 12s: 1 created; 1 still going on, 1 not started
    next: `aurak apply` goes on from here; the state is safe
    "#);
}

#[test]
fn nothing_is_tried_again_once_stopped() {
    let mut run = Run::new(Style::plain(), Display::Lines);
    run.play();
    let mut out = run.at(11_000, Report::Stopping { now: true });
    out += &run.progress.heartbeat(30_000);
    let why = "503 unavailable".to_string();
    out += &run.at(31_000, Report::StepRetry { step: StepId(2), why, attempt: 3, after_ms: 9_000 });
    assert_snapshot!(out, @r#"
    stopping now: what still runs is left, the next run goes on with it
    aura-es-pre: 1 of 6 done, 2 running, 30s of about 10 min
      pools["nlp"]: changing for 29s, 3 of 7 pods still on nlp-1
      system.eck: creating for 29s, 429 too many requests
    system.eck: 503 unavailable
    "#);
}

#[test]
fn what_blocks_and_what_follows() {
    let mut run = Run::new(bare(80), Display::Live);
    let mut out = run.at(1, Report::Stalled { blocked: vec![(StepId(2), "the lease is gone".into())] });
    out += &run.at(2, Report::Replanning { blocks: vec![address("workers")] });
    out += &run.at(
        2,
        Report::Started {
            operation: OperationId("op1".into()),
            stack: "aura-es-pre".into(),
            environment: Some("blue".into()),
            steps: vec![info(0, "workers[\"a\"]", Verb::Create, &[], 0)],
            about_ms: None,
        },
    );
    out += &run.progress.frame(2, 80, 24);
    out += &run.at(3, done(EndResult::NeedsApproval));
    out += &run.progress.end(&Next { follow_up: Some("aurak apply rest.plan"), ..NEXT });
    assert_snapshot!(out, @"
    nothing moves:
      system.eck        the lease is gone
    planning what was deferred: workers
    aura-es-pre@blue  0 of 7 done                              0.0s of about 10 min

    done as far as it was approved in 0.0s: nothing was done
    next: look at the rest and approve it with `aurak apply rest.plan`
    ");
}
