//! What strangers' texts may cost.

use std::thread;

use aurak_goyaml::{Documents, Error, Exceeded, Limits, Mode, Value, read, to_json, to_yaml, to_yaml_pretty};

/// Runs in a thread of the size that the runtime of an application gives.
fn in_two_megabytes(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

fn deep() -> Limits {
    Limits { depth: usize::MAX, ..Limits::default() }
}

fn exceeded<T>(result: Result<T, Error>) -> Option<Exceeded> {
    match result {
        Err(Error::Limit(limit)) => Some(limit),
        _ => None,
    }
}

#[test]
fn the_deepest_is_read_and_written() {
    in_two_megabytes(|| {
        let depth = Limits::DEEPEST;
        let flow = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let maps = format!("{}a{}", "{a: ".repeat(depth), "}".repeat(depth));
        let block = format!("{}a", "- ".repeat(depth));
        for text in [flow, maps, block] {
            let value = read(text.as_bytes(), Mode::Strict, &deep()).unwrap();
            to_json(&value, &deep()).unwrap();
            to_yaml(&value, &deep()).unwrap();
            to_yaml_pretty(&value, &deep()).unwrap();
            assert_eq!(value.clone(), value);
            let _ = value.with_floats();
        }
    });
}

#[test]
fn deeper_is_refused_without_being_read() {
    in_two_megabytes(|| {
        let limit = Limits::DEEPEST;
        for open in ["[", "{a: ", "- ", "? ", "[a, {b: [", "{? "] {
            let text = open.repeat(20_000);
            let read = read(text.as_bytes(), Mode::Lenient, &deep());
            assert_eq!(exceeded(read), Some(Exceeded::Depth { limit }), "{open}");
        }
        let mut value = Value::Null;
        for _ in 0..=limit {
            value = Value::List(vec![value]);
        }
        assert_eq!(exceeded(to_json(&value, &deep())), Some(Exceeded::Depth { limit }));
        assert_eq!(exceeded(to_yaml(&value, &deep())), Some(Exceeded::Depth { limit }));
        assert_eq!(exceeded(to_yaml_pretty(&value, &deep())), Some(Exceeded::Depth { limit }));
    });
}

/// Each line stands in the next one, so that aliases make it deeper than its text.
#[test]
fn aliases_do_not_go_around_the_depth() {
    in_two_megabytes(|| {
        let mut text = "a0: &a0 []\n".to_owned();
        for line in 1..2_000 {
            text += &format!("a{line}: &a{line} [*a{}]\n", line - 1);
        }
        // Which of the two bounds is met first is a matter of numbers.
        match read(text.as_bytes(), Mode::Lenient, &deep()) {
            Err(Error::Limit(Exceeded::Depth { .. })) => {}
            Err(Error::Decode(problem)) => assert_eq!(problem, "document contains excessive aliasing"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn few_nodes_with_much_text_are_refused() {
    let mut text = format!("a: &a {}\nb:\n", "x".repeat(10_000));
    text += &"- *a\n".repeat(100);
    let limit = 900_000;
    let limits = Limits { expanded: limit, ..Limits::default() };
    assert_eq!(exceeded(read(text.as_bytes(), Mode::Lenient, &limits)), Some(Exceeded::Expanded { limit }));
    let limits = Limits { expanded: 1_100_000, ..limits };
    assert!(read(text.as_bytes(), Mode::Lenient, &limits).is_ok());
}

#[test]
fn each_limit_is_one() {
    let limits = Limits { input: 5, ..Limits::default() };
    assert_eq!(exceeded(Documents::new(b"abcdef", &limits)), Some(Exceeded::Input { limit: 5 }));
    let limits = Limits { nodes: 3, ..Limits::default() };
    assert_eq!(exceeded(read(b"[a, b, c]", Mode::Lenient, &limits)), Some(Exceeded::Nodes { limit: 3 }));
    let limits = Limits { output: 3, ..Limits::default() };
    let value = Value::String("abcdef".to_owned());
    assert_eq!(exceeded(to_yaml_pretty(&value, &limits)), Some(Exceeded::Output { limit: 3 }));
    assert_eq!(
        exceeded(to_yaml(&Value::List(vec![value.clone(), value]), &limits)),
        Some(Exceeded::Output { limit: 3 })
    );
}

#[test]
fn reading_takes_steps_in_proportion_to_the_text() {
    let long = "k".repeat(1_000);
    let pieces = [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "a: b\n",
        "- a\n",
        "[a, b]: ",
        "'",
        "\"",
        "\"\\n\"",
        "'a' ",
        "&a ",
        "*a ",
        "!a ",
        "!!str ",
        "|\n a\n",
        ">\n a\n\n",
        "# c\n",
        "\n",
        " ",
        "\t",
        "\r\n",
        "a\n",
        "a\n\n",
        "[a,",
        "{a: b,",
        "[]",
        "[]: ",
        "---\n",
        "...\n",
        "--- a\n",
        "%YAML 1.1\n---\n",
        "\u{2028}",
        "é",
        "😀",
        ",",
        ":",
        "? a\n: b\n",
        &format!("{long}: b\n"),
        &format!("[{long}, {long}], "),
        &format!("'{long}': "),
    ];
    for piece in pieces {
        let steps = |times: usize| {
            let text = piece.repeat(times);
            let mut documents = Documents::new(text.as_bytes(), &deep()).unwrap();
            while let Some(Ok(_)) = documents.next() {}
            (documents.steps(), text.chars().count())
        };
        let times = 2_000 / piece.len() + 20;
        let (few, _) = steps(times);
        let (many, characters) = steps(10 * times);
        assert!(many <= 12 * few + 100, "{piece:?}: {few} steps, and {many} for ten times as much");
        let characters = u64::try_from(characters).unwrap();
        assert!(many <= 8 * characters + 100, "{piece:?}: {many} steps for {characters} characters");
    }
}
