//! The provider as it is, asked about long operations at once: the sandbox says "in a second", the
//! least that the protocol can say, and is done in a millisecond.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{Call, Listed, Progress, Provider, ProviderError, ProviderType, Readiness, Recovery, Update};
use aurak_azure::AzureType;
use aurak_model::schema::ProviderSchema;
use aurak_model::{Name, Refreshed, TypeSchema, Value};

pub(super) struct HastyType(pub(super) AzureType);

#[async_trait]
impl ProviderType for HastyType {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.0.schema()
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        self.0.types()
    }

    async fn configure(&self, config: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        Ok(Arc::new(Hasty(self.0.configure(config).await?)))
    }
}

struct Hasty(Arc<dyn Provider>);

fn soon(progress: Progress) -> Progress {
    match progress {
        Progress::Waiting { handle, why, poll: _ } => {
            Progress::Waiting { handle, why, poll: Duration::from_millis(10) }
        }
        other => other,
    }
}

#[async_trait]
impl Provider for Hasty {
    fn world(&self) -> Option<Name> {
        self.0.world()
    }

    async fn list(&self, ty: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        self.0.list(ty, collection).await
    }

    async fn read(&self, ty: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        self.0.read(ty, id, last).await
    }

    async fn read_volatile(&self, ty: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        self.0.read_volatile(ty, id, last).await
    }

    fn readiness(&self, ty: &str, attributes: &Value) -> Readiness {
        self.0.readiness(ty, attributes)
    }

    async fn find(&self, ty: &str, key: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        self.0.find(ty, key, planned).await
    }

    async fn create(&self, call: &Call, ty: &str, desired: &Value) -> Result<Progress, ProviderError> {
        self.0.create(call, ty, desired).await.map(soon)
    }

    async fn update(&self, call: &Call, ty: &str, update: &Update) -> Result<Progress, ProviderError> {
        self.0.update(call, ty, update).await.map(soon)
    }

    async fn delete(&self, call: &Call, ty: &str, id: &str, live: &Value) -> Result<Progress, ProviderError> {
        self.0.delete(call, ty, id, live).await.map(soon)
    }

    async fn resume(&self, call: &Call, ty: &str, handle: &Value) -> Result<Progress, ProviderError> {
        self.0.resume(call, ty, handle).await.map(soon)
    }

    async fn recover(&self, call: &Call, ty: &str, desired: &Value) -> Result<Recovery, ProviderError> {
        self.0.recover(call, ty, desired).await
    }
}
