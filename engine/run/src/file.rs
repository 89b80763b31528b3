//! Saved plans: one file that can be reviewed, carried elsewhere and applied without the sources.
//!
//! ```json
//! {"aurak_plan":1,"open":{"identity":{...},"plan":{...}},"sealed":"..."}
//! ```
//! The open part is the plan without its sensitive leaves; in their place stand references into the
//! sealed part, which also carries the sources that the plan was made from, so that what was
//! deferred can be planned during apply. The sealed part is encrypted with the stack's key and bound
//! to the bytes of the open part. A file is accepted only if writing it again gives the same bytes,
//! so that no byte of it can be changed unnoticed.

use std::collections::HashMap;

use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::{Address, Plan, Secret, Value};
use aurak_state::{Identity, Key, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the file's form.
pub const FORMAT: u32 = 1;

const HEAD: &str = "{\"aurak_plan\":1,\"open\":";
const MIDDLE: &str = ",\"sealed\":\"";
const TAIL: &str = "\"}\n";

/// What stands before the number of a leaf in the sealed part.
const REFERENCE: char = '#';

/// A plan with all that apply needs besides the key.
#[derive(Clone, Debug)]
pub struct SavedPlan {
    /// The store that it is for; one that is not there yet is created so.
    pub identity: Identity,
    /// The plan.
    pub plan: Plan,
    /// The sources that it was made from.
    pub sources: MemorySources,
    /// The choices that it was made with.
    pub request: LoadRequest,
    /// What it was restricted to: what it defers is planned with the same restriction.
    pub only: Vec<String>,
    /// What was to be replaced: what it defers is planned with that too.
    pub replace: Vec<Address>,
    /// The folder that it was made in: relative paths of resources start there.
    pub folder: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Open {
    identity: Identity,
    plan: Plan,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    leaves: Vec<Value>,
    sources: MemorySources,
    request: LoadRequest,
    only: Vec<String>,
    #[serde(default)]
    replace: Vec<Address>,
    #[serde(default)]
    folder: Option<String>,
}

/// Why a file is no plan that can be applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is something else.
    #[error("this is no saved plan")]
    NotAPlan,
    /// A newer aurak wrote it.
    #[error("this plan is in format {found}, and this aurak reads up to format {FORMAT}")]
    NewerFormat {
        /// The format that was found.
        found: u32,
    },
    /// It was changed since it was written.
    #[error("this plan was changed after it was written, or is damaged")]
    Changed,
    /// It is of another key.
    #[error("the key {given} does not fit: this plan was sealed with the key {expected}")]
    WrongKey {
        /// The id of the key that it wants.
        expected: String,
        /// The id of the given key.
        given: String,
    },
    /// It cannot be opened.
    #[error("the sealed part of the plan cannot be opened")]
    Sealed(#[source] StoreError),
    /// It could not be written.
    #[error("the plan cannot be written")]
    Encode(#[source] serde_json::Error),
}

impl PlanFileError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            PlanFileError::NotAPlan => "`aurak plan -o FILE` writes one".to_string(),
            PlanFileError::NewerFormat { .. } => "apply it with the aurak that wrote it".to_string(),
            PlanFileError::Changed => "make it again with `aurak plan -o FILE`".to_string(),
            PlanFileError::WrongKey { expected, .. } => {
                format!("give the key {expected} in AURAK_KEY, or the right passphrase in AURAK_PASSPHRASE")
            }
            PlanFileError::Sealed(error) => return error.help(),
            PlanFileError::Encode(_) => return None,
        })
    }
}

/// Writes a plan.
pub fn write(saved: &SavedPlan, key: &Key) -> Result<Vec<u8>, PlanFileError> {
    let mut plan = saved.plan.clone();
    let leaves = take_secrets(&mut plan);
    let open = serde_json::to_string(&Open { identity: saved.identity.clone(), plan })
        .map_err(PlanFileError::Encode)?;
    let SavedPlan { identity: _, plan: _, sources, request, only, replace, folder } = saved.clone();
    let sealed = Sealed { leaves, sources, request, only, replace, folder };
    let sealed = zeroize::Zeroizing::new(serde_json::to_vec(&sealed).map_err(PlanFileError::Encode)?);
    let sealed = key.seal_bytes(&sealed, &bound_to(&open)).map_err(PlanFileError::Sealed)?;
    Ok(render(&open, &sealed))
}

/// Reads the open part: enough to show it and to know which key it wants.
pub fn peek(bytes: &[u8]) -> Result<(Identity, Plan), PlanFileError> {
    let (open, _) = split(bytes)?;
    let open: Open = serde_json::from_str(open).map_err(|_| PlanFileError::Changed)?;
    Ok((open.identity, open.plan))
}

/// Reads a plan whole.
pub fn read(bytes: &[u8], key: &Key) -> Result<SavedPlan, PlanFileError> {
    let (open, sealed) = split(bytes)?;
    let Open { identity, mut plan } = serde_json::from_str(open).map_err(|_| PlanFileError::Changed)?;
    let opened = key.open_bytes(&sealed, &bound_to(open), "the plan").map_err(|error| match error {
        StoreError::Unsealable { .. } => match &identity.key_id {
            Some(expected) if **expected != *key.id() => {
                PlanFileError::WrongKey { expected: expected.to_string(), given: key.id().to_string() }
            }
            _ => PlanFileError::Changed,
        },
        other => PlanFileError::Sealed(other),
    })?;
    let Sealed { leaves, sources, request, only, replace, folder } =
        serde_json::from_slice(&opened).map_err(|_| PlanFileError::Changed)?;
    give_secrets(&mut plan, leaves)?;
    Ok(SavedPlan { identity, plan, sources, request, only, replace, folder })
}

/// The digest of a plan's open part: what a reviewer approves.
pub fn digest(plan: &Plan) -> String {
    let mut plan = plan.clone();
    take_secrets(&mut plan);
    let json = serde_json::to_vec(&plan).unwrap_or_default();
    hex(&Sha256::digest(json))
}

fn render(open: &str, sealed: &[u8]) -> Vec<u8> {
    let mut out = String::with_capacity(open.len() + sealed.len() * 4 / 3 + 64);
    out.push_str(HEAD);
    out.push_str(open);
    out.push_str(MIDDLE);
    STANDARD.encode_string(sealed, &mut out);
    out.push_str(TAIL);
    out.into_bytes()
}

fn split(bytes: &[u8]) -> Result<(&str, Vec<u8>), PlanFileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PlanFileError::NotAPlan)?;
    let Some(rest) = text.strip_prefix(HEAD) else {
        return Err(
            match text.strip_prefix("{\"aurak_plan\":").and_then(|rest| rest.split(',').next()?.parse().ok())
            {
                Some(found) if found > FORMAT => PlanFileError::NewerFormat { found },
                Some(_) => PlanFileError::Changed,
                None => PlanFileError::NotAPlan,
            },
        );
    };
    // Base64 has no quote in it, so the last occurrence is the right one.
    let (open, sealed) = rest.rsplit_once(MIDDLE).ok_or(PlanFileError::Changed)?;
    let sealed = sealed.strip_suffix(TAIL).ok_or(PlanFileError::Changed)?;
    let sealed = STANDARD.decode(sealed).map_err(|_| PlanFileError::Changed)?;
    if render(open, &sealed) != bytes {
        return Err(PlanFileError::Changed);
    }
    Ok((open, sealed))
}

fn bound_to(open: &str) -> Vec<u8> {
    let mut aad = b"plan".to_vec();
    aad.extend_from_slice(&Sha256::digest(open.as_bytes()));
    aad
}

/// Takes the sensitive leaves out and leaves references. Equal leaves share one, so that the open
/// part shows whether a secret changes and nothing else about it.
fn take_secrets(plan: &mut Plan) -> Vec<Value> {
    let mut leaves: Vec<Value> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    plan.for_each_value_mut(&mut |value| {
        if !value.has_marks() {
            return;
        }
        let taken = value.map_leaves::<std::convert::Infallible>(&mut |_, leaf| {
            let Value::Sensitive(Secret::Plain(inner)) = leaf else { return Ok(None) };
            let key = serde_json::to_string(&**inner).unwrap_or_default();
            let index = *known.entry(key).or_insert_with(|| {
                leaves.push((**inner).clone());
                leaves.len() - 1
            });
            Ok(Some(Value::Sensitive(Secret::Sealed(format!("{REFERENCE}{index}").into()))))
        });
        match taken {
            Ok(taken) => *value = taken,
            Err(never) => match never {},
        }
    });
    leaves
}

fn give_secrets(plan: &mut Plan, leaves: Vec<Value>) -> Result<(), PlanFileError> {
    let mut failed = false;
    plan.for_each_value_mut(&mut |value| {
        if !value.has_marks() {
            return;
        }
        let given = value.map_leaves(&mut |_, leaf| {
            let Value::Sensitive(Secret::Sealed(text)) = leaf else { return Ok(None) };
            let index = text.strip_prefix(REFERENCE).and_then(|n| n.parse::<usize>().ok()).ok_or(())?;
            leaves.get(index).map(|leaf| Some(leaf.clone().sensitive())).ok_or(())
        });
        match given {
            Ok(given) => *value = given,
            Err(()) => failed = true,
        }
    });
    if failed { Err(PlanFileError::Changed) } else { Ok(()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
