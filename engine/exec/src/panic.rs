//! A provider that panics ends its step, not the run.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

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
