//! What is run: one stack, changed by an input in four phases, the last of which destroys it. There is
//! something of everything: creates, updates, both orders of replacement, what somebody else made and
//! takes the place of what was there, deletes, long waits, failures
//! at the service, lost answers, composites, a provider that is configured by what the same run makes,
//! instances that are known only then, a command, secrets, and one type of which nobody but a person can
//! tell whether it was made.

use aurak_model::Value;
use aurak_sim::{Fault, FaultKind, Op};

/// The stack.
pub const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  phase: { type: integer, default: 1 }
let:
  first: "{{ phase == 1 }}"
  location: "{{ 'westeurope' if phase < 3 else 'northeurope' }}"
providers:
  sim: {}
  inner: { kubeconfig: "{{ cluster.kubeconfig }}" }
resources:
  drawn: { type: core.random, length: 12 }
  password: { type: core.random, kind: password, length: 24, keepers: "{{ phase < 3 }}" }
  noted: { type: core.data, input: { phase: "{{ phase }}", drawn: "{{ drawn.result }}" } }
  nap: { type: core.sleep, create: 30ms, destroy: 20ms, depends_on: [group] }
  command:
    type: core.command
    create: "echo made >> calls"
    read: "[ -e calls ] || exit 4"
    delete: "mv calls gone"

  group: { type: sim.group, name: demo, tags: { phase: "{{ phase }}" } }
  network: { type: sim.network, group: "{{ group.id }}", name: net, ranges: [10.0.0.0/8] }
  subnets:
    type: sim.subnet
    for_each: "{{ {'a': '10.1.0.0/16', 'b': '10.2.0.0/16', 'c': '10.3.0.0/16'} if first else {'a': '10.1.0.0/16', 'b': '10.22.0.0/16', 'd': '10.4.0.0/16'} }}"
    network: "{{ network.id }}"
    name: "{{ each.key }}"
    range: "{{ each.value }}"
  cluster:
    type: sim.cluster
    group: "{{ group.id }}"
    name: main
    location: "{{ location }}"
    version: "{{ '1.30' if first else '1.31' }}"
    subnet: "{{ subnets['a'].id }}"
    admin_password: "{{ password.result }}"
    tags: { phase: "{{ phase }}" }
  pools:
    type: sim.pool
    for_each: "{{ {'one': 's', 'two': 's', 'three': 's'} if first else {'one': 's', 'two': 'm', 'four': 's'} }}"
    cluster: "{{ cluster.id }}"
    name: "{{ each.key }}"
    size: "{{ each.value }}"
    count: "{{ 1 if first else 2 }}"
  side:
    type: sim.cluster
    group: "{{ group.id }}"
    name: "side-{{ location }}"
    location: "{{ location }}"
    lifecycle: { create_before_destroy: true }
  side_user: { type: sim.dependant, name: side-user, uses: "{{ side.id }}" }
  databases:
    type: sim.database
    for_each: "{{ {'main': 10, 'shrinks': 20} if phase < 3 else {'main': 12, 'shrinks': 5} }}"
    group: "{{ group.id }}"
    name: "{{ each.key }}"
    size_gb: "{{ each.value }}"
    password: "{{ password.result }}"

  things:
    type: sim.thing
    for_each: "{{ ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] if first else ['a', 'b', 'c', 'd', 'e', 'f', 'i', 'j'] }}"
    name: "thing-{{ each.key }}"
    value: "{{ phase if each.key in ['a', 'b', 'c'] else 0 }}"
    fixed: "{{ 'old' if first or each.key in ['a', 'b', 'c', 'e'] else 'new' }}"
    secret: "{{ password.result }}"
  users:
    type: sim.dependant
    for_each: [a, e]
    name: "user-of-{{ each.key }}"
    uses: "{{ things[each.key].id }}"
    value: "{{ drawn.result }}"
  swap:
    type: sim.thing
    name: swap
    fixed: "{{ 'old' if first else 'new' }}"
    lifecycle: { create_before_destroy: true }
  swap_user: { type: sim.dependant, name: swap-user, uses: "{{ swap.id }}" }
  swap_made: { type: sim.dependant, name: "swap-made-{{ 1 if first else 2 }}", made_of: "{{ swap.id }}" }
  taken:
    type: sim.thing
    name: taken
    fixed: "{{ 'old' if first else 'new' }}"
    value: "{{ phase }}"
    lifecycle: { create_before_destroy: true, adopt: true }
  taken_user: { type: sim.dependant, name: taken-user, uses: "{{ taken.id }}" }
  volumes:
    type: sim.volume
    for_each: [x, y]
    name: "{{ each.key }}"
    class: "{{ 'disk' if first else 'fast' }}"
  mounts: { type: sim.dependant, name: mounts, all: "{{ [volumes['x'].id, volumes['y'].id] }}" }
  secrets:
    type: sim.secret
    for_each: { one: "{{ password.result }}", two: "{{ 'kept' if first else 'changed' }}" }
    name: "{{ each.key }}"
    value: "{{ each.value }}"
  slow: { type: sim.preview, name: slow, replicas: "{{ phase }}" }
  token: { type: sim.token, owner: me, scopes: ["scope-{{ phase }}"] }
  reader: { type: sim.dependant, name: reader, uses: "{{ token.id }}" }
  bundle:
    type: sim.bundle
    prefix: part-
    things: "{{ {'p': {'value': 1}, 'q': {'value': 2, 'after': ['p']}, 'r': {'fixed': 'old'}} if first else {'p': {'value': 3}, 'r': {'fixed': 'new'}, 's': {'value': 4, 'after': ['p', 'r']}} }}"

  source: { type: sim.thing, name: source, fixed: "{{ 'old' if first else 'new' }}" }
  copies:
    type: sim.thing
    for_each: "{{ [source.id] }}"
    name: "copy-of-{{ each.key }}"

  space: { type: inner.namespace, name: apps }
  objects:
    type: inner.object
    for_each: "{{ ['web', 'api', 'db'] if first else ['web', 'api', 'cache'] }}"
    namespace: "{{ space.name }}"
    name: "{{ each.key }}"
    data: { phase: "{{ phase }}" }
    secret: { key: "{{ password.result }}" }
  app:
    type: inner.bundle
    namespace: "{{ space.name }}"
    kind: app
    objects: "{{ {'left': {'port': 1}, 'right': {'port': 2}} if first else {'left': {'port': 3}, 'up': {'port': 4}} }}"
outputs:
  endpoint: { value: "{{ cluster.endpoint }}" }
  password: { value: "{{ password.result }}", sensitive: true }
"#;

/// Types whose requests take longer than the others, in milliseconds: a request of these is on its way
/// when the run that sent it is long dead and the next one looks.
pub const SLOW: &[(Op, &str, u64)] =
    &[(Op::Create, "sim.preview", 240), (Op::Create, "sim.network", 60), (Op::Delete, "sim.volume", 80)];

/// A part of the scenario.
pub struct Phase {
    /// What it is called.
    pub name: &'static str,
    /// The words of the command, without the program.
    pub command: &'static [&'static str],
    /// Whether nothing is left after it.
    pub destroys: bool,
    /// What somebody else makes before it: types and attributes.
    pub others: fn() -> Vec<(&'static str, Value)>,
    /// What goes wrong at the service.
    pub faults: fn() -> Vec<Fault>,
    /// Those of them that end a run with 1; each does it once.
    pub failures: &'static [Failure],
}

/// A failure that a run has to tell of. Anything else that it calls an error is a finding.
pub struct Failure {
    /// What fails.
    pub address: &'static str,
    /// What the service answers.
    pub code: &'static str,
}

const fn failure(address: &'static str, code: &'static str) -> Failure {
    Failure { address, code }
}

/// The parts, in order.
pub const PHASES: &[Phase] = &[
    Phase {
        name: "create",
        command: &["apply", "--yes", "--var", "phase=1"],
        destroys: false,
        others: Vec::new,
        faults: || {
            vec![
                Fault::new(FaultKind::Permanent).op(Op::Create).on("things[\"h\"]"),
                Fault::new(FaultKind::FailsLater).op(Op::Create).on("pools[\"two\"]"),
                Fault::new(FaultKind::Lost).op(Op::Create).on("things[\"a\"]"),
                Fault::new(FaultKind::Lost).op(Op::Create).on("objects[\"api\"]"),
                Fault::new(FaultKind::Transient).op(Op::Create).on("mounts"),
                Fault::new(FaultKind::Throttled).op(Op::Create).on("sim.volume"),
            ]
        },
        failures: &[failure("things[\"h\"]", "NotAllowed"), failure("pools[\"two\"]", "OperationFailed")],
    },
    Phase {
        name: "change",
        command: &["apply", "--yes", "--var", "phase=2"],
        destroys: false,
        others: || {
            let taken =
                [("name", Value::from("taken")), ("fixed", Value::from("new")), ("value", Value::from(9))];
            vec![("sim.thing", Value::map(taken))]
        },
        faults: || {
            vec![
                Fault::new(FaultKind::Permanent).op(Op::Update).on("mounts"),
                Fault::new(FaultKind::FailsLater).op(Op::Update).on("cluster"),
                Fault::new(FaultKind::Lost).op(Op::Create).on("swap"),
                Fault::new(FaultKind::Lost).op(Op::Update).on("things[\"b\"]"),
                Fault::new(FaultKind::Lost).op(Op::Delete).on("objects[\"db\"]"),
            ]
        },
        failures: &[failure("mounts", "NotAllowed"), failure("cluster", "OperationFailed")],
    },
    Phase {
        name: "move",
        command: &["apply", "--yes", "--var", "phase=3"],
        destroys: false,
        others: Vec::new,
        faults: || {
            vec![
                Fault::new(FaultKind::FailsLater).op(Op::Delete).on("cluster"),
                Fault::new(FaultKind::Transient).op(Op::Delete).on("databases[\"shrinks\"]"),
            ]
        },
        failures: &[failure("cluster", "OperationFailed")],
    },
    Phase {
        name: "destroy",
        command: &["destroy", "--yes", "--var", "phase=3"],
        destroys: true,
        others: Vec::new,
        faults: || {
            vec![
                Fault::new(FaultKind::Permanent).op(Op::Delete).on("swap_made"),
                Fault::new(FaultKind::Lost).op(Op::Delete).on("network"),
            ]
        },
        failures: &[failure("swap_made", "NotAllowed")],
    },
];

/// What a run says when only a person can tell what became of the token.
pub const QUESTION: &str = "aurak state rm --attempt 'token'";
