//! How Resource Manager speaks.

use std::time::Duration;

use aurak_api::ProviderError;
use aurak_rest::{Dialect, Kind, Method, Page, Refusal, Request, Response, Verdict};
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::refusal;

/// How often to ask where the service does not say: most operations that take long take minutes, and
/// the short ones some seconds.
const POLL: Duration = Duration::from_secs(5);

/// The dialect, for a subscription in a cloud.
#[derive(Clone, Debug)]
pub struct Arm {
    cloud: Cloud,
    subscription: String,
    poll: Duration,
}

impl Arm {
    /// The dialect.
    pub fn new(cloud: Cloud, subscription: &str) -> Arm {
        Arm { cloud, subscription: subscription.to_string(), poll: POLL }
    }

    /// How often to ask where the service does not say.
    #[must_use]
    pub fn poll_every(mut self, poll: Duration) -> Arm {
        self.poll = poll;
        self
    }
}

impl Dialect for Arm {
    fn endpoint(&self) -> &str {
        &self.cloud.endpoint
    }

    fn trusts(&self, url: &str) -> bool {
        self.cloud.holds(url)
    }

    fn given(&self, hole: &str) -> Option<&str> {
        (hole == "subscription").then_some(self.subscription.as_str())
    }

    fn versioned(&self, mut request: Request, version: &str) -> Request {
        let sign = if request.url.contains('?') { '&' } else { '?' };
        request.url = format!("{}{sign}api-version={version}", request.url);
        request
    }

    fn collection(&self, name: &str) -> String {
        let name = name.trim_start_matches('/');
        // What is not below a resource is below the subscription.
        match name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("subscriptions/")) {
            true => format!("/{name}"),
            false => format!("/subscriptions/{}/{name}", self.subscription),
        }
    }

    fn page(&self, answer: &Json) -> Page {
        let next = answer.get("nextLink").and_then(Json::as_str).filter(|next| !next.is_empty());
        Page {
            items: answer.get("value").and_then(Json::as_array).cloned().unwrap_or_default(),
            next: next.map(str::to_string),
        }
    }

    fn is_envelope(&self, name: &str) -> bool {
        ["id", "name", "type", "etag", "systemData"].iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn id<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body.get("id").and_then(Json::as_str).filter(|id| id.starts_with('/'))
    }

    fn etag(&self, answer: &Response) -> Option<String> {
        let body = &answer.body;
        let places = [body.get("etag"), body.get("eTag"), body.pointer("/properties/eTag")];
        let in_body = places.into_iter().flatten().find_map(Json::as_str);
        answer.header("etag").or(in_body).map(str::to_string)
    }

    fn state<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body.pointer("/properties/provisioningState").and_then(Json::as_str)
    }

    fn refusal(&self, answer: &Response) -> Refusal {
        refusal::read(answer)
    }

    fn judge(&self, refusal: &Refusal, method: Method, after: Option<Duration>) -> Verdict {
        refusal::judge(refusal, method, after)
    }

    fn is_the_end(&self, answer: &Response) -> bool {
        // What only says that something went wrong in passing is of the question.
        const PASSING: &[&str] = &[
            "InternalServerError",
            "ServerTimeout",
            "OperationTimedOut",
            "ServiceUnavailable",
            "GatewayTimeout",
        ];
        let code = refusal::read(answer).code;
        answer.status == 500 && !code.is_empty() && !PASSING.contains(&code.as_str())
    }

    fn instead(&self, path: &str, refusal: &ProviderError) -> Option<String> {
        (refusal.code.as_deref() == Some("RoleAssignmentExists")).then_some(())?;
        // The message ends with the other one, without dashes or with them.
        let words = refusal.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let guids = words.filter_map(|word| uuid::Uuid::parse_str(word).ok());
        let (below, own) = path.rsplit_once('/')?;
        let other = guids.map(|guid| guid.to_string()).rfind(|guid| !guid.eq_ignore_ascii_case(own))?;
        Some(format!("{below}/{other}"))
    }

    fn left(&self, answer: &Response) -> Vec<(Kind, u64)> {
        // The smallest bucket of each kind counts; the global ones are fifteen times larger.
        let kinds = [("reads", Kind::Read), ("writes", Kind::Write), ("deletes", Kind::Delete)];
        let left = |scope: &str, word: &str| -> Option<u64> {
            answer.header(&format!("x-ms-ratelimit-remaining-{scope}-{word}"))?.trim().parse().ok()
        };
        let of = |(word, kind): (&str, Kind)| {
            let least = [left("subscription", word), left("tenant", word)].into_iter().flatten().min()?;
            Some((kind, least))
        };
        kinds.into_iter().filter_map(of).collect()
    }

    fn monitor_header(&self) -> &'static str {
        "azure-asyncoperation"
    }

    fn poll(&self) -> Duration {
        self.poll
    }
}
