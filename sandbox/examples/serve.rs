//! Serves a sandbox for tests of other clients: prints where it is as one line of JSON, and ends when
//! its standard input does.

use std::io::{Read, Write};

use aurak_sandbox::{Options, Sandbox};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |index: usize| std::env::args().nth(index).and_then(|text| text.parse::<f64>().ok());
    let options = Options {
        speed: number(1).unwrap_or(1.0),
        page: number(2).map(|page| page as usize),
        ..Options::default()
    };
    let handle = Sandbox::start(options).await?;
    let identity = &handle.identity;
    let line = serde_json::json!({
        "url": handle.url,
        "ca": handle.ca_pem,
        "tenant": identity.tenant,
        "client": identity.client_id,
        "secret": identity.client_secret,
        "subscription": identity.subscriptions[0].id,
    });
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    handle.stop().await;
    Ok(())
}
