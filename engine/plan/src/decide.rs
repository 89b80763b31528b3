//! From what is wanted, what was and what is to what happens: keep, change, replace, make, take over.

use std::cell::RefCell;
use std::rc::Rc;

use aurak_model::plan::RowPlan;
use aurak_model::record::Row;
use aurak_model::schema::ReplaceOrder;
use aurak_model::{
    Action, Address, Answer, Ask, BlockKind, Change, Diagnostic, Difference, Map, Name, Origin, Path, Reason,
    Refreshed, Severity, Slot, Value, in_yaml,
};

use crate::context::{Context, GaveUp, Instance};
use crate::diff::{self, Compare, Compared};
use crate::evaluate::descend;
use crate::imports::import_of_older;
use crate::looked::Looked;
use crate::resource::{Decision, Kept, Making, Recording, Updating, Wanted};
use crate::same::{Claim, Claims};

/// How often a preview is asked for before the resource is planned offline.
const MOST_PREVIEWS: u8 = 3;

impl Context {
    /// Decides what happens, from all that is known.
    pub(crate) fn decide(self: &Rc<Self>, wanted: Wanted<'_>) -> Instance {
        let row = self.row(&wanted.address);
        let row_plan = self.row_plan(&wanted);
        if self.imports_nothing(&wanted) {
            return self.fail(wanted, row_plan);
        }
        let current = row.as_ref().and_then(|row| row.current.as_ref());
        let Some(current) = current else {
            return self.decide_new(wanted, row_plan, vec![Reason::NotYetThere]);
        };
        let made = self.world_made_by(&wanted.provider);
        let came_from = |parent: &Address| row.as_deref().is_none_or(|row| self.came_from(row, parent));
        if let Some(parent) = made.clone().filter(came_from) {
            return self.decide_moved_world(wanted, row_plan, parent, &current.desired);
        }
        if let Some(row) = row.as_deref()
            && let Some(world) = self.went_with(row)
        {
            return self.decide_lost_world(wanted, row_plan, row, world);
        }
        if let Some(row) = row.as_deref()
            && let Some(parent) = self.goes_with(row, &wanted)
        {
            return self.decide_moved_world(wanted, row_plan, parent, &current.desired);
        }
        // It is in the older object of what its world came from.
        let other_type = row.as_deref().is_some_and(|row| row.type_name != wanted.type_name);
        if (made.is_some() || other_type)
            && let Some(row) = row.as_deref()
            && let Some(older) = self.older_world(row)
            && self.input.snapshot.astray.contains(&row.address)
        {
            return self.decide_moved_world(wanted, row_plan, older, &current.desired);
        }
        if let Some(parent) = made {
            if self.is_to_be_replaced(&wanted) {
                return self.decide_elsewhere(wanted, row_plan, current);
            }
            self.find_elsewhere(&wanted.address, Some(&parent));
            return self.fail(wanted, row_plan);
        }
        if let Some(row) = row.as_deref().filter(|row| row.type_name != wanted.type_name) {
            return self.decide_other_type(wanted, row_plan, row, current);
        }
        let live = match self.refreshed(&wanted, current) {
            Ok(Looked::There(live)) => live,
            Ok(Looked::Gone) => return self.decide_new(wanted, row_plan, vec![Reason::ObjectGone]),
            Ok(Looked::Elsewhere) => return self.decide_elsewhere(wanted, row_plan, current),
            Ok(Looked::Within(older)) => {
                return self.decide_moved_world(wanted, row_plan, older, &current.desired);
            }
            Err(GaveUp) => {
                return self.fail(wanted, row_plan);
            }
        };
        if self.has_another(&wanted, current) {
            return self.settle(wanted, Decision::Failed, live, None, row_plan, Vec::new());
        }
        let moved_from = self.moved_from(&wanted.address);

        let comparison = Compare {
            address: &wanted.address,
            id: &current.id,
            schema: &wanted.schema,
            desired: &wanted.desired,
            previous: Some(&current.desired),
            refreshed: &live,
            ignore: &wanted.lifecycle.ignore,
            stays: None,
        };
        let mut compared = diff::compare(&comparison);
        if self.refuse(&wanted, &compared) {
            return self.settle(wanted, Decision::Failed, live, None, row_plan, Vec::new());
        }
        if current.incomplete.is_some() {
            // What a creation did not come to is no change from outside.
            compared.drift.clear();
        }
        // Only what changes rests on what it was compared with.
        let used = match compared.is_unchanged() && !self.is_to_be_replaced(&wanted) {
            true => Vec::new(),
            false => diff::used(&comparison),
        };

        let mut reasons = self.replace_reasons(&wanted, row.as_deref(), &compared);
        let older = row.as_deref().is_some_and(in_use_still);
        if !reasons.is_empty() && older && current.incomplete.is_none() {
            self.replaced_later.borrow_mut().insert(wanted.address.clone());
            // One older object at a time: what uses that one moves to the current one, and it goes.
            match self.selection.as_ref().is_none_or(|selection| selection.names(&wanted.address)) {
                true => {
                    let why = "an older object of it has to go first";
                    self.defer(&wanted.address, &wanted.type_name, &[], why);
                }
                // That one stays where it is.
                false => self.find(
                    Diagnostic::warning("only", format!("`{}` is not replaced now", wanted.address))
                        .detail("an older object of it has to go first, and `--only` leaves that out")
                        .help(format!("name it too: `--only '{}'`", wanted.address))
                        .about(&wanted.address),
                ),
            }
            let record = moved_from.map(|from| Recording {
                id: current.id.clone(),
                desired: current.desired.clone(),
                attributes: live.clone(),
                from: Some(from),
            });
            return self.settle(wanted, Decision::Keep(Kept { record }), live, None, row_plan, used);
        }
        if !reasons.is_empty() {
            return self.decide_replace(wanted, row_plan, compared, used, &current.id, live, reasons);
        }
        let recorded = RecordedRow { row: row.as_deref() };
        if compared.differences.is_empty() {
            let record =
                (moved_from.is_some() || recorded.differs(&wanted, &row_plan, &compared)).then(|| {
                    Recording {
                        id: current.id.clone(),
                        desired: wanted.desired.clone(),
                        attributes: live.clone(),
                        from: moved_from.clone(),
                    }
                });
            let change = match (&moved_from, compared.drift.is_empty()) {
                (Some(from), _) => {
                    let mut change = self.change(&wanted, Action::Move, Vec::new(), &compared);
                    change.from = Some(from.clone());
                    Some(change)
                }
                (None, false) => Some(self.change(&wanted, Action::NoOp, Vec::new(), &compared)),
                (None, true) if row.as_ref().is_some_and(|row| row.lifecycle != row_plan.lifecycle) => {
                    Some(self.change(&wanted, Action::NoOp, vec![Reason::Bookkeeping], &compared))
                }
                (None, true) => None,
            };
            let decision = Decision::Keep(Kept { record });
            return self.settle(wanted, decision, compared.planned, change, row_plan, used);
        }
        let outside =
            compared.differences.iter().all(|d| compared.drift.iter().any(|drift| drift.path == d.path));
        reasons.push(if outside { Reason::ChangedOutside } else { Reason::ConfigurationChanged });
        let compared = self.previewed(&wanted, &current.id, &live, compared, &mut reasons);
        self.add_override_reasons(&wanted.address, &compared.differences, &mut reasons);
        let change = self.change(&wanted, Action::Update, reasons, &compared);
        let decision = Decision::Update(Updating {
            id: current.id.clone(),
            desired: compared.desired.clone(),
            live,
            unset: compared.unset,
        });
        self.settle(wanted, decision, compared.planned, Some(change), row_plan, used)
    }

    /// The change as the service sees it, where the type can tell. The desired values may change from
    /// round to round, so an answer may come too late; after three questions it is planned offline.
    fn previewed(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        id: &Name,
        live: &Value,
        mut compared: Compared,
        reasons: &mut Vec<Reason>,
    ) -> Compared {
        // What is ignored is sent as it is.
        let sent = compared.desired.clone();
        if !wanted.schema.preview || wanted.provider.unknown || sent.has_unknown() {
            return compared;
        }
        for count in 0..MOST_PREVIEWS {
            let ask = Ask::Preview {
                address: wanted.address.clone(),
                type_name: wanted.type_name.clone(),
                provider: wanted.provider.node.clone(),
                desired: sent.clone(),
                live: live.clone(),
            };
            match self.ask(ask, count) {
                None => return compared,
                Some(Answer::Preview { desired, planned }) => {
                    if desired.reveal() != sent.reveal() {
                        continue;
                    }
                    let planned =
                        crate::mark::mark_all(planned.as_map().unwrap_or(&Map::new()), &wanted.schema);
                    let places: Vec<Difference> = diff::leaf_differences(Some(live), Some(&planned));
                    let forced = |path: &Path| compared.forces.iter().any(|forcing| forcing.path == *path);
                    compared.differences = places
                        .into_iter()
                        .map(|difference| Difference { forces: forced(&difference.path), ..difference })
                        .collect();
                    compared.planned = diff::with_id(planned, id);
                    return compared;
                }
                Some(Answer::Failed(why)) => {
                    reasons.push(Reason::PlannedOffline { why });
                    return compared;
                }
                Some(_) => return compared,
            }
        }
        reasons.push(Reason::PlannedOffline { why: "its desired values kept changing".to_string() });
        compared
    }

    pub(crate) fn is_to_be_replaced(&self, wanted: &Wanted<'_>) -> bool {
        let replace = &self.input.options.replace;
        !replace.is_empty()
            && (replace.contains(&wanted.address) || replace.contains(&wanted.address.block()))
    }

    /// There is no object of ours: make one, or take one over.
    pub(crate) fn decide_new(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row: RowPlan,
        mut reasons: Vec<Reason>,
    ) -> Instance {
        let key = self.natural_key(&wanted);
        let imported = self.import_id(&wanted.address);
        let provider_known = !wanted.provider.unknown;
        let found = match (&imported, &key) {
            (Some(Err(GaveUp)), _) => {
                return self.fail(wanted, row);
            }
            (Some(Ok(id)), _) if provider_known => self.read_import(&wanted, id),
            (None, Some(Value::String(key))) if provider_known => self.ask(
                Ask::Find {
                    address: wanted.address.clone(),
                    slot: Slot::Current,
                    type_name: wanted.type_name.clone(),
                    provider: wanted.provider.node.clone(),
                    key: key.clone(),
                    collection: self.collection(&wanted),
                    planned: wanted.desired.clone(),
                },
                0,
            ),
            _ => None,
        };
        match found {
            // What a replacement of its own left behind goes before the new one is made.
            Some(Answer::Object(Refreshed::Found { id, .. }))
                if imported.is_none() && self.is_older(&wanted, &id) => {}
            Some(Answer::Object(Refreshed::Found { id, .. })) if self.is_older(&wanted, &id) => {
                self.find(import_of_older(&wanted.address, &id));
                return self.fail(wanted, row);
            }
            Some(Answer::Object(Refreshed::Found { id, .. }))
                if let Some(of) = self.recorded_as(&wanted, &id) =>
            {
                // Whether that goes in this plan is known when everything is decided.
                let why = if imported.is_some() { Claims::Import } else { Claims::Create };
                let claim = Claim { by: wanted.address.clone(), of, id, why };
                self.claims.borrow_mut().push(claim);
            }
            // A run that goes on, or was cut off, is making it: whoever makes it again finds out.
            Some(Answer::Object(Refreshed::Found { .. }))
                if imported.is_none() && self.is_being_made(&wanted, key.as_ref()) => {}
            Some(Answer::Object(Refreshed::Found { id, attributes })) => {
                if wanted.lifecycle.adopt || imported.is_some() {
                    return self.decide_import(wanted, row, id, attributes);
                }
                self.find(
                    Diagnostic::error(
                        "exists",
                        format!("`{}` is to be created, but such a {} is there already", wanted.address, wanted.type_name),
                    )
                    .detail(format!("its id is {id}, and it is in no state of this stack"))
                    .help(format!(
                        "to take it over, add `imports: [{{ to: {}, id: {} }}]` or `lifecycle: {{ adopt: true }}`; otherwise choose another name",
                        in_yaml(wanted.address.as_str()),
                        in_yaml(&id)
                    ))
                    .about(&wanted.address),
                );
                return self.fail(wanted, row);
            }
            Some(Answer::Object(Refreshed::Absent)) if imported.is_some() => {
                let gone = reasons.contains(&Reason::ObjectGone);
                self.find(
                    Diagnostic::error(
                        "import",
                        format!("there is no object to import as `{}`", wanted.address),
                    )
                    .help(match gone {
                        true => {
                            "what was imported is gone: take it out of `imports`, and it is made again; or \
                             check the id"
                        }
                        false => "check the id, and that the provider looks in the right place",
                    })
                    .about(&wanted.address),
                );
                return self.fail(wanted, row);
            }
            Some(Answer::Object(Refreshed::Ambiguous(ids))) => {
                self.find(
                    Diagnostic::error(
                        "ambiguous",
                        format!("several objects may be `{}` already", wanted.address),
                    )
                    .detail(format!("their ids: {}", crate::words::list(&ids)))
                    .help(format!(
                        "say which: `imports: [{{ to: {}, id: ... }}]`",
                        in_yaml(wanted.address.as_str())
                    ))
                    .about(&wanted.address),
                );
                return self.fail(wanted, row);
            }
            Some(Answer::Object(Refreshed::Unreadable(why)) | Answer::Failed(why)) => {
                self.find(
                    Diagnostic::error(
                        "unreadable",
                        format!("could not see whether `{}` is there: {why}", wanted.address),
                    )
                    .help("nothing was changed; mend the cause and plan again")
                    .about(&wanted.address),
                );
                return self.fail(wanted, row);
            }
            _ => {}
        }
        let planned = diff::planned_create(&wanted.schema, &wanted.address, &wanted.desired);
        self.add_override_reasons(&wanted.address, &[], &mut reasons);
        let change = self.creation(&wanted, Action::Create, reasons);
        let making =
            Making { desired: wanted.desired.clone(), adopt: wanted.lifecycle.adopt, key, gone_with: None };
        self.settle(wanted, Decision::Create(making), planned, Some(change), row, Vec::new())
    }

    /// Whether the end of a call is not known that makes the object of an address, under this natural key.
    pub(crate) fn is_being_made(&self, wanted: &Wanted<'_>, key: Option<&Value>) -> bool {
        let mut pending = self.input.previous.pending.iter().map(|pending| &pending.intent);
        pending.any(|intent| {
            let another = intent.natural_key.as_ref().zip(key.and_then(Value::as_str));
            (intent.address == wanted.address || self.called_now(&intent.address) == wanted.address)
                && intent.slot == Slot::Current
                && another.is_none_or(|(theirs, key)| **theirs == *key)
        })
    }

    fn decide_import(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row: RowPlan,
        id: Name,
        attributes: Value,
    ) -> Instance {
        let live = crate::mark::mark_all(attributes.as_map().unwrap_or(&Map::new()), &wanted.schema);
        let comparison = Compare {
            address: &wanted.address,
            id: &id,
            schema: &wanted.schema,
            desired: &wanted.desired,
            previous: None,
            refreshed: &live,
            ignore: &wanted.lifecycle.ignore,
            stays: None,
        };
        let compared = diff::compare(&comparison);
        if self.refuse(&wanted, &compared) {
            return self.settle(wanted, Decision::Failed, live, None, row, Vec::new());
        }
        let used = diff::used(&comparison);
        if let Some(forced) = compared.forces.first() {
            self.find(
                Diagnostic::error("adopt", format!("`{}` cannot be taken over as it is", wanted.address))
                    .detail(format!("`{}` differs and cannot be changed in place", forced.path))
                    .help("make the configuration agree with the object, or remove the object first")
                    .about(&wanted.address),
            );
            return self.settle(wanted, Decision::Failed, live, None, row, used);
        }
        let change =
            self.change(&wanted, Action::Import, vec![Reason::Adopted { id: id.clone() }], &compared);
        let desired = compared.desired.clone();
        let decision = match compared.differences.is_empty() {
            true => {
                Decision::Keep(Kept { record: Some(Recording { id, desired, attributes: live, from: None }) })
            }
            false => Decision::Update(Updating { id, desired, live, unset: compared.unset }),
        };
        let planned = diff::read_on_use(&wanted.schema, &wanted.address, compared.planned);
        self.settle(wanted, decision, planned, Some(change), row, used)
    }

    #[expect(clippy::too_many_arguments, reason = "all that is known about one resource")]
    fn decide_replace(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row: RowPlan,
        compared: Compared,
        used: Vec<Path>,
        old: &Name,
        live: Value,
        reasons: Vec<Reason>,
    ) -> Instance {
        if wanted.lifecycle.prevent_destroy {
            let why = reasons.first().map(reason_words).unwrap_or_default();
            self.find(
                kept(&wanted.address).detail(why).help("take the change back, or `prevent_destroy` away"),
            );
            return self.settle(wanted, Decision::Failed, live, None, row, used);
        }
        let recorded = self.row(&wanted.address);
        let older = recorded.as_deref().is_some_and(in_use_still);
        let inside = reasons.iter().any(|reason| matches!(reason, Reason::WithinReplaced { .. }));
        let order = match (wanted.lifecycle.create_before_destroy, compared.order(&wanted.schema)) {
            _ if inside => ReplaceOrder::DeleteFirst,
            // There is room for one older object only.
            _ if older => ReplaceOrder::DeleteFirst,
            (Some(true), _) => ReplaceOrder::CreateFirst,
            (Some(false), _) => ReplaceOrder::DeleteFirst,
            (None, ReplaceOrder::CreateFirst | ReplaceOrder::Rotate)
                if self.early.contains(&wanted.address) =>
            {
                self.find(goes_early(&wanted.address));
                ReplaceOrder::DeleteFirst
            }
            (None, order) => order,
        };
        let key = self.natural_key(&wanted);
        let incomplete = reasons.iter().any(|reason| matches!(reason, Reason::Incomplete { .. }));
        let order = match order {
            ReplaceOrder::CreateFirst if self.has_key(&wanted.schema, &live, key.as_ref()) => {
                // What was made only in part serves nobody: it need not stay, and it has the name.
                if wanted.lifecycle.create_before_destroy == Some(true) && !incomplete {
                    self.find(
                        Diagnostic::error(
                            "create_before_destroy",
                            format!("`{}` cannot be made before the old one is gone", wanted.address),
                        )
                        .detail("both would have the same name, and there can only be one of that name")
                        .help("give it a name that changes too, or take `create_before_destroy` away")
                        .about(&wanted.address),
                    );
                    return self.settle(wanted, Decision::Failed, live, None, row, used);
                }
                ReplaceOrder::DeleteFirst
            }
            ReplaceOrder::Rotate => self.rotated(&wanted, recorded.as_deref(), &live, key.as_ref()),
            order => order,
        };
        // What somebody has who is left out is not let go of.
        if order == ReplaceOrder::CreateFirst
            && let Some(of) = self.has_its_name(&wanted).filter(|of| self.is_left_out(of))
            && let Some(id) = self.row(&of).and_then(|row| row.current.as_ref().map(|it| it.id.clone()))
        {
            let claim = Claim { by: wanted.address.clone(), of, id, why: Claims::Replace };
            self.claims.borrow_mut().push(claim);
        }
        // What is made first and cannot be made leaves the old one where it is.
        if (order != ReplaceOrder::CreateFirst || wanted.lifecycle.adopt)
            && !self.has_key(&wanted.schema, &live, key.as_ref())
            && self.is_name_taken(&wanted, key.as_ref(), Some(old))
        {
            return self.settle(wanted, Decision::Failed, live, None, row, used);
        }
        let temporary = match order {
            ReplaceOrder::Rotate => self.temporary(&wanted, &row),
            ReplaceOrder::DeleteFirst | ReplaceOrder::CreateFirst => Ok(None),
        };
        let Ok(temporary) = temporary else {
            return self.settle(wanted, Decision::Failed, live, None, row, used);
        };
        let planned = diff::planned_create(&wanted.schema, &wanted.address, &wanted.desired);
        let change = self.change(&wanted, Action::Replace(order), reasons, &compared);
        let making =
            Making { desired: wanted.desired.clone(), adopt: wanted.lifecycle.adopt, key, gone_with: None };
        let decision = Decision::Replace { order, old: old.clone(), live, making, other: None, temporary };
        self.settle(wanted, decision, planned, Some(change), row, used)
    }

    fn replace_reasons(&self, wanted: &Wanted<'_>, row: Option<&Row>, compared: &Compared) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if let Some(why) =
            row.and_then(|row| row.current.as_ref()).and_then(|object| object.incomplete.clone())
        {
            reasons.push(Reason::Incomplete { why });
        }
        for id in &wanted.within {
            let container = self.instance(*id);
            if matches!(container.decision, Decision::Replace { .. }) {
                reasons.push(Reason::WithinReplaced { within: container.address.clone() });
            }
        }
        for forcing in &compared.forces {
            let mut needs = Vec::new();
            forcing.needs.iter().for_each(|need| self.needs_of(need, &mut needs));
            needs.sort();
            let row = needs.into_iter().find_map(|need| match need {
                Origin::Row { row, .. } => Some(row),
                _ => None,
            });
            reasons.push(match row {
                Some(needs) => Reason::ImmutableNeeds { path: forcing.path.clone(), needs },
                None => Reason::ImmutableAttribute { path: forcing.path.clone() },
            });
        }
        // To begin or to stop watching a value is no change of it.
        let before = row.map_or(&Value::Null, |row| &row.replace_when);
        let now = &wanted.lifecycle.replace_when;
        if !before.is_null() && !now.is_null() && now.reveal() != before.reveal() {
            reasons.push(Reason::ReplaceWhen);
        }
        if self.is_to_be_replaced(wanted) {
            reasons.push(Reason::Requested);
        }
        reasons
    }

    /// Says what a one-way door refuses, and which rules of the type do not work.
    fn refuse(&self, wanted: &Wanted<'_>, compared: &Compared) -> bool {
        for (path, why) in &compared.problems {
            self.find(
                Diagnostic::error(
                    "type_rule",
                    format!("could not compare `{path}` of `{}`: {why}", wanted.address),
                )
                .detail(format!("a rule of {} does not work", wanted.type_name))
                .about(&wanted.address),
            );
        }
        // What is made anew does not go through a door.
        let refused = match self.is_to_be_replaced(wanted) {
            true => &[][..],
            false => &compared.refused[..],
        };
        for (path, message) in refused {
            let mut finding = Diagnostic::error(
                "refused",
                format!("`{path}` of `{}` cannot be changed so", wanted.address),
            )
            .detail(message.clone())
            .help("take the change back, or replace the resource with `--replace`")
            .about(&wanted.address);
            if let Some(node) = wanted.node {
                finding = finding.at(descend(node, path).span, "what is asked for");
            }
            self.find(finding);
        }
        !refused.is_empty() || !compared.problems.is_empty()
    }

    fn add_override_reasons(&self, address: &Address, differences: &[Difference], reasons: &mut Vec<Reason>) {
        for over in self.input.previous.overrides.iter().filter(|over| over.address == *address) {
            if differences.is_empty()
                || differences.iter().any(|d| over.path.covers(&d.path) || d.path.covers(&over.path))
            {
                reasons.push(Reason::Overridden { path: over.path.clone(), who: over.who.clone() });
            }
        }
    }

    /// What was wrong with it is said.
    pub(crate) fn fail(self: &Rc<Self>, wanted: Wanted<'_>, row: RowPlan) -> Instance {
        self.settle(wanted, Decision::Failed, Value::Null, None, row, Vec::new())
    }

    pub(crate) fn settle(
        &self,
        wanted: Wanted<'_>,
        decision: Decision,
        planned: Value,
        change: Option<Change>,
        row: RowPlan,
        used: Vec<Path>,
    ) -> Instance {
        let written = !matches!(decision, Decision::Keep(Kept { record: None }) | Decision::Failed);
        Instance {
            address: wanted.address,
            type_name: wanted.type_name,
            schema: Some(wanted.schema),
            planned,
            decision,
            reads: wanted.reads.into(),
            provider: Some(wanted.provider),
            kind: BlockKind::Resource,
            change: RefCell::new(change.map(Box::new)),
            row: RefCell::new(written.then(|| Box::new(row))),
            used,
        }
    }

    fn change(
        &self,
        wanted: &Wanted<'_>,
        action: Action,
        reasons: Vec<Reason>,
        compared: &Compared,
    ) -> Change {
        let mut differences = compared.differences.clone();
        if let Some(node) = wanted.node {
            for difference in &mut differences {
                let at = descend(node, &difference.path);
                if difference.after.is_some() && !std::ptr::eq(at, node) {
                    difference.place = Some(self.place(at.span));
                }
            }
        }
        Change {
            address: wanted.address.clone(),
            type_name: wanted.type_name.clone(),
            action,
            reasons,
            differences,
            drift: compared.drift.clone(),
            place: wanted.place.clone(),
            steps: Vec::new(),
            usual_ms: None,
            from: None,
            data_loss: None,
        }
    }

    pub(crate) fn creation(&self, wanted: &Wanted<'_>, action: Action, reasons: Vec<Reason>) -> Change {
        Change {
            address: wanted.address.clone(),
            type_name: wanted.type_name.clone(),
            action,
            reasons,
            differences: diff::leaf_differences(None, Some(&wanted.desired)),
            drift: Vec::new(),
            place: wanted.place.clone(),
            steps: Vec::new(),
            usual_ms: None,
            from: None,
            data_loss: None,
        }
    }
}

/// Whether a row has an older object that something may still use. One that a replacement made only in
/// part never was of any use, and can go at once.
pub(crate) fn in_use_still(row: &Row) -> bool {
    row.old.as_ref().is_some_and(|old| old.incomplete.is_none())
}

/// A row as recorded, to see whether it still says what it should.
struct RecordedRow<'a> {
    row: Option<&'a Row>,
}

impl RecordedRow<'_> {
    fn differs(&self, wanted: &Wanted<'_>, plan: &RowPlan, compared: &Compared) -> bool {
        let Some(row) = self.row else { return true };
        let RowPlan { needs, lifecycle, schema_version, place: _, replace_when } = plan;
        row.needs != *needs
            || row.lifecycle != *lifecycle
            || row.schema_version != *schema_version
            || row.provider != wanted.provider.node.address
            || row.replace_when.reveal() != replace_when.reveal()
            || compared.record
    }
}

/// What would have to be replaced has `prevent_destroy`.
pub(crate) fn kept(address: &Address) -> Diagnostic {
    let summary = format!("`{address}` would have to be replaced, but `prevent_destroy` keeps it");
    Diagnostic::error("prevent_destroy", summary).about(address)
}

/// It cannot be made before it goes, as its type would have it.
fn goes_early(address: &Address) -> Diagnostic {
    let summary = format!("`{address}` is deleted before its new object is made");
    let why = "otherwise steps would wait for each other: names change hands in a circle";
    Diagnostic { severity: Severity::Note, ..Diagnostic::error("order", summary) }.detail(why).about(address)
}

/// A reason as a clause, for messages.
pub(crate) fn reason_words(reason: &Reason) -> String {
    match reason {
        Reason::ImmutableAttribute { path } => format!("`{path}` cannot be changed in place"),
        Reason::ImmutableNeeds { path, needs } => {
            format!("`{path}` cannot be changed in place, and `{needs}` is made anew")
        }
        Reason::WithinReplaced { within } => format!("it lives in `{within}`, which is replaced"),
        Reason::ReplaceWhen => "a value of `replace_when` changed".to_string(),
        Reason::Requested => "the command line asked for it".to_string(),
        Reason::Incomplete { why } => format!("an earlier run did not finish it: {why}"),
        _ => String::new(),
    }
}
