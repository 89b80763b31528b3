//! The sandbox as this machine has it: where its files are, how it is found, and what its clients
//! must know. `aurak sandbox` keeps one for all stacks in the background; `--sandbox` serves one of the
//! stack's own for as long as a command runs.

use std::collections::BTreeMap;
use std::fs;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use aurak_azure::Env;
use aurak_sandbox::{Closed, Handle, Options, Sandbox, StartError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::disk::write_private;
use crate::error::CommandError;
use crate::output::Ui;

/// Where Resource Manager is, for whoever is told of a sandbox.
const URL: &str = "AURAK_SANDBOX_URL";

/// The folder of a sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

/// A sandbox that serves, as it says itself; in a file of its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Served {
    pub(crate) pid: u32,
    pub(crate) url: String,
    pub(crate) speed: f64,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) subscription: String,
}

impl Served {
    pub(crate) fn of(handle: &Handle, speed: f64) -> Served {
        let identity = &handle.identity;
        Served {
            pid: std::process::id(),
            url: handle.url.clone(),
            speed,
            tenant: identity.tenant.clone(),
            client_id: identity.client_id.clone(),
            client_secret: identity.client_secret.clone(),
            subscription: identity.subscriptions.first().map(|one| one.id.clone()).unwrap_or_default(),
        }
    }

    /// On loopback; 0 where that cannot be said.
    fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
    }

    /// Whether there is such a process still. Who took its place and has not noted so yet is another.
    fn lives(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        pid.is_some_and(|pid| {
            !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
        })
    }

    /// What a client must know, as variables.
    pub(crate) fn variables(&self, ca: &Path) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (URL, self.url.clone()),
            ("AURAK_SANDBOX_CA", ca.display().to_string()),
            ("AZURE_TENANT_ID", self.tenant.clone()),
            ("AZURE_CLIENT_ID", self.client_id.clone()),
            ("AZURE_CLIENT_SECRET", self.client_secret.clone()),
            ("AZURE_SUBSCRIPTION_ID", self.subscription.clone()),
            ("AZURE_AUTHORITY_HOST", self.url.clone()),
        ])
    }
}

impl Home {
    /// In a folder, or where this user's is.
    pub(crate) fn at(dir: Option<&Path>) -> Result<Home, CommandError> {
        let dir = match dir {
            Some(dir) => dir.to_path_buf(),
            None => of_user()?,
        };
        let absolute = std::path::absolute(&dir)
            .map_err(|error| CommandError::file("find the sandbox's folder", &dir, &error))?;
        Ok(Home(absolute))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    pub(crate) fn world(&self) -> PathBuf {
        self.0.join("azure.db")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("requests.ndjson")
    }

    /// What the process in the background said when it could not go on.
    pub(crate) fn errors(&self) -> PathBuf {
        self.0.join("errors.txt")
    }

    /// Where it says which cloud and tenant it is a copy of.
    fn stands_for(&self) -> PathBuf {
        self.0.join("stands-for.txt")
    }

    /// Notes what it is a copy of.
    pub(crate) fn stand_for(&self, place: &str) -> Result<(), CommandError> {
        let path = self.stands_for();
        write_private(&path, place.as_bytes())
            .map_err(|error| CommandError::file("note what the sandbox stands for in", &path, &error))
    }

    /// It is a copy of nothing any more.
    pub(crate) fn stand_alone(&self) {
        let _ = fs::remove_file(self.stands_for());
    }

    fn served(&self) -> PathBuf {
        self.0.join("served.json")
    }

    pub(crate) fn make(&self) -> Result<(), CommandError> {
        fs::create_dir_all(&self.0)
            .map_err(|error| CommandError::file("make the sandbox's folder", &self.0, &error))
    }

    /// The sandbox that serves here. The lock on the world tells, and not what a file says: who was
    /// killed says nothing.
    pub(crate) fn running(&self) -> Option<Served> {
        if !Closed::is_served(&self.world()) {
            return None;
        }
        self.noted()
    }

    /// Who served last, or serves.
    fn noted(&self) -> Option<Served> {
        serde_json::from_slice(&fs::read(self.served()).ok()?).ok()
    }

    /// Notes who serves, and what its clients trust: the public authorities and its own.
    pub(crate) fn note(&self, handle: &Handle, served: &Served) -> Result<(), CommandError> {
        let ca = self.ca();
        write_private(&ca, bundle(&handle.ca_pem).as_bytes())
            .map_err(|error| CommandError::file("write the certificates to trust to", &ca, &error))?;
        let path = self.served();
        let text = serde_json::to_vec_pretty(served).unwrap_or_default();
        write_private(&path, &text)
            .map_err(|error| CommandError::file("note who serves the sandbox in", &path, &error))
    }

    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(self.served());
    }
}

/// `$AURAK_SANDBOX_DIR`, or where programs keep what is no configuration and no cache.
fn of_user() -> Result<PathBuf, CommandError> {
    let said = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    said("AURAK_SANDBOX_DIR")
        .or_else(|| Some(said("XDG_STATE_HOME")?.join("aurak/sandbox")))
        .or_else(|| Some(said("HOME")?.join(".local/state/aurak/sandbox")))
        .ok_or_else(|| {
            CommandError::new("sandbox", "there is no place for a sandbox: HOME is not set")
                .help("name one with --dir")
        })
}

/// An error of the sandbox as one of a command.
pub(crate) fn failed(error: &StartError) -> CommandError {
    CommandError::caused("sandbox", error)
}

/// The public authorities of this machine, and one more.
fn bundle(own: &str) -> String {
    let mut text = String::new();
    for certificate in rustls_native_certs::load_native_certs().certs {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(&certificate);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            text.push_str(line);
            text.push('\n');
            rest = more;
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text.push_str(own);
    text
}

/// Variables of this process.
pub(crate) fn environment() -> Env {
    Arc::new(|name| std::env::var(name).ok())
}

/// Variables of this process, for a command that may reach a service: which one is said.
pub(crate) fn of_process(ui: &Ui) -> Env {
    if let Some(url) = std::env::var(URL).ok().filter(|url| !url.is_empty()) {
        say(ui, &url);
    }
    environment()
}

/// Variables as the stack's own sandbox has them, which is served until the process ends.
pub(crate) fn beside(states: &Path, ui: &Ui) -> Result<Env, CommandError> {
    let home = Home::at(Some(states))?;
    home.make()?;
    let served = serve_here(&home)?;
    say(ui, &served.url);
    let mut variables = served.variables(&home.ca());
    if let Ok(place) = fs::read_to_string(home.stands_for()) {
        variables.insert(aurak_azure::STANDS_FOR, place);
    }
    Ok(Arc::new(move |name| {
        let own = variables.iter().find(|(known, _)| **known == name).map(|(_, value)| value.clone());
        // What else speaks of a real account is not for the sandbox.
        own.or_else(|| std::env::var(name).ok().filter(|_| !name.starts_with("AZURE_")))
    }))
}

fn say(ui: &Ui, url: &str) {
    ui.say(&format!("sandbox: nothing of this is real ({url})\n"));
}

/// How long whoever serves the world may take to say where.
const SAYS_WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked whether somebody else serves it still.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// Serves a sandbox in this process, on a thread and a runtime of its own; while another command of the
/// stack is at it, that one's is used.
fn serve_here(home: &Home) -> Result<Served, CommandError> {
    static SERVED: OnceLock<Served> = OnceLock::new();
    if let Some(served) = SERVED.get() {
        return Ok(served.clone());
    }
    let options = Options {
        world: Some(home.world()),
        logs: vec![home.log()],
        speed: speed_of_environment()?,
        ..Options::default()
    };
    let cannot = |error: std::io::Error| CommandError::new("runtime", format!("could not start: {error}"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(cannot)?;
    let (sender, receiver) = mpsc::channel();
    let home = home.clone();
    let keep = move || {
        runtime.block_on(async {
            let found = serve_or_find(&home, &options).await;
            let other = found.as_ref().ok().filter(|served| served.pid != std::process::id()).cloned();
            let _ = sender.send(found);
            if let Some(other) = other {
                take_over(&home, &options, &other).await;
            }
            pending::<()>().await;
        });
    };
    std::thread::Builder::new().name("sandbox".into()).spawn(keep).map_err(cannot)?;
    let gone = || CommandError::new("sandbox", "the sandbox ended before it served");
    let served = receiver.recv().map_err(|_| gone())??;
    Ok(SERVED.get_or_init(|| served).clone())
}

/// Serves the world, where it was served last if that can be; or says who does.
async fn serve_or_find(home: &Home, options: &Options) -> Result<Served, CommandError> {
    let until = Instant::now() + SAYS_WITHIN;
    loop {
        let noted = home.noted();
        let last = noted.as_ref().map_or(0, Served::port);
        let mut started = start(options, last).await;
        if matches!(started, Err(StartError::Listen { .. })) {
            started = start(options, 0).await;
        }
        match (started, noted) {
            (Ok(handle), _) => return keep(home, handle, options.speed),
            (Err(StartError::InUse { .. }), Some(served)) if served.lives() => return Ok(served),
            // It serves, and has not said where yet.
            (Err(StartError::InUse { .. }), _) if Instant::now() < until => {
                tokio::time::sleep(LOOKS_EVERY).await;
            }
            (Err(error), _) => return Err(failed(&error)),
        }
    }
}

/// When the one that serves the world ends, serves it at the same place: what is under way here does
/// not notice.
async fn take_over(home: &Home, options: &Options, from: &Served) {
    loop {
        tokio::time::sleep(LOOKS_EVERY).await;
        // Until it can, requests say that nobody answers.
        if let Ok(handle) = start(options, from.port()).await {
            let _ = keep(home, handle, options.speed);
            return;
        }
    }
}

async fn start(options: &Options, port: u16) -> Result<Handle, StartError> {
    let mut options = options.clone();
    options.address.set_port(port);
    Sandbox::start(options).await
}

/// Notes who serves, which is this process until it ends.
fn keep(home: &Home, handle: Handle, speed: f64) -> Result<Served, CommandError> {
    let served = Served::of(&handle, speed);
    home.note(&handle, &served)?;
    // Every answer is durable before it is given: it need not be closed.
    std::mem::forget(handle);
    Ok(served)
}

/// How much faster than Azure the stack's own sandbox is: a minute a second, so that trying something
/// out does not take a coffee.
fn speed_of_environment() -> Result<f64, CommandError> {
    match std::env::var("AURAK_SANDBOX_SPEED") {
        Err(_) => Ok(60.0),
        Ok(text) => {
            speed(&text).map_err(|why| CommandError::new("sandbox", format!("AURAK_SANDBOX_SPEED: {why}")))
        }
    }
}

/// A factor from the command line.
pub(crate) fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err("it is a number from 0.01 to 100000".to_string()),
    }
}

/// A text as a word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell_are_quoted() {
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn a_bundle_ends_with_its_own_authority() {
        let text = bundle("-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n");
        assert!(text.ends_with("QQ==\n-----END CERTIFICATE-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64 || line.starts_with("-----")));
        assert_eq!(text.matches("-----BEGIN").count(), text.matches("-----END").count());
    }

    #[test]
    fn a_speed_is_a_factor() {
        assert_eq!(speed("60"), Ok(60.0));
        for text in ["", "x", "0", "-1", "inf", "NaN", "1e9"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }
}
