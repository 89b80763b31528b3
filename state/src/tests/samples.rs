//! Records and stores to test with.

use std::sync::Arc;

use crate::{Holder, Identity, Key, ManualClock, MemoryStore, SqliteStore, Store};
use aurak_model::plan::{Mode, RowPlan, StepId};
use aurak_model::record::{
    CallKind, EndResult, IdempotencyKey, Intent, Lifecycle, Object, Operation, OperationId, Outcome,
    ProviderRow, RowChange,
};
use aurak_model::snapshot::Override;
use aurak_model::{Address, ModuleAddress, Path, ProviderAddress, Record, Row, Slot, Type, Value};
use tempfile::TempDir;

use crate::tests::slow::Slow;

/// What no file and no message may hold.
pub(crate) const CANARY: &str = "canary-7f3a91";

/// A store with the clock that its leases run by.
pub(crate) struct Bench {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    /// The folder, for as long as the store is used.
    pub(crate) _dir: Option<TempDir>,
}

pub(crate) fn memory(key: Option<Arc<Key>>) -> Bench {
    let clock = Arc::new(ManualClock::new(1_000));
    let store = MemoryStore::new(identity(), key).with_clock(clock.clone());
    Bench { store: Arc::new(store), clock, _dir: None }
}

pub(crate) fn slow(key: Option<Arc<Key>>) -> Bench {
    let bench = memory(key);
    Bench { store: Arc::new(Slow(bench.store)), ..bench }
}

pub(crate) fn sqlite(key: Option<Arc<Key>>) -> Bench {
    let clock = Arc::new(ManualClock::new(1_000));
    let dir = TempDir::new().unwrap();
    drop(SqliteStore::create(dir.path(), identity(), key.clone()).unwrap());
    let store = SqliteStore::open_with_clock(dir.path(), key, clock.clone()).unwrap();
    Bench { store: Arc::new(store), clock, _dir: Some(dir) }
}

pub(crate) fn identity() -> Identity {
    Identity::new("shop", Some("pre".into())).unwrap()
}

/// The same key every time.
pub(crate) fn key() -> Arc<Key> {
    Arc::new(Key::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap())
}

pub(crate) fn other_key() -> Arc<Key> {
    Arc::new(Key::from_base64("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=").unwrap())
}

pub(crate) fn holder(who: &str) -> Holder {
    Holder::new(who, 42, "here", None)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn provider(name: &str) -> ProviderAddress {
    ProviderAddress::new(&ModuleAddress::root(), name, None)
}

pub(crate) fn operation(id: &str) -> OperationId {
    OperationId(id.into())
}

pub(crate) fn begin(id: &str, at_ms: u64) -> Record {
    Record::Begin(Operation {
        id: operation(id),
        mode: Mode::Apply,
        who: "ada@here".into(),
        at_ms,
        commit: Some("3f2c9e1".into()),
        plan: "digest".into(),
        sources: Vec::new(),
        phase: None,
    })
}

/// The script of runs that were made from sources.
pub(crate) fn script_from_sources() -> Vec<Record> {
    let mut records = script();
    for record in &mut records {
        if let Record::Begin(operation) = record {
            operation.sources = vec![("aurak.yaml".into(), "abc".into())];
        }
    }
    records
}

/// The parts that [`script_from_sources`] names.
pub(crate) fn sources() -> Vec<(String, Vec<u8>)> {
    vec![("abc".into(), b"aurak: 1\n".to_vec())]
}

pub(crate) fn end(id: &str, at_ms: u64) -> Record {
    Record::End { operation: operation(id), at_ms, result: EndResult::Done }
}

/// A row whose object has this value in its attributes.
pub(crate) fn row(at: &str, value: Value) -> Row {
    Row {
        address: address(at),
        type_name: "core.data".into(),
        version: 0,
        schema_version: 1,
        provider: provider("core"),
        world: None,
        current: Some(Object {
            id: format!("id-{at}").into(),
            desired: Value::map([("input", value.clone())]),
            attributes: Value::map([("id", Value::from(format!("id-{at}"))), ("output", value)]),
            incomplete: None,
            since: 0,
        }),
        old: None,
        temporary: None,
        needs: Vec::new(),
        lifecycle: Lifecycle::default(),
        place: Some("aurak.yaml:3:5".into()),
        replace_when: Value::Null,
    }
}

pub(crate) fn intent(at: &str, key: &str, desired: Value) -> Record {
    Record::Intent(Intent {
        operation: operation("op-1"),
        step: StepId(1),
        key: IdempotencyKey(key.into()),
        address: address(at),
        type_name: "core.data".into(),
        slot: Slot::Current,
        provider: provider("core"),
        call: CallKind::Create,
        id: None,
        natural_key: None,
        desired,
        row: Some(RowPlan { schema_version: 1, ..RowPlan::default() }),
        takes: Vec::new(),
        at_ms: 5,
    })
}

pub(crate) fn waiting(key: &str, handle: Value) -> Record {
    Record::Waiting { key: IdempotencyKey(key.into()), handle }
}

pub(crate) fn outcome(key: Option<&str>, rows: Vec<RowChange>, took: Option<(&str, u64)>) -> Record {
    Record::Outcome(Outcome {
        operation: operation("op-1"),
        step: StepId(1),
        key: key.map(|key| IdempotencyKey(key.into())),
        rows,
        error: None,
        took: took.map(|(name, ms)| (name.into(), ms)),
        at_ms: 9,
    })
}

pub(crate) fn failure(key: &str) -> Record {
    let Record::Outcome(outcome) = outcome(Some(key), Vec::new(), Some(("create broken", 5))) else {
        unreachable!()
    };
    Record::Outcome(Outcome { error: Some("the service said no".into()), ..outcome })
}

pub(crate) fn put(row: Row) -> RowChange {
    RowChange::Put(Arc::new(row))
}

pub(crate) fn provider_row(name: &str, config: Value) -> Record {
    Record::Provider(ProviderRow {
        address: provider(name),
        type_name: "core".into(),
        config,
        needs: Vec::new(),
    })
}

pub(crate) fn output(name: &str, value: Option<Value>) -> Record {
    Record::Output { name: name.into(), value }
}

pub(crate) fn over(at: &str, path: &str, value: Value) -> Record {
    Record::Override(Override {
        address: address(at),
        path: Path::parse(path).unwrap(),
        value,
        who: "ada".into(),
        why: "a test".into(),
    })
}

/// One run that uses every kind of record, with secrets in every place that can hold one.
pub(crate) fn script() -> Vec<Record> {
    let secret = || Value::from(CANARY).sensitive();
    let mixed = || {
        Value::map([("name", Value::from("a")), ("password", secret()), ("empty", Value::map::<&str>([]))])
    };
    let mut replaced = row("b", mixed());
    replaced.old = replaced.current.clone();
    replaced.replace_when = Value::list([1.into(), secret()]);
    replaced.needs = vec![address("a")];
    replaced.lifecycle = Lifecycle { prevent_destroy: true, ..Lifecycle::default() };
    let promise = Value::Unknown(Box::new(aurak_model::Unknown {
        ty: Type::String,
        origin: aurak_model::Origin::Row { row: address("a"), path: Path::key("output") },
        sensitive: true,
    }));
    vec![
        begin("op-1", 1),
        provider_row("core", Value::map([("token", secret()), ("later", promise)])),
        provider_row("gone", Value::Null),
        intent("a", "k1", mixed()),
        intent("pools[\"x y\"]", "k2", mixed()),
        outcome(Some("k1"), vec![put(row("a", mixed()))], Some(("create a", 100))),
        waiting("k2", Value::map([("url", secret())])),
        intent("b", "k3", Value::Null),
        outcome(Some("k3"), vec![put(replaced), put(row("c", 1.5.into()))], Some(("create b", 20))),
        intent("broken", "k4", Value::Null),
        failure("k4"),
        outcome(None, vec![RowChange::Remove(address("c"))], None),
        Record::ProviderGone { address: provider("gone") },
        output("url", Some("https://example.org".into())),
        output("token", Some(secret())),
        output("none", Some(Value::Null)),
        output("url", None),
        over("a", "rules[10]", secret()),
        over("a", "rules[9]", 1.into()),
        over("b", "x", 2.into()),
        Record::OverrideGone { address: address("b"), path: Path::key("x") },
        end("op-1", 50),
    ]
}
