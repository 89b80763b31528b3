//! `tests/azure/TYPE.yaml`: an object of the type, and what may become of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::changes::Changes;
use crate::docs::repository;

/// See the module. Expressions can be used as in a stack; the resource itself is `it` there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    /// Resources that it needs.
    #[serde(default)]
    pub(super) around: Map<String, Json>,
    /// The resource, without `type`.
    pub(super) resource: Json,
    /// A change in place.
    pub(super) update: Changes,
    /// What somebody else changes although it is ours.
    pub(super) drift: Changes,
    /// Paths that are not given above, and that the service fills in.
    #[serde(default)]
    pub(super) served: Vec<String>,
    /// What somebody else sets or adds that is not ours, and that has to stay. Lists and maps grow by
    /// what is given here.
    #[serde(default)]
    pub(super) others: Changes,
    /// What becomes of a change, for each path that the type calls immutable.
    #[serde(default)]
    pub(super) immutable: BTreeMap<String, OneOrMore>,
    /// Paths of the type that cannot be tried, and why: all of it, or a way to go (`PATH: { replace: WHY }`).
    #[serde(default)]
    pub(super) not_here: BTreeMap<String, NotHere>,
}

/// A change of an attribute that cannot simply be changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The value before, where the resource of the sample has another one or none.
    #[serde(default)]
    pub(super) from: Option<Json>,
    /// The value after; null for none.
    pub(super) to: Json,
    /// What the plan has to be.
    pub(super) leads_to: Way,
    /// How else the resource differs from that of the sample.
    #[serde(default)]
    pub(super) with: Changes,
    /// What changes together with the value.
    #[serde(default)]
    pub(super) then: Changes,
}

/// What a change leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// Another object in its place.
    Replace,
    /// The same, with a temporary one meanwhile.
    Rotate,
    /// An error.
    Refused,
    /// A change in place: where the condition of the type does not hold.
    Update,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(Case),
    More(Vec<Case>),
}

impl OneOrMore {
    pub(super) fn all(&self) -> &[Case] {
        match self {
            OneOrMore::One(case) => std::slice::from_ref(case),
            OneOrMore::More(cases) => cases,
        }
    }
}

/// For the reader of the sample only.
type Why = String;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "why is for people")]
pub(super) enum NotHere {
    /// None of it.
    Path(Why),
    /// Not these ways.
    Ways(BTreeMap<Way, Why>),
}

impl Sample {
    pub(super) fn read(name: &str) -> Result<Sample, String> {
        let file = format!("tests/azure/{name}.yaml");
        let text = std::fs::read_to_string(repository().join(&file));
        let text = text.map_err(|error| format!("{file}: {error}"))?;
        serde_yaml::from_str(&text).map_err(|error| format!("{file}: {error}"))
    }

    /// Whether the sample says why a way is not tried.
    pub(super) fn excuses(&self, path: &str, way: Way) -> bool {
        match self.not_here.get(path) {
            Some(NotHere::Path(_)) => true,
            Some(NotHere::Ways(ways)) => ways.contains_key(&way),
            None => false,
        }
    }
}
