//! Resource groups.

use std::sync::LazyLock;

use super::GROUPS;
use crate::arm::{Kind, Locations, Name, Patch, Place, Service, Spec};
use crate::shape::Shape;

pub(crate) struct ResourceGroup;

static SPEC: Spec = Spec {
    name: GROUPS,
    versions: &[
        "2019-10-01",
        "2020-06-01",
        "2020-10-01",
        "2021-04-01",
        "2022-09-01",
        "2023-07-01",
        "2024-03-01",
        "2024-07-01",
        "2024-11-01",
        "2025-03-01",
        "2025-04-01",
    ],
    service: Service::Resources,
    place: Place::Subscription,
    name_rule: Name {
        pattern: r"^[-\w._()]{0,89}[-\w_()]$",
        status: 400,
        code: "InvalidResourceGroup",
        rule: "The name of a resource group has 1 to 90 characters, which can only be a letter, digit, '-', '.', '(', ')' or '_', and does not end with '.'.",
        public: false,
    },
    locations: Locations::Regions,
    tracked: true,
    deletes_in: 15_000,
    patch: Patch::Merge,
    fixed: &["managedBy"],
    listed_in_subscription: true,
    retry_after: 15,
    page: 1000,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../shapes/resource_group.txt")));

impl Kind for ResourceGroup {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }
}
