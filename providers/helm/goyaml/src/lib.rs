//! YAML exactly as the Go programs around Kubernetes read and write it.
//!
//! Values of charts, `toYaml` and `fromYaml` in templates, and manifests go through
//! `sigs.k8s.io/yaml` over `go.yaml.in/yaml/v2`, which is neither YAML 1.1 nor 1.2 but what it is: `on`
//! is true, `0755` is 493, `08` is the float 8, and a text that is one character too long is folded. A
//! chart that renders to another byte is another release, so what Go does is done here, message by
//! message and quirk by quirk. The tables under `tests/tables` hold what Go answers; nothing in this
//! crate is right because a specification says so.
//!
//! - [`Documents`] reads a stream into trees ([`Document`]) with places, styles, tags and aliases.
//! - [`Document::value`] makes a [`Value`] of a tree; [`read()`] does both for the first document.
//! - [`unmarshal`], [`unmarshal_map`] and [`unmarshal_list`] do what Helm's `fromYaml` and
//!   `fromYamlArray` do, errors included.
//! - [`to_yaml`], [`json_to_yaml`] and [`to_yaml_pretty`] write, and [`to_json`] as `encoding/json` does.
//!
//! ```
//! use aurak_goyaml::{Limits, Mode, read, to_yaml};
//!
//! let limits = Limits::default();
//! let value = read(b"mode: 0644\nenabled: on\nversion: '1.10'\n", Mode::Lenient, &limits)?;
//! assert_eq!(to_yaml(&value, &limits)?, "enabled: true\nmode: 420\nversion: \"1.10\"\n");
//!
//! let error = read(b"a: 1\nb: c: d\n", Mode::Lenient, &limits).unwrap_err();
//! assert_eq!(error.to_string(), "yaml: line 2: mapping values are not allowed in this context");
//! # Ok::<(), aurak_goyaml::Error>(())
//! ```
//!
//! # What strangers' texts may do
//!
//! Nothing here panics or recurses without bound, whatever the text. What it may cost is bounded by
//! [`Limits`]; besides these, Go's own bound on aliases applies. Reading takes time in proportion to the
//! text, and so does writing.

#![forbid(unsafe_code)]

mod base64;
mod decode;
mod error;
mod json;
mod limits;
mod number;
mod read;
mod resolve;
mod sigs;
mod syntax;
mod timestamp;
mod value;
mod write;

pub use error::Error;
pub use json::to_json;
pub use limits::{Exceeded, Limits};
pub use read::{Document, Documents, Node, NodeId, NodeKind, Position, Span, Style};
pub use resolve::Resolved;
pub use sigs::{Mode, read, unmarshal, unmarshal_list, unmarshal_map, yaml_to_json};
pub use value::Value;
pub use write::{json_to_yaml, to_yaml, to_yaml_pretty};
