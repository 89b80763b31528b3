//! Every request that a world saw, for assertions such as "exactly one update".

use std::fmt;

use aurak_model::record::IdempotencyKey;
use aurak_model::{Address, Name};
use serde::{Deserialize, Serialize};

use crate::wire::Op;

/// A request as it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it arrived, in milliseconds since the world began.
    pub at_ms: u64,
    /// What was asked.
    pub op: Op,
    /// The account or cluster.
    pub world: Name,
    /// The type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// The id, natural key, collection or action.
    pub what: String,
    /// The resource that it was made for.
    pub address: Option<Address>,
    /// The key of the call.
    pub key: Option<IdempotencyKey>,
    /// The object that it made: none where it made no new one.
    pub made: Option<Name>,
    /// What became of it; empty while it is under way.
    pub result: String,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { at_ms, op, world, type_name, what, address: _, key: _, made: _, result } = self;
        let (seconds, millis) = (at_ms / 1000, at_ms % 1000);
        write!(f, "{seconds:>5}.{millis:03}  {} {type_name} {what}", op.word())?;
        if &**world != crate::MAIN {
            write!(f, " in {world}")?;
        }
        match result.as_str() {
            "" => f.write_str(": under way"),
            result => write!(f, ": {result}"),
        }
    }
}
