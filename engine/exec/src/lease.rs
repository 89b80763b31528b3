//! Holding the right to write for as long as a run lasts.
//!
//! A background task renews the lease at a third of its time. Whoever is about to send or write
//! something asks [`LeaseKeeper::check`] first: it compares the lease's end with a clock that counts
//! suspended time, so that a run which was stopped past its lease finds out by itself, before it
//! does harm, even where nobody took over. Between the check and the service's receipt of what is
//! sent lies a window that nothing can close; renewing early keeps it far from the lease's end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurak_state::error::LostBecause;
use aurak_state::{Clock, Fence, Lease, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A renewal that fails for another reason than a lost lease is tried again this soon.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// A lease that is renewed in the background. Clones are the same lease.
#[derive(Clone)]
pub struct LeaseKeeper {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    lease: Mutex<Lease>,
    lost: watch::Sender<Option<LostBecause>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl LeaseKeeper {
    /// Starts to renew a lease. Needs a tokio runtime.
    pub fn start(store: Arc<dyn Store>, lease: Lease, clock: Arc<dyn Clock>) -> LeaseKeeper {
        let every = (lease.ttl / 3).max(Duration::from_millis(1));
        let shared = Arc::new(Shared {
            store,
            clock,
            lease: Mutex::new(lease),
            lost: watch::Sender::new(None),
            task: Mutex::new(None),
        });
        let weak = Arc::downgrade(&shared);
        let task = tokio::spawn(async move {
            let mut wait = every;
            loop {
                tokio::time::sleep(wait).await;
                let Some(shared) = weak.upgrade() else { return };
                if shared.lost_because().is_some() {
                    return;
                }
                let lease = shared.lease();
                wait = match shared.store.renew(&lease).await {
                    Ok(renewed) => {
                        *shared.lease.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
                        every
                    }
                    Err(StoreError::LeaseLost { why, .. }) => {
                        shared.lose(why);
                        return;
                    }
                    // The state may be writable again before the lease ends; its end is watched by
                    // `check` and above.
                    Err(_) => TRY_AGAIN.min(every),
                };
            }
        });
        *shared.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        LeaseKeeper { shared }
    }

    /// The number that goes with every append.
    pub fn fence(&self) -> Fence {
        self.shared.lease().fence
    }

    /// Whether the lease still lasts: to be asked right before anything is sent or written.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.shared.lost_because() {
            None => Ok(()),
            Some(why) => Err(StoreError::LeaseLost { fence: self.fence(), why }),
        }
    }

    /// Ends when the lease is known to be lost.
    pub async fn lost(&self) {
        let mut lost = self.shared.lost.subscribe();
        // The sender lives as long as this handle, so waiting cannot fail.
        let _ = lost.wait_for(Option::is_some).await;
    }

    /// Stops renewing and gives the lease back.
    pub async fn release(self) -> Result<(), StoreError> {
        self.shared.stop();
        self.shared.store.release(self.shared.lease()).await
    }

    /// A store says that the lease is lost.
    pub(crate) fn lose(&self, why: LostBecause) {
        self.shared.lose(why);
    }
}

impl Shared {
    fn lease(&self) -> Lease {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lost_because(&self) -> Option<LostBecause> {
        if let Some(why) = *self.lost.borrow() {
            return Some(why);
        }
        if self.lease.lock().unwrap_or_else(PoisonError::into_inner).remaining(&*self.clock).is_none() {
            self.lose(LostBecause::Expired);
            return Some(LostBecause::Expired);
        }
        None
    }

    fn lose(&self, why: LostBecause) {
        self.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert(why);
            first
        });
    }

    fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.stop();
    }
}
