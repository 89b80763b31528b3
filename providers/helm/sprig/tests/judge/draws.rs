//! What is drawn is recorded, and a render can be had again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use aurak_gotemplate::{Error, ErrorKind, Limits, Templates, Value};
use aurak_sprig::{Draws, Fresh, Recording, functions};

fn render(text: &str, draws: Rc<RefCell<dyn Draws>>, limits: Limits) -> Result<String, Error> {
    let mut templates = Templates::new("").functions(functions(draws)).limits(limits);
    templates.parse("t", text)?;
    templates.execute("t", &Value::Nil).map(|text| text.to_string())
}

const EVERYTHING: &str = r#"{{ randAlphaNum 12 }} {{ randBytes 8 }} {{ randInt 0 1000000 }} {{ shuffle "abcdefgh" }}
{{ uuidv4 }} {{ htpasswd "u" "p" }} {{ now }} {{ date "2006" now }} {{ encryptAES "k" "text" }}
{{ genPrivateKey "ecdsa" }} {{ $ca := genCA "ca" 10 }}{{ $c := genSignedCert "x" (list "10.0.0.1") (list "a") 5 $ca }}
{{ $ca.Cert }}{{ $c.Cert }}{{ $c.Key }}"#;

#[test]
fn a_render_is_replayed_to_the_byte() {
    let recording = Rc::new(RefCell::new(Recording::new()));
    let first = render(EVERYTHING, recording.clone(), Limits::default()).expect("a render");
    recording.borrow_mut().rewind();
    assert_eq!(render(EVERYTHING, recording.clone(), Limits::default()).as_ref(), Ok(&first));
    let stored = Recording::of(recording.borrow().drawn()).sealed();
    assert_eq!(render(EVERYTHING, Rc::new(RefCell::new(stored)), Limits::default()).as_ref(), Ok(&first));
    let other = render(EVERYTHING, Rc::new(RefCell::new(Fresh)), Limits::default()).expect("a render");
    assert_ne!(first, other);
}

#[test]
fn what_is_sealed_draws_nothing_new() {
    let sealed = Rc::new(RefCell::new(Recording::new().sealed()));
    let error = render("{{ randAlpha 5 }}", sealed, Limits::default()).expect_err("nothing is known");
    assert!(error.to_string().contains("the text number 0 was not drawn before"), "{error}");
}

#[test]
fn every_function_of_sprig_is_there_and_no_other() {
    let known: BTreeSet<&str> = include_str!("../tables/names.txt").lines().collect();
    let table = functions(Rc::new(RefCell::new(Fresh)));
    assert_eq!(table.names().collect::<BTreeSet<_>>(), known);
}

#[test]
fn what_would_be_too_much_is_refused() {
    let few = || Limits { steps: 1_000_000, bytes: 1 << 20, ..Limits::default() };
    for text in [
        r#"{{ repeat 9999999 "x" }}"#,
        r#"{{ indent 9999999 "x" }}"#,
        r#"{{ indent 20000 (repeat 1000 "\n") }}"#,
        "{{ until 99999999999 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 99999999 }}",
        "{{ randBytes 9999999 }}",
        "{{ randAlphaNum 9999999 }}",
        r#"{{ replace "" (repeat 100000 "x") (repeat 1000 "y") }}"#,
        r#"{{ join (repeat 100000 "x") (until 1000) }}"#,
        r#"{{ mustRegexMatch "(((a{100}){100}){100}){100}" "a" }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ toJson $m }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ deepCopy $m }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ $n := dict }}{{ $_ := set $n "m" $n }}{{ merge $m $n }}"#,
        r#"{{ mustFromJson (repeat 100000 "[") }}"#,
        "{{ range 1000 }}{{ bcrypt \"x\" }}{{ end }}",
        r#"{{ uniq (until 3000) }}"#,
    ] {
        let error = render(text, Rc::new(RefCell::new(Fresh)), few()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Limit, "{text}: {error}");
    }
}
