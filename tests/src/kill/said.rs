//! What a run says is wrong, taken from its output as a person reads it.

use crate::process::Done;

/// Its errors, each with all its lines in one.
pub fn errors(done: &Done) -> Vec<String> {
    [&done.stdout, &done.stderr].into_iter().flat_map(|text| blocks(text)).map(|(error, _)| error).collect()
}

/// The same of a run that was killed, without what it may have been saying just then.
pub fn cut_off(done: &Done) -> Vec<String> {
    let blocks = [&done.stdout, &done.stderr].into_iter().flat_map(|text| blocks(text));
    blocks.filter(|(_, whole)| *whole).map(|(error, _)| error).collect()
}

/// Errors, and whether something was said after them.
fn blocks(text: &str) -> Vec<(String, bool)> {
    let mut blocks: Vec<(String, bool)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let begins = line.starts_with("error: ");
        let goes_on = inside && line.starts_with(' ');
        inside = begins || goes_on;
        match blocks.last_mut() {
            Some((error, _)) if goes_on => {
                error.push(' ');
                error.push_str(line.trim());
            }
            Some((_, whole)) => *whole = true,
            None => {}
        }
        if begins {
            blocks.push((line.to_string(), false));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let stdout = "demo: 3 steps\n\
                      error: a: not allowed\n  code NotAllowed; nothing was\n  changed\n\
                      error: b failed\n\
                      c: created\n\n\
                      not started\n  d: a failed\n";
        let done = Done {
            code: Some(1),
            signal: None,
            stdout: stdout.to_string(),
            stderr: "warning: what\n  error: no\nerror: the last\n  of all".to_string(),
        };
        let all = ["error: a: not allowed code NotAllowed; nothing was changed", "error: b failed"];
        assert_eq!(errors(&done), [&all[..], &["error: the last of all"]].concat());
        assert_eq!(cut_off(&done), all, "the last one may have gone on");
    }
}
