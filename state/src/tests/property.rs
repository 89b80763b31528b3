//! Random records: what is stored is their fold, also after it was closed and opened again, and what
//! is secret is stored sealed.

use std::time::Duration;

use aurak_model::plan::{Mode, RowPlan, StepId};
use aurak_model::record::{
    CallKind, EndResult, IdempotencyKey, Intent, Lifecycle, Object, Operation, Outcome, ProviderRow,
    RowChange,
};
use aurak_model::snapshot::Override;
use aurak_model::{Address, Map, Name, Path, ProviderAddress, Record, Row, Slot, Value};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::sealing::leaves::{Sealer, Way};
use crate::tests::samples::*;
use crate::{MemoryStore, SqliteStore, Store, fold, record_json};

/// How many cases: as many as the environment says, as it does where it takes the time.
fn cases() -> u32 {
    std::env::var("AURAK_CASES").map_or(256, |text| text.parse().expect("AURAK_CASES is a number"))
}

/// Of those that open and close a database several times and wait for the disk.
fn on_disk() -> u32 {
    (cases() / 100).max(16)
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        4 => "[a-z]{0,6}",
        1 => any::<String>(),
        1 => Just("$sealed".to_string()),
        1 => "\\$[$a-z]{0,3}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Value::from),
        text.clone().prop_map(Value::from),
        text.clone().prop_map(|text| Value::from(text).sensitive()),
        text.clone().prop_map(|text| Value::from(format!("{CANARY}{text}")).sensitive()),
        any::<i64>().prop_map(|i| Value::from(i).sensitive()),
        Just(Value::map::<&str>([]).sensitive()),
        Just(Value::of_row(&address("a"), Path::key("x"), aurak_model::Type::String)),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec((text.clone(), inner), 0..4)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map>())),
        ]
    })
}

/// A few, so that records meet.
fn addresses() -> impl Strategy<Value = Address> {
    let names = ["a", "b", "m.c", "p[\"x\"]", "p[\"y z\"]", "m[\"k\"].all/v1/Secret/ns/s"];
    prop::sample::select(names.to_vec()).prop_map(address)
}

fn providers() -> impl Strategy<Value = ProviderAddress> {
    prop::sample::select(vec!["core", "other"]).prop_map(provider)
}

fn keys() -> impl Strategy<Value = IdempotencyKey> {
    prop::sample::select(vec!["k1", "k2", "k3"]).prop_map(|key| IdempotencyKey(key.into()))
}

fn name() -> impl Strategy<Value = Name> {
    prop_oneof![3 => "[a-z./_-]{0,8}", 1 => any::<String>()].prop_map(Name::from)
}

fn text() -> impl Strategy<Value = String> {
    name().prop_map(|name| name.to_string())
}

fn slot() -> impl Strategy<Value = Slot> {
    prop::sample::select(vec![Slot::Current, Slot::Old, Slot::Temporary])
}

fn needs() -> impl Strategy<Value = Vec<Address>> {
    prop::collection::vec(addresses(), 0..3)
}

fn object() -> impl Strategy<Value = Object> {
    (name(), value(), value(), prop::option::of(text()), any::<u64>()).prop_map(
        |(id, desired, attributes, incomplete, since)| Object { id, desired, attributes, incomplete, since },
    )
}

fn lifecycle() -> impl Strategy<Value = Lifecycle> {
    (any::<bool>(), any::<bool>(), any::<bool>(), prop::option::of(addresses())).prop_map(
        |(prevent_destroy, retain, create_before_destroy, deleted_with)| Lifecycle {
            prevent_destroy,
            retain,
            create_before_destroy,
            deleted_with,
        },
    )
}

fn any_row() -> impl Strategy<Value = Row> {
    let head = (addresses(), name(), any::<u64>(), any::<u32>(), providers(), prop::option::of(name()));
    let objects = (
        prop::option::weighted(0.8, object()),
        prop::option::weighted(0.3, object()),
        prop::option::weighted(0.3, object()),
    );
    let rest = (needs(), lifecycle(), prop::option::of(text()), value());
    (head, objects, rest).prop_map(|(head, (current, old, temporary), rest)| {
        let (address, type_name, version, schema_version, provider, world) = head;
        let (needs, lifecycle, place, replace_when) = rest;
        Row {
            address,
            type_name,
            version,
            schema_version,
            provider,
            world,
            current,
            old,
            temporary,
            needs,
            lifecycle,
            place,
            replace_when,
        }
    })
}

fn row_plan() -> impl Strategy<Value = RowPlan> {
    (needs(), lifecycle(), any::<u32>(), prop::option::of(text()), value()).prop_map(
        |(needs, lifecycle, schema_version, place, replace_when)| RowPlan {
            needs,
            lifecycle,
            schema_version,
            place,
            replace_when,
        },
    )
}

fn any_begin() -> impl Strategy<Value = Record> {
    let mode = prop::sample::select(vec![Mode::Apply, Mode::Destroy]);
    let sources = prop::collection::vec((name(), name()), 0..3);
    (mode, text(), any::<u64>(), prop::option::of(text()), text(), sources, prop::option::of(name()))
        .prop_map(|(mode, who, at_ms, commit, plan, sources, phase)| {
            Record::Begin(Operation { id: operation("op-1"), mode, who, at_ms, commit, plan, sources, phase })
        })
}

fn any_intent() -> impl Strategy<Value = Record> {
    let call = prop_oneof![
        Just(CallKind::Create),
        Just(CallKind::Update),
        Just(CallKind::Delete),
        name().prop_map(CallKind::Invoke),
    ];
    let what = (any::<u32>(), keys(), addresses(), name(), slot(), providers(), call);
    let rest = (
        prop::option::of(name()),
        prop::option::of(name()),
        value(),
        prop::option::of(row_plan()),
        any::<u64>(),
    );
    (what, rest).prop_map(|(what, (id, natural_key, desired, row, at_ms))| {
        let (step, key, address, type_name, slot, provider, call) = what;
        Record::Intent(Intent {
            operation: operation("op-1"),
            step: StepId(step),
            key,
            address,
            type_name,
            slot,
            provider,
            call,
            id,
            natural_key,
            desired,
            row,
            takes: Vec::new(),
            at_ms,
        })
    })
}

fn any_outcome() -> impl Strategy<Value = Record> {
    let change = prop_oneof![
        3 => any_row().prop_map(put),
        1 => addresses().prop_map(RowChange::Remove),
    ];
    let verb = prop_oneof![Just("create"), Just("update")];
    let took = prop_oneof![
        3 => (verb, addresses()).prop_map(|(verb, address)| Name::from(format!("{verb} {address}"))),
        1 => name(),
    ];
    let rows = prop::collection::vec(change, 0..3);
    let error = prop::option::weighted(0.2, text());
    let took = prop::option::of((took, any::<u64>()));
    (any::<u32>(), prop::option::of(keys()), rows, error, took, any::<u64>()).prop_map(
        |(step, key, rows, error, took, at_ms)| {
            let (operation, step) = (operation("op-1"), StepId(step));
            Record::Outcome(Outcome { operation, step, key, rows, error, took, at_ms })
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let ends = vec![EndResult::Done, EndResult::Failed, EndResult::Interrupted, EndResult::NeedsApproval];
    let path = || "[a-c](\\[[0-9]{1,2}\\])?".prop_map(|path| Path::parse(&path).unwrap());
    let over = (addresses(), path(), value(), text(), text());
    let output = prop::sample::select(vec!["url", "token", "b c"]);
    prop_oneof![
        1 => any_begin(),
        3 => any_intent(),
        2 => (keys(), value()).prop_map(|(key, handle)| Record::Waiting { key, handle }),
        4 => any_outcome(),
        1 => (providers(), name(), value(), needs()).prop_map(|(address, type_name, config, needs)| {
            Record::Provider(ProviderRow { address, type_name, config, needs })
        }),
        1 => providers().prop_map(|address| Record::ProviderGone { address }),
        1 => (output, prop::option::of(value()))
            .prop_map(|(name, value)| Record::Output { name: name.into(), value }),
        1 => over.prop_map(|(address, path, value, who, why)| {
            Record::Override(Override { address, path, value, who, why })
        }),
        1 => (addresses(), path()).prop_map(|(address, path)| Record::OverrideGone { address, path }),
        1 => (any::<u64>(), prop::sample::select(ends)).prop_map(|(at_ms, result)| Record::End {
            operation: operation("op-1"),
            at_ms,
            result,
        }),
    ]
}

fn appends() -> impl Strategy<Value = Vec<Vec<Record>>> {
    prop::collection::vec(prop::collection::vec(record(), 0..6), 1..8)
}

fn now<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

async fn found(store: &dyn Store) -> Vec<String> {
    store.check().await.unwrap().into_iter().map(|finding| finding.summary).collect()
}

async fn assert_sound(store: &dyn Store) {
    // The runs name parts of sources that nobody kept.
    let is_error = |f: &aurak_model::Diagnostic| f.is_error() && !f.summary.contains("of the sources");
    let errors: Vec<_> = store.check().await.unwrap().into_iter().filter(is_error).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: on_disk(), ..ProptestConfig::default() })]

    #[test]
    fn the_state_is_the_fold_of_random_records(appends in appends()) {
        now(async {
            let dir = TempDir::new().unwrap();
            let mut store = SqliteStore::create(dir.path(), identity(), Some(key())).unwrap();
            let mut expected = store.document().await.unwrap();
            for (i, records) in appends.into_iter().enumerate() {
                let lease = store.acquire(holder("ada@here"), Duration::from_secs(60)).await.unwrap();
                for record in &records {
                    let serial = expected.serial + 1;
                    fold(&mut expected, record, serial);
                }
                store.append(lease.fence, records).await.unwrap();
                // Sometimes closed cleanly, sometimes as by a kill.
                if i % 2 == 0 {
                    store.release(lease).await.unwrap();
                }
                drop(store);
                store = SqliteStore::open(dir.path(), Some(key())).unwrap();
                assert_eq!(store.document().await.unwrap(), expected);
            }
            assert_sound(&store).await;
            let fork = store.fork().await.unwrap();
            assert_eq!(fork.document().await.unwrap(), expected);
            assert_eq!(found(&*fork).await, found(&store).await);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_state_in_memory_is_the_fold_of_random_records(appends in appends()) {
        now(async {
            let store = MemoryStore::new(identity(), Some(key()));
            let mut expected = store.document().await.unwrap();
            let lease = store.acquire(holder("ada@here"), Duration::from_secs(60)).await.unwrap();
            let all: Vec<Record> = appends.concat();
            for records in appends {
                for record in &records {
                    let serial = expected.serial + 1;
                    fold(&mut expected, record, serial);
                }
                store.append(lease.fence, records).await.unwrap();
            }
            assert_eq!(store.document().await.unwrap(), expected);
            assert_sound(&store).await;
            // What was sealed and written is what was given, but for the versions that it got.
            let read = store.records(0, usize::MAX).await.unwrap();
            assert_eq!(read.len(), all.len());
            for ((serial, read), mut given) in read.into_iter().zip(all) {
                record_json::assign_version(&mut given, serial);
                assert_eq!(read, given);
            }
        });
    }

    #[test]
    fn records_round_trip_sealed(record in record()) {
        let key = key();
        let sealer = |way| Sealer { store: "the-store", key: Some(&*key), way };
        let mut sealed = record.clone();
        sealer(Way::Seal).record(&mut sealed).unwrap();
        if sealed != record {
            prop_assert!(record_json::encode(&record).is_err(), "what is in clear cannot be written");
        }
        let json = record_json::encode(&sealed).unwrap();
        prop_assert!(json.starts_with("{\"v\":1,\"kind\":\""), "{}", json);
        prop_assert!(!json.contains(CANARY), "{}", json);
        let mut read = record_json::decode(&json, 1).unwrap();
        prop_assert_eq!(&read, &sealed);
        prop_assert_eq!(record_json::encode(&read).unwrap(), json);
        sealer(Way::Open).record(&mut read).unwrap();
        prop_assert_eq!(&read, &record);
    }
}
