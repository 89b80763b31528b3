//! Management locks. What they forbid is in `crate::arm::locks`.

use std::sync::LazyLock;

use super::LOCKS;
use crate::arm::{Context, Kind, Name, Place, Service, Spec};
use crate::refusal::{Outcome, Refusal};
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct Lock;

static SPEC: Spec = Spec {
    name: LOCKS,
    versions: &["2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"],
    service: Service::Authorization,
    place: Place::Extension,
    name_rule: Name {
        pattern: r"^[^<>%&:\\?/]{1,260}$",
        status: 400,
        code: "InvalidLockName",
        rule: "The lock name cannot contain <, > %, &, :, \\, ?, /, or any control characters, and has at most 260 characters.",
        public: false,
    },
    shows_state: false,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::parse(include_str!("../../shapes/lock.txt")));

/// What the service keeps of the notes.
const LONGEST_NOTES: usize = 512;

impl Kind for Lock {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        _cx: &Context<'_>,
        _world: &mut World,
        _old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        if new.text("properties.notes").is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
            return Err(Refusal::new(
                400,
                "LockNotesTooLong",
                format!("The notes of a lock have at most {LONGEST_NOTES} characters."),
            ));
        }
        Ok(())
    }
}
