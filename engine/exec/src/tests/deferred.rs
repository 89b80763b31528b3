//! Values that only apply can tell.

use aurak_model::plan::{Deferred, DeferredCondition, OutputChange};
use aurak_model::snapshot::ProviderNode;
use aurak_model::value::Map;
use aurak_model::{NodeId, Origin, Path, Record, StepId, Type, Unknown, Value};

use super::kit::*;

fn node_ref(node: u32, path: &str, ty: Type) -> Value {
    let origin = Origin::Node { node: NodeId(node), path: Path::parse(path).unwrap() };
    Value::Unknown(Box::new(Unknown { ty, origin, sensitive: false }))
}

fn deferred(p: &mut Planner, expression: &str, refs: &[(&str, Value)]) -> Value {
    let refs: Map = refs.iter().map(|(name, value)| (*name, value.clone())).collect();
    p.plan.nodes.push(Deferred {
        expression: expression.into(),
        refs,
        ty: Type::Any,
        sensitive: false,
        place: Some("aurak.yaml:7:3".into()),
    });
    node_ref(p.plan.nodes.len() as u32 - 1, "", Type::Any)
}

fn one(name: &str, value: Value) -> Value {
    Value::map([(name, value)])
}

#[tokio::test(start_paused = true)]
async fn bare_paths_expressions_and_merges_are_filled_in() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", Value::map([("name", Value::from("first")), ("any", one("x", Value::Int(7)))]), &[]);
    let text = deferred(
        &mut p,
        "{{ a.name }}-{{ a.any.x + 1 }}",
        &[("a", Value::map([("name", later("a", "name")), ("any", one("x", later("a", "any.x")))]))],
    );
    let merged = deferred(
        &mut p,
        "{{ merge(known, { 'id': a.id }) }}",
        &[("known", one("k", Value::from("v"))), ("a", one("id", later("a", "id")))],
    );
    // A node of a node, and a part of a node.
    let upper = deferred(&mut p, "{{ n | upper }}", &[("n", text.clone())]);
    p.create(
        "b",
        Value::map([
            ("name", text),
            ("tags", merged),
            ("any", Value::list([later("a", "id"), upper, node_ref(1, "k", Type::String)])),
        ]),
        &["a"],
    );
    kit.run(&p.plan).await.done();
    let state = kit.state().await;
    insta::assert_snapshot!(format!("{:?}", state.rows[&address("b")].current.as_ref().unwrap().desired), @r#"{"any": ["id-a", "FIRST-8", "v"], "name": "first-8", "tags": {"id": "id-a", "k": "v"}}"#);
}

#[tokio::test(start_paused = true)]
async fn marks_go_with_the_values() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", one("secret", Value::from("canary").sensitive()), &[]);
    let row = address("a");
    let secret = Value::Unknown(Box::new(Unknown {
        ty: Type::String,
        origin: Origin::Row { row, path: Path::key("secret") },
        sensitive: true,
    }));
    let url = deferred(&mut p, "https://{{ s }}@host", &[("s", secret)]);
    p.create("b", one("name", url), &["a"]);
    kit.run(&p.plan).await.done();
    let object = kit.state().await.rows[&address("b")].current.clone().unwrap();
    assert_eq!(format!("{:?}", object.desired), "{\"name\": (sensitive)}");
    assert_eq!(object.desired.reveal(), one("name", Value::from("https://canary@host")));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_breaks_the_type_is_refused_before_anything_is_sent() {
    let mut p = Planner::new();
    p.create("a", Value::map([("any", one("n", Value::Int(99)))]), &[]);
    let big = deferred(&mut p, "{{ n }}", &[("n", later("a", "any.n"))]);
    p.create("too_big", one("size", big), &["a"]);
    let list = deferred(&mut p, "{{ [n] }}", &[("n", later("a", "any.n"))]);
    p.create("a_list", one("name", list), &["a"]);
    p.create("missing", one("name", later("a", "any.m")), &["a"]);
    let broken = deferred(&mut p, "{{ 1 / (n - 99) }}", &[("n", later("a", "any.n"))]);
    p.create("broken", one("size", broken), &["a"]);
    let typed = Value::of_row(&address("a"), Path::parse("any.n").unwrap(), Type::List);
    p.create("typed", one("any", typed), &["a"]);
    let kit = Kit::new().await;
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.result.findings.iter().map(told).collect::<Vec<_>>().join("\n"), @"
    could not create `too_big`: `size` turned out to be unusable: 99 is out of range [type]
      nothing was sent
      it must be at most 10
    could not create `a_list`: `name` turned out to be unusable: a string is wanted here, and this is a list [type]
      nothing was sent
      write it as JSON with `| json`, or as YAML with `| yaml`
    could not create `missing`: `a` turned out to have no `any.m` [unknown]
      `aurak show a` lists what it has
    could not create `broken`: aurak.yaml:7:3: division by zero [expression]
    could not create `typed`: `any.n` of `a` was planned as a list and turned out to be an integer [unknown]
    ");
    assert_eq!(kit.log.calls(), ["create a"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_turns_out_to_need_a_new_object_is_refused() {
    let kit = Kit::new().await;
    kit.has("b", Value::map([("fixed", Value::from("before"))])).await;
    kit.has("c", Value::map([("fixed", Value::from("id-a"))])).await;
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    let live = |fixed: &str| one("fixed", Value::from(fixed));
    p.update("b", one("fixed", later("a", "id")), live("before"), &["a"]);
    p.update("c", one("fixed", later("a", "id")), live("id-a"), &["a"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    could not update `b`: `fixed` turned out to change, which needs a new object [replacement]
      the plan shows a change in place; nothing was sent
      make the plan again: it shows the replacement
    ");
    assert_eq!(kit.log.calls(), ["create a", "update id-c"]);
}

#[tokio::test(start_paused = true)]
async fn long_chains_of_nodes_and_circles_of_them_are_no_trouble() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", one("any", Value::Int(0)), &[]);
    let mut last = later("a", "any");
    for _ in 0..20_000 {
        last = deferred(&mut p, "{{ n + 1 }}", &[("n", last)]);
    }
    p.create("b", one("any", last), &["a"]);
    let here = p.plan.nodes.len() as u32;
    deferred(&mut p, "{{ n }}", &[("n", node_ref(here + 1, "", Type::Any))]);
    deferred(&mut p, "{{ n }}", &[("n", node_ref(here, "", Type::Any))]);
    p.create("c", one("any", node_ref(here, "", Type::Any)), &["a"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"could not create `c`: the value at aurak.yaml:7:3 needs itself [unknown]");
    let b = kit.state().await.rows[&address("b")].current.clone().unwrap();
    assert_eq!(b.desired, one("any", Value::Int(20_000)));
}

#[tokio::test(start_paused = true)]
async fn a_volatile_attribute_is_read_on_use_once_and_never_stored() {
    let kit = Kit::new().await;
    kit.has("a", one("name", Value::from("n"))).await;
    let mut p = Planner::new();
    p.create("b", one("any", later("a", "token")), &[]);
    p.create("c", one("any", later("a", "token")), &[]);
    // One that this run makes is not read again.
    p.create("d", lasting(1), &[]);
    p.create("e", one("any", later("d", "token")), &["d"]);
    p.plan.outputs.push(OutputChange {
        name: "token".into(),
        before: None,
        after: Some(later("a", "token")),
    });
    kit.run(&p.plan).await.done();
    assert_eq!(kit.log.calls().iter().filter(|l| l.starts_with("read")).count(), 1);
    let state = kit.state().await;
    let b = state.rows[&address("b")].current.as_ref().unwrap();
    assert_eq!(b.desired, one("any", Value::from("token-of-id-a")));
    assert_eq!(state.rows[&address("d")].current.as_ref().unwrap().attributes.at(&Path::key("token")), None);
    // The output is a reference to where it is read from.
    insta::assert_snapshot!(format!("{:?}", state.outputs), @r#"{"token": (known after a: token)}"#);
}

#[tokio::test(start_paused = true)]
async fn a_provider_waits_for_what_it_is_configured_with() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("cluster", one("name", Value::from("c")), &[]);
    let url = deferred(&mut p, "https://{{ id }}", &[("id", later("cluster", "id"))]);
    let mixed = deferred(&mut p, "Bearer {{ t }}", &[("t", later("cluster", "token"))]);
    for (name, token) in [("inner", later("cluster", "token")), ("mixed", mixed)] {
        p.plan.providers.push(ProviderNode {
            address: provider_address(name),
            type_name: "t".into(),
            config: Value::map([("url", url.clone()), ("token", token)]),
            needs: vec![address("cluster")],
        });
    }
    p.create("b", lasting(1), &["cluster"]).provider = Some(1);
    p.create("c", lasting(1), &["cluster"]).provider = Some(2);
    kit.run(&p.plan).await.done();
    let configs: Vec<String> =
        kit.opened.lock().unwrap().iter().map(|node| format!("{} {:?}", node.address, node.config)).collect();
    insta::assert_snapshot!(configs.join("\n"), @r#"
    t {}
    inner {"token": "token-of-id-cluster", "url": "https://id-cluster"}
    mixed {"token": "Bearer token-of-id-cluster", "url": "https://id-cluster"}
    "#);
    // A volatile leaf is kept as a reference, and sealed where it went into a text.
    let state = kit.state().await;
    let kept: Vec<String> = state
        .providers
        .values()
        .map(|row| format!("{} {:?} {:?}", row.address, row.config, row.needs))
        .collect();
    insta::assert_snapshot!(kept.join("\n"), @r#"
    inner {"token": (known after cluster: token), "url": "https://id-cluster"} [cluster]
    mixed {"token": (sensitive), "url": "https://id-cluster"} [cluster]
    t {} []
    "#);

    // Another run, which only has the state, deletes through it.
    let again = Kit { store: kit.store.clone(), ..kit };
    again.opened.lock().unwrap().clear();
    let mut p = Planner::new();
    let recorded = &state.providers[&provider_address("inner")];
    p.plan.providers[0] = ProviderNode {
        address: recorded.address.clone(),
        type_name: "t".into(),
        config: recorded.config.clone(),
        needs: Vec::new(),
    };
    p.delete("b", &[]);
    again.run(&p.plan).await.done();
    let opened: Vec<String> = again
        .opened
        .lock()
        .unwrap()
        .iter()
        .map(|node| format!("{} {:?}", node.address, node.config))
        .collect();
    insta::assert_snapshot!(opened.join("\n"), @r#"
    t {}
    inner {"token": (sensitive), "url": "https://id-cluster"}
    "#);
    // Nothing uses it any more.
    assert!(!again.state().await.providers.contains_key(&provider_address("inner")));
    assert!(again.state().await.providers.contains_key(&provider_address("mixed")));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_needs_itself_is_an_error() {
    let kit = Kit::new().await;
    let applied = aurak_api::Applied { id: "id-a".into(), attributes: Value::Null };
    let mut inside = row("a", &applied, Value::Null);
    inside.provider = provider_address("u");
    kit.has_row(inside).await;
    let mut p = Planner::new();
    p.plan.providers[0].address = provider_address("u");
    p.plan.providers[0].config = one("token", later("a", "token"));
    p.create("b", lasting(1), &[]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"could not create `b`: the provider `u` could not be opened: it is configured with `a`, which it makes [provider]");
}

#[tokio::test(start_paused = true)]
async fn outputs_are_recorded_when_they_are_known_and_differ() {
    let kit = Kit::new().await;
    kit.world.act("create bad", Act::Fail(aurak_api::ProviderError::permanent("no")));
    let mut p = Planner::new();
    p.create("a", lasting(1), &[]);
    p.create("bad", lasting(1), &[]);
    let mixed = deferred(&mut p, "{{ t }}!", &[("t", later("a", "token"))]);
    for (name, before, after) in [
        ("id", None, Some(later("a", "id"))),
        ("bad", None, Some(later("bad", "id"))),
        ("gone", Some(Value::from("x")), None),
        ("same", None, Some(Value::from("y"))),
        ("mixed", None, Some(mixed)),
    ] {
        p.plan.outputs.push(OutputChange { name: name.into(), before, after });
    }
    use aurak_state::Store;
    let records = ["gone", "same"].map(|name| Record::Output {
        name: name.into(),
        value: Some(Value::from(if name == "same" { "y" } else { "x" })),
    });
    kit.store.append(kit.context.lease.fence(), records.to_vec()).await.unwrap();
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(format!("{:?}", kit.state().await.outputs), @r#"{"id": "id-a", "same": "y"}"#);
    insta::assert_snapshot!(ran.result.findings.iter().map(told).collect::<Vec<_>>().join("\n"), @"
    could not create `bad`: no [refused]
      nothing was changed
    the output `mixed` is not recorded: it is made from a volatile attribute, which is never stored [volatile_output]
      let the output be the volatile attribute itself: it is read on use
    ");
    assert_eq!(kit.log.lines().last().unwrap(), "append output id, output gone");
}

fn condition(p: &mut Planner, of: Option<&str>, after: bool, that: Value, message: &str) {
    p.plan.conditions.push(DeferredCondition {
        address: of.map(address),
        after,
        that,
        message: Value::from(message),
        place: Some("aurak.yaml:9:5".into()),
    });
}

#[tokio::test(start_paused = true)]
async fn conditions_stop_a_step_before_or_after_it() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", one("any", Value::Int(3)), &[]);
    let few = deferred(&mut p, "{{ n > 5 }}", &[("n", later("a", "any"))]);
    let some = deferred(&mut p, "{{ n > 1 }}", &[("n", later("a", "any"))]);
    let own = deferred(&mut p, "{{ id == 'other' }}", &[("id", later("after", "id"))]);
    condition(&mut p, Some("before"), false, few.clone(), "more are needed");
    condition(&mut p, Some("fine"), false, some, "never said");
    condition(&mut p, Some("after"), true, own, "it has the wrong id");
    condition(&mut p, None, true, few, "the stack wants more");
    for name in ["before", "fine", "after"] {
        p.create(name, lasting(1), &["a"]);
    }
    p.create("last", lasting(1), &["after"]);
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.story(), @"
    1 start a
    1001 done a
    1001 start after
    1001 start before
    1001 failed before: could not create `before`: more are needed
    1001 start fine
    1002 failed after: a condition of `after` does not hold: it has the wrong id
    1002 skipped last: `after` failed (after)
    1002 done fine
    1002 Failed: 2 done, 2 failed, 1 skipped
    ");
    insta::assert_snapshot!(ran.result.findings.iter().map(told).collect::<Vec<_>>().join("\n"), @"
    could not create `before`: more are needed [condition]
      the condition `{{ n > 5 }}` at aurak.yaml:9:5 does not hold
    a condition of `after` does not hold: it has the wrong id [condition]
      the condition `{{ id == 'other' }}` at aurak.yaml:9:5 does not hold
    ");
    // What was made is recorded, whatever the condition says.
    assert!(kit.state().await.rows.contains_key(&address("after")));
}

#[tokio::test(start_paused = true)]
async fn checks_of_the_stack_are_judged_at_the_end() {
    let kit = Kit::new().await;
    let mut p = Planner::new();
    p.create("a", one("any", Value::Int(3)), &[]);
    let that = deferred(&mut p, "{{ n > 5 }}", &[("n", later("a", "any"))]);
    condition(&mut p, None, true, that, "the stack wants more");
    let unknown = Value::Unknown(Box::new(Unknown {
        ty: Type::Any,
        origin: Origin::Deferred { block: address("later") },
        sensitive: false,
    }));
    condition(&mut p, None, true, unknown, "left to the next plan");
    let ran = kit.run(&p.plan).await;
    insta::assert_snapshot!(ran.failure(), @"
    a check does not hold: the stack wants more [condition]
      the condition `{{ n > 5 }}` at aurak.yaml:9:5 does not hold
    ");
    assert_eq!(ran.result.steps[0], Some(aurak_model::StepEnd::Done));
    assert_eq!(p.plan.steps[0].id, StepId(0));
}
