//! What comes last: conditions of the stack, outputs, provider nodes that nothing uses any more, and
//! an end for every step that has none yet. And why steps do not move, while they do not.

use std::collections::{HashMap, HashSet};

use aurak_model::event::{Report, StepEnd};
use aurak_model::record::EndResult;
use aurak_model::{Diagnostic, ProviderAddress, Record, StepId};

use crate::conditions::judge;
use crate::context::ExecResult;
use crate::dispatch::Dispatcher;
use crate::error::ExecError;
use crate::nodes::Waiter;
use crate::ready::Blocked;
use crate::resolve::{Mixed, Unresolved};
use crate::stop::Stop;

/// How many blocked steps are worth listing.
const LISTED: usize = 20;

impl Dispatcher<'_> {
    /// Ends the execution.
    pub(crate) async fn close(mut self) -> ExecResult {
        if self.error.is_none() && self.stop == Stop::No && self.open_steps > 0 {
            let blocked = self.blocked();
            self.reporter.report(Report::Stalled { blocked });
            self.error = Some(ExecError::Stuck { left: self.open_steps });
        }
        self.end_the_rest();
        let writable = !matches!(self.error, Some(ExecError::LeaseLost(_) | ExecError::Store(_)));
        if writable {
            self.judge_last();
            let mut records = self.outputs();
            records.extend(self.unused_providers());
            if !records.is_empty() {
                let appended = match self.context.lease.check() {
                    Ok(()) => {
                        self.context.store.append(self.context.lease.fence(), records).await.map(|_| ())
                    }
                    Err(lost) => Err(lost),
                };
                if let Err(error) = appended {
                    self.error.get_or_insert(error.into());
                }
            }
        }
        let failed = self.error.is_some() || self.findings.iter().any(Diagnostic::is_error);
        let end = match (failed, self.stop) {
            (true, Stop::No) => EndResult::Failed,
            (false, Stop::No) => EndResult::Done,
            (_, Stop::Finish | Stop::Now) => match self.error.is_some() {
                true => EndResult::Failed,
                false => EndResult::Interrupted,
            },
        };
        ExecResult { end, counts: self.counts, steps: self.ends, findings: self.findings, error: self.error }
    }

    /// Steps that have no end get one: those that began are at the service, the others were not
    /// started.
    fn end_the_rest(&mut self) {
        let (why, mut unwritten) = match &self.error {
            Some(error) => (error.to_string(), self.unwritten(error)),
            None => ("the run was stopped".to_string(), HashMap::new()),
        };
        for step in 0..self.plan.steps.len() as u32 {
            if self.ends[step as usize].is_some() {
                continue;
            }
            let end = match (unwritten.remove(&step), self.begun[step as usize]) {
                (Some(end), _) => end,
                (None, true) => StepEnd::Left { why: why.clone() },
                (None, false) => StepEnd::Skipped { why: why.clone(), because: None },
            };
            self.count(step, &end);
            self.ends[step as usize] = Some(end.clone());
            self.reporter.report(Report::StepFinished { step: StepId(step), took_ms: 0, end });
        }
    }

    fn judge_last(&mut self) {
        // After a failure or a stop, what is missing is missing because of that.
        let complete = self.ends.iter().all(|end| matches!(end, Some(StepEnd::Done)));
        for condition in std::mem::take(&mut self.conditions.last) {
            let failure = match judge(&mut self.resolver, condition) {
                Ok(()) => continue,
                Err(_) if !complete => continue,
                Err(unresolved) => unresolved.failure(),
            };
            let mut diagnostic = match &condition.address {
                Some(address) => {
                    failure.diagnostic(format!("a condition of `{address}` does not hold")).about(address)
                }
                None => failure.diagnostic("a check does not hold".to_string()),
            };
            diagnostic.code = "condition".to_string();
            self.findings.push(diagnostic);
        }
    }

    /// The outputs that are fully known now and differ from the recorded ones.
    fn outputs(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        for output in &self.plan.outputs {
            let recorded = self.state.outputs.get(&output.name);
            let value = match &output.after {
                None => None,
                Some(after) => match self.resolver.resolve_for_record(after, Mixed::Refuse) {
                    Ok(value) => Some(value),
                    Err(Unresolved::Failed(failure)) if failure.code == "volatile" => {
                        let message =
                            format!("the output `{}` is not recorded: {}", output.name, failure.message);
                        self.findings.push(
                            Diagnostic::warning("volatile_output", message)
                                .help("let the output be the volatile attribute itself: it is read on use"),
                        );
                        continue;
                    }
                    // It hangs on a step that failed, or on the next plan.
                    Err(_) => continue,
                },
            };
            if recorded != value.as_ref() {
                records.push(Record::Output { name: output.name.clone(), value });
            }
        }
        records
    }

    /// Nodes that were recorded and that no row and no open intent uses any more.
    fn unused_providers(&self) -> Vec<Record> {
        let mut known: HashSet<&ProviderAddress> = self.state.providers.keys().collect();
        known.extend(self.nodes.list.iter().filter(|node| node.recorded).map(|node| &node.node.address));
        if known.is_empty() {
            return Vec::new();
        }
        let mut used = self.resolver.rows.providers();
        used.extend(self.running.values().filter_map(|r| r.intent.as_ref()).map(|intent| &intent.provider));
        used.extend(self.state.pending.iter().map(|pending| &pending.intent.provider));
        used.extend(self.left_open.iter());
        let mut gone: Vec<&ProviderAddress> = known.difference(&used).copied().collect();
        gone.sort();
        gone.into_iter().map(|address| Record::ProviderGone { address: address.clone() }).collect()
    }

    /// For each step that could move: why it does not. The ones with the most behind them first.
    pub(crate) fn blocked(&self) -> Vec<(StepId, String)> {
        let steps = &self.plan.steps;
        let mut blocked: Vec<(StepId, String)> = Vec::new();
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_unstable_by_key(|(step, _)| **step);
        for (step, running) in running {
            let why = running.why.clone().unwrap_or_else(|| "a call is under way".to_string());
            blocked.push((StepId(*step), why));
        }
        let mut held: HashMap<u32, String> = HashMap::new();
        for node in &self.nodes.list {
            for waiter in &node.waiters {
                if let Waiter::Step(step) = waiter {
                    held.insert(*step, format!("the provider `{}` is being opened", node.node.address));
                }
            }
        }
        for (row, waiters) in &self.reading {
            for waiter in waiters {
                if let Waiter::Step(step) = waiter {
                    held.insert(*step, format!("`{row}` is being read"));
                }
            }
        }
        let mut held: Vec<_> = held.into_iter().collect();
        held.sort_unstable();
        blocked.extend(held.into_iter().map(|(step, why)| (StepId(step), why)));
        for (step, reason) in self.ready.blocked(LISTED) {
            let why = match reason {
                Blocked::Provider { lane, running } => {
                    format!("{running} calls of `{}` are running", self.plan.providers[lane].address)
                }
                Blocked::Group { holder } => format!("`{}` must end first", steps[holder as usize].address),
                Blocked::Limit { running } => format!("{running} steps are running"),
            };
            blocked.push((StepId(step), why));
        }
        blocked.truncate(LISTED);
        blocked
    }
}
