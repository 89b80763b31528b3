//! Serves a simulated world over a Unix socket, for tests that kill their clients.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aurak_sim::World;

const USAGE: &str = "usage: aurak-sim-world SOCKET [SEED [LATENCY_MS [SECOND_MS]]]";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(socket) = args.next().map(PathBuf::from) else { return failed(USAGE) };
    let numbers: Result<Vec<u64>, _> = args.map(|arg| arg.parse()).collect();
    let Ok(numbers) = numbers else { return failed(USAGE) };
    let number = |place: usize, default| numbers.get(place).copied().unwrap_or(default);
    let world = World::new(number(0, 0));
    world.latency(None, None, Duration::from_millis(number(1, 0)));
    world.second(Duration::from_millis(number(2, 10)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return failed(&format!("starting: {e}")),
    };
    // Whoever started it waits for this line; when they are gone, nobody needs it.
    let ready = || {
        let _ = writeln!(std::io::stdout(), "ready").and_then(|()| std::io::stdout().flush());
    };
    match runtime.block_on(aurak_sim::remote::serve(world, &socket, ready)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => failed(&format!("serving {}: {e}", socket.display())),
    }
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{why}");
    ExitCode::FAILURE
}
