//! One case: a phase of the scenario that is stopped, once or in its repetitions too, is run until it is
//! done, and has to end where a run ends that nobody stopped.

use std::fmt;
use std::io;
use std::time::Duration;

use aurak_model::Address;

use super::bench::{Bench, Ran, timed};
use super::look::Look;
use super::said::{cut_off, errors};
use super::scenario::{Failure, PHASES, Phase, QUESTION, STACK};
use super::stop::Stop;
use crate::process::Done;

/// A phase and where its runs are stopped, the first, the second, ...
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// From 1.
    pub phase: usize,
    /// One for each run; those that follow are not stopped.
    pub stops: Vec<Stop>,
}

impl Case {
    /// Reads what [`Display`](fmt::Display) writes: `2/before-17,after-3`.
    pub fn parse(text: &str) -> Option<Case> {
        let (phase, stops) = text.split_once('/')?;
        let phase = phase.parse().ok().filter(|phase| (1..=PHASES.len()).contains(phase))?;
        let stops = stops.split(',').map(Stop::parse).collect::<Option<Vec<Stop>>>()?;
        Some(Case { phase, stops })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.phase)?;
        for (place, stop) in self.stops.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            write!(f, "{stop}")?;
        }
        Ok(())
    }
}

/// What a run that nobody stopped does, phase by phase.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// One for each phase.
    pub phases: Vec<Measured>,
}

/// A phase that nobody stopped.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// How it ends.
    pub end: Look,
    /// Its runs.
    pub runs: Vec<Run>,
    /// How many requests for a change the world saw.
    pub changes: usize,
}

/// A run that nobody stopped.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its writes, in order.
    pub writes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// What there is to tell of a case that went well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// How many runs were stopped.
    pub stopped: usize,
    /// How many stops came too late, because the run was over before.
    pub missed: usize,
    /// How often a person was asked.
    pub questions: usize,
    /// How many runs the phase took.
    pub runs: usize,
}

/// Why a case did not go well, with everything that was said.
#[derive(Debug)]
pub struct Finding {
    /// In words.
    pub why: String,
    /// The commands and what they printed.
    pub transcript: Vec<String>,
}

/// Runs the scenario as it is.
pub fn baseline(program: &str) -> Result<Baseline, Finding> {
    let mut bench = Bench::new(program).map_err(|error| broken(&error))?;
    let mut baseline = Baseline::default();
    let result = (|| {
        let mut changes = 0;
        for phase in PHASES {
            let mut measured = Measured::default();
            drive(&mut bench, phase, &[], None, Some(&mut measured.runs))?;
            measured.end = verify(&mut bench, phase, None)?;
            let log = bench.log().map_err(|error| error.to_string())?;
            let all = log.iter().filter(|entry| entry.op.writes()).count();
            measured.changes = all - std::mem::replace(&mut changes, all);
            baseline.phases.push(measured);
        }
        Ok(())
    })();
    found(result, &mut bench).map(|()| baseline)
}

/// Runs a case.
pub fn run(program: &str, case: &Case, baseline: &Baseline) -> Result<Told, Finding> {
    let mut bench = Bench::new(program).map_err(|error| broken(&error))?;
    let result = (|| {
        let (before, phase) = (&PHASES[..case.phase - 1], &PHASES[case.phase - 1]);
        for (phase, measured) in before.iter().zip(&baseline.phases) {
            drive(&mut bench, phase, &[], Some(measured), None)?;
        }
        let measured = baseline.phases.get(case.phase - 1);
        let told = drive(&mut bench, phase, &case.stops, measured, None)?;
        verify(&mut bench, phase, measured)?;
        Ok(told)
    })();
    found(result, &mut bench)
}

fn found<T>(result: Result<T, String>, bench: &mut Bench) -> Result<T, Finding> {
    result.map_err(|why| {
        let mut transcript = std::mem::take(&mut bench.transcript);
        if let Ok(log) = bench.log() {
            let lines = log.iter().filter(|entry| entry.op.writes()).map(|entry| {
                let address = entry.address.as_ref().map_or("", Address::as_str);
                format!("{entry}   ({address})\n")
            });
            transcript.push(format!("what the world saw:\n{}", lines.collect::<String>()));
        }
        Finding { why, transcript }
    })
}

fn broken(error: &io::Error) -> Finding {
    Finding { why: error.to_string(), transcript: Vec::new() }
}

/// Runs a phase until it is done: each run that is not the last has to be explained, by a stop, by a
/// question, or by something that ended a run that nobody stopped as well.
fn drive(
    bench: &mut Bench,
    phase: &Phase,
    stops: &[Stop],
    baseline: Option<&Measured>,
    mut measured: Option<&mut Vec<Run>>,
) -> Result<Told, String> {
    let io = |error: io::Error| error.to_string();
    bench.faults(phase).map_err(io)?;
    let mut told = Told::default();
    let mut failed = vec![false; phase.failures.len()];
    let usual = baseline.map_or(1 + phase.failures.len(), |baseline| baseline.runs.len());
    // Runs that were done before the last stop.
    let mut early = 0;
    while told.runs < usual + told.stopped + told.questions + early {
        let stop = stops.get(told.runs).copied().unwrap_or(Stop::Never);
        let (ran, took) = timed(|| bench.run(phase.command, stop));
        told.runs += 1;
        let writes = bench.writes();
        let reached = stop.write().is_some_and(|write| writes.len() as u64 >= write);
        let done = match ran.map_err(io)? {
            Ran::Killed(_) if stop == Stop::Never => {
                return Err("a run that nobody stopped was killed".into());
            }
            Ran::Killed(_) if stop.write().is_some() && !reached => {
                return Err(format!("a run was killed before it came to {stop}"));
            }
            Ran::Killed(done) => {
                // What it said last may have been cut off with it.
                for error in cut_off(&done) {
                    why(phase, &error)?;
                }
                told.stopped += 1;
                continue;
            }
            Ran::Ended(_) if reached => return Err(format!("a run came to {stop} and went on")),
            Ran::Ended(done) => done,
        };
        told.missed += usize::from(stop != Stop::Never);
        if let Some(measured) = &mut measured {
            measured.push(Run { writes, took });
        }
        let errors = errors(&done);
        match done.code {
            Some(0 | 4) if !errors.is_empty() => return Err(format!("it went well, but for: {}", errors[0])),
            Some(0) if told.runs >= stops.len() => return Ok(told),
            Some(0) => early += 1,
            Some(4) => {}
            Some(1) => {
                (!errors.is_empty()).then_some(()).ok_or("a run failed without a word")?;
                let mut asked = false;
                for error in &errors {
                    match why(phase, error)? {
                        Why::Question => asked = true,
                        Why::Failure(place) if std::mem::replace(&mut failed[place], true) => {
                            return Err(format!("what goes wrong once failed twice: {error}"));
                        }
                        Why::Failure(_) => {}
                    }
                }
                if asked {
                    told.questions += 1;
                    answer(bench)?;
                }
            }
            code => return Err(format!("a run ended with {code:?}")),
        }
    }
    Err(format!("not done after {} runs: {usual} are usual", told.runs))
}

/// What explains an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Question,
    /// One that was meant, by its place.
    Failure(usize),
}

fn why(phase: &Phase, error: &str) -> Result<Why, String> {
    if error.contains(QUESTION) {
        return Ok(Why::Question);
    }
    let is = |Failure { address, code }: &Failure| {
        error.contains(address) && error.contains(&format!("code {code}"))
    };
    let place = phase.failures.iter().position(is);
    place.map(Why::Failure).ok_or_else(|| format!("an error that nobody meant: {error}"))
}

/// What the question asks for: look at the service, import what is there, drop the attempt.
fn answer(bench: &mut Bench) -> Result<(), String> {
    let io = |error: io::Error| error.to_string();
    let objects = bench.objects().map_err(io)?;
    if let Some(token) = objects.iter().find(|object| &*object.type_name == "sim.token") {
        bench.write(&format!("{STACK}imports: [{{ to: token, id: {} }}]\n", token.id)).map_err(io)?;
    }
    match bench.run(&["state", "rm", "--attempt", "token", "--yes"], Stop::Never).map_err(io)? {
        Ran::Ended(Done { code: Some(0), .. }) => Ok(()),
        _ => Err("the attempt could not be dropped".into()),
    }
}

/// Whether everything is as it should be.
fn verify(bench: &mut Bench, phase: &Phase, baseline: Option<&Measured>) -> Result<Look, String> {
    let io = |error: io::Error| error.to_string();
    let left = bench.faults_left().map_err(io)?;
    if left > 0 {
        return Err(format!("{left} faults met nothing"));
    }
    let look = bench.look().map_err(io)?;
    let mut wrong = look.wrong.clone();
    if phase.destroys && !(look.world.is_empty() && look.rows.is_empty()) {
        wrong.push("something is left".to_string());
    }
    if let Some(Measured { end, .. }) = baseline {
        wrong.extend(differences("world", &end.world, &look.world));
        wrong.extend(differences("state", &end.rows, &look.rows));
        wrong.extend(differences("state", &end.rest, &look.rest));
        for (address, made) in &look.made {
            let once = end.made.get(address).copied().unwrap_or(0);
            if *made > once {
                wrong.push(format!("made twice: {made} objects for `{address}` instead of {once}"));
            }
        }
    }
    let calls = bench.read("calls") + &bench.read("gone");
    if calls != "made\n" {
        wrong.push(format!("the command was run {} times", calls.lines().count()));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    expect(bench, &["state", "check"], "the state is in order\n")?;
    if !phase.destroys {
        let mut plan = vec!["plan", "--exit-code"];
        plan.extend(phase.command.iter().filter(|word| !matches!(**word, "apply" | "--yes")));
        expect(bench, &plan, "")?;
    }
    let left = bench.left_behind();
    if !left.is_empty() {
        return Err(format!("processes are left: {left:?}"));
    }
    Ok(look)
}

fn expect(bench: &mut Bench, args: &[&str], said: &str) -> Result<(), String> {
    match bench.run(args, Stop::Never).map_err(|error| error.to_string())? {
        Ran::Ended(done) if done.code == Some(0) && done.stdout.contains(said) => Ok(()),
        _ => Err(format!("`aurak {}` is not content", args.join(" "))),
    }
}

fn differences(what: &str, wanted: &[String], got: &[String]) -> Vec<String> {
    let missing = wanted.iter().filter(|line| !got.contains(line)).map(|line| format!("{what}: - {line}"));
    let more = got.iter().filter(|line| !wanted.contains(line)).map(|line| format!("{what}: + {line}"));
    let mut all: Vec<String> = missing.chain(more).collect();
    if all.is_empty() && wanted.len() != got.len() {
        all.push(format!("{what}: {} lines instead of {}", got.len(), wanted.len()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        for text in ["1/before-3", "2/after-17,before-1", "4/-,at-1500us"] {
            assert_eq!(Case::parse(text).map(|case| case.to_string()).as_deref(), Some(text));
        }
        for text in ["", "1", "0/before-1", "9/before-1", "1/before", "1/at-3ms"] {
            assert_eq!(Case::parse(text), None, "{text}");
        }
    }
}
