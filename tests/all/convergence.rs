//! Killed at any instant, or with requests failing by chance: a run that is repeated converges, with
//! nothing made twice and nothing forgotten.

use aurak_tests::scenario::play;
use aurak_tests::scenario::script::{Item, Script};

const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  fixed: { type: string, default: a }
providers:
  sim: {}
  inner: { kubeconfig: "{{ cluster.kubeconfig }}" }
resources:
  group: { type: sim.group, name: demo }
  network: { type: sim.network, group: "{{ group.id }}", name: net }
  subnets:
    type: sim.subnet
    for_each: { a: 10.1.0.0/16, b: 10.2.0.0/16 }
    network: "{{ network.id }}"
    name: "{{ each.key }}"
    range: "{{ each.value }}"
  cluster:
    type: sim.cluster
    group: "{{ group.id }}"
    name: main
    location: westeurope
    subnet: "{{ subnets['a'].id }}"
  pool: { type: sim.pool, cluster: "{{ cluster.id }}", name: one, size: "{{ fixed }}" }
  config: { type: inner.object, name: config, data: "{{ thing.serial }}" }
  thing:
    type: sim.thing
    name: thing
    fixed: "{{ fixed }}"
    lifecycle: { create_before_destroy: true }
  user: { type: sim.dependant, name: user, uses: "{{ thing.id }}" }
  made: { type: sim.dependant, name: "made-{{ fixed }}", made_of: "{{ thing.id }}" }
"#;

const BRIEF_END: &str = "1 x inner.object\n1 x sim.cluster\n2 x sim.dependant\n1 x sim.group\n1 x sim.network\n1 x sim.pool\n\
    2 x sim.subnet\n1 x sim.thing\n10 rows\n";

fn run(commands: &str) -> Result<(), String> {
    let script =
        Script::parse(&format!("--- aurak.yaml{STACK}---\n{commands}")).map_err(|e| e.to_string())?;
    let played = play(&script).map_err(|e| e.to_string())?;
    let end = played.script.items.iter().rev().find_map(|item| match item {
        Item::Command { output, .. } => Some(output.as_str()),
        _ => None,
    });
    if played.problems.is_empty() && end == Some(BRIEF_END) {
        return Ok(());
    }
    Err(format!("{}\n{}", played.problems.join("\n"), played.script))
}

/// The first failure, as a scenario to keep.
fn first_failure(scripts: impl Iterator<Item = String>) {
    let mut tried = 0;
    for script in scripts {
        tried += 1;
        if let Err(why) = run(&script) {
            panic!("after {tried} tries:\n{why}");
        }
    }
    assert!(tried > 0);
}

/// Steps that meet every half of a request's latency, and some of the long waits in between.
fn instants() -> impl Iterator<Item = u64> {
    (0..30).map(|n| 40 * n).chain((0..40).map(|n| 2_000 + 11_027 * n))
}

#[test]
fn a_first_apply_killed_at_any_instant_converges() {
    first_failure(
        instants()
            .map(|ms| format!("$ apply --kill-after {ms}ms\n$ apply --until-done\n$ end clean brief\n")),
    );
}

#[test]
fn replacements_killed_at_any_instant_converge() {
    first_failure(instants().map(|ms| {
        format!(
            "$ apply --quiet\n$ apply --var fixed=b --kill-after {ms}ms\n$ apply --var fixed=b --until-done\n\
             $ end clean brief --var fixed=b\n"
        )
    }));
}

#[test]
fn a_run_killed_twice_converges() {
    first_failure(instants().step_by(3).map(|ms| {
        format!(
            "$ apply --kill-after {ms}ms\n$ apply --kill-after {}ms\n$ apply --until-done\n$ end clean brief\n",
            ms + 70
        )
    }));
}

#[test]
fn requests_that_fail_by_chance_are_got_over() {
    first_failure((1..40).map(|seed| {
        format!(
            "$ world seed {seed}\n$ world chaos 200\n$ apply --until-done\n$ apply --var fixed=b --until-done\n\
             $ world calm\n$ end clean brief --var fixed=b\n"
        )
    }));
}

#[test]
fn killed_and_failing_by_chance() {
    first_failure((1..40).map(|seed| {
        format!(
            "$ world seed {seed}\n$ world chaos 150\n$ apply --kill-after {}ms\n$ apply --until-done\n$ world calm\n\
             $ end clean brief\n",
            seed * seed * 311
        )
    }));
}
