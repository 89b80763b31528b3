//! Plans as they are drawn.

use aurak_model::plan::{RowPlan, Step, Work};
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Slot, StepId, Value};
use insta::assert_snapshot;

use super::*;
use crate::fixtures::{address, change, differs, odd, picture};

fn show(plan: &Plan, report: &PlanReport, style: &Style) -> String {
    let files = Files::default();
    super::plan(&PlanView { plan, report, files: &files, took_ms: Some(800) }, style)
}

fn at(width: u16) -> Style {
    Style { colour: false, ..Style::terminal(width) }
}

#[test]
fn how_long_it_takes_is_more_than_the_longest_chain_where_little_runs_at_once() {
    let (plan, mut report) = picture();
    report.usual_ms = Some(1_500_000);
    let text = show(&plan, &report, &at(120));
    assert_snapshot!(text.lines().last().unwrap(), @r#"about 25 min, 13 min of it in a row: pools["nlp"] → system.ingress → system.grafana.dns"#);
}

#[test]
fn the_picture() {
    let (plan, report) = picture();
    assert_snapshot!(show(&plan, &report, &at(120)), @r#"
    aura-es-pre  43 resources read in 0.8s with 31 requests

    ≠ changed outside aurak
        storage.account        allowBlobPublicAccess  false → true              will be set back

    - legacy_store             azure.storage_account  delete
        why: no longer in the stack; it was at storage.yaml:12
        ! loses data: 3 containers
    ± pools["nlp"]             azure.agent_pool       rotate, about 11 min
      ± vmSize                 Standard_D4s_v5 → Standard_D8s_v5                config.yml:41:13
        why: vmSize cannot be changed
    ~ pools["common"]          azure.agent_pool       in place, about 2 min
        maxCount               5 → 8                                            config.yml:36:16
    ~ storage.account          azure.storage_account  in place
        allowBlobPublicAccess  true → false                                     storage.yaml:7:5
    + system.grafana.dns       azure.dns_record_set   create
        ARecords[0]            (known after system.ingress)
        ttl                    300                                              system/dns.yaml:4:10
        token                  (sensitive)

    ! legacy_store: could not be read: stopped                                  check: asleep

    1 to create, 2 to change, 1 to rotate, 1 to delete, 1 drifted, 1 loses data; 38 as they should be
    about 13 min: pools["nlp"] → system.ingress → system.grafana.dns
    "#);
    assert_snapshot!(show(&plan, &report, &at(80)), @r#"
    aura-es-pre  43 resources read in 0.8s with 31 requests

    ≠ changed outside aurak
        storage.account        allowBlobPublicAccess  false → true  will be set back

    - legacy_store             azure.storage_account  delete
        why: no longer in the stack; it was at storage.yaml:12
        ! loses data: 3 containers
    ± pools["nlp"]             azure.agent_pool       rotate, about 11 min
      ± vmSize                 Standard_D4s_v5 → Standard_D8s_v5  config.yml:41:13
        why: vmSize cannot be changed
    ~ pools["common"]          azure.agent_pool       in place, about 2 min
        maxCount               5 → 8                   config.yml:36:16
    ~ storage.account          azure.storage_account  in place
        allowBlobPublicAccess  true → false            storage.yaml:7:5
    + system.grafana.dns       azure.dns_record_set   create
        ARecords[0]            (known after system.ingress)
        ttl                    300                     system/dns.yaml:4:10
        token                  (sensitive)

    ! legacy_store: could not be read: stopped         check: asleep

    1 to create, 2 to change, 1 to rotate, 1 to delete, 1 drifted, 1 loses data; 38
    as they should be
    about 13 min: pools["nlp"] → system.ingress → system.grafana.dns
    "#);
    assert_snapshot!(show(&plan, &report, &at(60)), @r#"
    aura-es-pre  43 resources read in 0.8s with 31 requests

    ≠ changed outside aurak
        storage.account        allowBlobPublicAccess
          false → true                    will be set back

    - legacy_store  azure.storage_account  delete
        why: no longer in the stack; it was at storage.yaml:12
        ! loses data: 3 containers
    ± pools["nlp"]  azure.agent_pool  rotate, about 11 min
      ± vmSize                 Standard_D4s_v5 → Standard_D8s_v5
                                          config.yml:41:13
        why: vmSize cannot be changed
    ~ pools["common"]  azure.agent_pool  in place, about 2 min
        maxCount               5 → 8      config.yml:36:16
    ~ storage.account  azure.storage_account  in place
        allowBlobPublicAccess  true → false  storage.yaml:7:5
    + system.grafana.dns  azure.dns_record_set  create
        ARecords[0]            (known after system.ingress)
        ttl                    300        system/dns.yaml:4:10
        token                  (sensitive)

    ! legacy_store: could not be read: stopped  check: asleep

    1 to create, 2 to change, 1 to rotate, 1 to delete, 1
    drifted, 1 loses data; 38 as they should be
    about 13 min: pools["nlp"] → … 1 more → system.grafana.dns
    "#);
}

#[test]
fn the_picture_in_ascii_short_and_in_colour() {
    let (plan, report) = picture();
    assert_snapshot!(show(&plan, &report, &Style { unicode: false, ..Style::plain() }), @r#"
    aura-es-pre  43 resources read in 0.8s with 31 requests

    !=  changed outside aurak
        storage.account          allowBlobPublicAccess  false -> true           will be set back

    -   legacy_store             azure.storage_account  delete
        why: no longer in the stack; it was at storage.yaml:12
        ! loses data: 3 containers
    +/- pools["nlp"]             azure.agent_pool       rotate, about 11 min
    +/- vmSize                   Standard_D4s_v5 -> Standard_D8s_v5             config.yml:41:13
        why: vmSize cannot be changed
    ~   pools["common"]          azure.agent_pool       in place, about 2 min
        maxCount                 5 -> 8                                         config.yml:36:16
    ~   storage.account          azure.storage_account  in place
        allowBlobPublicAccess    true -> false                                  storage.yaml:7:5
    +   system.grafana.dns       azure.dns_record_set   create
        ARecords[0]              (known after system.ingress)
        ttl                      300                                            system/dns.yaml:4:10
        token                    (sensitive)

    ! legacy_store: could not be read: stopped                                  check: asleep

    1 to create, 2 to change, 1 to rotate, 1 to delete, 1 drifted, 1 loses data; 38 as they should be
    about 13 min: pools["nlp"] -> system.ingress -> system.grafana.dns
    "#);
    assert_snapshot!(show(&plan, &report, &Style { detail: Detail::Short, ..at(100) }), @r#"
    aura-es-pre  43 resources read in 0.8s with 31 requests

    ≠ changed outside aurak
        storage.account        allowBlobPublicAccess  false → true  will be set back

    - legacy_store             azure.storage_account  delete, loses data
    ± pools["nlp"]             azure.agent_pool       rotate, about 11 min
    ~ pools["common"]          azure.agent_pool       in place, about 2 min
    ~ storage.account          azure.storage_account  in place
    + system.grafana.dns       azure.dns_record_set   create

    ! legacy_store: could not be read: stopped                      check: asleep

    1 to create, 2 to change, 1 to rotate, 1 to delete, 1 drifted, 1 loses data; 38 as they should be
    about 13 min: pools["nlp"] → system.ingress → system.grafana.dns
    "#);
    assert_snapshot!(show(&plan, &report, &Style::terminal(100)).replace('\x1b', "^"), @r#"
    ^[1maura-es-pre^[0m  ^[2m43 resources read in 0.8s with 31 requests^[0m

    ^[34m≠^[0m ^[34mchanged outside aurak^[0m
        ^[1mstorage.account^[0m        allowBlobPublicAccess  ^[2mfalse^[0m^[2m → ^[0mtrue  ^[2mwill be set back^[0m

    ^[31m-^[0m ^[1mlegacy_store^[0m             ^[2mazure.storage_account^[0m  ^[31mdelete^[0m
        ^[2mwhy: ^[0m^[2mno longer in the stack; it was at storage.yaml:12^[0m
        ^[1m^[33m! ^[0m^[1m^[33mloses data: 3 containers^[0m
    ^[35m±^[0m ^[1mpools["nlp"]^[0m             ^[2mazure.agent_pool^[0m       ^[35mrotate, about 11 min^[0m
      ^[35m±^[0m vmSize                 ^[2mStandard_D4s_v5^[0m^[2m → ^[0mStandard_D8s_v5    ^[2mconfig.yml:41:13^[0m
        ^[2mwhy: ^[0m^[2mvmSize cannot be changed^[0m
    ^[33m~^[0m ^[1mpools["common"]^[0m          ^[2mazure.agent_pool^[0m       ^[33min place, about 2 min^[0m
        maxCount               ^[2m5^[0m^[2m → ^[0m8                                ^[2mconfig.yml:36:16^[0m
    ^[33m~^[0m ^[1mstorage.account^[0m          ^[2mazure.storage_account^[0m  ^[33min place^[0m
        allowBlobPublicAccess  ^[2mtrue^[0m^[2m → ^[0mfalse                         ^[2mstorage.yaml:7:5^[0m
    ^[32m+^[0m ^[1msystem.grafana.dns^[0m       ^[2mazure.dns_record_set^[0m   ^[32mcreate^[0m
        ARecords[0]            (known after system.ingress)
        ttl                    300                                  ^[2msystem/dns.yaml:4:10^[0m
        token                  (sensitive)

    ^[1m^[33m! ^[0mlegacy_store: could not be read: stopped                      ^[2mcheck: asleep^[0m

    ^[1m1 to create, 2 to change, 1 to rotate, 1 to delete, 1 drifted, 1 loses data; 38 as they should be^[0m
    about 13 min: pools["nlp"] → system.ingress → system.grafana.dns
    "#);
}

#[test]
fn a_pipe_gets_what_a_terminal_gets() {
    let (plan, report) = picture();
    assert_eq!(show(&plan, &report, &Style::plain()), show(&plan, &report, &at(120)));
}

#[test]
fn everything_that_seldom_occurs() {
    let (plan, report) = odd();
    assert_snapshot!(show(&plan, &report, &at(120)), @r#"
    demo@pre

    ≠ changed outside aurak
        gone                is no longer there                                  will be made again

    ± node                  sim.node   replace, create first
        why: it lives in cluster, which is made anew
    ⊘ kept                  sim.node   forget, it stays where it is
        why: lifecycle.retain keeps it when it leaves the stack
    ~ modules_are_long.and_so_are_names.of_things["with keys"]  sim.thing  in place
        password            (sensitive, changes)                                aurak.yaml:9:15
        token               (sensitive, stays)
        policy              (JSON, 2 changes)                                   aurak.yaml:10:13
          ~ Statement[0].Effect  Allow → Deny
          + Version  2
        script              (lines: 1 removed, 1 added)                         aurak.yaml:11:13
            line 8
            line 9
          - line 10
          + line 10 changed
            line 11
            line 12
        tags.owner          platform → (not set)
        tags.cost           (not set) → a:1                                     aurak.yaml:20:13
        url                   …ng/long/long/long/long/long//v1.2
                            → …ng/long/long/long/long/long//v1.3                aurak.yaml:21:10
        labels["app.kubernetes.io/name"]  {a: [1, 2]} → {a: [1], b: (known after cluster)}
        values              (YAML, 2 changes)
          + image.pull  Always
          ~ replicas  1 → 2
        why: planned without asking the service: the preview was refused: 403
    → new                   sim.node   move, was old
    ← adopted               sim.node   take over
        why: it is there already as /subscriptions/1
    + gone                  sim.node   create
        name                漢字
    ? lookup                sim.zone   read

    … planned again during apply, when more is known
        workers             sim.node
          why: its for_each is known only then; waits for cluster

    outputs
      + kubeconfig          (sensitive, known after cluster)
      ~ url                 http://a → http://b
      ~ secret              (sensitive, changes)
      - went                1 → (not set)

    overridden
        node                replicas  0
          by: ana@ops, stopped over the weekend

    1 to create, 1 to change, 1 to replace, 1 to forget, 1 to take over, 1 to move, 1 to read, 1 to plan later, 1 drifted; 1
    row of the state to bring up to date
    "#);
    assert_snapshot!(show(&plan, &report, &at(60)), @r#"
    demo@pre

    ≠ changed outside aurak
        gone                is no longer there  will be made again

    ± node                  sim.node   replace, create first
        why: it lives in cluster, which is made anew
    ⊘ kept                  sim.node
        forget, it stays where it is
        why: lifecycle.retain keeps it when it leaves the stack
    ~ modules_are_long.and_so_are_names.of_things["with keys"]  sim.thing
        in place
        password            (sensitive, changes)  aurak.yaml:9:15
        token               (sensitive, stays)
        policy              (JSON, 2 changes)  aurak.yaml:10:13
          ~ Statement[0].Effect  Allow → Deny
          + Version  2
        script              (lines: 1 removed, 1 added)  aurak.yaml:11:13
            line 8
            line 9
          - line 10
          + line 10 changed
            line 11
            line 12
        tags.owner          platform → (not set)
        tags.cost           (not set) → a:1  aurak.yaml:20:13
        url                   …ng/long//v1.2
                            → …ng/long//v1.3  aurak.yaml:21:10
        labels["app.kubernetes.io/name"]
          {a: [1, 2]} → {a: [1], b: (known after cluster)}
        values              (YAML, 2 changes)
          + image.pull  Always
          ~ replicas  1 → 2
        why: planned without asking the service: the preview was
             refused: 403
    → new                   sim.node   move, was old
    ← adopted               sim.node   take over
        why: it is there already as /subscriptions/1
    + gone                  sim.node   create
        name                漢字
    ? lookup                sim.zone   read

    … planned again during apply, when more is known
        workers             sim.node
          why: its for_each is known only then; waits for
               cluster

    outputs
      + kubeconfig          (sensitive, known after cluster)
      ~ url                 http://a → http://b
      ~ secret              (sensitive, changes)
      - went                1 → (not set)

    overridden
        node                replicas  0
          by: ana@ops, stopped over the weekend

    1 to create, 1 to change, 1 to replace, 1 to forget, 1 to
    take over, 1 to move, 1 to read, 1 to plan later, 1 drifted;
    1 row of the state to bring up to date
    "#);
}

#[test]
fn every_detail() {
    let (plan, report) = odd();
    assert_snapshot!(show(&plan, &report, &Style { detail: Detail::Full, ..at(120) }), @r#"
    demo@pre

    ≠ changed outside aurak
        gone                is no longer there                                  will be made again

    ± node                  sim.node   replace, create first
        why: it lives in cluster, which is made anew
    ⊘ kept                  sim.node   forget, it stays where it is
        why: lifecycle.retain keeps it when it leaves the stack
    ~ modules_are_long.and_so_are_names.of_things["with keys"]  sim.thing  in place
        password            (sensitive, changes)                                aurak.yaml:9:15
        token               (sensitive, stays)
        policy              (JSON, 2 changes)                                   aurak.yaml:10:13
          ~ Statement[0].Effect  Allow → Deny
          + Version  2
        script              (lines: 1 removed, 1 added)                         aurak.yaml:11:13
            line 1
            line 2
            line 3
            line 4
            line 5
            line 6
            line 7
            line 8
            line 9
          - line 10
          + line 10 changed
            line 11
            line 12
            line 13
            line 14
            line 15
            line 16
            line 17
            line 18
            line 19
        tags.owner          platform → (not set)
        tags.cost           (not set) → a:1                                     aurak.yaml:20:13
        url                   https://example.org/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long//v1.2
                            → https://example.org/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long//v1.3
                                                                                aurak.yaml:21:10
        labels["app.kubernetes.io/name"]  {a: [1, 2]} → {a: [1], b: (known after cluster)}
        values              (YAML, 2 changes)
          + image.pull  Always
          ~ replicas  1 → 2
        why: its configuration changed; planned without asking the service: the preview was refused: 403
    → new                   sim.node   move, was old
    ← adopted               sim.node   take over
        why: it is there already as /subscriptions/1
    + gone                  sim.node   create
        name                漢字
        why: it is in the state, but no longer there
    ? lookup                sim.zone   read
    = row                   sim.node   bookkeeping
        why: only its row in the state is brought up to date

    … planned again during apply, when more is known
        workers             sim.node
          why: its for_each is known only then; waits for cluster

    outputs
      + kubeconfig          (sensitive, known after cluster)
      ~ url                 http://a → http://b
      = same                1 → 1
      ~ secret              (sensitive, changes)
      - went                1 → (not set)

    overridden
        node                replicas  0
          by: ana@ops, stopped over the weekend

    1 to create, 1 to change, 1 to replace, 1 to forget, 1 to take over, 1 to move, 1 to read, 1 to plan later, 1 drifted; 1
    row of the state to bring up to date
    "#);
}

#[test]
fn nothing_to_do_is_one_number() {
    let plan = crate::fixtures::plan(Vec::new());
    assert_snapshot!(show(&plan, &PlanReport { read: 38, ..PlanReport::default() }, &at(120)), @"
    aura-es-pre  38 resources read in 0.8s

    nothing to do; 38 as they should be
    ");
    let mut drifted = change("a", "sim.node", Action::NoOp);
    drifted.drift = vec![differs("count", Some(1.into()), Some(2.into()), "")];
    let plan = crate::fixtures::plan(vec![drifted]);
    assert_snapshot!(show(&plan, &PlanReport::default(), &at(120)), @"
    aura-es-pre

    ≠ changed outside aurak
        a                   count  1 → 2                                        stays

    nothing to do, 1 drifted; 38 as they should be
    ");
}

#[test]
fn many_creates_are_a_line_each() {
    let create = |n: u32| {
        let mut create = change(&format!("r{n:05}"), "core.data", Action::Create);
        create.differences = vec![differs("input.name", None, Some("x".into()), "")];
        create
    };
    let plan = crate::fixtures::plan((0..10_000).map(create).collect());
    let report = PlanReport::default();
    let shown = show(&plan, &report, &Style::plain());
    assert_eq!(shown.lines().count(), 10_000 + 4);
    assert!(shown.ends_with("10,000 to create; 38 as they should be\n"));
    let full = show(&plan, &report, &Style { detail: Detail::Full, ..Style::plain() });
    assert_eq!(full.lines().count(), 20_000 + 4);
}

#[test]
fn no_secret_is_shown_in_any_detail() {
    let (plan, report) = odd();
    for detail in [Detail::Short, Detail::Normal, Detail::Full] {
        assert!(!show(&plan, &report, &Style { detail, ..at(120) }).contains("canary"));
    }
}

#[test]
fn a_rotation_has_its_steps_in_every_detail() {
    let step = |id: u32, slot: Slot, work: Work, seconds: u64| Step {
        id: StepId(id),
        address: address("pool"),
        type_name: "sim.pool".into(),
        slot,
        work,
        provider: None,
        after: Vec::new(),
        serialise: None,
        usual_ms: Some(seconds * 1000),
        timeout_s: None,
    };
    let make = || Work::Create { desired: Value::Null, adopt: false, key: None, row: RowPlan::default() };
    let delete = || Work::Delete { id: "".into(), live: Value::Null };
    let drain = Work::Invoke { action: "drain".into(), args: Value::Null };
    let rotated = Change {
        steps: (0..5).map(StepId).collect(),
        ..change("pool", "sim.pool", Action::Replace(ReplaceOrder::Rotate))
    };
    let plan = Plan {
        steps: vec![
            step(0, Slot::Temporary, make(), 120),
            step(1, Slot::Current, drain, 10),
            step(2, Slot::Current, delete(), 60),
            step(3, Slot::Current, make(), 120),
            step(4, Slot::Temporary, delete(), 60),
        ],
        ..crate::fixtures::plan(vec![rotated])
    };
    let shown = show(&plan, &PlanReport::default(), &Style { detail: Detail::Full, ..at(80) });
    let steps: Vec<&str> = shown.lines().filter(|line| line.contains("step: ")).collect();
    assert_snapshot!(steps.join("\n"), @"
    step: create, temporary, about 2 min
    step: call drain, about 10 s
    step: delete, about 1 min
    step: create, about 2 min
    step: delete, temporary, about 1 min
    ");
}
