//! `core.private_key`, judged by `openssl` and `ssh-keygen`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use aurak_model::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::{call, core, done, get, has_tool};

/// What to draw, what `openssl` calls it, and what `ssh-keygen -l` says of it.
type Case = (&'static str, Option<i64>, Option<&'static str>, &'static str, &'static str);

const KINDS: [Case; 6] = [
    ("rsa", Some(2048), None, "Private-Key: (2048 bit, 2 primes)", "2048 (RSA)"),
    ("rsa", None, None, "Private-Key: (3072 bit, 2 primes)", "3072 (RSA)"),
    ("rsa", Some(4096), None, "Private-Key: (4096 bit, 2 primes)", "4096 (RSA)"),
    ("ecdsa", None, None, "NIST CURVE: P-256", "256 (ECDSA)"),
    ("ecdsa", None, Some("p384"), "NIST CURVE: P-384", "384 (ECDSA)"),
    ("ed25519", None, None, "ED25519 Private-Key:", "256 (ED25519)"),
];

async fn drawn(algorithm: &str, bits: Option<i64>, curve: Option<&str>) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut attributes = vec![("algorithm", Value::from(algorithm))];
    attributes.extend(bits.map(|bits| ("bits", bits.into())));
    attributes.extend(curve.map(|curve| ("curve", curve.into())));
    let core = core(folder.path()).await;
    done(core.create(&call(), "core.private_key", &Value::map(attributes)).await.unwrap()).attributes
}

#[tokio::test]
async fn the_private_part_is_marked_and_the_public_one_is_not() {
    let first = drawn("ed25519", None, None).await;
    for (name, secret) in [
        ("private_pem", true),
        ("private_openssh", true),
        ("public_pem", false),
        ("public_openssh", false),
        ("fingerprint_sha256", false),
    ] {
        assert_eq!(get(&first, name).has_marks(), secret, "{name}");
    }
    let pem = text(&first, "private_pem");
    let line = pem.lines().nth(1).unwrap();
    assert!(!format!("{first:?}").contains(line));
    assert_ne!(text(&drawn("ed25519", None, None).await, "private_pem"), pem);
}

#[tokio::test]
async fn openssl_and_ssh_keygen_read_what_is_drawn() {
    if !has_tool("openssl") || !has_tool("ssh-keygen") {
        return;
    }
    for (algorithm, bits, curve, openssl_says, ssh_says) in KINDS {
        let key = drawn(algorithm, bits, curve).await;
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text(&key, name)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let (pem, openssh) = (file("private_pem"), file("private_openssh"));

        let said = run("openssl", &["pkey", "-noout", "-text", "-check", "-in"], &pem);
        assert!(said.contains(openssl_says) && said.contains("Key is valid"), "{algorithm}: {said}");
        assert_eq!(
            run("openssl", &["pkey", "-pubout", "-in"], &pem),
            text(&key, "public_pem"),
            "{algorithm}"
        );

        let line = text(&key, "public_openssh");
        // OpenSSH reads PKCS#8 of RSA and ECDSA only.
        let readable = [&openssh, &pem].into_iter().take(if algorithm == "ed25519" { 1 } else { 2 });
        for private in readable {
            let public = run("ssh-keygen", &["-y", "-f"], private);
            let words: Vec<&str> = public.split_whitespace().take(2).collect();
            assert_eq!(words.join(" "), line, "{algorithm}: {private:?}");
        }
        // The file that is judged must not find a public key beside it.
        let said = run("ssh-keygen", &["-l", "-f"], &openssh);
        let (bits, kind) = ssh_says.split_once(' ').unwrap();
        let expected = format!("{bits} {} ", text(&key, "fingerprint_sha256"));
        assert!(said.starts_with(&expected) && said.trim_end().ends_with(kind), "{algorithm}: {said}");

        // The same point ends both forms of the public key.
        if algorithm == "ed25519" {
            let pem = text(&key, "public_pem");
            let tail = |base64: &str| BASE64_STANDARD.decode(base64).unwrap().split_off(12);
            let (of_pem, of_line) =
                (tail(pem.lines().nth(1).unwrap()), tail(line.split(' ').nth(1).unwrap()));
            assert!(of_pem.len() == 32 && of_line.ends_with(&of_pem));
        }

        // The private form for OpenSSH signs, and the public one verifies.
        let message = folder.path().join("message");
        fs::write(&message, "signed").unwrap();
        run_with("ssh-keygen", &["-q", "-Y", "sign", "-n", "test", "-f"], &[&openssh, &message]);
        let allowed = folder.path().join("allowed");
        fs::write(&allowed, format!("someone {line}\n")).unwrap();
        let signature = folder.path().join("message.sig");
        let verified = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-n", "test", "-I", "someone", "-f"])
            .arg(&allowed)
            .arg("-s")
            .arg(&signature)
            .stdin(fs::File::open(&message).unwrap())
            .output()
            .unwrap();
        assert!(verified.status.success(), "{algorithm}: {}", String::from_utf8_lossy(&verified.stderr));
    }
}

fn text(key: &Value, name: &str) -> String {
    get(key, name).reveal().as_str().unwrap().to_string()
}

fn run(program: &str, args: &[&str], file: &Path) -> String {
    run_with(program, args, &[file])
}

fn run_with(program: &str, args: &[&str], files: &[&Path]) -> String {
    let output = Command::new(program).args(args).args(files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
