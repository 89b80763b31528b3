//! `world SOCKET SEED LATENCY_MS SECOND_MS`: a simulated world in a process of its own, until nobody
//! holds its standard input open any more.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use aurak_sim::World;

use crate::tell;

pub(crate) fn serve(socket: &str, numbers: &[&str]) -> ExitCode {
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|number| number.parse()).collect();
    let Ok([seed, latency, second]) = numbers.as_deref() else {
        return tell("world SOCKET SEED LATENCY_MS SECOND_MS");
    };
    let world = World::new(*seed);
    world.latency(None, None, Duration::from_millis(*latency));
    world.second(Duration::from_millis(*second));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tell(&format!("starting: {error}")),
    };
    // Whoever started it waits for this line.
    let ready = || {
        let _ = writeln!(std::io::stdout(), "ready").and_then(|()| std::io::stdout().flush());
    };
    let served = runtime.block_on(async {
        tokio::select! {
            served = aurak_sim::remote::serve(world, Path::new(socket), ready) => served,
            () = alone() => Ok(()),
        }
    });
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => tell(&format!("serving {socket}: {error}")),
    }
}

/// Ends with whoever started this process.
async fn alone() {
    let ended = tokio::task::spawn_blocking(|| drop(std::io::stdin().read_to_end(&mut Vec::new())));
    let _ = ended.await;
}
