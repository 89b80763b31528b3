//! Whole stacks: what becomes of them, drawn, and what is said about broken ones.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use aurak_lang::LoadRequest;
use common::{draw, load_text, loaded, outcome, say};

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

#[test]
fn modules_are_linked_where_they_are_called() {
    let files = [
        (
            "aurak.yaml",
            r#"
aurak: 1
name: demo
inputs:
  region: { type: string, default: north }
  accounts: { type: map, default: { blue: a1, green: a2 } }
let: { owner: "ops-{{ region }}" }
providers:
  cloud: { account: main }
  each_cloud: { type: cloud, for_each: "{{ accounts }}", account: "{{ each.value }}" }
existing:
  old: { type: cloud.cluster, id: c-1 }
resources:
  base: { type: core.data, input: 1 }
modules:
  one:
    source: ./modules/app
    with: { inherit: true, label: "{{ base.id }}" }
  many:
    source: ./modules/app
    for_each: "{{ accounts }}"
    when: "{{ base.output }}"
    depends_on: [one]
    providers: { cloud: "each_cloud[each.key]" }
    with: { label: "{{ each.key }}", owner: me, replicas: 3 }
resources_after: {}
outputs:
  ids: { value: "{{ one.id }}" }
  all: { value: "{{ many['blue'].id }}" }
  old: { value: "{{ old.endpoint }}" }
"#,
        ),
        (
            "modules/app/module.yaml",
            r#"
inputs:
  label: { type: string }
  owner: { type: string }
  region: { type: string, default: south }
  replicas: { type: integer, default: 1 }
defaults: ["sizes/{{ region }}.yml"]
resources:
  cluster: { type: cloud.cluster, name: "{{ label }}", count: "{{ replicas }}" }
modules:
  inner: { source: ../inner, with: { id: "{{ cluster.id }}" } }
outputs:
  id: { value: "{{ inner.echo }}" }
moved: [{ from: klaster, to: cluster }]
"#,
        ),
        ("modules/app/sizes/north.yml", "replicas: 7"),
        ("modules/app/sizes/south.yml", "replicas: 5"),
        (
            "modules/inner/module.yaml",
            r#"
inputs: { id: {} }
resources:
  note: { type: core.data, input: "{{ id }}" }
outputs: { echo: { value: "{{ note.output }}" } }
"#,
        ),
    ];
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r#"
    Error unknown_key: a stack has no key `resources_after`
      aurak.yaml:26:1
        resources_after: {}
        ^^^^^^^^^^^^^^^ 
      help: it takes `aurak`, `name`, `environments`, `profiles`, `imports`, `include`, `inputs`, `let`, `providers`, `existing`, `resources`, `modules`, `checks`, `outputs`, `moved`, `removed`

    Error renames_in_instances: a module that is called with `for_each` cannot rename
      modules/app/module.yaml:14:17
        moved: [{ from: klaster, to: cluster }]
                        ^^^^^^^ one rule would stand for many addresses
      help: write it in the stack, with full addresses: system["a"].old
    "#);
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(path, text)| {
            (
                *path,
                text.replace("resources_after: {}\n", "")
                    .replace("moved: [{ from: klaster, to: cluster }]\n", ""),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r#"
    name "demo"
    stack
      input accounts: Map
        default = {blue: "a1", green: "a2"}
      input region: String
        default = "north"
      let owner = <ops-{{ region }}>
      Provider cloud: cloud {account: "main"}
      Provider each_cloud: cloud {account: <{{ each.value }}>}
        for_each <{{ accounts }}>
      Existing old: cloud.cluster {id: "c-1"}
        provider cloud
        needs cloud
      Resource base: core.data {input: 1}
      output all = <{{ many['blue'].id }}>
      output ids = <{{ one.id }}>
      output old = <{{ old.endpoint }}>
    one
      folder modules/app
      input label: String
        with = <{{ base.id }}>
      input owner: String
        inherit = <{{ owner }}>
      input region: String
        default = "south" in one
        inherit = <{{ inputs["region"] }}>
      input replicas: Integer
        default = 1 in one
        modules/app/sizes/north.yml = 7 in one
      Resource cluster: cloud.cluster {name: <{{ label }}>, count: <{{ replicas }}>}
        provider cloud
        needs cloud, base
      output id = <{{ inner.echo }}>
    many
      folder modules/app
      for_each <{{ accounts }}>
      when <{{ base.output }}>
      provider cloud = each_cloud[<{{each.key}}>]
      input label: String
        with = <{{ each.key }}>
      input owner: String
        with = "me"
      input region: String
        default = "south" in many
      input replicas: Integer
        default = 1 in many
        modules/app/sizes/south.yml = 5 in many
        with = 3
      Resource cluster: cloud.cluster {name: <{{ label }}>, count: <{{ replicas }}>}
        provider each_cloud[<{{each.key}}>]
        needs each_cloud, base, one.cluster, one.inner.note
      output id = <{{ inner.echo }}>
    one.inner
      folder modules/inner
      input id: Any
        with = <{{ cluster.id }}> in one
      Resource note: core.data {input: <{{ id }}>}
        needs one.cluster
      output echo = <{{ note.output }}>
    many.inner
      folder modules/inner
      input id: Any
        with = <{{ cluster.id }}> in many
      Resource note: core.data {input: <{{ id }}>}
        needs base, one.cluster, many.cluster, one.inner.note
      output echo = <{{ note.output }}>
    "#);
}

const LAYERS: [(&str, &str); 5] = [
    (
        "aurak.yaml",
        r#"
aurak: 1
name: demo
profiles: [all.yml]
environments:
  pre: { profiles: [es], inputs: { size: 4 } }
  pro: { inputs: { sice: 5 } }
inputs:
  size: { type: integer, default: 1 }
  label: { type: string, default: none }
  rules: { default: { a: 1 } }
  secret: { type: map, sensitive: true, nullable: true }
"#,
    ),
    ("all.yml", "size: 2\nrules: { b: 2 }"),
    ("es/1.yml", "size: 3"),
    ("es/2.yaml", "label: \"{{ size }}\""),
    ("more.yml", "rules: { c: 3 }\nlabel: 1.30"),
];

#[test]
fn layers_of_inputs_are_in_order() {
    let request = LoadRequest {
        environment: Some("pre".into()),
        profiles: vec!["./more.yml".into()],
        vars: vec![("label".into(), "{{ x }}: 1.30".into()), ("rules".into(), "{d: '{{ x }}'}".into())],
        env_vars: vec![("size".into(), "8".into()), ("other".into(), "x".into())],
    };
    let mut files = LAYERS;
    insta::assert_snapshot!(outcome(&loaded(&files, &request)), @r"
    Warning unknown_input: the stack has no input `other`
      AURAK_VAR_other gives it a value.
      help: declare it under `inputs`; there are `label`, `rules`, `secret`, `size`

    Error unknown_input: the stack has no input `sice`
      aurak.yaml:7:20
          pro: { inputs: { sice: 5 } }
                           ^^^^ 
      help: did you mean `size`?
    ");
    let fixed = files[0].1.replace("sice", "size");
    files[0].1 = &fixed;
    insta::assert_snapshot!(draw(&loaded(&files, &request).program), @r#"
    name "demo"
    environment Some("pre") of ["pre", "pro"]
    stack
      input label: String
        default = "none"
        profile es/2.yaml = <{{ size }}>
        profile more.yml = 1.30
        --var = "{{ x }}: 1.30"
      input rules: Any
        default = {a: 1}
        profile all.yml = {b: 2}
        profile more.yml = {c: 3}
        --var = {d: "{{ x }}"}
      input secret: Map
      input size: Integer
        default = 1
        profile all.yml = 2
        profile es/1.yml = 3
        environment pre = 4
        AURAK_VAR_size = 8
    "#);
}

#[test]
fn environments_are_chosen() {
    let outcomes: Vec<String> = [None, Some("pre"), Some("prd")]
        .into_iter()
        .map(|environment| {
            let request =
                LoadRequest { environment: environment.map(str::to_string), ..LoadRequest::default() };
            let loaded = loaded(&LAYERS, &request);
            format!("{environment:?} -> {:?}\n{}", loaded.program.environment, say(&loaded))
        })
        .collect();
    insta::assert_snapshot!(outcomes.join("\n"), @r#"
    None -> None
    Error environment: which environment is meant?
      The stack has `pre`, `pro`.
      help: choose one: --env pre

    Error unknown_input: the stack has no input `sice`
      aurak.yaml:7:20
          pro: { inputs: { sice: 5 } }
                           ^^^^ 
      help: did you mean `size`?

    Some("pre") -> Some("pre")
    Error unknown_input: the stack has no input `sice`
      aurak.yaml:7:20
          pro: { inputs: { sice: 5 } }
                           ^^^^ 
      help: did you mean `size`?

    Some("prd") -> None
    Error environment: the stack has no environment `prd`
      help: did you mean --env pre?

    Error unknown_input: the stack has no input `sice`
      aurak.yaml:7:20
          pro: { inputs: { sice: 5 } }
                           ^^^^ 
      help: did you mean `size`?
    "#);
    let request = LoadRequest { environment: Some("x".into()), ..LoadRequest::default() };
    insta::assert_snapshot!(say(&loaded(&[("aurak.yaml", "aurak: 1\nname: x")], &request)), @r"
    Error environment: the stack has no environments, so `x` is none
      help: leave --env out, or declare `environments` in aurak.yaml
    ");
}

#[test]
fn values_from_outside_are_checked_and_secrets_are_not_shown() {
    let vars = |list: &[(&str, &str)]| LoadRequest {
        environment: Some("pre".into()),
        vars: list.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
        ..LoadRequest::default()
    };
    let request = vars(&[("size", "many"), ("lable", "x"), ("rules", "[1, 2"), ("secret", "canary: [")]);
    let files = LAYERS.map(|(path, text)| (path, text.replace("sice", "size")));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let first = say(&loaded(&files, &request));
    insta::assert_snapshot!(first, @r"
    Error unknown_input: the stack has no input `lable`
      --var lable gives it a value.
      help: did you mean `label`?

    Error yaml: the value of --var secret is not YAML
      aurak.yaml:12:3
          secret: { type: map, sensitive: true, nullable: true }
          ^^^^^^ of this input
      help: quote it as YAML wants it; the value is sensitive and not shown

    Error wrong_value: the input `size` cannot have this value
      --var size:1:1
        many
        ^^^^ an integer is wanted here, and this is `many`
      aurak.yaml:9:3
          size: { type: integer, default: 1 }
          ^^^^ declared here

    Error yaml: this is not YAML: `,` or `]` is missing before this
      --var rules:1:6
        [1, 2
             ^ 
      help: close the list with `]`
    ");
    let second = loaded(&files, &vars(&[("secret", "canary")]));
    assert!(!format!("{first}{}", say(&second)).contains("canary"));
    assert!(!second.is_good());
}

#[test]
fn included_files_are_part_of_the_document() {
    let files = [
        ("aurak.yaml", "aurak: 1\nname: x\ninclude: [parts/*.yaml]\nresources:\n  a: { type: core.data }"),
        ("parts/1.yaml", "resources:\n  b: { type: core.data, input: \"{{ a.id }}\" }"),
        ("parts/2.yaml", "modules:\n  m: { source: ./m }\nlet: { c: 1 }"),
        ("parts/m/module.yaml", "resources:\n  d: { type: core.data }"),
    ];
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r#"
    name "x"
    stack
      let c = 1
      Resource a: core.data {}
      Resource b: core.data {input: <{{ a.id }}>}
        needs a
    m
      folder parts/m
      Resource d: core.data {}
    "#);
    let mut files = files;
    files[2].1 = "resources:\n  a: { type: core.data }\nname: y\ninclude: [z.yaml]";
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r"
    Error duplicate_key: the resource `a` is declared twice
      parts/2.yaml:2:3
          a: { type: core.data }
          ^ again here
      aurak.yaml:5:3
          a: { type: core.data }
          ^ first here
      help: remove one of them, or give it another name

    Error unknown_key: an included file has no section `name`
      parts/2.yaml:3:1
        name: y
        ^^^^ 
      help: it belongs in aurak.yaml, the stack's own file

    Error unknown_key: an included file has no section `include`
      parts/2.yaml:4:1
        include: [z.yaml]
        ^^^^^^^ 
      help: it belongs in aurak.yaml, the stack's own file
    ");
}

/// The digest moves with what was read and asked for, and with nothing else.
#[test]
fn the_digest_is_of_everything_that_was_read() {
    let request = LoadRequest { environment: Some("pre".into()), ..LoadRequest::default() };
    let base = loaded(&LAYERS, &request).program.digest;
    assert_eq!(base, loaded(&LAYERS, &request).program.digest);
    let mut unread = LAYERS;
    unread[4].1 = "other: 1";
    assert_eq!(base, loaded(&unread, &request).program.digest);
    let mut read = LAYERS;
    read[2].1 = "size: 9";
    assert_ne!(base, loaded(&read, &request).program.digest);
    let other = LoadRequest { environment: Some("pro".into()), ..LoadRequest::default() };
    assert_ne!(base, loaded(&LAYERS, &other).program.digest);
    let var =
        |name: &str, text: &str| LoadRequest { vars: vec![(name.into(), text.into())], ..request.clone() };
    assert_ne!(base, loaded(&LAYERS, &var("size", "9")).program.digest);
    assert_eq!(base, loaded(&LAYERS, &var("secret", "{a: 1}")).program.digest);
}

#[test]
fn cycles_are_drawn_once() {
    let stack = |body: &str| load_text(&format!("aurak: 1\nname: x\n{body}"));
    insta::assert_snapshot!(stack(r#"
resources:
  a: { type: core.data, input: "{{ b.output }}" }
  b: { type: core.data, input: "{{ c.id }}-{{ d.id }}" }
  c: { type: core.data, input: "{{ a.output.x }}" }
  d: { type: core.data, input: "{{ d.id }}" }
  user: { type: core.data, input: "{{ a.id }}" }
"#), @r#"
    Error cycle: `a` needs itself
      a -> b -> c -> a
      aurak.yaml:5:36
          a: { type: core.data, input: "{{ b.output }}" }
                                           ^^^^^^^^ `a` needs `b.output`
      aurak.yaml:6:36
          b: { type: core.data, input: "{{ c.id }}-{{ d.id }}" }
                                           ^^^^ `b` needs `c.id`
      aurak.yaml:7:36
          c: { type: core.data, input: "{{ a.output.x }}" }
                                           ^^^^^^^^^^ `c` needs `a.output.x`
      help: take one of these references away: what is needed must be there first

    Error cycle: `d` refers to itself
      d -> d
      aurak.yaml:8:36
          d: { type: core.data, input: "{{ d.id }}" }
                                           ^^^^ `d` needs `d.id`
      help: take one of these references away: what is needed must be there first
    "#);
    insta::assert_snapshot!(stack(r#"
let: { l: "{{ a.id }}", m: "{{ m }}" }
inputs:
  i: { default: "{{ l }}" }
  j: { type: string, default: "{{ j }}" }
resources:
  a: { type: core.data, input: "{{ inputs.i }}" }
  b: { type: core.data, depends_on: [c] }
  c: { type: core.data, depends_on: [b] }
"#), @r#"
    Error cycle: `m` refers to itself
      m -> m
      aurak.yaml:4:32
        let: { l: "{{ a.id }}", m: "{{ m }}" }
                                       ^ `m` needs `m`
      help: take one of these references away: what is needed must be there first

    Error cycle: `j` refers to itself
      j -> j
      aurak.yaml:7:35
          j: { type: string, default: "{{ j }}" }
                                          ^ `j` needs `j`
      help: take one of these references away: what is needed must be there first

    Error cycle: `a` needs itself
      a -> i -> l -> a
      aurak.yaml:9:36
          a: { type: core.data, input: "{{ inputs.i }}" }
                                           ^^^^^^^^ `a` needs `inputs.i`
      aurak.yaml:6:21
          i: { default: "{{ l }}" }
                            ^ `i` needs `l`
      aurak.yaml:4:15
        let: { l: "{{ a.id }}", m: "{{ m }}" }
                      ^^^^ `l` needs `a.id`
      help: take one of these references away: what is needed must be there first

    Error cycle: `b` needs itself
      b -> c -> b
      aurak.yaml:10:38
          b: { type: core.data, depends_on: [c] }
                                             ^ `b` needs `c`
      aurak.yaml:11:38
          c: { type: core.data, depends_on: [b] }
                                             ^ `c` needs `b`
      help: take one of these references away: what is needed must be there first
    "#);
    let request = LoadRequest { vars: vec![("j".into(), "x".into())], ..LoadRequest::default() };
    let replaced = "aurak: 1\nname: x\ninputs: { j: { type: string, default: '{{ j }}' } }";
    assert_eq!(
        say(&loaded(&[("aurak.yaml", replaced)], &request)),
        "",
        "a value that is replaced is not read"
    );
    let files = [
        (
            "aurak.yaml",
            r#"
aurak: 1
name: x
modules:
  one: { source: ./m, with: { from: "{{ two.made }}" } }
  two: { source: ./m, with: { from: "{{ one.made }}" } }
  three: { source: ./m, with: { from: 1 }, depends_on: [four] }
  four: { source: ./m, with: { from: "{{ three.made }}" } }
  five: { source: ./m, with: { from: "{{ three.plain }}" } }
"#,
        ),
        (
            "m/module.yaml",
            r#"
inputs: { from: {} }
resources: { r: { type: core.data, input: "{{ from }}" } }
outputs: { made: { value: "{{ r.id }}" }, plain: { value: 1 } }
"#,
        ),
    ];
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r#"
    Error cycle: `three.r` needs itself
      three.r -> three -> four -> four.r -> four.from -> three.made -> three.r
      aurak.yaml:7:57
          three: { source: ./m, with: { from: 1 }, depends_on: [four] }
                                                                ^^^^ `three` needs `four`
      m/module.yaml:3:47
        resources: { r: { type: core.data, input: "{{ from }}" } }
                                                      ^^^^ `four.r` needs `from`
      aurak.yaml:8:42
          four: { source: ./m, with: { from: "{{ three.made }}" } }
                                                 ^^^^^^^^^^ `four.from` needs `three.made`
      m/module.yaml:4:31
        outputs: { made: { value: "{{ r.id }}" }, plain: { value: 1 } }
                                      ^^^^ `three.made` needs `r.id`
      help: take one of these references away: what is needed must be there first

    Error cycle: `one.r` needs itself
      one.r -> one.from -> two.made -> two.r -> two.from -> one.made -> one.r
      m/module.yaml:3:47
        resources: { r: { type: core.data, input: "{{ from }}" } }
                                                      ^^^^ `one.r` needs `from`
      aurak.yaml:5:41
          one: { source: ./m, with: { from: "{{ two.made }}" } }
                                                ^^^^^^^^ `one.from` needs `two.made`
      m/module.yaml:4:31
        outputs: { made: { value: "{{ r.id }}" }, plain: { value: 1 } }
                                      ^^^^ `two.made` needs `r.id`
      m/module.yaml:3:47
        resources: { r: { type: core.data, input: "{{ from }}" } }
                                                      ^^^^ `two.r` needs `from`
      aurak.yaml:6:41
          two: { source: ./m, with: { from: "{{ one.made }}" } }
                                                ^^^^^^^^ `two.from` needs `one.made`
      m/module.yaml:4:31
        outputs: { made: { value: "{{ r.id }}" }, plain: { value: 1 } }
                                      ^^^^ `one.made` needs `r.id`
      help: take one of these references away: what is needed must be there first
    "#);
}

#[test]
fn modules_that_call_themselves() {
    let files = [
        (
            "aurak.yaml",
            "aurak: 1\nname: x\nmodules:\n  m: { source: ./a }\noutputs:\n  o: { value: \"{{ m.x }}\" }",
        ),
        ("a/module.yaml", "modules:\n  b: { source: ../b }"),
        (
            "b/module.yaml",
            "modules:\n  again: { source: ../a/. }\nresources:\n  r: { type: core.data, input: \"{{ again.what }}\" }",
        ),
    ];
    insta::assert_snapshot!(outcome(&loaded(&files, &LoadRequest::default())), @r#"
    Error unknown_output: the module `m` has no output `x`
      aurak.yaml:6:19
          o: { value: "{{ m.x }}" }
                          ^^^ 
      help: it has none

    Error module_cycle: a module calls itself
      a -> b -> a
      b/module.yaml:2:20
          again: { source: ../a/. }
                           ^^^^^^ a is called again here
      a/module.yaml:2:3
          b: { source: ../b }
          ^ b is called here
      help: take one of the calls out; `for_each` on a call makes several instances
    "#);
    // Twenty files that call the next one twice would be a million modules.
    let mut files =
        vec![("aurak.yaml".to_string(), "aurak: 1\nname: x\nmodules: { m: { source: ./m0 } }".to_string())];
    for i in 0..20 {
        let call = format!("{{ source: ../m{} }}", i + 1);
        files.push((format!("m{i}/module.yaml"), format!("modules: {{ a: {call}, b: {call} }}")));
    }
    files.push(("m20/module.yaml".to_string(), String::new()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let loaded = loaded(&files, &LoadRequest::default());
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["too_many_modules"]);
    // A long chain ends too.
    let mut files =
        vec![("aurak.yaml".to_string(), "aurak: 1\nname: x\nmodules: { m: { source: ./m0 } }".to_string())];
    for i in 0..200 {
        files.push((format!("m{i}/module.yaml"), format!("modules: {{ a: {{ source: ../m{} }} }}", i + 1)));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let loaded = common::loaded(&files, &LoadRequest::default());
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["too_deep"]);
}

/// Long chains cost a step each, and no stack.
#[test]
fn a_chain_of_many_resources() {
    use std::fmt::Write;
    let mut text = "aurak: 1\nname: x\nresources:\n".to_string();
    for i in 1..30_000 {
        let _ = writeln!(text, "  r{i}: {{ type: core.data, input: \"{{{{ r{}.id }}}}\" }}", i - 1);
    }
    let _ = writeln!(text, "  r0: {{ type: core.data }}");
    let loaded = loaded(&[("aurak.yaml", &text)], &LoadRequest::default());
    assert_eq!(say(&loaded), "");
    assert!(loaded.program.blocks.iter().all(|block| block.edges.len() == usize::from(&*block.name != "r0")));
}
