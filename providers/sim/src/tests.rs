//! The world as a caller sees it, with the clock paused.

use std::sync::Arc;
use std::time::Duration;

use aurak_api::{Call, Class, Effect, Progress, Provider, ProviderError, Recovery, Update};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Path, Value};

use crate::{Fault, FaultKind, Op, World};

fn value(json: &str) -> Value {
    Value::from_json(&serde_json::from_str(json).unwrap())
}

fn call(key: &str) -> Call {
    Call::new(key, &Address::parse("x").unwrap())
}

async fn open(world: &World, kind: &str, config: &str) -> Result<Arc<dyn Provider>, ProviderError> {
    world.registry().configure(kind, &value(config)).await
}

async fn main(world: &World) -> Arc<dyn Provider> {
    open(world, "sim", "{}").await.unwrap()
}

/// Goes on until it is done; how a caller waits.
async fn finish(
    provider: &dyn Provider,
    ty: &str,
    mut progress: Progress,
) -> Result<Progress, ProviderError> {
    while let Progress::Waiting { handle, poll, .. } = progress {
        tokio::time::sleep(poll).await;
        progress = provider.resume(&call("wait"), ty, &handle).await?;
    }
    Ok(progress)
}

async fn create(provider: &dyn Provider, ty: &str, json: &str) -> Result<String, ProviderError> {
    let progress = provider.create(&call(&format!("{ty} {json}")), ty, &value(json)).await?;
    match finish(provider, ty, progress).await? {
        Progress::Done(applied) => Ok(applied.id.to_string()),
        other => panic!("{other:?}"),
    }
}

async fn update(provider: &dyn Provider, ty: &str, id: &str, json: &str) -> Result<Value, ProviderError> {
    let update = Update { id: id.into(), desired: value(json), live: Value::Null, unset: vec![] };
    let progress = provider.update(&call("update"), ty, &update).await?;
    match finish(provider, ty, progress).await? {
        Progress::Done(applied) => Ok(applied.attributes.reveal()),
        other => panic!("{other:?}"),
    }
}

async fn delete(provider: &dyn Provider, ty: &str, id: &str) -> Result<Progress, ProviderError> {
    let progress = provider.delete(&call("delete"), ty, id, &Value::Null).await?;
    finish(provider, ty, progress).await
}

const CLUSTER: &str = r#"{"group": "group-1", "name": "main", "location": "West Europe"}"#;

async fn with_cluster() -> (World, Arc<dyn Provider>) {
    let world = World::new(1);
    let provider = main(&world).await;
    create(&*provider, "sim.group", r#"{"name": "g"}"#).await.unwrap();
    create(&*provider, "sim.cluster", CLUSTER).await.unwrap();
    (world, provider)
}

#[tokio::test(start_paused = true)]
async fn the_service_keeps_forms_and_defaults_of_its_own() {
    let (world, provider) = with_cluster().await;
    let body = r#"{"version": "1.31", "tier": "PREMIUM", "allowed": ["10.1.2.3/16", "10.0.0.0/8"],
        "rules": [{"name": "web", "port": 443}, {"name": "admin", "port": 22}], "policy": "{ \"b\":1 }",
        "network": {"plugin": "flat"}, "labels": {"mine": "1"}, "admin_password": "hidden"}"#;
    update(&*provider, "sim.cluster", "cluster-1", body).await.unwrap();
    world.edit("cluster-1", "labels.theirs", "2".into()).unwrap();
    create(&*provider, "sim.pool", r#"{"cluster": "cluster-1", "name": "a", "size": "s"}"#).await.unwrap();
    insta::assert_snapshot!(world.draw(), @r#"
    cluster-1  sim.cluster
        admin_password: "hidden"
        allowed: ["10.0.0.0/8","10.1.0.0/16"]
        endpoint: "https://cluster-1.sim"
        group: "group-1"
        kubeconfig: "{\"endpoint\":\"https://cluster-1.sim\",\"token\":\"opens-cluster-1-1\"}"
        labels:
            mine: "1"
            theirs: "2"
        location: "westeurope"
        name: "main"
        network:
            dns: "10.0.0.10"
            plugin: "flat"
        policy: "{\"b\":1}"
        rules: [{"name":"admin","port":22,"priority":100},{"name":"web","port":443,"priority":110}]
        running_version: "1.31.4"
        state: "running"
        tier: "Premium"
        token: "opens-cluster-1-1"
        version: "1.31"
    group-1  sim.group
        location: "westeurope"
        name: "g"
    pool-1  sim.pool
        cluster: "cluster-1"
        count: 1
        image: "image-1"
        name: "a"
        size: "s"
    "#);
    let Refreshed::Found { attributes, .. } =
        provider.read("sim.cluster", "cluster-1", &Value::Null).await.unwrap()
    else {
        panic!("absent")
    };
    assert_eq!(attributes.as_map().unwrap().get("admin_password"), None, "it is only ever written");
    insta::assert_snapshot!(world.draw_writes(), @r"
      0.020  create sim.group g: group-1
      0.220  create sim.cluster group-1/main: operation-1
    300.350  update sim.cluster cluster-1: operation-2
    360.480  create sim.pool cluster-1/a: operation-3
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_or_not_there_is_refused() {
    let (_world, provider) = with_cluster().await;
    let p = &*provider;
    create(p, "sim.thing", r#"{"name": "t"}"#).await.unwrap();
    create(p, "sim.dependant", r#"{"name": "d", "all": ["thing-1"]}"#).await.unwrap();
    let refusals = [
        create(p, "sim.cluster", &CLUSTER.replace("group-1", "group-9")).await.unwrap_err(),
        create(p, "sim.group", r#"{"name": "g", "tags": {}}"#).await.unwrap_err(),
        create(p, "sim.group", r#"{"name": "h", "tag": 1}"#).await.unwrap_err(),
        create(p, "sim.group", "{}").await.unwrap_err(),
        delete(p, "sim.group", "group-1").await.unwrap_err(),
        delete(p, "sim.thing", "thing-1").await.unwrap_err(),
        update(p, "sim.cluster", "cluster-1", r#"{"name": "other"}"#).await.unwrap_err(),
        update(p, "sim.cluster", "cluster-1", r#"{"version": "1.29"}"#).await.unwrap_err(),
        update(p, "sim.cluster", "cluster-7", "{}").await.unwrap_err(),
    ];
    let lines: Vec<String> =
        refusals.iter().map(|e| format!("{} ({})", e.message, e.status.as_deref().unwrap_or(""))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    `group` names `group-9`, which is not there (400 Bad Request)
    sim.group `g` is there already (409 Conflict)
    sim.group has no attribute `tag` (400 Bad Request)
    sim.group needs `name` (400 Bad Request)
    group-1 is in use by cluster-1 (400 Bad Request)
    thing-1 is in use by dependant-1 (400 Bad Request)
    `name` of cluster-1 cannot be changed (400 Bad Request)
    a cluster cannot go back to an older version (400 Bad Request)
    there is no `cluster-7` (404 Not Found)
    ");
    assert_eq!(refusals[1].class, Class::Exists { id: "group-1".into() });
    assert_eq!(refusals[8].class, Class::Gone);
    assert_eq!(delete(p, "sim.thing", "thing-7").await.unwrap(), Progress::Deleted);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_takes_one_change_at_a_time() {
    let (world, provider) = with_cluster().await;
    let p = &*provider;
    let start = tokio::time::Instant::now();
    let pool = |name: &str| value(&format!(r#"{{"cluster": "cluster-1", "name": "{name}", "size": "s"}}"#));
    let (a, b) = (pool("a"), pool("b"));
    let (one, two) = (call("1"), call("2"));
    let (first, second) = tokio::join!(p.create(&one, "sim.pool", &a), p.create(&two, "sim.pool", &b));
    assert_eq!(second.unwrap_err().class, Class::Conflict);
    let first = first.unwrap();
    let third = p.create(&two, "sim.pool", &b).await.unwrap_err();
    insta::assert_snapshot!(third.message, @"create of sim.pool cluster-1/b: create of pool-1 is under way");
    finish(p, "sim.pool", first).await.unwrap();
    create(p, "sim.pool", r#"{"cluster": "cluster-1", "name": "b", "size": "s"}"#).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(240), "{:?}", start.elapsed());
    assert_eq!(world.count(Op::Create, Some("sim.pool")), 4);
    // Pools die with their cluster.
    delete(p, "sim.cluster", "cluster-1").await.unwrap();
    assert_eq!(world.objects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn faults_do_what_they_say() {
    let world = World::new(1);
    let provider = main(&world).await;
    let p = &*provider;
    let thing = value(r#"{"name": "t", "value": 1}"#);
    let fault = |kind| world.fault(Fault::new(kind).op(Op::Create).on("sim.thing"));

    fault(FaultKind::Lost);
    let lost = p.create(&call("k1"), "sim.thing", &thing).await.unwrap_err();
    assert_eq!(lost.effect, Effect::Unknown);
    // It took effect, and the same key finds it again.
    let Progress::Done(again) = p.create(&call("k1"), "sim.thing", &thing).await.unwrap() else { panic!() };
    assert_eq!(&*again.id, "thing-1");
    assert!(matches!(
        p.recover(&call("k1"), "sim.thing", &thing).await.unwrap(),
        Recovery::Object(Refreshed::Found { .. })
    ));

    fault(FaultKind::Partial);
    let partial =
        p.create(&call("k2"), "sim.thing", &value(r#"{"name": "u", "value": 1}"#)).await.unwrap_err();
    let Effect::Partial(applied) = partial.effect else { panic!() };
    assert_eq!(applied.attributes, value(r#"{"id": "thing-2", "name": "u", "serial": 1}"#));

    fault(FaultKind::Exists);
    let exists = p.create(&call("k3"), "sim.thing", &value(r#"{"name": "v"}"#)).await.unwrap_err();
    assert_eq!(exists.class, Class::Exists { id: "thing-3".into() });

    fault(FaultKind::Throttled);
    let throttled = p.create(&call("k4"), "sim.thing", &thing).await.unwrap_err();
    assert_eq!(throttled.class, Class::Transient { after: Some(Duration::from_secs(10)) });

    // Nobody can tell it from a lost answer, but nothing is there.
    fault(FaultKind::Dropped);
    let other = value(r#"{"name": "w"}"#);
    let dropped = p.create(&call("k6"), "sim.thing", &other).await.unwrap_err();
    assert_eq!(
        (&dropped.class, &dropped.effect, &dropped.message),
        (&lost.class, &lost.effect, &lost.message)
    );
    assert_eq!(p.find("sim.thing", "w/-", &other).await.unwrap(), Refreshed::Absent);

    // Who sent it goes away, and it is done all the same.
    fault(FaultKind::Lingers);
    let third = value(r#"{"name": "l"}"#);
    let key = call("k8");
    let sent = p.create(&key, "sim.thing", &third);
    assert!(tokio::time::timeout(Duration::from_secs(1), sent).await.is_err());
    assert_eq!(p.find("sim.thing", "l/-", &third).await.unwrap(), Refreshed::Absent);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(matches!(p.find("sim.thing", "l/-", &third).await.unwrap(), Refreshed::Found { .. }));

    fault(FaultKind::Slow);
    let began = tokio::time::Instant::now();
    p.create(&call("k7"), "sim.thing", &other).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(world.faults_met()[&FaultKind::Slow], 1);

    // A token cannot be found again: the service names it.
    world.fault(Fault::new(FaultKind::Lost).on("sim.token"));
    let token = value(r#"{"owner": "me"}"#);
    p.create(&call("k5"), "sim.token", &token).await.unwrap_err();
    assert!(matches!(p.recover(&call("k5"), "sim.token", &token).await.unwrap(), Recovery::Ask(_)));
    p.create(&call("k5"), "sim.token", &token).await.unwrap();
    assert_eq!(world.objects().iter().filter(|o| &*o.type_name == "sim.token").count(), 2);

    world.fault(Fault::new(FaultKind::Unreadable).op(Op::Read));
    let unreadable = p.read("sim.thing", "thing-1", &Value::Null).await.unwrap();
    assert!(matches!(unreadable, Refreshed::Unreadable(_)), "{unreadable:?}");
    world.fault(Fault::new(FaultKind::FailsLater).on("sim.database"));
    create(p, "sim.group", r#"{"name": "g"}"#).await.unwrap();
    let failed = create(p, "sim.database", r#"{"group": "group-1", "name": "d"}"#).await.unwrap_err();
    assert!(matches!(failed.effect, Effect::Partial(_)), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_question_says_nothing_about_what_goes_on() {
    let world = World::new(1);
    let provider = main(&world).await;
    create(&*provider, "sim.group", r#"{"name": "g"}"#).await.unwrap();
    let database = value(r#"{"group": "group-1", "name": "d"}"#);
    let progress = provider.create(&call("k"), "sim.database", &database).await.unwrap();
    let Progress::Waiting { handle, .. } = progress else { panic!() };
    world.fault(Fault::new(FaultKind::Permanent).op(Op::Resume));
    let unknown = Value::map([("operation", Value::from("operation-99"))]);
    for handle in [&handle, &unknown] {
        let refused = provider.resume(&call("k"), "sim.database", handle).await.unwrap_err();
        assert_eq!((refused.class, refused.effect), (Class::Permanent, Effect::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_the_effect_or_nothing() {
    for (after, there) in [(50, false), (150, true)] {
        let world = World::new(1);
        let provider = main(&world).await;
        let (thing, name) = (value(r#"{"name": "t"}"#), call("k"));
        let request = provider.create(&name, "sim.thing", &thing);
        assert!(tokio::time::timeout(Duration::from_millis(after), request).await.is_err());
        assert_eq!(!world.objects().is_empty(), there);
        // Nothing stays locked.
        provider.create(&call("k"), "sim.thing", &thing).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_inside_of_a_cluster_opens_with_what_the_cluster_gives_out() {
    let (world, outside) = with_cluster().await;
    let config = |token: &str| format!(r#"{{"endpoint": "https://cluster-1.sim", "token": "{token}"}}"#);
    let inner = open(&world, "inner", &config("opens-cluster-1-1")).await.unwrap();
    assert_eq!(inner.world().as_deref(), Some("cluster-1"));
    for (config, expected) in [
        (config("wrong"), "cluster-1 does not accept this token"),
        (config("x").replace("cluster-1", "cluster-2"), "nothing answers at `https://cluster-2.sim`"),
    ] {
        assert_eq!(open(&world, "inner", &config).await.err().unwrap().message, expected);
    }
    let object = r#"{"namespace": "a", "kind": "config", "name": "c", "data": 1}"#;
    assert_eq!(
        create(&*inner, "inner.object", object).await.unwrap_err().message,
        "there is no namespace `a` in cluster-1"
    );
    create(&*inner, "inner.namespace", r#"{"name": "a"}"#).await.unwrap();
    create(&*inner, "inner.object", object).await.unwrap();
    update(&*outside, "sim.cluster", "cluster-1", r#"{"stopped": true}"#).await.unwrap();
    assert_eq!(
        inner.read("inner.object", "object-1", &Value::Null).await.unwrap(),
        Refreshed::Asleep("cluster-1 is stopped".to_string())
    );
    outside.invoke(&call("a"), "sim.cluster", "cluster-1", "rotate_token", &Value::Null).await.unwrap();
    assert!(open(&world, "inner", &config("opens-cluster-1-1")).await.is_err());
    world.remove("cluster-1").unwrap();
    assert_eq!(world.objects().len(), 1, "what lives in a cluster dies with it");
    assert!(create(&*inner, "inner.namespace", r#"{"name": "b"}"#).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn composites_and_previews() {
    let world = World::new(1);
    let p = main(&world).await;
    let bundle = value(r#"{"prefix": "x-", "things": {"a": {"value": 1}, "b": {"after": ["a"]}}}"#);
    let children = p.expand("sim.bundle", &bundle).await.unwrap();
    let drawn: Vec<String> = children
        .iter()
        .map(|c| format!("{} {} {:?} after {:?}", c.name, c.type_name, c.attributes, c.after))
        .collect();
    insta::assert_snapshot!(drawn.join("\n"), @r#"
    a sim.thing {"name": "x-a", "value": 1} after []
    b sim.thing {"name": "x-b"} after ["a"]
    "#);
    create(&*p, "sim.preview", r#"{"name": "p", "replicas": 2}"#).await.unwrap();
    let Refreshed::Found { attributes: live, .. } = p.find("sim.preview", "p", &Value::Null).await.unwrap()
    else {
        panic!()
    };
    let planned = p.preview("sim.preview", &value(r#"{"name": "p", "replicas": 3}"#), &live).await.unwrap();
    assert_eq!(planned.at(&Path::key("effective")), Some(&Value::Int(4)));
    assert_eq!(world.value("preview-1", "effective"), Some(Value::Int(2)), "a preview changes nothing");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run() {
    let run = async |seed| {
        let world = World::new(seed);
        world.jitter(true);
        world.chaos(Some(crate::Chaos::harmless(300)));
        let provider = loop {
            if let Ok(provider) = open(&world, "sim", "{}").await {
                break provider;
            }
        };
        let make = |n: u32| {
            let provider = provider.clone();
            async move {
                let thing = value(&format!(r#"{{"name": "t{n}"}}"#));
                let key = call(&format!("k{n}"));
                while provider.create(&key, "sim.thing", &thing).await.is_err() {}
            }
        };
        tokio::join!(make(1), make(2), make(3), make(4), make(5));
        (world.draw(), world.draw_writes())
    };
    let (first, log) = run(7).await;
    assert_eq!((first, log.clone()), run(7).await);
    assert_ne!(log, run(8).await.1);
    assert!(log.lines().count() > 5, "some tries failed: {log}");
}

mod remote {
    use super::*;
    use crate::remote::{Command, CommandResult, RemoteWorld, serve};

    #[tokio::test]
    async fn a_world_behind_a_socket_is_the_same_and_outlives_its_clients() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("world");
        let world = World::new(1);
        world.latency(None, None, Duration::from_millis(40));
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let server = tokio::spawn({
            let (world, socket) = (world.clone(), socket.clone());
            async move { serve(world, &socket, || ready.send(()).unwrap()).await }
        });
        is_ready.await.unwrap();
        let remote = RemoteWorld::new(&socket);
        let provider = remote.registry().configure("sim", &value("{}")).await.unwrap();
        assert_eq!(create(&*provider, "sim.group", r#"{"name": "g"}"#).await.unwrap(), "group-1");
        let exists =
            provider.create(&call("other"), "sim.group", &value(r#"{"name": "g"}"#)).await.unwrap_err();
        assert_eq!(exists.class, Class::Exists { id: "group-1".into() });

        // The client goes away as soon as the request has arrived; the effect comes nevertheless.
        let (key, thing) = (call("k"), value(r#"{"name": "t"}"#));
        {
            let request = provider.create(&key, "sim.thing", &thing);
            tokio::pin!(request);
            while world.count(Op::Create, Some("sim.thing")) == 0 {
                assert!(tokio::time::timeout(Duration::from_millis(1), &mut request).await.is_err());
            }
        }
        while world.log().last().unwrap().result.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(&*world.log().last().unwrap().result, "thing-1");

        remote.command(Command::Fault(Fault::new(FaultKind::Lost).op(Op::Create))).await.unwrap();
        let lost = provider.create(&call("l"), "sim.thing", &value(r#"{"name": "u"}"#)).await.unwrap_err();
        assert_eq!(lost.effect, Effect::Unknown);
        let edit = Command::Edit { id: "thing-2".into(), path: "value".into(), value: "x".into() };
        assert_eq!(remote.command(edit).await.unwrap(), CommandResult::Done);
        assert_eq!(remote.command(Command::Draw).await.unwrap(), CommandResult::Text(world.draw()));
        server.abort();
    }
}
