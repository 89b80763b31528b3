//! Plans and executes in rounds: what a plan defers is planned again when the rest is done, and
//! executed under the same operation as far as it was announced.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurak_exec::{Reporter, Stop};
use aurak_lang::MemorySources;
use aurak_model::plan::DeferredBlock;
use aurak_model::record::{EndResult, Operation};
use aurak_model::{Action, Address, Diagnostic, Plan, Reason, Record, Severity, StateDoc};
use tokio::time::Instant;

use crate::apply::{Applied, Approver, FollowUp, Request, save};
use crate::error::{RunError, state};
use crate::file;
use crate::planning::{Loaded, PlanOutcome, plan_from};
use crate::session::Session;
use crate::work::{Work, executing};

/// How long to wait before what is still coming up at the service is asked again.
const PLAN_AGAIN: Duration = Duration::from_secs(5);

impl Work {
    /// Plans. What a killed run began may still be coming up at the service; until the deadline, a
    /// plan that fails for a reason that may pass is made again.
    pub(crate) async fn plan(
        &self,
        session: &Session,
        loaded: &Loaded,
        previous: Arc<StateDoc>,
        request: &Request,
        deadline: Instant,
        approver: &dyn Approver,
    ) -> Result<PlanOutcome, RunError> {
        let mut told = false;
        loop {
            let identity = self.store.identity();
            let (previous, options) = (previous.clone(), request.options.clone());
            let planned =
                plan_from(session, &self.pool, loaded.clone(), identity, true, previous, options).await;
            match (&planned, self.pool.failed_in_passing()) {
                (Err(RunError::Findings { .. }), Some(why)) if Instant::now() < deadline => {
                    if !std::mem::replace(&mut told, true) {
                        approver.recovered(&[coming_up(&why)]).await;
                    }
                    tokio::time::sleep(PLAN_AGAIN).await;
                }
                _ => return planned,
            }
        }
    }

    /// Executes a plan, then plans what it deferred and executes that, as far as it was approved.
    pub(crate) async fn execute(
        &self,
        session: &Session,
        loaded: Loaded,
        outcome: PlanOutcome,
        request: &Request,
    ) -> Result<Applied, RunError> {
        self.begin(session, &outcome).await?;
        let files = Box::new(outcome.files.clone());
        let mut reporter = Reporter::new(request.events.clone());
        let mut findings = Vec::new();
        let rounds = self.rounds(session, loaded, outcome, request, &mut reporter, &mut findings).await;
        // Whatever happened, the journal and whoever watches are told that it is over.
        let end = rounds.as_ref().map_or(EndResult::Failed, |(end, _)| *end);
        self.end(session, end).await;
        reporter.finish(end);
        let (end, follow_up) = rounds?;
        Ok(Applied::Executed { end, findings, files, follow_up })
    }

    async fn rounds(
        &self,
        session: &Session,
        loaded: Loaded,
        outcome: PlanOutcome,
        request: &Request,
        reporter: &mut Reporter,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<(EndResult, Option<Box<FollowUp>>), RunError> {
        let mut options = request.options.clone();
        let PlanOutcome { mut plan, mut previous, report, .. } = outcome;
        let mut said = report.findings;
        let mut created = 0;
        loop {
            let result = aurak_exec::execute(&self.context, &plan, &previous, reporter).await;
            findings.extend(result.findings);
            if let Some(error) = result.error {
                return Err(executing(error));
            }
            if result.end != EndResult::Done || plan.deferred.is_empty() {
                return Ok((result.end, None));
            }
            options.replace = still_to_replace(&options.replace, &plan);
            reporter.replanning(plan.deferred.iter().map(|block| block.address.clone()).collect());
            previous = self.document().await?;
            let (loaded, identity, options) = (loaded.clone(), self.store.identity(), options.clone());
            let next = tokio::select! {
                biased;
                () = request.cancel.reached(Stop::Finish) => return Ok((EndResult::Interrupted, None)),
                next = plan_from(session, &self.pool, loaded, identity, true, previous.clone(), options) => next,
            };
            let next = match next {
                Err(RunError::Findings { findings: more, .. }) => {
                    findings.extend(more.into_iter().filter(|finding| !said.contains(finding)));
                    return Ok((EndResult::Failed, None));
                }
                other => self.drop_unseen(other?).await?,
            };
            previous = next.previous.clone();
            created += next.plan.changes.iter().filter(|change| change.action == Action::Create).count();
            if let Some(why) = needs_approval(&plan, &next.plan, created, request.deferred_max) {
                return Ok((EndResult::NeedsApproval, Some(self.follow_up(session, next, why)?)));
            }
            let new = next.report.findings.into_iter().filter(|finding| !said.contains(finding));
            let new: Vec<Diagnostic> = new.collect();
            findings.extend(new.iter().cloned());
            said.extend(new);
            // With nothing left to do, or nothing known that was not before, another round adds nothing.
            let no_step = next.plan.steps.is_empty() && !next.plan.deferred.is_empty();
            if next.plan.is_empty() || no_step || next.plan.deferred == plan.deferred {
                // What a selection leaves out may wait for something else that it leaves out.
                if next.plan.deferred.is_empty() || !request.options.only.is_empty() {
                    return Ok((EndResult::Done, None));
                }
                findings.extend(next.plan.deferred.iter().map(still_deferred));
                return Ok((EndResult::Failed, None));
            }
            plan = next.plan;
        }
    }

    fn follow_up(
        &self,
        session: &Session,
        outcome: PlanOutcome,
        why: String,
    ) -> Result<Box<FollowUp>, RunError> {
        let file = match self.key.as_ref().map(|key| save(session, &outcome, key)) {
            Some(Ok(file)) => Some(file),
            // What it makes again may be on its way yet; a plan that is made anew finds out.
            Some(Err(RunError::OpenCalls { .. })) | None => None,
            Some(Err(error)) => return Err(error),
        };
        Ok(Box::new(FollowUp { plan: outcome.plan, report: outcome.report, file, why }))
    }

    async fn begin(&self, session: &Session, outcome: &PlanOutcome) -> Result<(), RunError> {
        let parts = source_parts(&outcome.sources);
        let sources =
            parts.iter().map(|(path, digest, _)| (path.as_str().into(), digest.as_str().into())).collect();
        if self.key.is_some() {
            let bytes = parts.into_iter().map(|(_, digest, bytes)| (digest, bytes)).collect();
            self.store.put_parts(self.lease.fence(), bytes).await.map_err(state("keep the sources"))?;
        }
        let find = session.me.commit.clone();
        let commit = tokio::task::spawn_blocking(move || find()).await.unwrap_or_default();
        let operation = Operation {
            id: self.operation.clone(),
            mode: outcome.plan.mode,
            who: session.me.who.clone(),
            at_ms: session.clock.now_ms(),
            commit,
            plan: file::digest(&outcome.plan),
            sources,
            phase: None,
        };
        self.store
            .append(self.lease.fence(), vec![Record::Begin(operation)])
            .await
            .map_err(state("begin the run in the state"))?;
        Ok(())
    }

    /// Notes the end; where that fails, the journal shows a run without one, which is true.
    async fn end(&self, session: &Session, result: EndResult) {
        let end = Record::End { operation: self.operation.clone(), at_ms: session.clock.now_ms(), result };
        let _ = self.store.append(self.lease.fence(), vec![end]).await;
    }
}

/// Something that an interrupted run began does not answer yet.
fn coming_up(why: &str) -> Diagnostic {
    let summary = format!("what was begun is still coming up, and is waited for: {why}");
    Diagnostic { severity: Severity::Note, ..Diagnostic::error("recovered", summary) }
}

/// A block that another plan got no further with.
fn still_deferred(block: &DeferredBlock) -> Diagnostic {
    Diagnostic::error("deferred", format!("`{}` could not be planned: {}", block.address, block.why))
        .help("plan again; if it stays like this, what it waits for is not known after apply either")
        .about(&block.address)
}

/// The parts of the sources: path, digest, bytes.
fn source_parts(sources: &MemorySources) -> Vec<(String, String, Vec<u8>)> {
    use sha2::{Digest, Sha256};
    sources
        .files
        .iter()
        .map(|(path, bytes)| {
            let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            (path.clone(), digest, bytes.clone())
        })
        .collect()
}

/// Why a plan of what was deferred goes beyond what was approved, if it does.
fn needs_approval(approved: &Plan, next: &Plan, created: usize, most: usize) -> Option<String> {
    let deferred: BTreeSet<&Address> = approved.deferred.iter().map(|block| &block.address).collect();
    for change in &next.changes {
        let expected = match change.action {
            Action::Create | Action::Read | Action::Move => belongs(&change.address, &deferred),
            Action::NoOp => true,
            // It was announced with the replacement, and waited for what was made from it.
            Action::Delete => {
                matches!(change.reasons[..], [Reason::LeftOver { .. }]) && belongs(&change.address, &deferred)
            }
            _ => false,
        };
        if !expected {
            return Some(match change.action {
                Action::Create | Action::Read | Action::Move => {
                    format!("`{}` was not announced in the plan", change.address)
                }
                other => format!(
                    "`{}` is to be {}, which was not announced in the plan",
                    change.address,
                    done_to(other)
                ),
            });
        }
    }
    (created > most).then(|| format!("{created} resources are to be created, and {most} were approved"))
}

/// What becomes of a resource, in a sentence about it.
fn done_to(action: Action) -> &'static str {
    match action {
        Action::Delete => "deleted",
        Action::Replace(_) => "replaced",
        Action::Forget => "forgotten",
        Action::Import => "taken over",
        Action::Create => "made",
        Action::Move => "moved",
        Action::Read => "read",
        Action::Update | Action::NoOp => "changed",
    }
}

/// What was to be replaced on request and has yet to be: of that, what a plan left to the next one.
fn still_to_replace(replace: &[Address], plan: &Plan) -> Vec<Address> {
    let made = plan.changes.iter().filter(|it| matches!(it.action, Action::Replace(_) | Action::Create));
    let made: BTreeSet<&Address> = made.map(|change| &change.address).collect();
    let mut still = BTreeSet::new();
    for block in plan.deferred.iter().map(|block| &block.address).filter(|block| !made.contains(block)) {
        for wanted in replace {
            if block == wanted || block.block() == *wanted {
                still.insert(block.clone());
            } else if may_be_of(wanted, block) {
                still.insert(wanted.clone());
            }
        }
    }
    still.into_iter().collect()
}

/// Whether an address may turn out to be an instance of a block, or a part of a composite: keys that the
/// block has are those of the address.
fn may_be_of(address: &Address, block: &Address) -> bool {
    let ((around, own, _), (modules, last, _)) = (address.split(), block.split());
    let own = around.segments().into_iter().chain([own]);
    let theirs = modules.segments().into_iter().chain([last]);
    let same_keys = own.zip(theirs).all(|(own, theirs)| theirs.key.is_none() || own.key == theirs.key);
    unkeyed(&address.composite().unwrap_or_else(|| address.clone())) == unkeyed(block) && same_keys
}

fn belongs(address: &Address, deferred: &BTreeSet<&Address>) -> bool {
    let plain = unkeyed(address);
    deferred.iter().any(|block| {
        let block = unkeyed(block);
        plain == block || plain.strip_prefix(block.as_str()).is_some_and(|rest| rest.starts_with(['/', '.']))
    })
}

fn unkeyed(address: &Address) -> String {
    let (module, last, child) = address.split();
    let mut names: Vec<String> = module.segments().into_iter().map(|segment| segment.name).collect();
    names.push(last.name);
    let mut text = names.join(".");
    if let Some(child) = child {
        text.push('/');
        text.push_str(child);
    }
    text
}
