//! The types that stacks are made of, and how their attributes may be filled.

/// A type and what may be written in it.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub type_name: &'static str,
    /// Its attributes.
    pub attributes: &'static [(&'static str, Fill)],
    /// What can be read of it and is always there. The id is, for all but composites.
    pub gives: &'static [&'static str],
    /// What can be changed in place: for `ignore_changes` and for others to change.
    pub changes: &'static [&'static str],
    /// Whether two of them can be there while one takes the other's place, when an attribute changes
    /// that is a part of the natural key.
    pub create_first: bool,
    /// Whether one that is left behind stands in nobody's way.
    pub may_stay: bool,
    /// How often it is chosen.
    pub weight: usize,
}

/// How an attribute may be filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// A name of its own.
    Name,
    /// The id of a resource of this type, always.
    In(&'static str),
    /// The id of a resource of this type, or nothing.
    MayIn(&'static str),
    /// The id of anything in the account, or nothing: what it is made of.
    Id,
    /// The id of something that lets itself be replaced while it is used, or nothing.
    Uses,
    /// Ids of such, or nothing.
    Ids,
    /// Any value, or nothing.
    Any,
    /// Any text, or nothing.
    Text,
    /// Text that is another one when what it is made of is made anew, or nothing: for a part of a
    /// natural key.
    Mark,
    /// Something secret, or nothing.
    Secret,
    /// Something secret.
    NeedsSecret,
    /// A map of text, or nothing.
    Tags,
    /// One of these, or nothing. JSON.
    OneOf(&'static [&'static str]),
    /// One of these. JSON.
    Always(&'static [&'static str]),
    /// The name of a namespace in the same cluster, or nothing.
    Namespace,
    /// The parts of a `sim.bundle`.
    Things,
    /// The parts of an `inner.bundle`.
    Objects,
}

const PLAIN: Kind = Kind {
    type_name: "",
    attributes: &[],
    gives: &["id"],
    changes: &[],
    create_first: false,
    may_stay: false,
    weight: 2,
};

/// All of them.
pub const KINDS: &[Kind] = &[
    Kind {
        type_name: "sim.group",
        attributes: &[
            ("name", Fill::Name),
            ("location", Fill::OneOf(&["\"westeurope\"", "\"West Europe\"", "\"northeurope\""])),
            ("tags", Fill::Tags),
        ],
        gives: &["id", "location"],
        changes: &["tags"],
        weight: 4,
        ..PLAIN
    },
    Kind {
        type_name: "sim.network",
        attributes: &[
            ("group", Fill::In("sim.group")),
            ("name", Fill::Name),
            ("ranges", Fill::OneOf(&["[\"10.0.0.0/8\"]", "[\"10.1.0.0/16\",\"10.2.0.0/16\"]"])),
            ("tags", Fill::Tags),
        ],
        changes: &["ranges", "tags"],
        weight: 3,
        ..PLAIN
    },
    Kind {
        type_name: "sim.subnet",
        attributes: &[
            ("network", Fill::In("sim.network")),
            ("name", Fill::Name),
            ("range", Fill::Always(&["\"10.1.0.0/16\"", "\"10.2.0.0/16\""])),
            ("delegations", Fill::OneOf(&["[\"a\"]", "[\"b\",\"a\"]"])),
        ],
        changes: &["delegations"],
        weight: 3,
        ..PLAIN
    },
    Kind {
        type_name: "sim.cluster",
        attributes: &[
            ("group", Fill::In("sim.group")),
            ("name", Fill::Name),
            ("location", Fill::Always(&["\"westeurope\"", "\"West Europe\"", "\"northeurope\""])),
            ("subnet", Fill::MayIn("sim.subnet")),
            ("tier", Fill::OneOf(&["\"free\"", "\"Standard\"", "\"standard\""])),
            ("overlay", Fill::OneOf(&["true", "false"])),
            ("zones", Fill::OneOf(&["[\"1\",\"2\"]", "[\"2\",\"1\"]", "[\"3\"]"])),
            (
                "rules",
                Fill::OneOf(&[
                    r#"[{"name":"a","port":80},{"name":"b","port":81}]"#,
                    r#"[{"name":"b","port":81},{"name":"a","port":80,"priority":7}]"#,
                    r#"[{"name":"c","port":80}]"#,
                ]),
            ),
            ("tags", Fill::Tags),
            ("labels", Fill::Tags),
            ("features", Fill::OneOf(&["[\"x\"]", "[\"y\",\"x\"]"])),
            ("settings", Fill::Any),
            ("network", Fill::OneOf(&[r#"{"mtu":1500}"#, r#"{"plugin":"mesh"}"#])),
            ("admin_password", Fill::Secret),
        ],
        gives: &["id", "endpoint", "running_version", "state", "token", "kubeconfig"],
        changes: &["tags", "labels", "features", "settings", "rules", "tier"],
        weight: 2,
        ..PLAIN
    },
    Kind {
        type_name: "sim.pool",
        attributes: &[
            ("cluster", Fill::In("sim.cluster")),
            ("name", Fill::Name),
            ("size", Fill::Always(&["\"small\"", "\"large\""])),
            ("count", Fill::OneOf(&["1", "2"])),
            ("autoscale", Fill::OneOf(&["true", "false"])),
            ("labels", Fill::Tags),
        ],
        changes: &["count", "labels"],
        weight: 3,
        ..PLAIN
    },
    Kind {
        type_name: "sim.thing",
        attributes: &[
            ("name", Fill::Name),
            ("value", Fill::Any),
            ("fixed", Fill::Mark),
            ("secret", Fill::Secret),
        ],
        gives: &["id", "serial"],
        changes: &["value", "secret"],
        create_first: true,
        may_stay: true,
        weight: 14,
    },
    Kind {
        type_name: "sim.dependant",
        attributes: &[
            ("name", Fill::Name),
            ("uses", Fill::Uses),
            ("made_of", Fill::Id),
            ("all", Fill::Ids),
            ("value", Fill::Any),
        ],
        changes: &["value"],
        weight: 12,
        ..PLAIN
    },
    Kind {
        type_name: "sim.secret",
        attributes: &[("name", Fill::Name), ("value", Fill::NeedsSecret), ("kind", Fill::Text)],
        gives: &["id", "version"],
        changes: &["kind"],
        may_stay: true,
        ..PLAIN
    },
    Kind {
        type_name: "sim.token",
        attributes: &[("owner", Fill::Name), ("scopes", Fill::OneOf(&["[\"a\"]", "[\"b\",\"a\"]"]))],
        gives: &["id", "token"],
        changes: &["scopes"],
        create_first: true,
        may_stay: true,
        ..PLAIN
    },
    Kind {
        type_name: "sim.database",
        attributes: &[
            ("group", Fill::In("sim.group")),
            ("name", Fill::Name),
            ("engine", Fill::OneOf(&["\"sql\"", "\"document\""])),
            ("size_gb", Fill::OneOf(&["10", "20", "5"])),
            ("retention", Fill::OneOf(&["\"1h\"", "\"60m\"", "\"2h\""])),
            ("password", Fill::Secret),
        ],
        gives: &["id", "url"],
        changes: &["retention"],
        ..PLAIN
    },
    Kind {
        type_name: "sim.volume",
        attributes: &[
            ("name", Fill::Name),
            ("class", Fill::OneOf(&["\"disk\"", "\"tape\""])),
            ("size_gb", Fill::OneOf(&["1", "2"])),
        ],
        changes: &["size_gb"],
        may_stay: true,
        weight: 3,
        ..PLAIN
    },
    Kind {
        type_name: "sim.preview",
        attributes: &[
            ("name", Fill::Name),
            ("replicas", Fill::OneOf(&["1", "2", "3"])),
            ("note", Fill::Text),
        ],
        gives: &["id", "effective"],
        changes: &["replicas", "note"],
        ..PLAIN
    },
    Kind {
        type_name: "sim.bundle",
        attributes: &[("prefix", Fill::Name), ("things", Fill::Things)],
        gives: &[],
        ..PLAIN
    },
    Kind {
        type_name: "inner.namespace",
        attributes: &[("name", Fill::Name)],
        gives: &["id", "name"],
        ..PLAIN
    },
    Kind {
        type_name: "inner.object",
        attributes: &[("namespace", Fill::Namespace), ("name", Fill::Name), ("data", Fill::Any)],
        gives: &["id", "generation"],
        changes: &["data"],
        ..PLAIN
    },
    Kind {
        type_name: "inner.bundle",
        attributes: &[("namespace", Fill::Namespace), ("objects", Fill::Objects)],
        gives: &[],
        weight: 1,
        ..PLAIN
    },
    Kind {
        type_name: "core.data",
        attributes: &[("input", Fill::Any)],
        gives: &["id", "output"],
        create_first: true,
        may_stay: true,
        weight: 6,
        ..PLAIN
    },
    Kind {
        type_name: "core.random",
        attributes: &[
            ("kind", Fill::OneOf(&["\"id\"", "\"password\"", "\"uuid\""])),
            ("keepers", Fill::Tags),
        ],
        gives: &["id", "result"],
        create_first: true,
        may_stay: true,
        weight: 3,
        ..PLAIN
    },
];

/// The kind of a type.
pub fn kind(type_name: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.type_name == type_name).unwrap_or(&PLAIN)
}

impl Kind {
    /// Whether it lives in a cluster.
    pub fn is_inner(&self) -> bool {
        self.type_name.starts_with("inner.")
    }

    /// Whether others cannot go before it lets go of them.
    pub fn uses_others(&self) -> bool {
        let uses = |fill: &Fill| {
            matches!(fill, Fill::In(_) | Fill::MayIn(_) | Fill::Id | Fill::Uses | Fill::Ids | Fill::Namespace)
        };
        self.attributes.iter().any(|(_, fill)| uses(fill))
    }

    /// How an attribute may be filled.
    pub fn fill(&self, attribute: &str) -> Option<Fill> {
        self.attributes.iter().find(|(name, _)| *name == attribute).map(|(_, fill)| *fill)
    }
}
