//! Random records: what is stored is their fold, also after it was closed and opened again.

use std::time::Duration;

use aurak_model::record::RowChange;
use aurak_model::{Map, Path, Record, Row, Value};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::tests::samples::*;
use crate::{SqliteStore, Store, fold, record_json};

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

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "m.c", "p[\"x\"]", "p[\"y z\"]", "m[\"k\"].all/v1/Secret/ns/s"])
}

fn any_row() -> impl Strategy<Value = Row> {
    (names(), value(), value(), prop::option::of(value())).prop_map(|(at, desired, other, old)| {
        let mut made = row(at, desired);
        made.replace_when = other;
        if let Some(old) = old {
            made.old = row(at, old).current;
            made.needs = vec![address("a")];
        }
        made
    })
}

fn record() -> impl Strategy<Value = Record> {
    let key = || prop::sample::select(vec!["k1", "k2", "k3"]);
    let change = prop_oneof![
        3 => any_row().prop_map(put),
        1 => names().prop_map(|at| RowChange::Remove(address(at))),
    ];
    let took = prop::option::of((names(), any::<u64>()));
    prop_oneof![
        Just(begin("op-1", 1)),
        (names(), key(), value()).prop_map(|(at, key, desired)| intent(at, key, desired)),
        (key(), value()).prop_map(|(key, handle)| waiting(key, handle)),
        (prop::option::of(key()), prop::collection::vec(change, 0..3), took).prop_map(|(key, rows, took)| {
            let took = took.map(|(at, ms)| (format!("create {at}"), ms));
            outcome(key, rows, took.as_ref().map(|(name, ms)| (name.as_str(), *ms)))
        }),
        key().prop_map(failure),
        value().prop_map(|config| provider_row("core", config)),
        Just(Record::ProviderGone { address: provider("core") }),
        (names(), prop::option::of(value())).prop_map(|(name, value)| output(name, value)),
        (names(), "[a-c](\\[[0-9]{1,2}\\])?", value()).prop_map(|(at, path, value)| over(at, &path, value)),
        (names(), "[a-c]").prop_map(|(at, path)| Record::OverrideGone {
            address: address(at),
            path: Path::parse(&path).unwrap(),
        }),
        Just(end("op-1", 2)),
    ]
}

proptest! {
    // Each one opens and closes a database several times and waits for the disk.
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_state_is_the_fold_of_random_records(appends in prop::collection::vec(prop::collection::vec(record(), 0..6), 1..8)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
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
            let errors: Vec<_> = store.check().await.unwrap().into_iter().filter(|f| f.is_error()).collect();
            assert!(errors.is_empty(), "{errors:?}");
            let fork = store.fork().await.unwrap();
            assert_eq!(fork.document().await.unwrap(), expected);
            assert_eq!(fork.check().await.unwrap(), store.check().await.unwrap());
        });
    }

}

proptest! {
    #[test]
    fn records_round_trip(record in record()) {
        // As sealed records do: what is in clear cannot be written.
        if let Ok(json) = record_json::encode(&record) {
            prop_assert!(json.starts_with("{\"v\":1,\"kind\":\""), "{}", json);
            let read = record_json::decode(&json, 1).unwrap();
            prop_assert_eq!(&read, &record);
            prop_assert_eq!(record_json::encode(&read).unwrap(), json);
        }
    }
}
