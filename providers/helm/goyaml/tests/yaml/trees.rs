//! What a tree knows beyond the value.

use aurak_goyaml::{Document, Documents, Limits, Mode, NodeId, NodeKind, Resolved, Style, Value};
use aurak_goyaml::{read, to_json, unmarshal};

fn document(text: &str) -> Document {
    Documents::new(text.as_bytes(), &Limits::default()).unwrap().next().unwrap().unwrap()
}

/// One line for each node: its kind, what it says, and where it stands.
fn drawn(text: &str) -> String {
    fn draw(document: &Document, id: NodeId, indent: usize, text: &str, lines: &mut String) {
        let node = document.node(id);
        let (start, end) = (node.span.start, node.span.end);
        let source = &text[start.offset..end.offset];
        let mut line = format!("{:indent$}", "");
        match &node.kind {
            NodeKind::Scalar { text, style, .. } => line += &format!("{style:?} {text:?}"),
            NodeKind::Sequence { flow, .. } => line += if *flow { "[]" } else { "-" },
            NodeKind::Mapping { flow, .. } => line += if *flow { "{}" } else { ":" },
            NodeKind::Alias { name, .. } => line += &format!("*{name}"),
        }
        line += &node.anchor.iter().map(|anchor| format!(" &{anchor}")).collect::<String>();
        line += &node.tag.iter().map(|tag| format!(" <{tag}>")).collect::<String>();
        *lines += &format!("{line} {}:{} {source:?}\n", start.line, start.column);
        match &node.kind {
            NodeKind::Sequence { items, .. } => {
                items.iter().for_each(|item| draw(document, *item, indent + 1, text, lines));
            }
            NodeKind::Mapping { pairs, .. } => {
                for (key, value) in pairs {
                    draw(document, *key, indent + 1, text, lines);
                    draw(document, *value, indent + 2, text, lines);
                }
            }
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }
    let document = document(text);
    let mut lines = String::new();
    draw(&document, document.root(), 0, text, &mut lines);
    lines
}

#[test]
fn nodes_know_where_they_stand() {
    let text = "b: &x 'ü'\na:\n- !!int \"3\"\n- {c: *x}\n";
    let expected = "\
: 1:1 \"b: &x 'ü'\\na:\\n- !!int \\\"3\\\"\\n- {c: *x}\\n\"
 Plain \"b\" 1:1 \"b\"
  SingleQuoted \"ü\" &x 1:4 \"&x 'ü'\"
 Plain \"a\" 2:1 \"a\"
  - 3:1 \"- !!int \\\"3\\\"\\n- {c: *x}\\n\"
   DoubleQuoted \"3\" <tag:yaml.org,2002:int> 3:3 \"!!int \\\"3\\\"\"
   {} 4:3 \"{c: *x}\"
    Plain \"c\" 4:4 \"c\"
     *x 4:7 \"*x\"
";
    assert_eq!(drawn(text), expected);
}

#[test]
fn order_repetition_and_style_stay() {
    let document = document("z: 1\na: |-\n  x\nz: >\n  y\n");
    let NodeKind::Mapping { pairs, flow: false } = &document.node(document.root()).kind else { panic!() };
    let scalars: Vec<_> = pairs
        .iter()
        .map(|(key, value)| match (&document.node(*key).kind, &document.node(*value).kind) {
            (NodeKind::Scalar { text: key, .. }, NodeKind::Scalar { text, style, .. }) => {
                (key.as_str(), text.as_str(), *style)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("z", "1", Style::Plain), ("a", "x", Style::Literal), ("z", "y\n", Style::Folded)];
    assert_eq!(scalars, expected);
}

#[test]
fn offsets_are_of_the_input() {
    let marked = document("\u{feff}a: b");
    assert_eq!(marked.node(marked.root()).span.start.offset, 3);
    let wide: Vec<u8> = "\u{feff}😀: b".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = Documents::new(&wide, &Limits::default()).unwrap().next().unwrap().unwrap();
    let NodeKind::Mapping { pairs, .. } = &wide.node(wide.root()).kind else { panic!() };
    assert_eq!(wide.node(pairs[0].0).span.end.offset, 6);
    assert_eq!(wide.node(pairs[0].1).span.start.offset, 10);
}

#[test]
fn scalars_resolve_one_by_one() {
    let document = document("[0o17, ~, 'x', !!binary aGk=, 2001-01-01]");
    let NodeKind::Sequence { items, .. } = &document.node(document.root()).kind else { panic!() };
    let resolved: Vec<_> = items.iter().map(|id| document.resolved(*id).unwrap().unwrap()).collect();
    let text = |text: &str| Resolved::Text(text.to_owned());
    assert_eq!(
        resolved,
        [Resolved::Int(15), Resolved::Null, text("x"), Resolved::Binary(b"hi".to_vec()), text("2001-01-01")]
    );
    assert_eq!(document.resolved(document.root()), Ok(None));
}

#[test]
fn numbers_are_integers_or_all_floats() {
    let text = b"[1, 18446744073709551615, 1.0, 9007199254740993]";
    let limits = Limits::default();
    assert_eq!(
        read(text, Mode::Lenient, &limits),
        Ok(Value::List(vec![
            Value::Int(1),
            Value::Uint(u64::MAX),
            Value::Float(1.0),
            Value::Int(9_007_199_254_740_993)
        ]))
    );
    assert_eq!(
        unmarshal(text, Mode::Lenient, &limits),
        Ok(Value::List(vec![
            Value::Float(1.0),
            Value::Float(18_446_744_073_709_551_616.0),
            Value::Float(1.0),
            Value::Float(9_007_199_254_740_992.0)
        ]))
    );
}

#[test]
fn nothing_comes_after_an_error() {
    let limits = Limits::default();
    let mut documents = Documents::new(b"a\n---\n[\n---\nb", &limits).unwrap();
    assert!(matches!(documents.next(), Some(Ok(_))));
    assert!(matches!(documents.next(), Some(Err(_))));
    assert!(documents.next().is_none());
}

#[test]
fn json_is_escaped_for_pages() {
    let value = Value::String("<a&b>\u{2028}\u{1}\"\\\n\u{7f}é".to_owned());
    let json = to_json(&value, &Limits::default()).unwrap();
    assert_eq!(json, "\"\\u003ca\\u0026b\\u003e\\u2028\\u0001\\\"\\\\\\n\u{7f}é\"");
}
