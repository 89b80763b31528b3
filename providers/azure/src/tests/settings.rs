//! Who we are and where, by what is said.

use std::collections::BTreeMap;
use std::path::Path;

use aurak_model::Value;

use crate::identity::Identity;
use crate::settings::Settings;

/// What comes of a configuration and an environment, on a line.
fn read(config: &[(&str, &str)], env: &[(&str, &str)]) -> String {
    read_in(Path::new("/nowhere"), config, env)
}

fn read_in(folder: &Path, config: &[(&str, &str)], env: &[(&str, &str)]) -> String {
    let env: BTreeMap<&str, &str> = env.iter().copied().collect();
    let config = Value::map(config.iter().map(|(key, value)| (*key, Value::from(*value))));
    match Settings::read(&config, folder, &|name| env.get(name).map(|text| text.to_string())) {
        Ok(Settings { cloud, subscription, tenant, identity, stands_for: _, authorities }) => {
            let identity = match identity {
                Identity::Secret { client_id, secret } => {
                    format!("secret of {client_id}: {}", secret.secret())
                }
                Identity::Certificate { client_id, pem: _ } => format!("certificate of {client_id}"),
                Identity::Workload { client_id, token_file } => {
                    format!("workload {client_id} by {}", token_file.display())
                }
                Identity::Managed { client_id } => format!("managed {client_id:?}"),
                Identity::Cli => "cli".to_string(),
                Identity::Found { client_id } => format!("found {client_id:?}"),
            };
            let tenant = tenant.unwrap_or_else(|| "?".to_string());
            let ca = authorities.map(|pem| format!(" ca of {} bytes", pem.len())).unwrap_or_default();
            let place = format!("{} {} {}", cloud.name, cloud.endpoint, cloud.authority);
            format!("{tenant}/{subscription} {identity} at {place}{ca}")
        }
        Err(error) => format!("{} ({})", error.message, error.help.unwrap_or_default()),
    }
}

const APP: [(&str, &str); 4] = [
    ("AZURE_SUBSCRIPTION_ID", "s"),
    ("AZURE_TENANT_ID", "t"),
    ("AZURE_CLIENT_ID", "app"),
    ("AZURE_CLIENT_SECRET", "pw"),
];

#[test]
fn what_is_said_counts_before_the_environment() {
    let rows = [
        read(&[], &[]),
        read(&[("subscription", "s")], &[]),
        read(&[], &APP),
        read(
            &[("subscription", "other"), ("tenant", "x"), ("client_id", "me"), ("client_secret", "mine")],
            &APP,
        ),
        read(&[("credential", "cli")], &APP),
        read(&[("credential", "managed")], &APP),
        read(&[("subscription", "s"), ("credential", "secret")], &[]),
        read(&[("subscription", "s"), ("credential", "workload"), ("client_id", "c")], &[]),
        read(
            &[],
            &[
                ("AZURE_SUBSCRIPTION_ID", "s"),
                ("AZURE_CLIENT_ID", "c"),
                ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
            ],
        ),
        read(&[("subscription", "s"), ("client_id", "c"), ("client_certificate", "app.pem")], &[]),
        read(&[("subscription", "s"), ("client_id", "")], &[("AZURE_CLIENT_ID", "")]),
        read(&[("subscription", "../x")], &[]),
        read(&[("subscription", "s"), ("tenant", "a/b")], &[]),
    ];
    insta::assert_snapshot!(rows.join("\n"), @r#"
    it is not said which subscription to use (give the provider `subscription`, or set AZURE_SUBSCRIPTION_ID)
    ?/s found None at public https://management.azure.com https://login.microsoftonline.com
    t/s secret of app: pw at public https://management.azure.com https://login.microsoftonline.com
    x/other secret of me: mine at public https://management.azure.com https://login.microsoftonline.com
    t/s cli at public https://management.azure.com https://login.microsoftonline.com
    t/s managed Some("app") at public https://management.azure.com https://login.microsoftonline.com
    the credential `secret` needs a secret (give the provider `client_secret` or `credentials`, or set AZURE_CLIENT_SECRET)
    the credential `workload` needs a token file (set AZURE_FEDERATED_TOKEN_FILE, as a pod with a workload identity has it)
    ?/s workload c by /token at public https://management.azure.com https://login.microsoftonline.com
    could not read the certificate in /nowhere/app.pem: No such file or directory (os error 2) ()
    ?/s found None at public https://management.azure.com https://login.microsoftonline.com
    `../x` is no id of a subscription (it is made of letters, digits and hyphens: `az account list` shows it)
    `a/b` is no tenant ()
    "#);
}

#[test]
fn clouds_are_where_it_is_said() {
    let of = |config: &[(&str, &str)], env: &[(&str, &str)]| {
        let env: Vec<_> = APP.iter().chain(env).copied().collect();
        let text = read(config, &env);
        text.split_once(" at ").map_or(text.clone(), |(_, place)| place.to_string())
    };
    let sandbox =
        [("AURAK_SANDBOX_URL", "https://localhost:1/"), ("AZURE_AUTHORITY_HOST", "https://localhost:2")];
    let rows = [
        of(&[("cloud", "government")], &[]),
        of(&[("cloud", "china")], &sandbox),
        of(&[], &sandbox),
        of(&[("cloud", "public")], &sandbox),
        of(&[], &sandbox[1..]),
        of(&[("endpoint", "https://a"), ("authority", "https://b")], &sandbox),
        of(&[("endpoint", "https://a"), ("authority", "https://b")], &[]),
        of(&[("endpoint", "http://a")], &[]),
        of(&[("cloud", "custom")], &[]),
        of(&[("cloud", "public"), ("endpoint", "https://a")], &[]),
        of(&[("authority", "https://b")], &[]),
        of(&[], &[("AURAK_SANDBOX_URL", "https://localhost:1"), ("AURAK_SANDBOX_CA", "/no/such/ca.pem")]),
        of(&[], &[("AURAK_SANDBOX_CA", "/no/such/ca.pem")]),
        of(&[], &[("AURAK_SANDBOX_URL", "https://management.azure.com")]),
        of(&[], &[("AURAK_SANDBOX_URL", "https://localhost@example.com/")]),
    ];
    insta::assert_snapshot!(rows.join("\n"), @r#"
    government https://management.usgovcloudapi.net https://login.microsoftonline.us
    sandbox https://localhost:1 https://localhost:2
    sandbox https://localhost:1 https://localhost:2
    sandbox https://localhost:1 https://localhost:2
    public https://management.azure.com https://login.microsoftonline.com
    sandbox https://localhost:1 https://localhost:2
    custom https://a https://b
    the cloud of the provider: `http://a` is no address that begins with https:// and has no more than a host and a port ()
    the cloud of the provider: a custom cloud needs its `endpoint` ()
    the cloud of the provider: the cloud `public` has an endpoint of its own: leave `endpoint` out, or say `cloud: custom` ()
    the cloud of the provider: a custom cloud needs its `endpoint` ()
    could not read the certificates in /no/such/ca.pem: No such file or directory (os error 2) ()
    public https://management.azure.com https://login.microsoftonline.com
    `https://management.azure.com` is no sandbox: that is on this machine (unset AURAK_SANDBOX_URL, or start a sandbox: eval "$(aurak sandbox start)")
    `https://localhost@example.com/` is no sandbox: that is on this machine (unset AURAK_SANDBOX_URL, or start a sandbox: eval "$(aurak sandbox start)")
    "#);
}

#[test]
fn what_is_meant_for_azure_is_not_used_in_the_sandbox() {
    let stack = [
        ("subscription", "mine"),
        ("tenant", "x"),
        ("client_id", "me"),
        ("client_secret", "canary"),
        ("cloud", "public"),
        ("credential", "managed"),
        ("ca", "/no/such/ca.pem"),
    ];
    let env: Vec<_> = APP.iter().copied().chain([("AURAK_SANDBOX_URL", "https://localhost:1")]).collect();
    assert_eq!(
        read(&stack, &env),
        "t/mine secret of app: pw at sandbox https://localhost:1 https://localhost:1"
    );
}

#[test]
fn a_credentials_file_says_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "credentials.json",
        r#"{"AZURE_CLIENT_ID": "c", "AZURE_SECRET": "p", "AZURE_TENANT": "t", "AZURE_SUBSCRIPTION_ID": "s", "x": 1}"#,
    );
    write("broken.json", "{\"AZURE_SECRET\": \"canary\",\n");
    write("kind.json", r#"{"AZURE_SECRET": ["canary"]}"#);
    let of = |name: &str| read_in(folder.path(), &[("credentials", name), ("subscription", "s2")], &APP);
    assert_eq!(
        of("credentials.json"),
        "t/s2 secret of c: p at public https://management.azure.com https://login.microsoftonline.com"
    );
    for name in ["broken.json", "kind.json"] {
        assert!(of(name).starts_with("the credentials in ") && !of(name).contains("canary"), "{}", of(name));
    }
    assert!(of("none.json").starts_with("could not read the credentials in "), "{}", of("none.json"));
    // One that the command line names, where the provider names none.
    let named = |config: &[(&str, &str)]| {
        read_in(folder.path(), config, &[("AURAK_CREDENTIALS", "credentials.json"), ("AZURE_CLIENT_ID", "e")])
    };
    assert_eq!(
        named(&[]),
        "t/s secret of c: p at public https://management.azure.com https://login.microsoftonline.com"
    );
    assert!(named(&[("credentials", "none.json")]).starts_with("could not read the credentials in "));
}

#[test]
fn no_secret_is_shown() {
    let identity = Identity::choose(None, Some("app".into()), Some("canary".into()), None, None).unwrap();
    assert!(!format!("{identity:?}").contains("canary"));
}
