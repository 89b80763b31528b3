//! Whole stacks: what becomes of them, drawn, and what is said about broken ones.
#![allow(clippy::unwrap_used)]

mod common;

use common::load_text;

#[test]
fn a_small_stack() {
    let text = r#"
aurak: 1
name: "demo-{{ region }}"
inputs:
  region: { type: string, default: north }
  size: { type: integer, default: 2 }
let:
  label: "{{ region | upper }}-{{ size }}"
resources:
  base:
    type: core.data
    input: { name: "{{ label }}" }
  pools:
    type: core.data
    for_each: { a: 1, b: 2 }
    input: { name: "{{ each.key }}", parent: "{{ base.id }}" }
    lifecycle: { prevent_destroy: true, ignore_changes: [input.name] }
    timeouts: { create: 10m }
  last:
    type: core.data
    depends_on: [pools]
    input: "{{ base.output.name }}"
outputs:
  all: { value: "{{ pools }}" }
"#;
    insta::assert_snapshot!(load_text(text), @r#"
    name <demo-{{ region }}>
    stack
      input region: String
        default = "north"
      input size: Integer
        default = 2
      let label = <{{ region | upper }}-{{ size }}>
      Resource base: core.data {input: {name: <{{ label }}>}}
      Resource last: core.data {input: <{{ base.output.name }}>}
        depends on pools
        needs base, pools
      Resource pools: core.data {input: {name: <{{ each.key }}>, parent: <{{ base.id }}>}}
        for_each {a: 1, b: 2}
        ignores input.name
        create within 600
        needs base
      output all = <{{ pools }}>
    "#);
}
