//! The thread that owns the connection.

use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::sqlite::database::Database;

type Job = Box<dyn FnOnce(&mut Database) + Send>;

/// A thread with a database.
pub(super) struct Worker {
    /// Taken when the worker ends: the thread stops when nobody can ask any more.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(mut database: Database) -> Result<Worker, StoreError> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let path = database.dir().to_path_buf();
        let thread = std::thread::Builder::new()
            .name("state".into())
            .spawn(move || {
                for job in todo {
                    job(&mut database);
                }
                database.close();
            })
            .map_err(|source| StoreError::Io { doing: "start a thread for", path, source })?;
        Ok(Worker { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Has the thread do something, in the order of the asking.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            // Nobody may be waiting any more; the work was to be done all the same.
            let _ = reply.send(job(database));
        });
        self.jobs.as_ref().ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Worker {
    /// Waits until what was asked is done and the database is closed.
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}
