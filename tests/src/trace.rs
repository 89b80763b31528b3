//! Durability, read from a trace of system calls: was the journal on the disk before what it speaks
//! of began?
//!
//! The trace is that of `strace -f -v -y -o FILE`, whose lines are in the order in which calls began
//! and ended. An intent or an outcome is found in the bytes that were written to the state's
//! database or its log: there the kind of a record and its key stand side by side. It is on the disk
//! once an `fdatasync` or `fsync` of the same file, begun after the write had ended, has ended well.
//! The command that carries an intent has the intent's key in its environment, and beside it `STEP`,
//! the name by which the caller says what needs what.

use std::collections::{BTreeMap, BTreeSet};

/// What a trace showed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// How many commands were seen to start after their intent was on the disk.
    pub intents: usize,
    /// How many were seen to start after the outcome of one that they need was on the disk.
    pub outcomes: usize,
    /// What was not so.
    pub wrong: Vec<String>,
}

/// A call: the lines where it began and ended, and what it was.
pub(crate) struct Call<'a> {
    pub(crate) began: usize,
    pub(crate) ended: usize,
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a str,
    pub(crate) succeeded: bool,
}

/// A command that carries a key.
struct Start<'a> {
    at: usize,
    step: &'a str,
    key: &'a str,
}

/// Looks at the commands of these steps, and at what each needs.
pub fn check(trace: &str, needs: &BTreeMap<String, BTreeSet<String>>) -> Shown {
    let calls = calls(trace);
    let starts: Vec<Start<'_>> = calls.iter().filter_map(start).collect();
    let keys: BTreeMap<&str, &str> = starts.iter().map(|start| (start.step, start.key)).collect();
    let mut shown = Shown::default();
    for step in needs.keys().filter(|step| !keys.contains_key(step.as_str())) {
        shown.wrong.push(format!("the command of {step} was not started"));
    }
    let mut durable = BTreeMap::new();
    let mut is_durable = |kind, key, at| {
        let when = *durable.entry((kind, key)).or_insert_with(|| on_disk(&calls, &format!("{kind}{key}")));
        when.is_some_and(|when| when < at)
    };
    for Start { at, step, key } in &starts {
        match is_durable("intent", *key, *at) {
            true => shown.intents += 1,
            false => shown.wrong.push(format!("{step} was started before its intent was on the disk")),
        }
        for need in needs.get(*step).into_iter().flatten() {
            match keys.get(need.as_str()).is_some_and(|key| is_durable("outcome", *key, *at)) {
                true => shown.outcomes += 1,
                false => {
                    shown
                        .wrong
                        .push(format!("{step} was started before the outcome of {need} was on the disk"));
                }
            }
        }
    }
    shown
}

/// Where a text that was written to the state is on the disk.
fn on_disk(calls: &[Call<'_>], text: &str) -> Option<usize> {
    let written = calls.iter().filter(|call| {
        let log =
            file(call).is_some_and(|file| file.ends_with("/state.db-wal") || file.ends_with("/state.db"));
        matches!(call.name, "write" | "pwrite64") && log && call.arguments.contains(text)
    });
    let synced = |write: &Call<'_>| {
        calls
            .iter()
            .filter(|sync| matches!(sync.name, "fdatasync" | "fsync") && sync.succeeded)
            .filter(|sync| sync.began > write.ended && file(sync) == file(write))
            .map(|sync| sync.ended)
            .min()
    };
    written.filter_map(synced).min()
}

/// The file of a call, from `11</tmp/stack/state.db-wal>, ...`.
fn file<'a>(call: &Call<'a>) -> Option<&'a str> {
    let (_, rest) = call.arguments.split_once('<')?;
    rest.split_once('>').map(|(file, _)| file)
}

/// The command that an `execve` starts, where it carries a key. One that did not succeed counts too:
/// it was tried.
fn start<'a>(call: &Call<'a>) -> Option<Start<'a>> {
    let variable = |name: &str| {
        let (_, rest) = call.arguments.split_once(&format!("\"{name}="))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    (call.name == "execve").then_some(())?;
    Some(Start { at: call.began, step: variable("STEP")?, key: variable("AURAK_IDEMPOTENCY_KEY")? })
}

/// The calls of a trace in the order in which they began. One that never ended is there, with an end
/// behind everything.
pub(crate) fn calls(trace: &str) -> Vec<Call<'_>> {
    let mut calls: Vec<Call<'_>> = Vec::new();
    // By process: a thread makes one call at a time.
    let mut unfinished: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(call) = unfinished.remove(process).and_then(|index| calls.get_mut(index)) {
                (call.ended, call.succeeded) = (at, succeeded(rest));
            }
            continue;
        }
        // What is no call is the end of a process, or a signal.
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        if arguments.ends_with("<unfinished ...>") {
            unfinished.insert(process, calls.len());
            calls.push(Call { began: at, ended: usize::MAX, name, arguments, succeeded: false });
        } else {
            calls.push(Call { began: at, ended: at, name, arguments, succeeded: succeeded(arguments) });
        }
    }
    calls
}

fn succeeded(line: &str) -> bool {
    line.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with(['-', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[&str] = &[
        "7 pwrite64(11</s/state.db-wal>, \"\\0\\3intentKEY-A{\\\"v\\\"\", 40, 0) = 40",
        "7 fdatasync(11</s/state.db-wal>) = 0",
        "8 execve(\"/bin/true\", [\"true\"], [\"AURAK_IDEMPOTENCY_KEY=KEY-A\", \"STEP=a\"]) = 0",
        "8 +++ exited with 0 +++",
        "6 --- SIGCHLD {si_signo=SIGCHLD} ---",
        "7 pwrite64(11</s/state.db-wal>, \"outcomeKEY-A{\\\"v\\\" intentKEY-B{\", 60, 40) = 60",
        "7 fdatasync(11</s/state.db-wal> <unfinished ...>",
        "6 write(1<pipe:[5]>, \"a: created\", 10) = 10",
        "7 <... fdatasync resumed>) = 0",
        "9 execve(\"/bin/true\", [\"true\"], [\"AURAK_IDEMPOTENCY_KEY=KEY-B\", \"STEP=b\"] <unfinished ...>",
        "9 <... execve resumed>) = 0",
    ];

    fn checked(lines: &[&str]) -> Shown {
        let needs = [("a", &[][..]), ("b", &["a"][..])]
            .map(|(step, needs)| (step.to_string(), needs.iter().map(ToString::to_string).collect()));
        check(&lines.join("\n"), &needs.into())
    }

    /// The good trace with some lines in other places, or other lines.
    fn changed(change: impl FnOnce(&mut Vec<&str>)) -> Vec<String> {
        let mut lines = GOOD.to_vec();
        change(&mut lines);
        checked(&lines).wrong
    }

    const B_EARLY: [&str; 2] = [
        "b was started before its intent was on the disk",
        "b was started before the outcome of a was on the disk",
    ];

    #[test]
    fn a_good_trace_has_nothing_wrong() {
        assert_eq!(checked(GOOD), Shown { intents: 2, outcomes: 1, wrong: Vec::new() });
    }

    #[test]
    fn without_a_wait_for_the_disk_it_is_wrong() {
        let wrong = changed(|lines| lines.retain(|line| *line != GOOD[1]));
        assert_eq!(wrong, ["a was started before its intent was on the disk"]);
        let wrong = changed(|lines| lines.retain(|line| !line.contains("fdatasync")));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }

    #[test]
    fn a_wait_that_is_of_no_use_is_none() {
        // Of another file; failed; begun before the write had ended; not over when the command began.
        assert_eq!(changed(|lines| lines[6] = "7 fdatasync(11</s/state.db> <unfinished ...>"), B_EARLY);
        assert_eq!(changed(|lines| lines[8] = "7 <... fdatasync resumed>) = -1 EIO"), B_EARLY);
        let early = "5 fdatasync(12</s/state.db-wal> <unfinished ...>";
        let late = "5 <... fdatasync resumed>) = 0";
        let wrong = changed(|lines| {
            lines.insert(5, early);
            lines[7] = late;
            lines.remove(9);
        });
        assert_eq!(wrong, B_EARLY);
        assert_eq!(changed(|lines| lines.swap(8, 9)), B_EARLY);
    }

    #[test]
    fn what_was_written_elsewhere_is_not_in_the_state() {
        let wrong = changed(|lines| lines[0] = "7 write(2</tmp/log>, \"intentKEY-A\", 11) = 11");
        assert_eq!(wrong, ["a was started before its intent was on the disk"]);
    }

    #[test]
    fn a_step_that_is_not_in_the_trace_is_missed() {
        assert_eq!(changed(|lines| lines.truncate(9)), ["the command of b was not started"]);
        assert_eq!(changed(|lines| lines.clear()).len(), 2);
    }
}
