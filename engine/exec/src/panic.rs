//! A provider that panics ends its step, not the run; one that never answers a question neither.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aurak_api::ProviderError;
use futures::FutureExt;

use crate::executor::words;

use crate::error::Failure;
use crate::job::{Ended, Remains};

/// The end of an executor, whatever it does.
pub(crate) async fn guarded(executor: impl Future<Output = Ended>) -> Ended {
    // Nothing of what the executor held is used afterwards.
    AssertUnwindSafe(executor).catch_unwind().await.unwrap_or_else(|_| Ended::Failed {
        failure: Failure::new("panic", "the provider broke off with an error of its own")
            .detail("it may have taken effect; the attempt is in the journal")
            .help("this is an error in aurak: please report it. Then run the command again"),
        remains: Remains::Open,
    })
}

/// The answer to a question that changes nothing, whatever the provider does.
pub(crate) async fn answered<T>(
    within: Duration,
    question: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    // Nothing of what the question held is used afterwards.
    match tokio::time::timeout(within, AssertUnwindSafe(question).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(ProviderError::permanent("the provider broke off with an error of its own")
            .help("this is an error in aurak: please report it. Then run the command again")),
        Err(_) => Err(ProviderError::transient(format!("there was no answer within {}", words(within)))),
    }
}
