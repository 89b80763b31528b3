//! The clouds: where Resource Manager and Entra are.

/// A cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name: `public`, `government`, `china`, `custom`, or `sandbox`.
    pub name: &'static str,
    /// Where Resource Manager is, without a slash at the end.
    pub endpoint: String,
    /// Where Entra is, without a slash at the end.
    pub authority: String,
    /// What tokens are for.
    pub audience: String,
}

/// Why there is no such cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCloud {
    /// A custom one must say where it is.
    #[error("a custom cloud needs its `endpoint`")]
    NoEndpoint,
    /// A cloud that is known is where it is.
    #[error("the cloud `{0}` has an endpoint of its own: leave `{1}` out, or say `cloud: custom`")]
    Known(&'static str, &'static str),
    /// Credentials are not sent in clear.
    #[error("`{0}` is no address that begins with https:// and has no more than a host and a port")]
    NoHttps(String),
}

impl Cloud {
    /// A cloud that is known by its name.
    pub fn known(name: &str) -> Option<Cloud> {
        let (name, endpoint, authority) = match name {
            "public" => ("public", "https://management.azure.com", "https://login.microsoftonline.com"),
            "government" => {
                ("government", "https://management.usgovcloudapi.net", "https://login.microsoftonline.us")
            }
            "china" => {
                ("china", "https://management.chinacloudapi.cn", "https://login.partner.microsoftonline.cn")
            }
            _ => return None,
        };
        Some(Cloud {
            name,
            endpoint: endpoint.to_string(),
            authority: authority.to_string(),
            audience: endpoint.to_string(),
        })
    }

    /// Another one. Without an authority of its own, Entra is where Resource Manager is.
    pub fn custom(
        endpoint: &str,
        authority: Option<&str>,
        audience: Option<&str>,
    ) -> Result<Cloud, BadCloud> {
        let endpoint = origin(endpoint)?;
        let authority = authority.map_or(Ok(endpoint.clone()), origin)?;
        let audience =
            audience.map_or(endpoint.clone(), |audience| audience.trim_end_matches('/').to_string());
        Ok(Cloud { name: "custom", endpoint, authority, audience })
    }

    /// A sandbox: a custom one that no state is taken out of, or into, by mistake.
    pub fn sandbox(endpoint: &str, authority: Option<&str>) -> Result<Cloud, BadCloud> {
        Ok(Cloud { name: "sandbox", ..Cloud::custom(endpoint, authority, None)? })
    }

    /// What a token is asked for.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.audience)
    }

    /// Whether an address is a part of Resource Manager here: its host, or one below it, as regions have.
    pub fn holds(&self, url: &str) -> bool {
        let (Some(ours), Some(theirs)) = (host(&self.endpoint), host(url)) else { return false };
        let (ours, theirs) = (ours.to_ascii_lowercase(), theirs.to_ascii_lowercase());
        theirs == ours || !matches!(self.name, "custom" | "sandbox") && theirs.ends_with(&format!(".{ours}"))
    }
}

/// Host and port of an address that begins with `https://`; none where there is a name or password in
/// it, or anything else that has no place in a host.
fn host(url: &str) -> Option<&str> {
    let scheme = url.get(..8)?;
    let rest = scheme.eq_ignore_ascii_case("https://").then(|| &url[8..])?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(plain)).then_some(host)
}

fn origin(url: &str) -> Result<String, BadCloud> {
    let url = url.trim_end_matches('/');
    match host(url) {
        Some(host) if url.len() == "https://".len() + host.len() => Ok(url.to_string()),
        _ => Err(BadCloud::NoHttps(url.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_the_cloud_and_nowhere_else() {
        let public = Cloud::known("public").unwrap();
        assert_eq!(public.scope(), "https://management.azure.com/.default");
        for url in [
            "https://management.azure.com/subscriptions/x?api-version=1",
            "https://westeurope.management.azure.com/x",
            "HTTPS://Management.Azure.com",
        ] {
            assert!(public.holds(url), "{url}");
        }
        for url in [
            "http://management.azure.com/",
            "https://management.azure.com.evil.test/",
            "https://evilmanagement.azure.com/",
            "https://management.azure.com@evil.test/",
            "https://evil.test\\@management.azure.com/",
            "https://management.azure.com:444/",
            "/subscriptions/x",
            "",
            "ü",
        ] {
            assert!(!public.holds(url), "{url}");
        }
        let local = Cloud::custom("https://localhost:8443/", None, None).unwrap();
        assert!(local.holds("https://localhost:8443/x") && !local.holds("https://localhost:8444/x"));
        assert!(!local.holds("https://x.localhost:8443/"));
        assert_eq!(local.authority, "https://localhost:8443");
    }

    #[test]
    fn a_custom_cloud_is_https_and_an_origin() {
        for url in
            ["http://localhost", "localhost", "", "https://", "https://a/b", "https://u:p@a", "https://a?x"]
        {
            assert_eq!(
                Cloud::custom(url, None, None),
                Err(BadCloud::NoHttps(url.trim_end_matches('/').into()))
            );
        }
        assert!(Cloud::custom("https://[::1]:1", Some("http://a"), None).is_err());
        assert_eq!(Cloud::known("mars"), None);
    }
}
