//! What Resource Manager says when it refuses, and what that means.

use std::time::Duration;

use aurak_api::{Class, Effect};
use aurak_rest::{Method, Refusal, Response, Verdict};
use serde_json::Value as Json;

/// What a refusal says: with `error` around it or without, as some services have it, or as text.
pub(crate) fn read(answer: &Response) -> Refusal {
    let body = &answer.body;
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let text = |json: &Json, name: &str| {
        json.get(name).and_then(Json::as_str).map(|text| text.trim().to_string()).unwrap_or_default()
    };
    let details = error.get("details").and_then(Json::as_array).into_iter().flatten().filter_map(|detail| {
        match (text(detail, "code"), text(detail, "message")) {
            (_, message) if message.is_empty() => None,
            (code, message) if code.is_empty() => Some(message),
            (code, message) => Some(format!("{code}: {message}")),
        }
    });
    // A gateway in between answers with a page; its first words are enough.
    let page = answer.text.as_deref().map(|text| text.trim().chars().take(200).collect::<String>());
    let message = Some(text(error, "message")).filter(|text| !text.is_empty()).or(page).unwrap_or_default();
    // OAuth words, which come without the body of Resource Manager.
    let (code, message) = match (text(error, "code"), message) {
        (code, message) if code.is_empty() && message.is_empty() => {
            (text(body, "error"), text(body, "error_description"))
        }
        said => said,
    };
    Refusal {
        status: answer.status,
        code,
        message,
        target: Some(text(error, "target")).filter(|text| !text.is_empty()),
        details: details.take(10).collect(),
    }
}

/// Codes of services that are at work on the object, or on what it shares with others.
const BUSY: &[&str] = &[
    "AnotherOperationInProgress",
    "AsyncOperationInProgress",
    "ConcurrentUpdate",
    "ConflictingConcurrentWriteNotAllowed",
    "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    "ContainerBeingDeleted",
    "EtagMismatch",
    "OperationPreempted",
    "OperationNotAllowedOnKubernetesClusterInTransition",
    "PreconditionFailed",
    "ReferencedResourceNotProvisioned",
    "RequestConflict",
    "ResourceGroupBeingDeleted",
    "RetryableError",
    "RetryableErrorDueToAnotherOperation",
    "StorageAccountOperationInProgress",
];

/// Words of messages that say so where the code does not.
const BUSY_WORDS: &[&str] = &[
    "operation is in progress",
    "is in progress",
    "in progress operation",
    "is being deleted",
    "another operation",
    "please wait for it to finish",
    "in provisioning state(",
];

/// Codes that say that the object, or what holds it, is not there.
const GONE: &[&str] = &[
    "ResourceNotFound",
    "NotFound",
    "ResourceGroupNotFound",
    "ParentResourceNotFound",
    "ContainerNotFound",
    "RoleAssignmentNotFound",
    "LockNotFound",
    "BlobServiceNotFound",
];

/// Codes that are over soon by themselves: directories and networks that have not heard of it yet.
const SOON: &[&str] = &["PrincipalNotFound", "ServerTimeout", "OperationTimedOut", "InternalServerError"];

/// What to do, by words of messages whose code says nothing.
const HELP_BY_WORDS: &[(&str, &str)] = &[
    (
        "at least one system agent pool",
        "a cluster keeps one pool of the mode `System`: make another one first",
    ),
    ("power state(stopped)", "the cluster is stopped: start it, as with az aks start"),
    ("upgrading kubernetes version", "go by the versions between, one minor version at a time"),
];

/// What to do about what no repetition helps against.
fn help(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthorizationFailed" | "LinkedAuthorizationFailed" => {
            "the identity that runs this needs a role that allows it there; one that was just assigned takes \
             some minutes"
        }
        "InvalidAuthenticationToken" | "InvalidAuthenticationTokenTenant" | "ExpiredAuthenticationToken" => {
            "log in again, and see that tenant and subscription belong together"
        }
        "ScopeLocked" => "a lock protects it: remove the lock first, or leave the object as it is",
        "ResourceGroupNotFound" | "ParentResourceNotFound" => {
            "what it lives in is not there: let it refer to the resource that makes it"
        }
        "SubscriptionNotFound" => "see that the subscription is the right one, and that it is of this tenant",
        "MissingSubscriptionRegistration" | "SubscriptionNotRegistered" => {
            "register the resource provider once: az provider register --namespace NAMESPACE"
        }
        "NoRegisteredProviderFound" => {
            "this type is not offered in this version and region: take another region"
        }
        "InvalidResourceLocation" | "InvalidLocation" => {
            "it is in another region already: use that region, or another name"
        }
        "StorageAccountAlreadyTaken" | "StorageAccountAlreadyExists" => {
            "such names are shared by everybody: take another one"
        }
        "RoleAssignmentExists" => {
            "the principal has this role here already, under another name: take that one over with `imports`"
        }
        "RoleAssignmentUpdateNotPermitted" => {
            "a role assignment with this name is for something else: give this one another name"
        }
        "PropertyChangeNotAllowed" => "this cannot be changed in place: replace the resource with --replace",
        "InUseSubnetCannotBeDeleted"
        | "InUsePublicIPAddressCannotBeDeleted"
        | "InUseNetworkSecurityGroupCannotBeDeleted" => {
            "something still uses it: delete that first, or wait until it is gone"
        }
        "SecurityRuleConflict" => {
            "two rules of one direction cannot have the same priority: another rule of the group has this one"
        }
        "NetcfgSubnetRangesOverlap" => "it overlaps another subnet of the network: give it another range",
        "QuotaExceeded" | "OperationNotAllowedDueToQuota" | "InsufficientQuota" | "SkuNotAvailable" => {
            "ask for more quota, or take another size or region"
        }
        "RequestDisallowedByPolicy" => "a policy of the subscription forbids it: its name is in the details",
        "ServiceCidrOverlapExistingSubnetsCidr" => {
            "give `serviceCidr` a range that no subnet has, and `dnsServiceIP` an address in that"
        }
        "K8sVersionNotSupported" => "list what there is: az aks get-versions --location REGION",
        _ => return None,
    })
}

/// What a refusal of a request means.
pub(crate) fn judge(refusal: &Refusal, method: Method, after: Option<Duration>) -> Verdict {
    let Refusal { status, code, message, .. } = refusal;
    let is = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    let said = message.to_ascii_lowercase();
    // What is stopped does not start by itself.
    let stopped = said.contains("power state(stopped)");
    let busy = || is(BUSY) || (!stopped && BUSY_WORDS.iter().any(|words| said.contains(words)));
    let class = match status {
        // The network says so of an operation on what the object shares with others.
        429 if is(BUSY) => Class::Conflict,
        429 => Class::Transient { after },
        408 | 500 | 502..=599 => Class::Transient { after },
        401 if code == "ExpiredAuthenticationToken" => Class::Transient { after },
        404 if is(GONE)
            || code.is_empty()
            || code.ends_with("NotFound") && code != "SubscriptionNotFound" =>
        {
            Class::Gone
        }
        410 => Class::Gone,
        400 | 404 | 409 if is(SOON) => Class::Transient { after },
        400 | 409 | 423 if busy() => Class::Conflict,
        _ => Class::Permanent,
    };
    let effect = match (&class, status, method) {
        (_, _, Method::Get) | (_, 429, _) => Effect::None,
        // Nobody knows how far it came.
        (Class::Transient { .. }, 408 | 500..=599, _) => Effect::Unknown,
        _ => Effect::None,
    };
    let verdict = Verdict { effect, ..Verdict::new(class) };
    let by_words = || HELP_BY_WORDS.iter().find(|(words, _)| said.contains(words)).map(|(_, help)| *help);
    match help(code).or_else(by_words) {
        Some(help) => verdict.help(help.replace("NAMESPACE", namespace(message).unwrap_or("NAMESPACE"))),
        None => verdict,
    }
}

/// The namespace that a message names: `... to use namespace 'Microsoft.Network'.`
fn namespace(message: &str) -> Option<&str> {
    message.split_once("namespace '")?.1.split('\'').next()
}
