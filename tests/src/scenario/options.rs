//! The options of `plan`, `apply` and `destroy` in a script: the command line's own, and some that
//! only a script can ask for.

use std::time::Duration;

use aurak_lang::LoadRequest;
use aurak_model::Address;
use aurak_model::plan::Mode;
use aurak_plan::Options;

/// What follows a verb.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// `--env`, `--var`, `--profile`.
    pub(crate) request: LoadRequest,
    /// `--only`.
    pub(crate) only: Vec<String>,
    /// `--replace`.
    pub(crate) replace: Vec<Address>,
    /// `--destroy`.
    pub(crate) destroy: bool,
    /// `--new`.
    pub(crate) new: bool,
    /// `-o NAME`: keeps the plan.
    pub(crate) save: Option<String>,
    /// A saved plan.
    pub(crate) saved: Option<String>,
    /// `--no`: the plan is not approved.
    pub(crate) refused: bool,
    /// `--rounds`: says how many rounds of questions it took.
    pub(crate) rounds: bool,
    /// `--quiet`: shows only what went wrong.
    pub(crate) quiet: bool,
    /// `--kill-after`: the run is dropped, as by `kill -9`.
    pub(crate) kill_after: Option<Duration>,
    /// `--kill-at N`, `--kill-at-written N`: the run is dropped at its Nth append, which is written or
    /// not.
    pub(crate) kill_at: Option<(u64, bool)>,
    /// `--beside 300ms`: a second run of the same begins so much later.
    pub(crate) beside: Option<Duration>,
    /// `--held-for 20s`: somebody else has the lease for so long.
    pub(crate) held_for: Option<Duration>,
    /// `--stolen-after 20s`: somebody else takes the lease away.
    pub(crate) stolen_after: Option<Duration>,
    /// `--no-wait`: a lease that somebody else has is not waited for.
    pub(crate) no_wait: bool,
    /// `--stop-after`, `--stop-now-after`: Ctrl-C, once and twice.
    pub(crate) stop_after: Vec<Duration>,
    /// `--until-done`: runs again until nothing is left.
    pub(crate) until_done: bool,
    /// `--without-sources`: the stack's folder is empty.
    pub(crate) without_sources: bool,
    /// `--deferred-max`.
    pub(crate) deferred_max: Option<usize>,
    /// `--attempt`: only what is open is forgotten.
    pub(crate) attempt: bool,
    /// What is none of these.
    pub(crate) words: Vec<String>,
}

impl Asked {
    /// Reads the words that follow a verb.
    pub(crate) fn parse(words: &[String]) -> Result<Asked, String> {
        let mut asked = Asked::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--env" => asked.request.environment = Some(value()?),
                "--profile" => asked.request.profiles.push(value()?),
                "--var" => {
                    let value = value()?;
                    let (name, value) = value.split_once('=').ok_or("--var is NAME=VALUE")?;
                    asked.request.vars.push((name.to_string(), value.to_string()));
                }
                "--only" => asked.only.push(value()?),
                "--replace" => {
                    asked.replace.push(Address::parse(&value()?).map_err(|e| e.to_string())?);
                }
                "--destroy" => asked.destroy = true,
                "--new" => asked.new = true,
                "-o" => asked.save = Some(value()?),
                "--no" => asked.refused = true,
                "--rounds" => asked.rounds = true,
                "--quiet" => asked.quiet = true,
                "--kill-after" => asked.kill_after = Some(duration(&value()?)?),
                "--kill-at" | "--kill-at-written" => {
                    let at = value()?.parse().map_err(|_| format!("{word} is a number"))?;
                    asked.kill_at = Some((at, word == "--kill-at-written"));
                }
                "--beside" => asked.beside = Some(duration(&value()?)?),
                "--held-for" => asked.held_for = Some(duration(&value()?)?),
                "--stolen-after" => asked.stolen_after = Some(duration(&value()?)?),
                "--no-wait" => asked.no_wait = true,
                "--stop-after" | "--stop-now-after" => asked.stop_after.push(duration(&value()?)?),
                "--until-done" => asked.until_done = true,
                "--attempt" => asked.attempt = true,
                "--without-sources" => asked.without_sources = true,
                "--deferred-max" => {
                    asked.deferred_max = Some(value()?.parse().map_err(|_| "--deferred-max is a number")?);
                }
                option if option.starts_with('-') => return Err(format!("there is no option {option}")),
                other => asked.words.push(other.to_string()),
            }
        }
        Ok(asked)
    }

    /// What the planner is asked for.
    pub(crate) fn options(&self) -> Options {
        let mode = if self.destroy { Mode::Destroy } else { Mode::Apply };
        Options { mode, only: self.only.clone(), replace: self.replace.clone() }
    }
}

/// `30s`, `190ms`, `5m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no duration"))?;
    match &text[digits.len()..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(60 * number)),
        _ => Err(format!("`{text}` is no duration")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let words = crate::scenario::script::words("saved --var 'a=b c' --only x --kill-after 190ms -o p");
        let asked = Asked::parse(&words.unwrap()).unwrap();
        assert_eq!(asked.words, ["saved"]);
        assert_eq!(asked.request.vars, [("a".to_string(), "b c".to_string())]);
        assert_eq!(asked.kill_after, Some(Duration::from_millis(190)));
        assert_eq!(asked.options().only, ["x"]);
        for text in ["--nope", "--var a", "--kill-after soon", "--env"] {
            let words = crate::scenario::script::words(text).unwrap();
            assert!(Asked::parse(&words).is_err(), "{text}");
        }
    }
}
