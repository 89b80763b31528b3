//! What `lookup` asks.

use aurak_gotemplate::Map;

/// A cluster, as templates may ask it.
pub trait Lookup {
    /// An object, or with an empty name a list of them; an empty map if there is none.
    ///
    /// # Errors
    ///
    /// Why it could not be asked.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Map, String>;
}

/// No cluster: there is nothing, as in `helm template`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCluster;

impl Lookup for NoCluster {
    fn lookup(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Map, String> {
        Ok(Map::new())
    }
}
