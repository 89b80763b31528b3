//! What every store has to do. Each function gets a way to make an empty store with or without a
//! key; the macro at the end runs all of them for each store.

use std::sync::Arc;
use std::time::Duration;

use crate::error::LostBecause;
use crate::{Fence, Key, Lease, StoreError, fold};
use aurak_model::record::EndResult;
use aurak_model::{Record, Severity, StateDoc, Value};

use crate::tests::samples::*;

type Make = fn(Option<Arc<Key>>) -> Bench;

const TTL: Duration = Duration::from_secs(30);

/// An empty store with a key, and the lease on it.
async fn held(make: Make) -> (Bench, Lease) {
    let bench = make(Some(key()));
    let lease = bench.store.acquire(holder("ada@here"), TTL).await.unwrap();
    (bench, lease)
}

/// What records fold into, by the function that defines it.
fn folded(bench: &Bench, records: &[Record]) -> StateDoc {
    let identity = bench.store.identity();
    let mut doc = StateDoc {
        id: identity.id,
        stack: identity.stack,
        environment: identity.environment,
        ..StateDoc::default()
    };
    for (record, serial) in records.iter().zip(1..) {
        fold(&mut doc, record, serial);
    }
    doc
}

async fn a_new_store_is_empty(make: Make) {
    let bench = make(None);
    let doc = bench.store.document().await.unwrap();
    assert_eq!(doc, folded(&bench, &[]));
    assert_eq!((&*doc.stack, doc.environment.as_deref()), ("shop", Some("pre")));
    assert_eq!(bench.store.holder().await.unwrap(), None);
    assert_eq!(bench.store.history(10).await.unwrap(), []);
    assert_eq!(bench.store.check().await.unwrap(), []);
}

async fn the_state_is_the_fold_of_the_records(make: Make) {
    let (bench, lease) = held(make).await;
    let script = script();
    // In appends of every size, because an append must not differ from its records.
    let mut rest = script.clone();
    let mut size = 1;
    while !rest.is_empty() {
        let now: Vec<Record> = rest.drain(..size.min(rest.len())).collect();
        bench.store.append(lease.fence, now).await.unwrap();
        size += 1;
        assert_eq!(
            bench.store.document().await.unwrap(),
            folded(&bench, &script[..script.len() - rest.len()])
        );
    }
    let doc = bench.store.document().await.unwrap();
    assert_eq!(doc.serial, script.len() as u64);
    assert_eq!(doc.rows[&address("a")].version, 6);
    assert_eq!(doc.rows[&address("b")].version, 9);
    assert_eq!(doc.rows.len(), 2);
    assert_eq!(doc.outputs["token"].reveal(), Value::from(CANARY));
    assert_eq!(doc.pending.len(), 1);
    assert_eq!(&*doc.pending[0].intent.key.0, "k2");
    assert!(doc.pending[0].handle.is_some());
    let paths: Vec<String> = doc.overrides.iter().map(|over| over.path.to_string()).collect();
    assert_eq!(paths, ["rules[9]", "rules[10]"]);
    let durations: Vec<(&str, u64)> = doc.durations.iter().map(|(name, ms)| (&**name, *ms)).collect();
    assert_eq!(durations, [("create a", 100), ("create b", 20), ("create core.data", 80)]);
}

async fn the_journal_gives_back_what_was_written(make: Make) {
    let (bench, lease) = held(make).await;
    bench.store.append(lease.fence, script()).await.unwrap();
    let records = bench.store.records(0, usize::MAX).await.unwrap();
    let mut expected = script();
    for (record, serial) in expected.iter_mut().zip(1..) {
        if let Record::Outcome(outcome) = record {
            for change in &mut outcome.rows {
                if let aurak_model::record::RowChange::Put(row) = change {
                    Arc::make_mut(row).version = serial;
                }
            }
        }
    }
    assert_eq!(records.iter().map(|(serial, _)| *serial).collect::<Vec<_>>(), (1..=22).collect::<Vec<_>>());
    assert_eq!(records.into_iter().map(|(_, record)| record).collect::<Vec<_>>(), expected);
    let some = bench.store.records(20, 1).await.unwrap();
    assert_eq!(some.iter().map(|(serial, _)| *serial).collect::<Vec<_>>(), [21]);
    assert_eq!(bench.store.records(22, 5).await.unwrap(), []);
}

async fn a_script_leaves_a_clean_state(make: Make) {
    let (bench, lease) = held(make).await;
    bench.store.append(lease.fence, script()).await.unwrap();
    let findings = bench.store.check().await.unwrap();
    // The one call that has no end is worth a note, and nothing is wrong.
    assert_eq!(
        findings.iter().map(|f| (f.severity, f.code.as_str())).collect::<Vec<_>>(),
        [(Severity::Note, "pending")]
    );
}

async fn nothing_is_written_without_a_lease(make: Make) {
    let bench = make(None);
    let error = bench.store.append(Fence(0), vec![begin("x", 1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { why: LostBecause::Ended, .. }), "{error}");
    let error = bench.store.append(Fence(7), vec![begin("x", 1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!(bench.store.document().await.unwrap().serial, 0);
}

async fn only_one_holds_the_lease(make: Make) {
    let (bench, lease) = held(make).await;
    let error = bench.store.acquire(holder("bob@there"), TTL).await.unwrap_err();
    let StoreError::Held { holder: by } = error else { panic!("{error}") };
    assert_eq!((by.who.as_str(), by.pid, by.since_ms, by.expires_ms), ("ada@here", 42, 1_000, 31_000));
    assert_eq!(bench.store.holder().await.unwrap(), Some(*by));

    let fence = lease.fence;
    bench.store.release(lease).await.unwrap();
    assert_eq!(bench.store.holder().await.unwrap(), None);
    let error = bench.store.append(fence, vec![begin("x", 1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { why: LostBecause::Ended, .. }), "{error}");

    let next = bench.store.acquire(holder("bob@there"), TTL).await.unwrap();
    assert!(next.fence > fence);
    let error = bench.store.append(fence, vec![begin("x", 1)]).await.unwrap_err();
    assert!(
        matches!(error, StoreError::LeaseLost { why: LostBecause::Overtaken { by }, .. } if by == next.fence)
    );
    bench.store.append(next.fence, vec![begin("y", 1)]).await.unwrap();
}

async fn a_lease_that_ran_out_is_lost(make: Make) {
    let (bench, lease) = held(make).await;
    bench.clock.advance(TTL - Duration::from_millis(1));
    assert_eq!(lease.remaining(&*bench.clock), Some(Duration::from_millis(1)));
    bench.store.append(lease.fence, vec![begin("x", 1)]).await.unwrap();
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(lease.remaining(&*bench.clock), None);

    // Even though nobody took over: whoever was away so long does not know what happened.
    for error in [
        bench.store.append(lease.fence, vec![end("x", 2)]).await.unwrap_err(),
        bench.store.put_parts(lease.fence, vec![("a".into(), vec![1])]).await.unwrap_err(),
        bench.store.renew(&lease).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::LeaseLost { why: LostBecause::Expired, .. }), "{error}");
    }
    let next = bench.store.acquire(holder("bob@there"), TTL).await.unwrap();
    let error = bench.store.renew(&lease).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { why: LostBecause::Overtaken { .. }, .. }), "{error}");
    // Giving back what is no longer one's own takes nothing from the other.
    bench.store.release(lease).await.unwrap();
    bench.store.append(next.fence, vec![end("x", 2)]).await.unwrap();
    assert_eq!(bench.store.document().await.unwrap().serial, 2);
}

async fn a_renewed_lease_lasts(make: Make) {
    let (bench, mut lease) = held(make).await;
    for _ in 0..5 {
        bench.clock.advance(TTL / 2);
        lease = bench.store.renew(&lease).await.unwrap();
        assert_eq!(lease.remaining(&*bench.clock), Some(TTL));
    }
    let by = bench.store.holder().await.unwrap().unwrap();
    assert_eq!((by.since_ms, by.expires_ms), (1_000, 1_000 + 75_000 + 30_000));
    bench.store.append(lease.fence, vec![begin("x", 1)]).await.unwrap();
}

async fn a_broken_lease_is_lost(make: Make) {
    let (bench, lease) = held(make).await;
    let by = bench.store.break_lease().await.unwrap().unwrap();
    assert_eq!(by.who, "ada@here");
    assert_eq!(bench.store.break_lease().await.unwrap(), None);
    let error = bench.store.append(lease.fence, vec![begin("x", 1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert!(bench.store.acquire(holder("bob@there"), TTL).await.unwrap().fence > lease.fence);
}

async fn without_a_key_nothing_sensitive_is_taken(make: Make) {
    let bench = make(None);
    let lease = bench.store.acquire(holder("ada@here"), TTL).await.unwrap();
    bench.store.append(lease.fence, vec![begin("op-1", 1), output("plain", Some(1.into()))]).await.unwrap();
    // All or none: the first record of the append goes with the second.
    let secret = Value::map([("a", Value::from(CANARY).sensitive())]);
    let records = vec![output("more", Some(2.into())), output("secret", Some(secret))];
    let error = bench.store.append(lease.fence, records).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a` of output secret (value) is sensitive, and the state was opened without its key"
    );
    assert!(error.help().unwrap().contains("AURAK_KEY"));
    let doc = bench.store.document().await.unwrap();
    assert_eq!((doc.serial, doc.outputs.len()), (2, 1));
    let error = bench.store.put_parts(lease.fence, vec![("a".into(), vec![1])]).await.unwrap_err();
    assert!(matches!(error, StoreError::KeyNeeded { .. }), "{error}");
}

async fn an_append_is_all_or_nothing(make: Make) {
    let (bench, lease) = held(make).await;
    bench.store.append(lease.fence, vec![begin("op-1", 1)]).await.unwrap();
    let before = bench.store.document().await.unwrap();
    // Sealed elsewhere, so it opens nowhere here.
    let stray = key().seal(&Value::from("x"), "elsewhere").unwrap();
    let records = vec![
        intent("a", "k1", Value::Null),
        outcome(Some("k1"), vec![put(row("a", Value::Null)), put(row("b", Value::Sensitive(stray)))], None),
    ];
    let error = bench.store.append(lease.fence, records).await.unwrap_err();
    assert!(matches!(error, StoreError::Unsealable { .. }), "{error}");
    assert_eq!(bench.store.document().await.unwrap(), before);
    assert_eq!(bench.store.records(1, 9).await.unwrap(), []);
    assert_eq!(bench.store.append(lease.fence, vec![end("op-1", 2)]).await.unwrap().serial, 2);
    assert_eq!(bench.store.append(lease.fence, vec![]).await.unwrap().serial, 2);
}

async fn parts_are_kept_once(make: Make) {
    let (bench, lease) = held(make).await;
    let part = |name: &str, bytes: &[u8]| (name.to_string(), bytes.to_vec());
    bench.store.put_parts(lease.fence, vec![part("d1", b"one"), part("d2", b"")]).await.unwrap();
    bench.store.put_parts(lease.fence, vec![part("d1", b"one"), part("d3", b"three")]).await.unwrap();
    let names = ["d3", "d1", "d2"].map(String::from);
    assert_eq!(bench.store.parts(&names).await.unwrap(), [b"three".to_vec(), b"one".to_vec(), vec![]]);
    let error = bench.store.parts(&["d4".to_string()]).await.unwrap_err();
    assert_eq!(error.to_string(), "the state is damaged: the part d4 of the sources is missing");
}

async fn history_tells_the_runs(make: Make) {
    let (bench, lease) = held(make).await;
    bench.store.append(lease.fence, script()).await.unwrap();
    bench.store.append(lease.fence, vec![begin("op-2", 60), intent("a", "k9", Value::Null)]).await.unwrap();
    let history = bench.store.history(10).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|run| (&*run.operation.id.0, run.serial, run.operation.at_ms, run.end, run.done, run.failed))
        .collect();
    assert_eq!(told, [("op-2", 23, 60, None, 0, 0), ("op-1", 1, 1, Some((50, EndResult::Done)), 3, 1)]);
    assert_eq!(bench.store.history(1).await.unwrap().len(), 1);
}

async fn a_fork_goes_its_own_way(make: Make) {
    let (bench, lease) = held(make).await;
    bench.store.append(lease.fence, script()).await.unwrap();
    bench.store.put_parts(lease.fence, vec![("d1".into(), b"one".to_vec())]).await.unwrap();
    let fork = bench.store.fork().await.unwrap();
    let before = bench.store.document().await.unwrap();
    assert_eq!(fork.identity(), bench.store.identity());
    assert_eq!(fork.document().await.unwrap(), before);
    assert_eq!(fork.records(0, 99).await.unwrap(), bench.store.records(0, 99).await.unwrap());
    assert_eq!(fork.parts(&["d1".to_string()]).await.unwrap(), [b"one".to_vec()]);
    // Nobody holds it, and what is written to it stays there.
    let its = fork.acquire(holder("bob@there"), TTL).await.unwrap();
    fork.append(its.fence, vec![output("more", Some(1.into()))]).await.unwrap();
    assert_eq!(fork.document().await.unwrap().serial, before.serial + 1);
    assert_eq!(bench.store.document().await.unwrap(), before);
}

async fn a_repeated_intent_stands_for_the_first(make: Make) {
    let (bench, lease) = held(make).await;
    let records = vec![
        intent("a", "k1", 1.into()),
        waiting("k1", "h".into()),
        intent("b", "k2", 2.into()),
        intent("a", "k1", 3.into()),
        waiting("nobody", "h".into()),
    ];
    bench.store.append(lease.fence, records.clone()).await.unwrap();
    let doc = bench.store.document().await.unwrap();
    assert_eq!(doc, folded(&bench, &records));
    let pending: Vec<_> = doc.pending.iter().map(|p| (&*p.intent.key.0, p.handle.is_some())).collect();
    assert_eq!(pending, [("k2", false), ("k1", false)]);
}

macro_rules! suite {
    ($($backend:ident $paused:tt { $($test:ident),* $(,)? })*) => {$(
        mod $backend {
            $(
                #[tokio::test $paused]
                async fn $test() {
                    super::$test(crate::tests::samples::$backend).await;
                }
            )*
        }
    )*};
}

macro_rules! all {
    ($($test:ident),* $(,)?) => {
        suite! {
            memory () { $($test),* }
            slow (start_paused = true) { $($test),* }
            sqlite () { $($test),* }
        }
    };
}

all! {
    a_new_store_is_empty,
    the_state_is_the_fold_of_the_records,
    the_journal_gives_back_what_was_written,
    a_script_leaves_a_clean_state,
    nothing_is_written_without_a_lease,
    only_one_holds_the_lease,
    a_lease_that_ran_out_is_lost,
    a_renewed_lease_lasts,
    a_broken_lease_is_lost,
    without_a_key_nothing_sensitive_is_taken,
    an_append_is_all_or_nothing,
    parts_are_kept_once,
    history_tells_the_runs,
    a_fork_goes_its_own_way,
    a_repeated_intent_stands_for_the_first,
}
