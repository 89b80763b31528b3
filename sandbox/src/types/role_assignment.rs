//! Role assignments, at any scope.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{matches, roles};
use crate::arm::{Context, Kind, Name, Place, Service, Spec, stamp};
use crate::refusal::{Outcome, Refusal};
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct RoleAssignment;

const NAME: &str = "Microsoft.Authorization/roleAssignments";
const GUID: &str = "^(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$";

static SPEC: Spec = Spec {
    name: NAME,
    versions: &["2015-07-01", "2022-04-01"],
    service: Service::Authorization,
    place: Place::Extension,
    name_rule: Name {
        pattern: GUID,
        status: 400,
        code: "InvalidRoleAssignmentId",
        rule: "The role assignment ID must be a GUID.",
        public: false,
    },
    shows_state: false,
    updated: 200,
    deleted_shows: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../shapes/role_assignment.txt")));

impl Kind for RoleAssignment {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        cx: &Context<'_>,
        world: &mut World,
        old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        let role = new.text("properties.roleDefinitionId").unwrap_or_default().to_owned();
        let principal = new.text("properties.principalId").unwrap_or_default().to_owned();
        let Some(known) = roles::by_id(&role) else {
            return Err(refuse(
                404,
                "RoleDefinitionDoesNotExist",
                format!("The specified role definition with ID '{role}' does not exist."),
            ));
        };
        if !matches(GUID, &principal) {
            return Err(refuse(
                400,
                "InvalidPrincipalId",
                format!("The principal ID '{principal}' is not valid. Principal ID must be a GUID."),
            ));
        }
        let scope = new.id.rsplit_once("/providers/").map_or("/", |(scope, _)| scope).to_owned();
        let scope = if scope.is_empty() { "/".to_owned() } else { scope };
        let facts = |resource: &Resource| {
            let text = |path: &str| resource.text(path).unwrap_or_default().to_ascii_lowercase();
            let role = text("properties.roleDefinitionId");
            let role = role.rsplit('/').next().unwrap_or_default().to_owned();
            (text("properties.principalId"), role, text("properties.scope"))
        };
        let wanted = (principal.to_ascii_lowercase(), known.id.to_owned(), scope.to_ascii_lowercase());
        let key = new.key();
        let mut clash = None;
        for (other, resource) in world.resources.iter().filter(|(_, resource)| resource.type_ == NAME) {
            if resource.name.eq_ignore_ascii_case(&new.name) && facts(resource) != wanted {
                return Err(refuse(
                    400,
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                ));
            }
            if *other != key && facts(resource) == wanted {
                clash = Some(resource.name.clone());
            }
        }
        if let Some(name) = clash {
            return Err(refuse(
                409,
                "RoleAssignmentExists",
                format!(
                    "The role assignment already exists. The ID of the conflicting role assignment is {}.",
                    name.replace('-', "")
                ),
            ));
        }
        let given = new.text("properties.principalType").map(str::to_owned);
        let type_ = principal_type(cx, world, &principal, given.as_deref(), old.is_some())?;
        new.set("properties.principalType", type_);
        new.set("properties.scope", scope);
        for path in ["condition", "conditionVersion", "description", "delegatedManagedIdentityResourceId"] {
            new.fill(&format!("properties.{path}"), Value::Null);
        }
        let by = cx.caller.object_id.clone();
        new.set("properties.createdOn", stamp(new.created));
        new.set("properties.updatedOn", stamp(cx.now));
        let creator =
            old.and_then(|old| old.at("properties.createdBy")).cloned().unwrap_or_else(|| json!(by));
        new.set("properties.createdBy", creator);
        new.set("properties.updatedBy", by);
        Ok(())
    }
}

/// Without a type, the principal has to be in the directory and replicated; with one the service
/// takes the client's word, unless it knows better.
fn principal_type(
    cx: &Context<'_>,
    world: &World,
    principal: &str,
    given: Option<&str>,
    known: bool,
) -> Outcome<String> {
    let found = world.principals.get(&principal.to_ascii_lowercase());
    match (found, given) {
        (Some(_), Some(given)) if given != "ServicePrincipal" => Err(refuse(
            400,
            "UnmatchedPrincipalType",
            format!(
                "The PrincipalId '{principal}' has type 'ServicePrincipal', which is different from specified PrincipalType '{given}'."
            ),
        )),
        (_, Some(given)) => Ok(given.to_owned()),
        (Some(found), None) if known || found.visible <= cx.now => Ok("ServicePrincipal".to_owned()),
        _ => Err(refuse(
            400,
            "PrincipalNotFound",
            format!(
                "Principal {principal} does not exist in the directory {}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.",
                world.identity().tenant
            ),
        )),
    }
}

fn refuse(status: u16, code: &str, message: impl Into<String>) -> Box<Refusal> {
    Service::Authorization.refuse(status, code, message)
}
