//! A sandbox, a state in memory, and the engine's verbs between them, as commands put these together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::Registry;
use aurak_azure::{AzureOptions, AzureType};
use aurak_exec::{Cancel, Limits};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::record::{EndResult, Object};
use aurak_model::{Address, Diagnostic, Files, Plan, PlanReport};
use aurak_plan::Options;
use aurak_render::plan::PlanView;
use aurak_render::{Style, diagnostics};
use aurak_rest::Paces;
use aurak_run::{Applied, Approver, Me, MemoryStores, PlanOutcome, Request, RunError, Session};
use aurak_sandbox::{Handle, Sandbox};
use aurak_state::{Holder, Store as _, SystemClock};
use serde_json::Value as Json;

use super::hasty::HastyType;
use super::other::Other;

/// Four minutes of Azure are 12 ms.
const SPEED: f64 = 20_000.0;

/// The name of the stacks.
pub(super) const STACK: &str = "types";

pub(super) struct Place {
    pub(super) other: Other,
    variables: Arc<Vec<(&'static str, String)>>,
    stores: Arc<MemoryStores>,
    folder: tempfile::TempDir,
    /// How much of the sandbox's log was read.
    read: usize,
    _sandbox: Handle,
}

impl Place {
    pub(super) async fn new(version: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let logs = vec![folder.path().join("log")];
        let options = aurak_sandbox::Options { speed: SPEED, logs, ..aurak_sandbox::Options::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, &sandbox.ca_pem).unwrap();
        let identity = &sandbox.identity;
        let variables = vec![
            ("AURAK_SANDBOX_URL", sandbox.url.clone()),
            ("AURAK_SANDBOX_CA", ca.display().to_string()),
            ("AZURE_AUTHORITY_HOST", sandbox.url.clone()),
            ("AZURE_TENANT_ID", identity.tenant.clone()),
            ("AZURE_CLIENT_ID", identity.client_id.clone()),
            ("AZURE_CLIENT_SECRET", identity.client_secret.clone()),
            ("AZURE_SUBSCRIPTION_ID", identity.subscriptions[0].id.clone()),
        ];
        Place {
            other: Other::new(&sandbox, version).await,
            variables: Arc::new(variables),
            stores: Arc::default(),
            folder,
            read: 0,
            _sandbox: sandbox,
        }
    }

    /// `/subscriptions/ID`.
    pub(super) fn subscription(&self) -> String {
        let id = self.variables.iter().find(|(name, _)| *name == "AZURE_SUBSCRIPTION_ID");
        format!("/subscriptions/{}", id.map(|(_, id)| id.as_str()).unwrap_or_default())
    }

    fn session(&self, stack: &Json) -> Session {
        let variables = self.variables.clone();
        let env =
            move |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        // The limits of an account are looked at elsewhere.
        let options = AzureOptions { folder: PathBuf::from("/"), env: Arc::new(env), paces: Paces::new() };
        let registry = Arc::new(Registry::new().with(Arc::new(HastyType(AzureType::new(options)))));
        Session {
            sources: Arc::new(MemorySources::of([("aurak.yaml", stack.to_string().as_str())])),
            request: LoadRequest::default(),
            schemas: Arc::new(registry.schemas()),
            registry,
            folder: None,
            stores: self.stores.clone(),
            clock: Arc::new(SystemClock),
            me: Me { who: "me@here".into(), host: "here".into(), pid: 1, commit: Arc::new(|| None) },
        }
    }

    pub(super) async fn plan(&self, stack: &Json) -> Result<PlanOutcome, String> {
        aurak_run::plan(&self.session(stack), Options::default()).await.map_err(|error| failure(&error))
    }

    pub(super) async fn apply(&self, stack: &Json) -> Result<(), String> {
        let (events, _) = tokio::sync::mpsc::unbounded_channel();
        let request = Request {
            options: Options::default(),
            limits: Limits { timeout: Duration::from_secs(30), ..Limits::default() },
            lock_timeout: Duration::ZERO,
            new: false,
            deferred_max: 0,
            cancel: Cancel::new(),
            events,
        };
        match aurak_run::apply(&self.session(stack), request, &Yes).await {
            Ok(Applied::Nothing { .. } | Applied::Executed { end: EndResult::Done, .. }) => Ok(()),
            Ok(Applied::Executed { end, findings: found, files, .. }) => {
                Err(format!("apply ended {end:?}\n{}", findings(&found, &files)))
            }
            Ok(Applied::Declined) => Err("apply was declined".to_string()),
            Err(error) => Err(format!("apply: {}", failure(&error))),
        }
    }

    /// What state holds for an address.
    pub(super) async fn recorded(&self, address: &str) -> Result<Object, String> {
        let store = self.stores.get(STACK, None).ok_or("there is no state")?;
        let document = store.document().await.map_err(|error| error.to_string())?;
        let address = Address::parse(address).map_err(|error| error.to_string())?;
        let row = document.rows.get(&address).ok_or_else(|| format!("`{address}` is not in the state"))?;
        if row.old.is_some() || row.temporary.is_some() {
            return Err(format!("`{address}` has an object left over"));
        }
        row.current.clone().ok_or_else(|| format!("`{address}` has no object"))
    }

    /// The requests that the sandbox got.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What was deleted since the last time, as the sandbox saw it.
    pub(super) fn deleted(&mut self) -> Result<Vec<String>, String> {
        let log = std::fs::read_to_string(self.log()).map_err(|error| error.to_string())?;
        let mut deleted = Vec::new();
        for line in log[self.read..].lines().filter(|line| line.contains(r#""method":"DELETE""#)) {
            let line: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
            if line["answer"]["status"].as_u64().is_some_and(|status| status < 300) {
                deleted.push(line["path"].as_str().unwrap_or_default().to_ascii_lowercase());
            }
        }
        self.read = log.len();
        Ok(deleted)
    }
}

/// Agrees to everything.
struct Yes;

#[async_trait]
impl Approver for Yes {
    async fn approve(&self, _: &Plan, _: &PlanReport, _: &Files) -> bool {
        true
    }

    async fn waiting_for(&self, _: &Holder) {}

    async fn recovered(&self, _: &[Diagnostic]) {}
}

fn style() -> Style {
    Style { width: 100, ..Style::plain() }
}

/// A plan as people see it.
pub(super) fn shown(outcome: &PlanOutcome) -> String {
    let PlanOutcome { plan, report, files, .. } = outcome;
    aurak_render::plan::plan(&PlanView { plan, report, files, took_ms: None }, &style())
}

fn findings(findings: &[Diagnostic], files: &Files) -> String {
    diagnostics::diagnostics(findings, files, &style())
}

fn failure(error: &RunError) -> String {
    if let RunError::Findings { findings: found, files } = error {
        return findings(found, files);
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
