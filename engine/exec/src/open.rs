//! Opening provider nodes and reading volatile attributes: what a step may have to wait for before
//! its values are known. Each is done once, by a task of its own; who waits is prepared again.

use aurak_api::ProviderError;
use aurak_expr::coerce;
use aurak_model::snapshot::{ProviderNode, Refreshed};
use aurak_model::{Address, Attribute, Kind, Value};

use crate::backoff::Backoff;
use crate::dispatch::{Dispatcher, Effect, Phase};
use crate::error::Failure;
use crate::job::{Msg, OpenedProvider};
use crate::nodes::{Open, Status, Waiter};
use crate::panic::answered;
use crate::refusal::refusal;
use crate::resolve::Unresolved;
use crate::rows::Seen;
use crate::whereabouts::Patience;

impl Dispatcher<'_> {
    /// Opens a node, unless that is under way or done.
    pub(crate) fn open(&mut self, node: usize) {
        let it = &mut self.nodes.list[node];
        match &it.status {
            Status::Closed => it.status = Status::Opening,
            Status::Opening if it.blocked_on.is_none() => return,
            Status::Opening => it.blocked_on = None,
            Status::Open(_) => return self.wake_node(node),
            Status::Failed(failure) => {
                let failure = failure.clone();
                return self.fail_node(node, failure);
            }
        }
        match self.configuration(node) {
            Ok(config) => {
                let opened = ProviderNode { config, ..self.nodes.list[node].node.clone() };
                let (providers, sender) = (self.context.providers.clone(), self.sender.clone());
                let (lease, backoff) =
                    (self.context.lease.clone(), Backoff::new(self.context.seed, node as u64));
                let within = self.context.limits.timeout;
                self.tasks.spawn(async move {
                    let patience = Patience { lease: &lease, backoff: &backoff };
                    let opening = patience.ask(|| providers.open(&opened));
                    let result = answered(within, opening).await.map(OpenedProvider);
                    let _ = sender.send(Msg::Opened { node, result });
                });
            }
            Err(Unresolved::Read(row)) => {
                self.nodes.list[node].blocked_on = Some(row.clone());
                if self.waits_for_itself(node) {
                    let failure =
                        Failure::new("provider", format!("it is configured with `{row}`, which it makes"));
                    return self.fail_node(node, self.node_failure(node, failure));
                }
                self.see(row, Waiter::Node(node));
            }
            Err(other) => self.fail_node(node, self.node_failure(node, other.failure())),
        }
    }

    /// A node's configuration, whole and in the shape that its type wants.
    fn configuration(&mut self, node: usize) -> Result<Value, Unresolved> {
        let planned = self.nodes.list[node].node.clone();
        let config = self.resolver.resolve(&planned.config)?;
        if !planned.config.has_unknown() {
            return Ok(config);
        }
        let Some(schema) = self.context.schemas.providers.get(&planned.type_name) else { return Ok(config) };
        let attribute = Attribute { attributes: schema.attributes.clone(), ..Attribute::of(Kind::Object) };
        coerce(&config, None, &attribute)
            .map_err(|error| Unresolved::Failed(Failure::shape(&error.path, &error.message, error.help)))
    }

    /// Whether what a node waits for can only be read by the node itself.
    fn waits_for_itself(&mut self, node: usize) -> bool {
        let mut at = node;
        // Each round goes one node further, and there are no more than these.
        for _ in 0..=self.nodes.list.len() {
            let Some(row) = self.nodes.list[at].blocked_on.clone() else { return false };
            let Some(next) = self.node_of(&row) else { return false };
            if next == node {
                return true;
            }
            at = next;
        }
        true
    }

    fn node_of(&mut self, row: &Address) -> Option<usize> {
        let provider = self.resolver.rows.get(row)?.provider.clone();
        self.nodes.of(&provider, self.state)
    }

    fn node_failure(&self, node: usize, failure: Failure) -> Failure {
        let address = &self.nodes.list[node].node.address;
        Failure {
            message: format!("the provider `{address}` could not be opened: {}", failure.message),
            ..failure
        }
    }

    /// A node is open, or is not going to be.
    pub(crate) fn opened(&mut self, node: usize, result: Result<OpenedProvider, ProviderError>) {
        match result {
            Ok(OpenedProvider(provider)) => {
                let world = provider.world();
                self.nodes.list[node].status = Status::Open(Open { provider, world });
                self.wake_node(node);
            }
            Err(error) => self.fail_node(node, self.node_failure(node, refusal(&error))),
        }
    }

    fn wake_node(&mut self, node: usize) {
        for waiter in std::mem::take(&mut self.nodes.list[node].waiters) {
            self.wake(waiter);
        }
    }

    fn wake(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Step(step) => self.prepare(step),
            Waiter::Node(node) => self.open(node),
            Waiter::Row(row) => self.read(&row),
        }
    }

    /// Reads a row for its volatile attributes.
    pub(crate) fn see(&mut self, row: Address, waiter: Waiter) {
        let first = !self.reading.contains_key(&row);
        self.reading.entry(row.clone()).or_default().push(waiter);
        if first {
            self.read(&row);
        }
    }

    fn read(&mut self, address: &Address) {
        let Some(node) = self.node_of(address) else {
            let message = format!("`{address}` is in no state, or its provider is not");
            return self.fail_row(address, &Failure::new("volatile", message));
        };
        let Some(Open { provider, .. }) = self.nodes.open(node).cloned() else {
            self.nodes.list[node].waiters.push(Waiter::Row(address.clone()));
            return self.open(node);
        };
        let row = self.resolver.rows.get(address);
        let Some((type_name, object)) = row.and_then(|row| Some((&row.type_name, row.current.as_ref()?)))
        else {
            return self.fail_row(address, &Failure::new("volatile", format!("`{address}` has no object")));
        };
        let (type_name, object) = (type_name.clone(), object.clone());
        let (address, sender, lease) = (address.clone(), self.sender.clone(), self.context.lease.clone());
        let backoff = Backoff::new(self.context.seed, node as u64);
        let within = self.context.limits.timeout;
        self.tasks.spawn(async move {
            let patience = Patience { lease: &lease, backoff: &backoff };
            let reading = patience.ask(|| provider.read_volatile(&type_name, &object.id, &object.attributes));
            let result = answered(within, reading).await;
            let _ = sender.send(Msg::Seen { address, result });
        });
    }

    /// A row was read.
    pub(crate) fn seen(&mut self, address: &Address, result: Result<Refreshed, ProviderError>) {
        let failure = match result {
            Ok(Refreshed::Found { id, attributes }) => {
                // It may have got another name meanwhile.
                let now = self.renamed.get(address).unwrap_or(address);
                let Some(type_name) = self.resolver.rows.get(now).map(|row| row.type_name.clone()) else {
                    let message = format!("`{address}` went away meanwhile");
                    return self.fail_row(address, &Failure::new("volatile", message));
                };
                self.resolver.rows.see(now, Seen { type_name, id, attributes, whole: true });
                for waiter in self.reading.remove(address).unwrap_or_default() {
                    self.wake(waiter);
                }
                return;
            }
            Ok(Refreshed::Absent) => Failure::new("absent", format!("`{address}` is not there any more")),
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => {
                Failure::new("unreadable", format!("`{address}` cannot be read: {why}"))
            }
            Ok(Refreshed::Ambiguous(_)) => {
                Failure::new("unreadable", format!("the id of `{address}` is not unique"))
            }
            Err(error) => {
                let failure = refusal(&error);
                Failure { message: format!("`{address}` cannot be read: {}", failure.message), ..failure }
            }
        };
        self.fail_row(address, &failure);
    }

    fn fail_row(&mut self, address: &Address, failure: &Failure) {
        for waiter in self.reading.remove(address).unwrap_or_default() {
            self.fail_waiter(waiter, failure);
        }
    }

    fn fail_node(&mut self, node: usize, failure: Failure) {
        for waiter in std::mem::take(&mut self.nodes.list[node].waiters) {
            self.fail_waiter(waiter, &failure);
        }
        self.nodes.list[node].status = Status::Failed(failure);
    }

    fn fail_waiter(&mut self, waiter: Waiter, failure: &Failure) {
        match waiter {
            Waiter::Step(step) => {
                if self.phase[step as usize] == Phase::Held {
                    self.held -= 1;
                    self.batch.effects.push(Effect::Started(step));
                    self.fail(step, failure.clone(), std::time::Duration::ZERO);
                }
            }
            Waiter::Node(node) => self.fail_node(node, self.node_failure(node, failure.clone())),
            Waiter::Row(row) => self.fail_row(&row, failure),
        }
    }
}
