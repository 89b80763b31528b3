//! How each service words the refusals that all of them know: a body that does not fit, a resource
//! that is busy, an ETag that does not match, a property that may not change.

use crate::refusal::Refusal;
use crate::shape::{Misfit, MisfitKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Resource groups and locks, by Resource Manager itself.
    Resources,
    Network,
    Dns,
    Containers,
    Storage,
    Identity,
    Authorization,
}

impl Service {
    /// AKS and DNS answer code and message without `error` around them.
    pub(crate) fn refuse(self, status: u16, code: &str, message: impl Into<String>) -> Box<Refusal> {
        let mut refusal = Refusal::new(status, code, message);
        refusal.bare = matches!(self, Service::Containers | Service::Dns);
        refusal
    }

    pub(crate) fn misfit(self, misfit: &Misfit) -> Box<Refusal> {
        let Misfit { path, kind, message } = misfit;
        match self {
            Service::Network => {
                let code = match kind {
                    MisfitKind::Unknown | MisfitKind::Type => "InvalidJson",
                    MisfitKind::Missing => "MissingJsonProperty",
                    MisfitKind::Value => "InvalidPropertyValue",
                };
                self.refuse(400, "InvalidRequestFormat", "Cannot parse the request.")
                    .detail(code, format!("Error converting value at path '{path}': it {message}."))
            }
            Service::Containers => match kind {
                MisfitKind::Unknown | MisfitKind::Type => self.refuse(
                    400,
                    "UnmarshalError",
                    format!("Unmarshal of the request body failed at \"{path}\": it {message}."),
                ),
                MisfitKind::Missing | MisfitKind::Value => self.invalid(path, message),
            },
            Service::Storage => match kind {
                MisfitKind::Value => self.refuse(
                    400,
                    "InvalidValuesForRequestParameters",
                    format!("Values for request parameters are invalid: {path}. The value {message}."),
                ),
                MisfitKind::Unknown | MisfitKind::Type | MisfitKind::Missing => {
                    content(self, &format!("'{path}' {message}"))
                }
            },
            Service::Dns | Service::Identity | Service::Authorization => {
                self.refuse(400, "BadRequest", format!("The request is invalid: '{path}' {message}."))
            }
            Service::Resources => content(self, &format!("'{path}' {message}")),
        }
    }

    /// A value that AKS refuses, and which.
    pub(crate) fn invalid(self, path: &str, why: &str) -> Box<Refusal> {
        self.refuse(
            400,
            "InvalidParameter",
            format!("The value of parameter {path} is invalid. Error details: it {why}."),
        )
        .target(path)
    }

    pub(crate) fn unreadable(self, why: &str) -> Box<Refusal> {
        content(self, why)
    }

    pub(crate) fn stale(self, given: &str, found: &str) -> Box<Refusal> {
        match self {
            Service::Containers => self.refuse(
                409,
                "EtagMismatch",
                format!("The provided etag {given} does not match the current etag {found} of the resource."),
            ),
            _ => self.refuse(
                412,
                "PreconditionFailed",
                format!("The condition '{given}' in the If-Match header was not satisfied. The current ETag is '{found}'."),
            ),
        }
    }

    pub(crate) fn exists(self) -> Box<Refusal> {
        self.refuse(
            412,
            "PreconditionFailed",
            "The condition '*' in the If-None-Match header was not satisfied: the resource exists.",
        )
    }

    /// The one message of Resource Manager's services for what may only be set at creation.
    pub(crate) fn fixed(self, path: &str) -> Box<Refusal> {
        match self {
            Service::Storage => {
                let name = path.rsplit('.').next().unwrap_or(path);
                self.refuse(
                    400,
                    "AccountPropertyCannotBeUpdated",
                    format!("The property '{name}' was specified in the input, but it cannot be updated as it is read-only. For more information, see - https://aka.ms/storageaccountupdate"),
                )
            }
            _ => self
                .refuse(
                    409,
                    "PropertyChangeNotAllowed",
                    format!("Changing property '{path}' is not allowed."),
                )
                .target(path),
        }
    }

    /// Whoever asks while another operation holds the resource.
    pub(crate) fn busy(self, id: &str, name: &str, state: &str, operation: &str) -> Box<Refusal> {
        match self {
            Service::Network => self
                .refuse(
                    429,
                    "AnotherOperationInProgress",
                    "Another operation on this or dependent resource is in progress. To retrieve status of the operation use the URI in the details.",
                )
                .detail("RetryableErrorDueToAnotherOperation", format!("Operation {operation} is updating resource {id}."))
                .header("Retry-After", "10"),
            Service::Containers if id.to_ascii_lowercase().contains("/agentpools/") => self.refuse(
                409,
                "OperationNotAllowed",
                format!("Operation is not allowed: Another agentpool operation ({name} - {state}) is in progress, please wait for it to finish before starting a new operation."),
            ),
            Service::Containers => self.refuse(
                409,
                "OperationNotAllowed",
                format!("Operation is not allowed: Another operation ({operation}) is in progress, please wait for it to finish before starting a new operation."),
            ),
            Service::Storage => self.refuse(
                409,
                "StorageAccountOperationInProgress",
                "An operation is currently performing on this storage account that requires exclusive access.",
            ),
            Service::Dns => self.refuse(
                409,
                "Conflict",
                format!("The resource {name} cannot be modified while another operation ({operation}) on it is in progress."),
            ),
            Service::Resources | Service::Identity | Service::Authorization => {
                self.refuse(409, "Conflict", format!("Another operation ({operation}) on {id} is in progress."))
            }
        }
    }
}

fn content(service: Service, why: &str) -> Box<Refusal> {
    service.refuse(
        400,
        "InvalidRequestContent",
        format!("The request content was invalid and could not be deserialized: {why}."),
    )
}
