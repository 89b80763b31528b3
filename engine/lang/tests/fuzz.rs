//! Whatever the files hold, there is an answer: no panic, no endless work, and a program.

mod common;

use aurak_lang::LoadRequest;
use aurak_model::NodeKind;
use common::{draw, loaded, say};
use proptest::prelude::*;

/// Pieces that make up stacks, and what breaks them.
const PIECES: &[&str] = &[
    "aurak: 1\n",
    "name: x\n",
    "inputs:\n",
    "let:\n",
    "providers:\n",
    "existing:\n",
    "resources:\n",
    "modules:\n",
    "checks:\n",
    "outputs:\n",
    "moved:\n",
    "imports:\n",
    "removed:\n",
    "include: [b.yaml]\n",
    "environments:\n",
    "profiles: [b.yaml]\n",
    "  a: ",
    "  b:\n",
    "    c: ",
    "  - ",
    "    ",
    "\n",
    " ",
    "type: core.data\n",
    "type: cloud.cluster\n",
    "input: ",
    "{ type: core.data }\n",
    "\"{{ a.id }}\"\n",
    "\"{{ b }} x\"\n",
    "{{ a }}\n",
    "'{{ each.key }}'\n",
    "|\n      text {{ a }}\n",
    "[a, b]\n",
    "{ a: 1, ",
    "}",
    "]",
    "[",
    "{",
    "*x\n",
    "&x ",
    "<<: ",
    "!raw ",
    "!!str ",
    "!vault ",
    "? ",
    ": ",
    "- ",
    "# note\n",
    "---\n",
    "...\n",
    "%TAG ! x\n",
    "é",
    "\u{feff}",
    "\t",
    "\r\n",
    "\r",
    "'",
    "\"",
    "\\",
    "0644\n",
    "1e999\n",
    ".inf\n",
    "yes\n",
    "for_each: ",
    "when: ",
    "depends_on: [a]\n",
    "provider: core[each.key]\n",
    "lifecycle: { retain: yes }\n",
    "source: ./m\n",
    "with: { inherit: true, x: 1 }\n",
    "default: ",
    "value: ",
    "that: ",
    "message: ",
    "from: a\n",
    "to: b\n",
    "id: x\n",
    "address: a\n",
    "destroy: true\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_stacks(
        stack in prop::collection::vec(prop::sample::select(PIECES), 0..40),
        part in prop::collection::vec(prop::sample::select(PIECES), 0..20),
        module in prop::collection::vec(prop::sample::select(PIECES), 0..20),
    ) {
        let (stack, part, module) = (stack.concat(), part.concat(), module.concat());
        let files = [("aurak.yaml", stack.as_str()), ("b.yaml", &part), ("m/module.yaml", &module)];
        let loaded = loaded(&files, &LoadRequest::default());
        let drawn = format!("{}{}", draw(&loaded.program), say(&loaded));
        prop_assert!(!drawn.is_empty());
        for diagnostic in &loaded.diagnostics {
            prop_assert!(!diagnostic.summary.is_empty());
            for label in &diagnostic.labels {
                let text = loaded.program.files.text(label.span.file);
                let lines = text.split('\n').flat_map(|line| line.split('\r')).count() as u32;
                prop_assert!(label.span.line >= 1 && label.span.line <= lines.max(1), "{diagnostic:?} in {text:?}");
                prop_assert!(label.span.col >= 1);
            }
        }
    }

    /// A change of one byte of a good stack is a good stack or a message.
    #[test]
    fn damaged_stacks(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = GOOD.as_bytes().to_vec();
        let at = at.index(text.len());
        text[at] = byte;
        let mut sources = aurak_lang::MemorySources::default();
        sources.files.insert("aurak.yaml".into(), text);
        let loaded = aurak_lang::load(&sources, &LoadRequest::default(), &common::schemas());
        let drawn = format!("{}{}", draw(&loaded.program), say(&loaded));
        prop_assert!(!drawn.is_empty());
    }

    /// The place of an expression is where it stands, whatever stands around it.
    #[test]
    fn places_of_expressions(before in "[ -~é]{0,12}", between in "[ -~é\n]{0,12}", quote in 0..4usize) {
        let body = format!("{before}{{{{ one }}}}{between}{{{{ two }}}}");
        let yaml = match quote {
            0 => format!("a: '{}'", body.replace('\'', "''").replace('\n', "")),
            1 => format!("a: \"{}\"", body.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")),
            2 => format!("a: |2\n  {}\n", body.replace('\n', "\n  ")),
            _ => format!("a: x{}", body.replace(['\n', '#', ':'], "")),
        };
        let text = format!("aurak: 1\nname: x\nlet:\n  {}", yaml.replace('\n', "\n  "));
        let loaded = loaded(&[("aurak.yaml", &text)], &LoadRequest::default());
        let Some(node) = loaded.program.modules.first().and_then(|module| module.lets.get("a")) else {
            return Ok(());
        };
        let NodeKind::Template { text: template, layout } = &node.kind else { return Ok(()) };
        if !layout.exact {
            return Ok(());
        }
        for (start, found) in template.match_indices("{{ one }}").chain(template.match_indices("{{ two }}")) {
            let span = node.place(start, start + found.len());
            let line = text.split('\n').nth(span.line as usize - 1).unwrap_or("");
            let there: String = line.chars().skip(span.col as usize - 1).take(span.len as usize).collect();
            prop_assert_eq!(there, found, "{}", text);
        }
    }
}

const GOOD: &str = r#"aurak: 1
name: "demo-{{ region }}"
environments: { dev: { inputs: { region: south } } }
inputs:
  region: { type: string, default: north, enum: [north, south] }
let:
  label: "{{ region | upper }}"
resources:
  base: &base
    type: core.data
    input: { name: "{{ label }}", more: [1, 2.5, ~, true] }
  many:
    <<: *base
    for_each: [a, b]
    input: !raw "{{ x }}"
    depends_on: [base]
    lifecycle: { prevent_destroy: true, ignore_changes: [input] }
    timeouts: { create: 10m }
checks:
  - { that: "{{ base.id }}", message: "no id" }
outputs:
  all: { value: "{{ many }}", sensitive: true }
"#;
