//! A world with a signed-in client, and requests as short lines.

use std::sync::LazyLock;

use aurak_sandbox::{Azure, Fate, Method, Request, Response, Seed, World, new_signing_key};
use serde_json::{Value, json};

/// Making a key takes a tenth of a second, so that all tests share one.
static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| new_signing_key().expect("a key"));

/// 2026-01-01
pub(crate) const START: i64 = 1_767_225_600_000;
pub(crate) const BASE: &str = "https://localhost:8443";

pub(crate) struct Lab {
    pub(crate) azure: Azure,
    pub(crate) world: World,
    pub(crate) now: i64,
    pub(crate) token: String,
    pub(crate) subscription: String,
    pub(crate) fate: Fate,
}

pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) body: Value,
    pub(crate) response: Response,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        Lab::with(1)
    }

    pub(crate) fn with(subscriptions: usize) -> Lab {
        Lab::of([7; 32], subscriptions)
    }

    /// Another world, with the same key.
    pub(crate) fn of(entropy: [u8; 32], subscriptions: usize) -> Lab {
        let seed = Seed { entropy, signing_key: KEY.clone(), subscriptions };
        let world = World::new(&seed, START - 60_000);
        let azure = Azure::new(&world, BASE, 1.0).expect("services");
        let subscription = world.identity().subscriptions[0].id.clone();
        let mut lab =
            Lab { azure, world, now: START, token: String::new(), subscription, fate: Fate::Normal };
        lab.token = lab.sign_in();
        lab
    }

    pub(crate) fn paged(page: usize) -> Lab {
        let mut lab = Lab::new();
        lab.azure = lab.azure.with_page(page);
        lab
    }

    /// A token of the world's own client.
    pub(crate) fn sign_in(&mut self) -> String {
        let (client, secret) = {
            let identity = self.world.identity();
            (identity.client_id.clone(), identity.client_secret.clone())
        };
        let got = self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &client),
            ("client_secret", &secret),
            ("scope", "https://management.azure.com/.default"),
        ]);
        assert_eq!(got.status, 200, "{}", got.body);
        got.body["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn token(&mut self, form: &[(&str, &str)]) -> Got {
        let tenant = self.world.identity().tenant.clone();
        self.form(&format!("/{tenant}/oauth2/v2.0/token"), form)
    }

    pub(crate) fn form(&mut self, path: &str, form: &[(&str, &str)]) -> Got {
        let mut request = Request::new(Method::Post, path);
        let escape =
            |text: &str| text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('=', "%3D");
        let pairs: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        request.body = pairs.join("&").into_bytes();
        self.send(request)
    }

    /// `line` is a method and a path below the subscription: `~` stands for the subscription, `@` for
    /// the group `g`, and the api-version follows behind a blank.
    pub(crate) fn ask(&mut self, line: &str, body: Value) -> Got {
        let mut request = self.request(line);
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request)
    }

    pub(crate) fn request(&self, line: &str) -> Request {
        let mut words = line.split_whitespace();
        let method = Method::parse(words.next().expect("a method"));
        let path = words.next().expect("a path");
        // A record set at the apex is called `@` too.
        let apex = path.replace("/@", "\u{0}");
        let path = apex
            .replacen("@/", "~/resourceGroups/g/providers/", 1)
            .replace('~', &format!("/subscriptions/{}", self.subscription))
            .replace('\u{0}', "/@");
        let target = match words.next() {
            Some(version) if path.contains('?') => format!("{path}&api-version={version}"),
            Some(version) => format!("{path}?api-version={version}"),
            None => path,
        };
        Request::new(method, &target).header("authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn send(&mut self, mut request: Request) -> Got {
        request.fate = self.fate;
        let response = self.azure.handle(&mut self.world, self.now, &request);
        self.now += response.delay;
        Got {
            status: response.status,
            code: response.code().map(str::to_owned),
            body: response.body().clone(),
            response,
        }
    }

    pub(crate) fn get(&mut self, line: &str) -> Got {
        self.ask(&format!("GET {line}"), Value::Null)
    }

    pub(crate) fn put(&mut self, line: &str, body: Value) -> Got {
        self.ask(&format!("PUT {line}"), body)
    }

    pub(crate) fn delete(&mut self, line: &str) -> Got {
        self.ask(&format!("DELETE {line}"), Value::Null)
    }

    /// Puts and waits until the operation is over.
    pub(crate) fn make(&mut self, line: &str, body: Value) -> Value {
        let got = self.put(line, body);
        assert!([200, 201, 202].contains(&got.status), "{line}: {} {}", got.status, got.body);
        self.rest();
        let got = self.get(line);
        assert_eq!(got.status, 200, "{line}: {}", got.body);
        got.body
    }

    pub(crate) fn remove(&mut self, line: &str) {
        let got = self.delete(line);
        assert!([200, 202, 204].contains(&got.status), "{line}: {} {}", got.status, got.body);
        self.rest();
    }

    /// Lets an hour pass, which ends every operation and refills every bucket.
    pub(crate) fn rest(&mut self) {
        self.now += 3_600_000;
        self.token = self.sign_in();
    }

    pub(crate) fn group(&mut self) {
        self.make("~/resourceGroups/g 2024-11-01", json!({ "location": "westeurope" }));
    }

    /// Every item of a list, page by page.
    pub(crate) fn list(&mut self, line: &str) -> (Vec<Value>, usize) {
        let mut got = self.get(line);
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            assert_eq!(got.status, 200, "{line}: {}", got.body);
            pages += 1;
            found.extend(got.body["value"].as_array().expect("a list").iter().cloned());
            let Some(next) = got.body["nextLink"].as_str() else {
                return (found, pages);
            };
            let target = next.strip_prefix(BASE).expect("an absolute link").to_owned();
            let request =
                Request::new(Method::Get, &target).header("authorization", &format!("Bearer {}", self.token));
            got = self.send(request);
        }
    }
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// A link of a header, as a path.
    pub(crate) fn link(&self, name: &str) -> String {
        self.header(name).and_then(|link| link.strip_prefix(BASE)).expect(name).to_owned()
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code.as_deref()), (status, Some(code)), "{}", self.body);
        let error = self.body.get("error").unwrap_or(&self.body);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.body);
    }
}
