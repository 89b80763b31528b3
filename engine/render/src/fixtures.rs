//! Plans for tests: the picture from the documentation, and odd ones.

use aurak_model::plan::{Base, DeferredBlock, Mode, OutputChange};
use aurak_model::schema::ReplaceOrder;
use aurak_model::{
    Action, Address, Change, Diagnostic, Difference, Path, Plan, PlanReport, Reason, Type, Value,
};

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

pub(crate) fn after(row: &str) -> Value {
    Value::of_row(&address(row), path("id"), Type::String)
}

pub(crate) fn differs(at: &str, before: Option<Value>, after: Option<Value>, place: &str) -> Difference {
    Difference {
        path: path(at),
        before,
        after,
        forces: false,
        place: (!place.is_empty()).then(|| place.to_string()),
    }
}

pub(crate) fn change(name: &str, type_name: &str, action: Action) -> Change {
    Change {
        address: address(name),
        type_name: type_name.into(),
        action,
        reasons: Vec::new(),
        differences: Vec::new(),
        drift: Vec::new(),
        place: None,
        steps: Vec::new(),
        usual_ms: None,
        from: None,
        data_loss: None,
    }
}

pub(crate) fn plan(changes: Vec<Change>) -> Plan {
    Plan {
        format: 1,
        stack: "aura-es-pre".into(),
        environment: Some("es-pre".into()),
        mode: Mode::Apply,
        base: Base::default(),
        changes,
        unchanged: 38,
        nodes: Vec::new(),
        providers: Vec::new(),
        steps: Vec::new(),
        deferred: Vec::new(),
        outputs: Vec::new(),
        conditions: Vec::new(),
        overrides: Vec::new(),
        phase: None,
    }
}

/// The plan of the picture.
pub(crate) fn picture() -> (Plan, PlanReport) {
    let drifted = differs("allowBlobPublicAccess", Some(true.into()), Some(false.into()), "storage.yaml:7:5");
    let plan = plan(vec![
        Change {
            reasons: vec![Reason::NotInConfiguration],
            place: Some("storage.yaml:12".into()),
            data_loss: Some("3 containers".into()),
            ..change("legacy_store", "azure.storage_account", Action::Delete)
        },
        Change {
            reasons: vec![Reason::ImmutableAttribute { path: path("vmSize") }],
            differences: vec![Difference {
                forces: true,
                ..differs(
                    "vmSize",
                    Some("Standard_D4s_v5".into()),
                    Some("Standard_D8s_v5".into()),
                    "config.yml:41:13",
                )
            }],
            usual_ms: Some(660_000),
            ..change("pools[\"nlp\"]", "azure.agent_pool", Action::Replace(ReplaceOrder::Rotate))
        },
        Change {
            reasons: vec![Reason::ConfigurationChanged],
            differences: vec![differs("maxCount", Some(5.into()), Some(8.into()), "config.yml:36:16")],
            usual_ms: Some(110_000),
            ..change("pools[\"common\"]", "azure.agent_pool", Action::Update)
        },
        Change {
            reasons: vec![Reason::ChangedOutside],
            differences: vec![drifted],
            drift: vec![differs("allowBlobPublicAccess", Some(false.into()), Some(true.into()), "")],
            ..change("storage.account", "azure.storage_account", Action::Update)
        },
        Change {
            reasons: vec![Reason::NotYetThere],
            differences: vec![
                differs("ARecords[0]", None, Some(after("system.ingress")), ""),
                differs("ttl", None, Some(300.into()), "system/dns.yaml:4:10"),
                differs("token", None, Some(Value::from("canary").sensitive()), ""),
            ],
            ..change("system.grafana.dns", "azure.dns_record_set", Action::Create)
        },
    ]);
    let report = PlanReport {
        findings: vec![
            Diagnostic::warning("asleep", "could not be read: stopped").about(&address("legacy_store")),
        ],
        critical_path: vec![
            address("pools[\"nlp\"]"),
            address("system.ingress"),
            address("system.grafana.dns"),
        ],
        critical_ms: Some(780_000),
        usual_ms: Some(780_000),
        read: 43,
        requests: 31,
        rounds: 2,
    };
    (plan, report)
}

/// A plan with everything that seldom occurs.
pub(crate) fn odd() -> (Plan, PlanReport) {
    let secret = |text: &str| Some(Value::from(text).sensitive());
    let policy = |effect: &str, extra: &str| {
        Value::from(format!("{{\"Statement\":[{{\"Effect\":\"{effect}\"}}]{extra}}}"))
    };
    let text = |from: u32, to: u32, odd: u32| {
        let lines: Vec<String> = (from..to)
            .map(|n| if n == odd { format!("line {n} changed") } else { format!("line {n}") })
            .collect();
        Value::from(lines.join("\n") + "\n")
    };
    let mut plan = plan(vec![
        Change {
            reasons: vec![
                Reason::ConfigurationChanged,
                Reason::PlannedOffline { why: "the preview was refused: 403".into() },
            ],
            differences: vec![
                differs("password", secret("canary-old"), secret("canary-new"), "aurak.yaml:9:15"),
                differs("token", secret("canary"), secret("canary"), ""),
                differs(
                    "policy",
                    Some(policy("Allow", "")),
                    Some(policy("Deny", ",\"Version\":2")),
                    "aurak.yaml:10:13",
                ),
                differs("script", Some(text(1, 20, 0)), Some(text(1, 20, 10)), "aurak.yaml:11:13"),
                differs("tags.owner", Some("platform".into()), None, ""),
                differs("tags.cost", None, Some("a:1".into()), "aurak.yaml:20:13"),
                differs(
                    "url",
                    Some(format!("https://example.org/{}/v1.2", "long/".repeat(30)).into()),
                    Some(format!("https://example.org/{}/v1.3", "long/".repeat(30)).into()),
                    "aurak.yaml:21:10",
                ),
                differs(
                    "labels[\"app.kubernetes.io/name\"]",
                    Some(Value::map([("a", Value::list([1.into(), 2.into()]))])),
                    Some(Value::map([("a", Value::list([1.into()])), ("b", after("cluster"))])),
                    "",
                ),
                differs(
                    "values",
                    Some("replicas: 1\nimage:\n  tag: v1\n".into()),
                    Some("replicas: 2\nimage:\n  tag: v1\n  pull: Always\n".into()),
                    "",
                ),
            ],
            ..change(
                "modules_are_long.and_so_are_names.of_things[\"with keys\"]",
                "sim.thing",
                Action::Update,
            )
        },
        Change {
            reasons: vec![Reason::ObjectGone],
            differences: vec![differs("name", None, Some("漢字".into()), "")],
            ..change("gone", "sim.node", Action::Create)
        },
        Change {
            reasons: vec![Reason::WithinReplaced { within: address("cluster") }],
            ..change("node", "sim.node", Action::Replace(ReplaceOrder::CreateFirst))
        },
        Change { reasons: vec![Reason::Retained], ..change("kept", "sim.node", Action::Forget) },
        Change { from: Some(address("old")), ..change("new", "sim.node", Action::Move) },
        Change {
            reasons: vec![Reason::Adopted { id: "/subscriptions/1".into() }],
            ..change("adopted", "sim.node", Action::Import)
        },
        change("lookup", "sim.zone", Action::Read),
        Change { reasons: vec![Reason::Bookkeeping], ..change("row", "sim.node", Action::NoOp) },
    ]);
    plan.unchanged = 0;
    plan.environment = Some("pre".into());
    plan.stack = "demo".into();
    plan.deferred = vec![DeferredBlock {
        address: address("workers"),
        type_name: "sim.node".into(),
        waits_for: vec![address("cluster")],
        why: "its for_each is known only then".into(),
    }];
    plan.outputs = vec![
        OutputChange { name: "kubeconfig".into(), before: None, after: Some(after("cluster").sensitive()) },
        OutputChange { name: "url".into(), before: Some("http://a".into()), after: Some("http://b".into()) },
        OutputChange { name: "same".into(), before: Some(1.into()), after: Some(1.into()) },
        OutputChange { name: "secret".into(), before: secret("canary-a"), after: secret("canary-b") },
        OutputChange { name: "went".into(), before: Some(1.into()), after: None },
    ];
    plan.overrides = vec![aurak_model::snapshot::Override {
        address: address("node"),
        path: path("replicas"),
        value: 0.into(),
        who: "ana@ops".into(),
        why: "stopped over the weekend".into(),
    }];
    (plan, PlanReport::default())
}
