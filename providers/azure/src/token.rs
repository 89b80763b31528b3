//! A token on each request.
//!
//! azure_core has a policy for this, whose lock wakes everybody who waits for it again and again: with
//! dozens of requests and a service that does not answer, waiting took a whole core. Here one asks and
//! the others sleep until there is an answer.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, StatusCode};
use azure_core::time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// A token is renewed so long before its end: what is sent with it must arrive in time.
const RENEW: Duration = Duration::minutes(5);

/// Puts the token of a credential on requests.
pub(crate) struct TokenPolicy {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    token: Mutex<Option<AccessToken>>,
}

impl fmt::Debug for TokenPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenPolicy(..)")
    }
}

impl TokenPolicy {
    pub(crate) fn new(credential: Arc<dyn TokenCredential>, scope: String) -> TokenPolicy {
        TokenPolicy { credential, scope, token: Mutex::new(None) }
    }

    async fn token(&self) -> azure_core::Result<AccessToken> {
        let mut token = self.token.lock().await;
        let now = OffsetDateTime::now_utc();
        if let Some(known) = token.as_ref().filter(|known| known.expires_on > now + RENEW) {
            return Ok(known.clone());
        }
        match (self.credential.get_token(&[&self.scope], None).await, &*token) {
            (Ok(new), _) => Ok(token.insert(new).clone()),
            // It does for a while yet.
            (Err(_), Some(known)) if known.expires_on > now => Ok(known.clone()),
            (Err(error), _) => Err(error),
        }
    }

    /// Drops a token that was refused, unless there is another one by now.
    async fn refused(&self, refused: &AccessToken) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|known| known.token.secret() == refused.token.secret()) {
            *token = None;
        }
    }
}

#[async_trait]
impl Policy for TokenPolicy {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let token = self.token().await?;
        request.insert_header(AUTHORIZATION, format!("Bearer {}", token.token.secret()));
        let [first, rest @ ..] = next else {
            return Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                "nothing comes after the token",
            ));
        };
        let response = first.send(context, request, rest).await?;
        if response.status() == StatusCode::Unauthorized {
            self.refused(&token).await;
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context as TaskContext, Wake, Waker};

    use azure_core::credentials::TokenRequestOptions;
    use tokio::sync::Notify;

    use super::*;

    #[derive(Debug, Default)]
    struct Slow {
        asked: AtomicUsize,
        answer: Notify,
    }

    #[async_trait]
    impl TokenCredential for Slow {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            self.answer.notified().await;
            let n = self.asked.fetch_add(1, Ordering::Relaxed);
            Ok(AccessToken::new(format!("token-{n}"), OffsetDateTime::now_utc() + Duration::hours(1)))
        }
    }

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn those_who_wait_for_a_token_sleep_and_share_it() {
        let credential = Arc::new(Slow::default());
        let policy = TokenPolicy::new(credential.clone(), "scope".into());
        let mut all: Vec<_> = (0..32).map(|_| Box::pin(policy.token())).collect();
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        for _ in 0..8 {
            // A poll without a reason, as when one of several is ready: nobody is woken by it.
            for one in &mut all {
                assert!(one.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_pending());
            }
        }
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        credential.answer.notify_one();
        for one in all {
            assert_eq!(one.await.unwrap().token.secret(), "token-0");
        }
        assert_eq!(credential.asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_refused_token_is_not_used_again() {
        let credential = Arc::new(Slow::default());
        let policy = TokenPolicy::new(credential.clone(), "scope".into());
        credential.answer.notify_one();
        let first = policy.token().await.unwrap();
        policy.refused(&first).await;
        credential.answer.notify_one();
        let second = policy.token().await.unwrap();
        // An answer that comes late is about the first.
        policy.refused(&first).await;
        assert_eq!(policy.token().await.unwrap().token.secret(), second.token.secret());
        assert_ne!(first.token.secret(), second.token.secret());
    }
}
