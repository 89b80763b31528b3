//! Keys and what they seal.

use aurak_model::plan::RowPlan;
use aurak_model::{Object, Record, Row, Secret, Value};

use crate::tests::samples::*;
use crate::{Key, StoreError};

#[test]
fn a_key_has_one_text_and_one_id() {
    let key = key();
    // Part of the format: with other derived keys nothing that exists would open any more.
    insta::assert_snapshot!(key.id(), @"1bf456a89bcd65f5");
    insta::assert_snapshot!(key.digest(&[&Value::from("a"), &Value::Null]), @"36aca37e89fbe785ad8ed6dcbc1493c33c6b052dc8eb08ed9a1974e11f9c8c16");
    assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
    let again = Key::from_base64(&key.to_base64()).unwrap();
    assert_eq!(again.id(), key.id());
    let url = key.to_base64().replace('+', "-").replace('/', "_").replace('=', "");
    assert_eq!(Key::from_base64(&format!(" {url}\n")).unwrap().id(), key.id());
    assert_ne!(Key::generate().unwrap().id(), Key::generate().unwrap().id());
}

#[test]
fn what_is_no_key_says_so_without_showing_it() {
    for text in ["", "secret-text-that-is-short", "!!!!", &"A".repeat(100)] {
        let error = Key::from_base64(text).unwrap_err();
        assert!(matches!(error, StoreError::BadKey { .. }));
        assert!(!error.to_string().contains("secret"));
    }
    assert!(Key::from_passphrase("", "0123456789abcdef").is_err());
    assert!(Key::from_passphrase("x", "short").is_err());
}

#[test]
fn a_passphrase_makes_a_key_with_the_salt() {
    let key = Key::from_passphrase("correct horse", "00112233445566778899aabbccddeeff").unwrap();
    insta::assert_snapshot!(key.id(), @"58bf58ca7e86a1c5");
    let other = Key::from_passphrase("correct horse", "ff112233445566778899aabbccddeeff").unwrap();
    assert_ne!(key.id(), other.id());
}

#[test]
fn a_sealed_leaf_opens_in_its_place_only() {
    let key = key();
    let leaf = Value::from(CANARY);
    let sealed = key.seal(&leaf, "row a\0x").unwrap();
    assert_eq!(key.open(&sealed, "row a\0x").unwrap(), leaf.clone().sensitive());
    let Secret::Sealed(text) = &sealed else { panic!("still in clear") };
    assert!(!text.contains(CANARY));
    assert_ne!(sealed, key.seal(&leaf, "row a\0x").unwrap(), "a nonce is used once");

    let error = key.open(&sealed, "row b\0x").unwrap_err();
    insta::assert_snapshot!(error, @"row b x cannot be opened: it was changed, moved, or sealed with another key");
    assert!(other_key().open(&sealed, "row a\0x").is_err());
    for text in ["", "1", "2abc", "1AAAA", "1###"] {
        assert!(key.open(&Secret::Sealed(text.into()), "row a\0x").is_err(), "{text}");
    }
    // What is in clear stays so, with its mark.
    let plain = Value::from(1).sensitive();
    let Value::Sensitive(secret) = &plain else { panic!("no mark") };
    assert_eq!(key.open(secret, "anywhere").unwrap(), plain);
}

#[test]
fn no_byte_of_sealed_bytes_can_change() {
    let key = key();
    let sealed = key.seal_bytes(b"program", b"plan 1").unwrap();
    assert_eq!(&**key.open_bytes(&sealed, b"plan 1", "the plan").unwrap(), b"program");
    for at in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        assert!(key.open_bytes(&flipped, b"plan 1", "the plan").is_err(), "byte {at}");
        assert!(key.open_bytes(&sealed[..at], b"plan 1", "the plan").is_err(), "cut at {at}");
    }
    let error = key.open_bytes(&sealed, b"plan 2", "the plan").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan cannot be opened: it was changed, moved, or sealed with another key"
    );
}

#[test]
fn a_digest_knows_values_apart_but_not_marks() {
    let key = key();
    let (a, b) = (Value::from("a"), Value::from("b"));
    assert_eq!(key.digest(&[&a]), key.digest(&[&a.clone().sensitive()]));
    let all = [
        key.digest(&[]),
        key.digest(&[&a]),
        key.digest(&[&a, &b]),
        key.digest(&[&b, &a]),
        key.digest(&[&Value::list([a.clone(), b.clone()])]),
        key.digest(&[&Value::from("ab")]),
        key.digest(&[&Value::Null]),
        other_key().digest(&[&a]),
    ];
    for (i, one) in all.iter().enumerate() {
        assert!(!all[..i].contains(one), "{i}");
    }
}

/// A secret opens where it was put, and stands nowhere in clear, in whatever part it is the only one.
#[tokio::test]
async fn what_is_secret_is_sealed_wherever_it_is_the_only_secret() {
    let secret = || Value::from(CANARY).sensitive();
    let plain = || row("a", Value::Null);
    let object = |desired: Value, attributes: Value| {
        Some(Object { id: "id-a".into(), desired, attributes, incomplete: None, since: 0 })
    };
    let rows = [
        Row { current: object(secret(), Value::Null), ..plain() },
        Row { current: object(Value::Null, secret()), ..plain() },
        Row { old: object(secret(), Value::Null), ..plain() },
        Row { old: object(Value::Null, secret()), ..plain() },
        Row { temporary: object(secret(), Value::Null), ..plain() },
        Row { temporary: object(Value::Null, secret()), ..plain() },
        Row { replace_when: Value::list([secret()]), ..plain() },
    ];
    for row in rows {
        for bench in [memory(Some(key())), sqlite(Some(key()))] {
            let lease =
                bench.store.acquire(holder("ada@here"), std::time::Duration::from_secs(60)).await.unwrap();
            bench.store.append(lease.fence, vec![outcome(None, vec![put(row.clone())], None)]).await.unwrap();
            let doc = bench.store.document().await.unwrap();
            let found = &doc.rows[&row.address];
            assert_eq!(
                (&found.current, &found.old, &found.temporary, &found.replace_when),
                (&row.current, &row.old, &row.temporary, &row.replace_when)
            );
            no_canary(&bench);
        }
    }
    for of_intent in [(secret(), Value::Null), (Value::Null, secret())] {
        for bench in [memory(Some(key())), sqlite(Some(key()))] {
            let Record::Intent(mut intent) = intent("a", "k", of_intent.0.clone()) else { panic!() };
            intent.row = Some(RowPlan { replace_when: of_intent.1.clone(), ..RowPlan::default() });
            let lease =
                bench.store.acquire(holder("ada@here"), std::time::Duration::from_secs(60)).await.unwrap();
            bench.store.append(lease.fence, vec![begin("op-1", 1), Record::Intent(intent)]).await.unwrap();
            let doc = bench.store.document().await.unwrap();
            let found = &doc.pending[0].intent;
            assert_eq!(
                (&found.desired, &found.row.as_ref().unwrap().replace_when),
                (&of_intent.0, &of_intent.1)
            );
            no_canary(&bench);
        }
    }
}

fn no_canary(bench: &Bench) {
    let Some(dir) = &bench._dir else { return };
    let mut open = vec![dir.path().to_path_buf()];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            open.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = std::fs::read(&at).unwrap();
            let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!found, "{}", at.display());
        }
    }
}
