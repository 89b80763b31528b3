//! Resource Manager: who asks, for what, and whether it may be; then the one engine that serves every
//! type from its table.
//!
//! The order of the refusals is that of the service: token, api-version, throttling, subscription,
//! permission, provider, type, group, lock, and only then the rules of the resource itself.

mod access;
mod address;
mod delete;
mod directory;
mod filter;
mod kind;
mod list;
mod load;
mod locks;
mod operations;
mod preconditions;
mod read;
mod service;
mod throttle;
mod write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub(crate) use access::Caller;
pub(crate) use address::{Address, Scope, Target, parse};
pub(crate) use filter::Filter;
pub(crate) use kind::{Etag, Exclusive, Kind, Locations, Name, Patch, Place, Spec, Style, etag, shown};
pub use load::LoadError;
pub(crate) use operations::{Start, begin, follow, holder, remove, settle};
pub(crate) use read::view_of;
pub(crate) use service::Service;
pub(crate) use throttle::Buckets;
pub(crate) use write::same;

use crate::entra::Keys;
use crate::http::{Content, Method, Request, Response};
use crate::refusal::{Outcome, Refusal};
use crate::world::World;

/// The services with their settings; everything that changes is in the [`World`].
pub struct Azure {
    pub(crate) keys: Keys,
    /// `https://localhost:1234`, where answers point to.
    pub(crate) base: String,
    /// How many times faster than Azure.
    pub(crate) speed: f64,
    /// The most items on a page of a list; a test of paging makes it small.
    pub(crate) page: usize,
}

/// What every handler needs to know.
pub(crate) struct Context<'a> {
    pub(crate) azure: &'a Azure,
    pub(crate) request: &'a Request,
    pub(crate) now: i64,
    pub(crate) version: &'a str,
    pub(crate) caller: &'a Caller,
}

impl Context<'_> {
    /// When something that takes so many milliseconds in Azure is done here.
    pub(crate) fn after(&self, milliseconds: i64) -> i64 {
        self.now + ((milliseconds as f64 / self.azure.speed) as i64).max(1)
    }

    /// How long a synchronous write works.
    pub(crate) fn delay(&self, works: i64) -> i64 {
        if works == 0 { 0 } else { self.after(works) - self.now }
    }

    /// Seconds to wait, at this speed.
    pub(crate) fn retry_after(&self, seconds: i64) -> String {
        ((seconds as f64 / self.azure.speed).ceil() as i64).max(1).to_string()
    }

    /// The body as an object, before any shape is looked at.
    pub(crate) fn body(&self, service: Service) -> Outcome<Map<String, Value>> {
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(service.unreadable("the body must be an object")),
            Err(_) if self.request.body.is_empty() => Err(service.unreadable("there is no body")),
            Err(error) => Err(service.unreadable(&format!(
                "unexpected content at line {}, column {}",
                error.line(),
                error.column()
            ))),
        }
    }
}

/// The largest body that is read, as in Resource Manager.
pub const LARGEST_BODY: usize = 4 * 1024 * 1024;

impl Azure {
    /// `base` is where clients reach this server, without a slash at the end.
    ///
    /// # Errors
    /// When the world's signing key is none.
    pub fn new(world: &World, base: &str, speed: f64) -> Result<Azure, crate::entra::KeyError> {
        Ok(Azure {
            keys: Keys::load(&world.identity().signing_key)?,
            base: base.to_owned(),
            speed: if speed.is_finite() { speed.max(0.001) } else { 1.0 },
            page: usize::MAX,
        })
    }

    /// Caps the pages of lists.
    #[must_use]
    pub fn with_page(mut self, page: usize) -> Azure {
        self.page = page.max(1);
        self
    }

    /// Answers one request. Pure: the same world, time and request give the same answer.
    pub fn handle(&self, world: &mut World, now: i64, request: &Request) -> Response {
        settle(world, now);
        world.served += 1;
        let id = request_id(world, now);
        let segments = request.segments();
        let words: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut response = match words.as_slice() {
            ["metadata", "endpoints"] => {
                directory::endpoints(self, request).unwrap_or_else(|refusal| refusal.response())
            }
            ["subscriptions" | "providers" | "tenants", ..] => {
                self.manage(world, now, request, &segments).unwrap_or_else(|refusal| refusal.response())
            }
            _ => crate::entra::handle(self, world, now, request, &words),
        };
        for name in ["x-ms-request-id", "x-ms-correlation-request-id"] {
            response = response.with(name, id.clone());
        }
        response = response.with("x-ms-routing-request-id", format!("SANDBOX:{}:{id}", stamp(now)));
        let wanted = request.has_header("x-ms-return-client-request-id").is_some_and(|v| v == "true");
        if let (true, Some(client)) = (wanted, request.has_header("x-ms-client-request-id")) {
            response = response.with("x-ms-client-request-id", client);
        }
        if request.method == Method::Head {
            response.content = Content::Empty;
        }
        response
    }

    fn manage(
        &self,
        world: &mut World,
        now: i64,
        request: &Request,
        segments: &[String],
    ) -> Outcome<Response> {
        let caller = access::authenticate(self, world, now, request)?;
        let version = api_version(request)?;
        if request.body.len() > LARGEST_BODY {
            return Err(Refusal::new(
                413,
                "RequestContentTooLarge",
                format!("The request content is larger than {LARGEST_BODY} bytes."),
            ));
        }
        let target = parse(segments);
        let subscription =
            segments.first().filter(|word| word.eq_ignore_ascii_case("subscriptions")).and(segments.get(1));
        let charge = throttle::Charge {
            method: request.method,
            subscription: subscription.map(String::as_str),
            principal: &caller.object_id,
            now,
            speed: self.speed,
        };
        let headers = world.buckets.charge(&charge)?;
        let known = |id: &String| world.subscription(id).is_some();
        let outcome = match subscription.filter(|id| !known(id)) {
            Some(unknown) => Err(directory::no_subscription(unknown)),
            None => {
                let cx = Context { azure: self, request, now, version: &version, caller: &caller };
                route(&cx, world, target)
            }
        };
        // A refusal counts like an answer, and says so.
        match outcome {
            Ok(mut response) => {
                response.headers.extend(headers);
                Ok(response)
            }
            Err(mut refusal) => {
                refusal.headers.extend(headers);
                Err(refusal)
            }
        }
    }
}

fn route(cx: &Context<'_>, world: &mut World, target: Target) -> Outcome<Response> {
    match target {
        Target::Words(words) => directory::words(cx, world, &words),
        Target::Scope(scope) => directory::subscription(cx, world, &scope),
        Target::Providers(scope, namespace) => directory::providers(cx, world, &scope, namespace.as_deref()),
        Target::Resource(address) => {
            let verb = match cx.request.method {
                Method::Get | Method::Head => "read",
                Method::Delete => "delete",
                _ => "write",
            };
            guard(cx, world, address.kind, &address.scope, &address.id, verb)?;
            match cx.request.method {
                Method::Get | Method::Head => read::read(cx, world, &address),
                Method::Put => write::put(cx, world, &address),
                Method::Patch => write::patch(cx, world, &address),
                Method::Delete => delete::delete(cx, world, &address),
                Method::Post | Method::Other => Err(no_method(cx.request)),
            }
        }
        Target::Collection { kind, scope, names } => {
            guard(cx, world, kind, &scope, &scope.id, "read")?;
            if !cx.request.method.is_read() {
                return Err(no_method(cx.request));
            }
            list::list(cx, world, kind, &scope, &names)
        }
        Target::Other { scope, namespace, rest } => read::other(cx, world, &scope, &namespace, &rest),
    }
}

/// What is asked before a resource of a type is looked at.
pub(crate) fn guard(
    cx: &Context<'_>,
    world: &World,
    kind: &dyn Kind,
    scope: &Scope,
    id: &str,
    verb: &str,
) -> Outcome<()> {
    let spec = kind.spec();
    access::authorise(cx, world, &format!("{}/{verb}", spec.name), id)?;
    directory::registered(cx, world, spec, scope)?;
    if !spec.versions.contains(&cx.version) {
        let place =
            if verb == "read" || spec.locations == Locations::None { "" } else { " in this location" };
        return Err(Refusal::new(
            400,
            "NoRegisteredProviderFound",
            format!(
                "No registered resource provider found{place} and API version '{}' for type '{}'. The supported api-versions are '{}'.",
                cx.version,
                spec.types().collect::<Vec<_>>().join("/"),
                spec.versions.join(", ")
            ),
        ));
    }
    // A group itself says ResourceGroupNotFound by its own handlers.
    if spec.place != Place::Subscription
        && let Some(group) = scope.group_key()
        && !world.resources.contains(&group)
    {
        return Err(no_group(scope.group.as_deref().unwrap_or_default()));
    }
    Ok(())
}

pub(crate) fn no_group(name: &str) -> Box<Refusal> {
    Refusal::new(404, "ResourceGroupNotFound", format!("Resource group '{name}' could not be found."))
}

fn no_method(request: &Request) -> Box<Refusal> {
    Refusal::new(
        405,
        "HttpMethodNotSupported",
        format!("The HTTP method '{}' is not supported at this path.", request.method.as_str()),
    )
}

fn api_version(request: &Request) -> Outcome<String> {
    let Some(version) = request.query("api-version").filter(|version| !version.is_empty()) else {
        return Err(Refusal::new(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let (date, suffix) = version.split_at_checked(10).unwrap_or((version, ""));
    let dated = date.parse::<jiff::civil::Date>().is_ok();
    let suffixed = suffix.is_empty()
        || suffix.eq_ignore_ascii_case("-preview")
        || suffix.eq_ignore_ascii_case("-privatepreview");
    if !dated || !suffixed {
        return Err(Refusal::new(
            400,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{version}' is invalid. The supported versions are dates of the form YYYY-MM-DD, optionally with '-preview' behind."
            ),
        ));
    }
    Ok(version.to_ascii_lowercase())
}

/// Not drawn from the world: a read must not write.
fn request_id(world: &World, now: i64) -> String {
    guid_of(&format!("{}/{now}/{}", world.identity().id, world.served))
}

/// A guid of a resource that stays the same while the resource keeps its id.
pub(crate) fn guid_of(text: &str) -> String {
    let hash = fingerprint(&text.to_ascii_lowercase());
    format!("{}-{}-4{}-a{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

/// A hash in hex, for everything that looks random and must be the same again.
pub(crate) fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `2026-01-02T03:04:05.678Z`
pub(crate) fn stamp(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| format!("{time:.3}"))
        .unwrap_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned())
}

pub(crate) fn list_of(values: Vec<Value>) -> Value {
    json!({ "value": values })
}
