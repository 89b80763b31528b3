//! All cases: which there are, many at a time, and what is told of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::case::{self, Baseline, Case, Finding, Told};
use super::scenario::PHASES;
use super::stop::Stop;

/// A parallel run does not write equally often each time: stops go this far beyond what was counted.
const BEYOND: u64 = 2;

/// And where it wrote less often, there was nothing to stop: a case sees to it that it was so. One in ten of
/// the stops at writes that were counted is missed like that, and in one run one in four, because what a
/// run leaves to the next depends on what fails first. More than one in so many is too much: of all of
/// them, and of those of one run.
const MOST_MISSED: usize = 5;
const MOST_MISSED_OF_ONE: usize = 2;

/// Of cases by chance, where instants come too late and second runs are short, one in five stops nothing.
/// More than so many of five are too many.
const MOST_IDLE: usize = 2;

/// How often instants are drawn until enough of them have met a run.
const MOST_DRAWS: usize = 6;

/// Numbers by chance, the same for the same seed (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    /// One below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (n ^ (n >> 31)) % bound.max(1)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(usize::try_from(self.below(from.len() as u64)).unwrap_or(0)).cloned()
    }
}

/// Before and after every write of every run.
pub fn at_every_write(baseline: &Baseline) -> Vec<Case> {
    let mut cases = Vec::new();
    for (phase, measured) in (1..).zip(&baseline.phases) {
        for (place, run) in measured.runs.iter().enumerate() {
            for write in 1..=run.writes.len() as u64 + BEYOND {
                for stop in [Stop::Before(write), Stop::After(write)] {
                    let mut stops = vec![Stop::Never; place];
                    stops.push(stop);
                    cases.push(Case { phase, stops });
                }
            }
        }
    }
    cases
}

/// Killed at instants by chance: every millisecond of the scenario is as likely as any other.
pub fn at_random_instants(baseline: &Baseline, count: usize, chance: &mut Chance) -> Vec<Case> {
    let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let runs: Vec<(usize, usize, u64)> = (1..)
        .zip(&baseline.phases)
        .flat_map(|(phase, measured)| {
            measured.runs.iter().enumerate().map(move |(place, run)| (phase, place, micros(run.took)))
        })
        .collect();
    let all: u64 = runs.iter().map(|(_, _, took)| took).sum();
    let one = |mut instant: u64| {
        for (phase, place, took) in &runs {
            if instant < *took {
                let mut stops = vec![Stop::Never; *place];
                stops.push(Stop::At(Duration::from_micros(instant)));
                return Some(Case { phase: *phase, stops });
            }
            instant -= took;
        }
        None
    };
    (0..count).filter_map(|_| one(chance.below(all))).collect()
}

/// Stopped once more, or twice, in what was to bring the first stop in order.
pub fn once_more(cases: &[Case], baseline: &Baseline, count: usize, chance: &mut Chance) -> Vec<Case> {
    let more = |_| {
        let Case { phase, mut stops } = chance.pick(cases)?;
        let most = baseline.phases[phase - 1].runs.iter().map(|run| run.writes.len()).max()? as u64;
        for _ in 0..=chance.below(3) / 2 {
            // What recovery writes comes first: early writes are the likelier ones.
            let write = 1 + match chance.below(2) {
                0 => chance.below(8),
                _ => chance.below(most),
            };
            stops.push(if chance.below(2) == 0 { Stop::Before(write) } else { Stop::After(write) });
        }
        Some(Case { phase, stops })
    };
    (0..count).filter_map(more).collect()
}

/// Some of everything.
pub fn sample(baseline: &Baseline, count: usize, chance: &mut Chance) -> Vec<Case> {
    let writes = at_every_write(baseline);
    let some = |n: usize, chance: &mut Chance| (0..n).filter_map(|_| chance.pick(&writes)).collect();
    let mut cases: Vec<Case> = some(count / 2, chance);
    cases.extend(at_random_instants(baseline, count / 4, chance));
    cases.extend(once_more(&writes, baseline, count - cases.len(), chance));
    cases
}

/// What came of cases.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were run.
    pub cases: usize,
    /// Those in which nothing was stopped.
    pub idle: Vec<Case>,
    /// Their sum.
    pub told: Told,
    /// What did not go well.
    pub findings: Vec<(Case, Finding)>,
}

/// Runs cases, so many at a time. `progress` is told after each.
pub fn run_all(
    program: &str,
    baseline: &Baseline,
    cases: Vec<Case>,
    jobs: usize,
    progress: &(dyn Fn(&Report, usize) + Sync),
) -> Report {
    let queue = Mutex::new(VecDeque::from(cases));
    let left = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let Some(case) = left().pop_front() else { return };
                    let result = case::run(program, &case, baseline);
                    let waiting = left().len();
                    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                    report.cases += 1;
                    match result {
                        Ok(Told { stopped, missed, questions, runs }) => {
                            if stopped == 0 {
                                report.idle.push(case);
                            }
                            report.told.stopped += stopped;
                            report.told.missed += missed;
                            report.told.questions += questions;
                            report.told.runs += runs;
                        }
                        Err(finding) => report.findings.push((case, finding)),
                    }
                    progress(&report, waiting);
                }
            });
        }
    });
    report.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const USAGE: &str = "kill-matrix [--seed N] [--jobs N] [--instants N] [--again N] [--sample N] [CASE ...]";

/// What the command line chose.
struct Choice {
    seed: u64,
    jobs: usize,
    instants: usize,
    again: usize,
    sample: Option<usize>,
    cases: Vec<Case>,
}

impl Choice {
    fn of(words: &[&str]) -> Result<Choice, String> {
        let mut choice =
            Choice { seed: 1, jobs: 6, instants: 500, again: 200, sample: None, cases: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                choice
                    .cases
                    .push(Case::parse(word).ok_or(format!("`{word}` is no case, such as 2/before-17"))?);
                continue;
            }
            let number: u64 = words.next().and_then(|number| number.parse().ok()).ok_or(USAGE)?;
            let size = usize::try_from(number).map_err(|_| USAGE)?;
            match *word {
                "--seed" => choice.seed = number,
                "--jobs" => choice.jobs = size.max(1),
                "--instants" => choice.instants = size,
                "--again" => choice.again = size,
                "--sample" => choice.sample = Some(size),
                _ => return Err(USAGE.to_string()),
            }
        }
        Ok(choice)
    }
}

/// `tests/kill.sh`: everything, with progress and a summary. Whether all went well.
#[expect(clippy::print_stdout, reason = "this is the program's output")]
pub fn main(program: &str, words: &[&str]) -> Result<bool, String> {
    let choice = Choice::of(words)?;
    let began = Instant::now();
    let baseline = case::baseline(program).map_err(|finding| {
        format!("a run that nobody stopped: {}\n{}", finding.why, finding.transcript.join("\n"))
    })?;
    println!("{}", described(&baseline));
    println!("seed {}, {} cases at a time", choice.seed, choice.jobs);
    let mut chance = Chance(choice.seed);
    let mut well = true;
    let mut run = |name: &str, cases: Vec<Case>| {
        let report = run_all(program, &baseline, cases, choice.jobs, &|report, waiting| {
            if report.cases.is_multiple_of(50) {
                let (seconds, findings) = (began.elapsed().as_secs(), report.findings.len());
                println!("{seconds:>5} s  {} cases, {waiting} waiting, {findings} findings", report.cases);
            }
        });
        for (case, Finding { why, transcript }) in &report.findings {
            println!("\n{case}: {why}\n  again: tests/kill.sh --jobs 1 '{case}'");
            if let Some(file) = kept(program, case, &transcript.join("\n")) {
                println!("  what was said: {file}");
            }
        }
        println!("{name}: {}", summary(&report));
        well &= report.findings.is_empty();
        report
    };
    let mut wrong = Vec::new();
    match (choice.sample, choice.cases.is_empty()) {
        (_, false) => drop(run("chosen", choice.cases)),
        (Some(count), true) => {
            wrong.extend(too_idle(&run("a sample", sample(&baseline, count, &mut chance))));
        }
        (None, true) => {
            let mut cases = at_every_write(&baseline);
            wrong = too_often_missed(&cases, &run("at every write", cases.clone()), &baseline);
            // Some come when the run is over, and others take their place.
            let mut left = choice.instants;
            for _ in 0..MOST_DRAWS {
                let instants = at_random_instants(&baseline, left, &mut chance);
                cases.extend(instants.iter().cloned());
                left = left.saturating_sub(run("at random instants", instants).told.stopped);
                if left == 0 {
                    break;
                }
            }
            if left > 0 {
                wrong.push(format!("{left} of {} instants met no run", choice.instants));
            }
            let again = once_more(&cases, &baseline, choice.again, &mut chance);
            wrong.extend(too_idle(&run("stopped again", again)));
        }
    }
    wrong.iter().for_each(|wrong| println!("too little was stopped: {wrong}"));
    Ok(well && wrong.is_empty())
}

/// Keeps what was said in a file beside the program.
fn kept(program: &str, case: &Case, text: &str) -> Option<String> {
    let folder = std::path::Path::new(program).parent()?.join("kill-matrix");
    std::fs::create_dir_all(&folder).ok()?;
    let file = folder.join(format!("{}.txt", case.to_string().replace('/', "-")));
    std::fs::write(&file, text).ok()?;
    Some(file.display().to_string())
}

/// The scenario in figures.
pub fn described(baseline: &Baseline) -> String {
    let mut text = String::new();
    let (mut writes, mut appends, mut changes) = (0, 0, 0);
    for (phase, measured) in PHASES.iter().zip(&baseline.phases) {
        let all: Vec<&String> = measured.runs.iter().flat_map(|run| &run.writes).collect();
        let appended = all.iter().filter(|word| **word == "append").count();
        let took: Duration = measured.runs.iter().map(|run| run.took).sum();
        text.push_str(&format!(
            "{:<8} {} runs, {} ms, {} calls that change something, {} writes, {appended} of them appends\n",
            phase.name,
            measured.runs.len(),
            took.as_millis(),
            measured.changes,
            all.len(),
        ));
        writes += all.len();
        appends += appended;
        changes += measured.changes;
    }
    text.push_str(&format!(
        "all      {changes} calls that change something, {writes} writes, {appends} of them appends"
    ));
    text
}

/// Why so much was not stopped that cases by chance show too little, where it is so.
pub fn too_idle(report: &Report) -> Option<String> {
    let (idle, cases) = (report.idle.len(), report.cases);
    (idle * 5 > cases * MOST_IDLE).then(|| format!("nothing was stopped in {idle} of {cases} cases"))
}

/// The same of stops at every write.
fn too_often_missed(cases: &[Case], report: &Report, baseline: &Baseline) -> Vec<String> {
    let counted = |case: &&Case| {
        let place = case.stops.len() - 1;
        let writes = baseline.phases[case.phase - 1].runs.get(place).map_or(0, |run| run.writes.len());
        case.stops[place].write().is_some_and(|write| write <= writes as u64)
    };
    let mut runs: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
    for case in cases.iter().filter(counted) {
        let (all, missed) = runs.entry((case.phase, case.stops.len())).or_default();
        *all += 1;
        *missed += usize::from(report.idle.contains(case));
    }
    let (all, missed) = runs.values().fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    let mut wrong = Vec::new();
    if missed * MOST_MISSED > all {
        wrong.push(format!("{missed} of {all} stops at writes were missed"));
    }
    for ((phase, run), (all, missed)) in runs {
        if missed * MOST_MISSED_OF_ONE > all {
            let name = PHASES[phase - 1].name;
            wrong.push(format!("{missed} of {all} stops at writes of run {run} of {name} were missed"));
        }
    }
    wrong
}

/// A report in a line.
pub fn summary(report: &Report) -> String {
    let Told { stopped, missed, questions, runs } = report.told;
    format!(
        "{} cases, {} in which nothing was stopped: {stopped} stops, {missed} that came too late, {runs} runs of \
         the phases that were stopped, {questions} questions to a person, {} findings",
        report.cases,
        report.idle.len(),
        report.findings.len()
    )
}

#[cfg(test)]
mod tests {
    use super::super::case::{Measured, Run};
    use super::*;

    /// A phase with runs of so many writes.
    fn phase(writes: &[usize]) -> Measured {
        let run = |writes: &usize| Run { writes: vec![String::new(); *writes], took: Duration::ZERO };
        Measured { runs: writes.iter().map(run).collect(), ..Measured::default() }
    }

    #[test]
    fn a_matrix_that_stops_too_little_is_found_out() {
        let baseline = Baseline { phases: vec![phase(&[20, 4])] };
        let cases = at_every_write(&baseline);
        assert_eq!(cases.len(), 2 * (20 + 4 + 2 * 2));
        let of = |idle: &[&str]| {
            let idle = idle.iter().map(|case| Case::parse(case).unwrap()).collect();
            too_often_missed(&cases, &Report { cases: cases.len(), idle, ..Report::default() }, &baseline)
        };
        let beyond = ["1/before-21", "1/after-22", "1/-,after-5"];
        assert_eq!(of(&beyond), [""; 0]);
        let some = ["1/after-20", "1/before-19", "1/-,after-4", "1/-,before-4", "1/-,after-3"];
        assert_eq!(of(&[&beyond[..], &some].concat()), [""; 0]);
        let one = [&some[..], &["1/-,before-3", "1/-,before-2"]].concat();
        assert_eq!(of(&one), ["5 of 8 stops at writes of run 2 of create were missed"]);
        let all: Vec<String> = cases.iter().map(Case::to_string).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(of(&all).len(), 3);

        let report = |idle| Report { cases: 10, idle: vec![cases[0].clone(); idle], ..Report::default() };
        assert_eq!(too_idle(&report(4)), None);
        assert!(too_idle(&report(5)).is_some());
    }
}
