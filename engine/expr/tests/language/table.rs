//! Expressions and what they give.

use crate::world::{World, shown};

/// Checks a table of `expression => value` lines; all that differ are shown.
fn check(table: &str) {
    let world = World::new();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in table.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")) {
        rows += 1;
        let (text, expected) = line.rsplit_once(" => ").unwrap_or((line, ""));
        let text = text.trim();
        // A line without braces is one expression.
        let whole = if text.contains("{{") { text.to_string() } else { format!("{{{{ {text} }}}}") };
        let got = match world.eval(&whole) {
            Ok(value) => shown(&value),
            Err(error) => format!("error: {error}"),
        };
        if got != expected.trim() {
            wrong.push(format!("{text} => {got}\n    (not {expected})"));
        }
    }
    assert!(rows > 0);
    assert!(wrong.is_empty(), "{} of {rows} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn text_and_types() {
    check(
        r#"
        {{ a }} => 1
        x{{ a }} => "x1"
        {{ a }}{{ b }} => "12"
        a={{ a }}, f={{ f }}, yes={{ yes }} => "a=1, f=1.5, yes=true"
        {% if x %}{# c #}{{ s }} => "{% if x %}{# c #}text"
        {{ 'a' 'b' }} => "ab"
        "it's" => "it's"
        'a\nb' => "a\nb"
        "\u00e9" => "é"
        1 => 1
        -1 => -1
        1.0 => 1.0
        1e3 => 1000.0
        true => true
        True => true
        none => null
        [1, 'a', none] => [1, "a", null]
        (1, 2) => [1, 2]
        () => []
        {} => {}
        {'b': 1, 'a': 2} => {a: 2, b: 1}
        {1: 'x'} => {1: "x"}
        {s: a} => {text: 1}
        9223372036854775807 => 9223372036854775807
        -9223372036854775808 => -9223372036854775808
        - 9223372036854775808 => -9223372036854775808
        [-9223372036854775808 + 1, 1 - 9223372036854775807] => [-9223372036854775807, -9223372036854775806]
        -9223372036854775808 | string => "-9223372036854775808"
        -9223372036854775808 | abs => error: the number does not fit into 64 bits
        -9223372036854775808 // -1 => error: the result is too large for a number
        -9223372036854775808 % -1 => 0
        - -9223372036854775808 => error: the result is too large for a number
        9223372036854775808 => error: the number does not fit into 64 bits
        -9223372036854775809 => error: the number does not fit into 64 bits
        1 - 9223372036854775808 => error: the number does not fit into 64 bits
        a if yes else 18446744073709551615 => error: the number does not fit into 64 bits
        1e400 => error: the number is not finite
        -0.0 => -0.0
        {{ null_value }}x => error: null cannot stand in text
        {{ list }}x => error: a list cannot stand in text
        {{ tags }}x => error: a map cannot stand in text
        {{ null_value }} => null
        {'a': 1, 'a': 2} => error: the key `a` is given twice
        {none: 1} => error: null cannot be a key
        {secret: 1} => error: a key is sensitive
        {later: 1} => ?map(fresh r:later)
        {later: 1, 'a': later_number, 'a': 2} => error: the key `a` is given twice
        {later: secret} => !?map(fresh r:later)
        {later: later_number} => ?map(fresh r:later r:n)
        {later_secret: 1} => error: a key is sensitive
        {later: nope} => error: `nope` is not defined
        "#,
    );
}

#[test]
fn reading() {
    check(
        r#"
        tags.env => "pre"
        tags['env'] => "pre"
        tags["env"] => "pre"
        deep.m.l[1].x => 5
        deep.m.l[-1].x => 5
        deep['a.b'] => "dotted"
        deep[0] => "zero"
        deep.0 => "zero"
        deep.m['k'] => "v"
        deep['m'][('k')] => "v"
        list[0] => 3
        list[a] => 1
        list[1 - 1] => 3
        s[0] => "t"
        s[-1] => "t"
        (tags).env => "pre"
        {'x': 1}.x => 1
        [1, 2][1] => 2
        nope => error: `nope` is not defined
        tags.nope => error: `tags` has no key `nope`
        deep.m.nope => error: `deep.m` has no key `nope`
        list[3] => error: `list` has 3 items, so there is no item 3
        list[-4] => error: `list` has 3 items, so there is no item -4
        list.name => error: `list` is a list and has no attribute `name`
        s.x => error: `s` is a string and has no attribute `x`
        null_value.x => error: `null_value` is null and has no attribute `x`
        -none => error: null has no negative
        env(none) => error: `env` takes a string, not null
        list[none] => error: null cannot be a key
        list[f] => error: a number cannot be a key
        cluster.name => "aks"
        cluster['name'] => "aks"
        cluster.properties.nodes[1] => 2
        cluster.nope => error: the resource `cluster` has no attribute `nope`
        nodes['x'].size => 1
        nodes.y.size => 2
        nodes.z => error: the resource `nodes` has no attribute `z`
        absent => null
        absent.id => error: the resource `absent` is not there: its `when` is false
        (nodes.x if yes else nodes.y).size => 1
        no_nodes => {}
        "#,
    );
}

#[test]
fn operators() {
    check(
        r#"
        1 + 2 => 3
        1 + 1.5 => 2.5
        5 - 7 => -2
        2 * 3 => 6
        7 / 2 => 3.5
        4 / 2 => 2.0
        7 // 2 => 3
        -7 // 2 => -4
        7 % 3 => 1
        -7 % 3 => 2
        7 % -3 => -2
        2 ** 10 => 1024
        2 ** -1 => 0.5
        7.5 // 2 => 3.0
        -(1 + 2) => -3
        1 / 0 => error: division by zero
        1 % 0 => error: division by zero
        1.5 / 0 => error: division by zero
        9223372036854775807 + 1 => error: the result is too large for a number
        -9223372036854775807 - 2 => error: the result is too large for a number
        2 ** 64 => error: the result is too large for a number
        10.0 ** 400 => error: the result is too large for a number
        'a' + 'b' => "ab"
        'ab' * 3 => "ababab"
        'ab' * 100000000 => error: the text grows beyond 16 MiB
        [1] + [2] => [1, 2]
        1 + '1' => error: cannot add an integer and a string
        tags + tags => error: cannot add a map and a map
        none + 1 => error: cannot add null and an integer
        true + 1 => error: cannot add a boolean and an integer
        - 'a' => error: a string has no negative
        'a' ~ 1 ~ 1.5 ~ true => "a11.5true"
        'a' ~ none => error: null cannot stand in text
        'a' ~ [1] => error: a list cannot stand in text
        1 == 1.0 => true
        1 == '1' => false
        none == none => true
        [1, 2] == [1.0, 2] => true
        {'a': 1} == {'a': 1} => true
        {'a': 1} != {'a': 2} => true
        1 < 2 => true
        1 < 2 < 3 => true
        1 < 3 < 2 => false
        1 < 2 == true => false
        'a' < 'b' => true
        'B' < 'a' => true
        [1, 2] < [1, 3] => true
        1 < 1.5 => true
        9223372036854775807 < 9223372036854775808.0 => true
        1 < 'a' => error: an integer and a string have no order
        none < 1 => error: null and an integer have no order
        2 in list => true
        5 in list => false
        5 not in list => true
        'env' in tags => true
        'ex' in s => true
        'x' not in tags => true
        1 in 5 => error: nothing is in an integer
        1 in tags => error: keys are strings, and this is an integer
        not yes => false
        not '' => true
        not not a => true
        yes and no => false
        a and b => 2
        no and nope => false
        yes or nope => true
        no or s => "text"
        empty or 'fallback' => "fallback"
        'a' if yes else 'b' => "a"
        'a' if no else 'b' => "b"
        'a' if no => error: this `if` has no `else`, and does not hold
        nope if no else 1 => 1
        1 if no else 2 if no else 3 => 3
        list[0:2] => [3, 1]
        list[1:] => [1, 2]
        list[:-1] => [3, 1]
        list[::-1] => [2, 1, 3]
        list[::2] => [3, 2]
        list[5:] => []
        list[-100:100] => [3, 1, 2]
        list[2:0:-1] => [2, 1]
        s[1:3] => "ex"
        s[::0] => error: the step of a slice cannot be 0
        list['a':] => error: a string cannot be a bound of a slice
        1[0:1] => error: an integer cannot be sliced
        "#,
    );
}

#[test]
fn lazy_objects() {
    check(
        r#"
        cluster.name if cluster else 'none' => "aks"
        absent.id if absent else 'none' => "none"
        absent is none => true
        cluster is none => false
        absent == none => true
        none != cluster => true
        cluster is mapping => true
        not absent => true
        cluster is defined => true
        cluster.name is defined => true
        cluster.nope is defined => false
        absent.id is defined => false
        absent.id | default('x') => "x"
        'name' in cluster => true
        'nope' in cluster => false
        'x' in nodes => true
        'x' in absent => error: nothing is in null
        nodes | length => 2
        nodes | list => ["x", "y"]
        nodes | keys => ["x", "y"]
        nodes | values | map(attribute='size') => [1, 2]
        nodes | values | map(attribute='size') | sum => 3
        nodes | values | map(attribute='nope') => error: the resource `nodes["x"]` has no attribute `nope`
        nodes | items | first | last | attr('size') => 1
        'some' if nodes else 'empty' => "some"
        'some' if no_nodes else 'empty' => "empty"
        no_nodes | length => 0
        nodes | values | selectattr('size', 'gt', 1) | map(attribute='size') => [2]
        absent | length => error: `length` takes a list, a map or text, and this is null
        nodes | map('upper') => error: `map` takes a list, and this is a map
        "#,
    );
}

#[test]
fn only_what_is_needed_is_read() {
    let world = World::new();
    let read = |text: &str| {
        world.eval(&format!("{{{{ {text} }}}}")).unwrap();
        world.read.borrow().join(" ")
    };
    for (text, expected) in [
        ("cluster.name", "cluster.name"),
        ("cluster.name is defined", ""),
        ("cluster is defined", ""),
        ("s is defined", ""),
        ("'name' in cluster", ""),
        ("nodes | length", ""),
        ("nodes | keys", ""),
        ("1 if cluster else 2", ""),
        ("absent is none", ""),
        ("s if yes else secret", "yes s"),
        ("no and secret", "no"),
        ("nodes.x.size", "nodes[\"x\"].size"),
        ("nodes | values | map(attribute='size')", "nodes[\"x\"].size nodes[\"y\"].size"),
        ("cluster.name | default(secret)", "cluster.name"),
        ("cluster.properties | json", "cluster.properties"),
        ("(cluster if yes else absent).name", "yes cluster.name"),
    ] {
        // What is unknown is evaluated twice, and none of these is.
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn definedness() {
    check(
        r#"
        nope is defined => false
        nope is not defined => true
        nope is undefined => true
        s is defined => true
        null_value is defined => true
        tags.env is defined => true
        tags.nope is defined => false
        tags.nope.more is defined => false
        nope.x.y is defined => false
        null_value.x is defined => false
        deep.m.l[1].x is defined => true
        deep.m.l[7] is defined => false
        (1 + 1) is defined => true
        (nope + 1) is defined => error: `nope` is not defined
        nope | default('d') => "d"
        nope | d(1) => 1
        nope | default => ""
        nope.x.y | default('d') => "d"
        tags.nope | default(nope2) => error: `nope2` is not defined
        tags.env | default(nope2) => "pre"
        tags.env | default('x', true) => "pre"
        empty | default('x') => ""
        empty | default('x', true) => "x"
        null_value | default('x') => null
        null_value | default('x', true) => "x"
        null_value | default('x', boolean=true) => "x"
        null_value.y | default('x') => "x"
        [] | first | default('x') => "x"
        [1] | first | default('x') => 1
        ([1] if secret_flag else []) | first | default('x') => !1
        ([] if secret_flag else [1]) | first | default('x') => !"x"
        later_list | first | default('x') => ?(fresh r:list)
        [nope] | first | default('x') => error: `nope` is not defined
        later_map.x is defined => ?boolean(fresh r:map)
        later_map.x | default('x') => ?(fresh r:map)
        later.x is defined => ?boolean(fresh r:later)
        later is defined => true
        part_later.unknown is defined => true
        part_later.nope is defined => false
        cluster.status.x | default(1) => ?(fresh cluster:status)
        mixed.hidden is defined => true
        "#,
    );
}

#[test]
fn structural_filters() {
    check(
        r#"
        list | length => 3
        tags | count => 2
        s | length => 4
        'é' | length => 1
        5 | length => error: `length` takes a list, a map or text, and this is an integer
        list | first => 3
        list | last => 2
        s | first => "t"
        [] | first => error: there is no first item: it is empty
        tags | list => ["env", "team"]
        'ab' | list => ["a", "b"]
        tags | keys => ["env", "team"]
        tags | values => ["pre", "x"]
        tags | items => [["env", "pre"], ["team", "x"]]
        tags | dict2items => [{key: "env", value: "pre"}, {key: "team", value: "x"}]
        tags | dict2items(key_name='k', value_name='v') | first => {k: "env", v: "pre"}
        tags | items | items2dict => {env: "pre", team: "x"}
        [{'key': 'a', 'value': 1}] | items2dict => {a: 1}
        list | reverse => [2, 1, 3]
        s | reverse => "txet"
        list | sort => [1, 2, 3]
        list | sort(reverse=true) => [3, 2, 1]
        words | sort => ["A", "a", "b", "c"]
        words | sort(case_sensitive=true) => ["A", "a", "b", "c"]
        ['b', 'A'] | sort(case_sensitive=true) => ["A", "b"]
        pools | sort(attribute='size') | map(attribute='name') => ["two", "one"]
        pools | sort(attribute='on,size') | map(attribute='name') => ["two", "one"]
        [1, 'a'] | sort => error: `sort` compares items, and an integer and a string have no order
        pools | sort(attribute='nope') => error: item 0 of the list has no key `nope`
        {'b': 1, 'a': 2} | dictsort => [["a", 2], ["b", 1]]
        {'b': 1, 'a': 2} | dictsort(by='value') => [["b", 1], ["a", 2]]
        [1, 2, 1, 1.0] | unique => [1, 2]
        words | unique => ["b", "A", "c"]
        words | unique(case_sensitive=true) => ["b", "A", "c", "a"]
        list | min => 1
        list | max => 3
        [] | max => error: there is no max: the list is empty
        pools | max(attribute='size') => {name: "one", on: true, size: 2}
        pools | groupby('on') | map(attribute='grouper') => [false, true]
        pools | groupby('on') | map(attribute='list') | map('length') => [1, 1]
        list | batch(2) => [[3, 1], [2]]
        list | batch(2, 0) => [[3, 1], [2, 0]]
        list | slice(2) => [[3, 1], [2]]
        list | batch(0) => error: `count` of `batch` must be between 1 and 1000000
        [1, [2, [3]]] | flatten => [1, 2, 3]
        [1, [2, [3]]] | flatten(levels=1) => [1, 2, [3]]
        [1, 2] | zip(['a', 'b', 'c']) => [[1, "a"], [2, "b"]]
        [1] | chain([2], [3]) => [1, 2, 3]
        pools | map(attribute='name') => ["one", "two"]
        pools | map(attribute='extra') => error: item 0 of the list has no key `extra`
        pools | map(attribute='extra', default=0) => [0, 7]
        deep.m.l | map('string') => error: a map cannot stand in text
        words | map('upper') => ["B", "A", "C", "A"]
        words | map('replace', 'a', 'x') => ["b", "A", "c", "x"]
        [[1, 2], [3]] | map('first') => [1, 3]
        pools | selectattr('on') | map(attribute='name') => ["one"]
        pools | rejectattr('on') | map(attribute='name') => ["two"]
        pools | selectattr('size', 'ge', 2) | map(attribute='name') => ["one"]
        pools | selectattr('size', '==', 1) | map(attribute='name') => ["two"]
        pools | selectattr('extra', 'defined') | map(attribute='name') => ["two"]
        pools | selectattr('extra') | map(attribute='name') => ["two"]
        pools | selectattr('extra', 'eq', 7) => error: item 0 of the list has no `extra`
        list | select('odd') => [3, 1]
        list | reject('odd') => [2]
        [0, 1, '', 'a'] | select => [1, "a"]
        pools | key_by('name') => {one: {name: "one", on: true, size: 2}, two: {extra: 7, name: "two", on: false, size: 1}}
        key_by(pools, 'name').one.size => 2
        [{'n': 1}, {'n': 1}] | key_by('n') => error: two items have the `n` `1`
        pools | key_by('nope') => error: item 0 of the list has no key `nope`
        pools | key_by('on') => error: `on` of item 0 is a boolean, and keys are strings
        [mixed] | key_by('hidden') => error: `hidden` of item 0 is sensitive, and keys are shown everywhere
        tags | attr('env') => "pre"
        tags | key_by('x') => error: `key_by` takes a list, and this is a map
        null_value | sort => error: `sort` takes a list, and this is null
        "#,
    );
}

#[test]
fn merging() {
    check(
        r#"
        merge({'a': 1}, {'b': 2}) => {a: 1, b: 2}
        {'a': 1} | merge({'a': 2}) => {a: 2}
        merge({'a': {'x': 1, 'y': [1]}}, {'a': {'y': [2], 'z': 3}}) => {a: {x: 1, y: [2], z: 3}}
        merge({'a': {'x': 1}}, {'a': none}) => {a: null}
        merge({'a': {'x': 1}}, {'a': 'text'}) => {a: "text"}
        merge([{'a': 1}, {'b': 2}]) => {a: 1, b: 2}
        merge({}) => {}
        merge() => error: `merge` needs at least one map
        merge({}, null_value) => error: `merge` takes a map, and this is null
        merge(tags, mixed) => {env: "pre", hidden: !"h", open: "o", team: "x"}
        merge(mixed, {'hidden': 1}) => {hidden: 1, open: "o"}
        merge(tags, {'id': cluster.id}) => {env: "pre", id: ?string(cluster:id), team: "x"}
        merge(tags, {'env': later}) => {env: ?string(r:later), team: "x"}
        merge(tags, later_map) => ?map(fresh r:map)
        merge({'a': {'x': 1}}, {'a': later_any}) => {a: ?(fresh r:any)}
        merge({'a': {'x': 1}}, {'a': later}) => {a: ?string(r:later)}
        merge({'a': later_any}, {'a': {'x': 1}}) => {a: ?map(fresh r:any)}
        merge({'a': later_any}, {'a': [1]}) => {a: [1]}
        merge(mixed, later_map) => !?map(fresh r:map)
        merge(tags, secret) => error: this fails for a sensitive value, so the reason is not shown
        "#,
    );
}

#[test]
fn leaf_filters() {
    check(
        r#"
        s | upper => "TEXT"
        'ABC' | lower => "abc"
        'a b' | title => "A B"
        'abc' | capitalize => "Abc"
        '  x ' | trim => "x"
        'a-b' | replace('-', '_') => "a_b"
        'a,b' | split(',') => ["a", "b"]
        'a b' | split => ["a", "b"]
        'a\nb' | lines => ["a", "b"]
        'a\nb' | indent(2) => "a\n  b"
        'a' | indent(width=2, first=true) => "  a"
        'a' | indent(99999999999) => error: the width of `indent` must be between 0 and 1000
        '%s-%03d' | format('x', 7) => "x-007"
        '%99999d' | format(1) => error: a width in the format is too large
        '%*d' | format(9, 1) => error: a format cannot take its width from an argument
        -5 | abs => 5
        1.55 | round(1) => 1.6
        2.5 | round => 2.0
        2.4 | round(method='ceil') => 3.0
        '42' | int => 42
        '4.7' | int => 4
        'x' | int => error: `x` is no whole number
        'x' | int(default=3) => 3
        '1.5' | float => 1.5
        'x' | float => error: `x` is no number
        1 | string => "1"
        1.0 | string => "1.0"
        true | string => "true"
        none | string => error: null cannot stand in text
        0 | bool => false
        [1] | bool => true
        [1, 2] | sum => 3
        [1, 1.5] | sum => 2.5
        pools | sum(attribute='size') => 3
        ['a', 1, true] | join('-') => "a-1-true"
        pools | join(', ', attribute='name') => "one, two"
        ['a', none] | join => error: item 1 of the list: null cannot stand in text
        {'b': 1, 'a': [true, none, 1.0, 'x']} | json => "{\"a\":[true,null,1.0,\"x\"],\"b\":1}"
        {'a': 1} | json(indent=2) => "{\n  \"a\": 1\n}"
        [] | tojson => "[]"
        {'a': [1, 'x']} | yaml => "a:\n- 1\n- x\n"
        {'a': 'yes', 'b': '1', 'c': 'no: x'} | yaml => "a: 'yes'\nb: '1'\nc: 'no: x'\n"
        ['no', '\ue000'] | yaml => "- no\n- \u{e000}\n"
        ['no', 'On', '1_000', '12:30', '2024-01-02', '0644', '0x1F', '1.2.3', 'v1', 'node', '10.0.0.0/8', '1e3', '-.5'] | yaml => "- 'no'\n- 'On'\n- '1_000'\n- '12:30'\n- '2024-01-02'\n- '0644'\n- '0x1F'\n- '1.2.3'\n- v1\n- node\n- 10.0.0.0/8\n- '1e3'\n- '-.5'\n"
        {'y': 'a\nno\n', 'on': none, 'e': ''} | yaml => "e: ''\n'on': null\n'y': |\n  a\n  no\n"
        'hello' | b64encode => "aGVsbG8="
        'aGVsbG8=' | b64decode => "hello"
        'aGVs\nbG8=' | b64decode => "hello"
        '!' | b64decode => error: this is no base64
        '/w==' | b64decode => error: what `b64decode` gives is not UTF-8 text
        '' | sha256 => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        b64encode('x') => "eA=="
        json(x=1) => error: `json` has no parameter `x`
        s | upper(1) => error: `upper`: too many arguments
        5 | upper => error: `upper` takes a string, and this is an integer
        '<a>' | escape => "&lt;a&gt;"
        "#,
    );
}

#[test]
fn tests_of_values() {
    check(
        r#"
        s is string => true
        1 is string => false
        1 is integer => true
        1.5 is float => true
        1 is number => true
        yes is boolean => true
        yes is true => true
        no is false => true
        list is sequence => true
        tags is mapping => true
        tags is iterable => true
        none is none => true
        3 is odd => true
        4 is even => true
        4 is divisibleby(2) => true
        4 is divisibleby 2 => true
        'abc' is startingwith('a') => true
        'abc' is endingwith 'c' => true
        'abc' is lower => true
        1 is eq(1) => true
        1 is lt(2) => true
        1 is in([1]) => true
        'env' is in(tags) => true
        'name' is in(cluster) => true
        1 is not in([1]) => false
        'x' is not odd => true
        mixed is mapping => true
        secret is string => !true
        later is string => ?boolean(fresh r:later)
        "#,
    );
}

#[test]
fn functions() {
    check(
        r#"
        env('HOME') => "/home/x"
        env('NOPE') => error: the environment variable `NOPE` is not set
        env('NOPE', 'd') => "d"
        env('NOPE', default=none) => null
        env('TOKEN') => !"t0ken"
        env(1) => error: `env` takes a string, not an integer
        env() => error: `env` needs `name`
        env(secret) => error: what `env` asks for is recorded, so it cannot be sensitive
        env(later) => ?(fresh r:later)
        file(later) => ?string(fresh r:later)
        glob(later) => ?list(fresh r:later)
        file('a.txt') => "file text\n"
        file('raw.txt') => "{{ $x }}"
        file('nope') => error: there is no file `nope`
        file('a.txt', 1) => error: `file` takes `path`
        glob('*.yaml') => ["a.yaml", "b.yaml"]
        range(3) => [0, 1, 2]
        range(1, 3) => [1, 2]
        range(3, 0, -1) => [3, 2, 1]
        range(0) => []
        range(99999999) => error: `range` gives more than a million numbers
        range(1, 2, 0) => error: the step of `range` cannot be 0
        dict(a=1, b='x') => {a: 1, b: "x"}
        dict(tags, env='p') => {env: "p", team: "x"}
        template('motd.j2', {'names': ['a', 'b'], 'who': 'me'}) => "a;b;bWU=\n"
        template('motd.j2', names=['a'], who='me') => "a;bWU=\n"
        template('motd.j2', {'names': [], 'who': secret}) => !"aHVzaA==\n"
        template('motd.j2', {'names': [], 'who': later}) => ?string(fresh r:later)
        template('bad.j2', {}) => error: `bad.j2` line 2: `nope.x` is not defined
        template('bad.j2', {'x': secret}) => error: `bad.j2` fails with a sensitive variable, so the reason is not shown
        template('null.j2', {'x': none}) => error: `null.j2` line 1: null cannot stand in text; write `| default('', true)` for nothing, or `| json` for `null`, at `x`
        template('syntax.j2') => error: `syntax.j2` line 1: unexpected end of block, at `%}`
        template('deep.j2') => error: `deep.j2` nests too deeply
        template('loop.j2') => error: `loop.j2` line 1: the template does not come to an end
        template('huge.j2', {'x': 'x' * 1000}) => error: `huge.j2`: the text grows beyond 16 MiB
        range(*[1, 3]) => [1, 2]
        dict(**tags) => {env: "pre", team: "x"}
        range(*later_list) => ?(fresh r:list)
        "#,
    );
}

#[test]
fn marks() {
    check(
        r#"
        secret => !"hush"
        x{{ secret }} => !"xhush"
        mixed.open => "o"
        mixed.hidden => !"h"
        mixed => {hidden: !"h", open: "o"}
        [1, secret] => [1, !"hush"]
        {'k': secret} => {k: !"hush"}
        secret ~ 'x' => !"hushx"
        secret_number + 1 => !8
        -secret_number => !-7
        secret_number > 3 => !true
        secret == 'hush' => !true
        mixed == mixed => !true
        not secret_flag => !false
        secret and 1 => !1
        1 and secret => !"hush"
        no and secret => false
        secret or 1 => !"hush"
        1 if secret_flag else 2 => !1
        [1, 2] if secret_flag else [] => ![1, 2]
        ([1, 2] if secret_flag else []) | length => !2
        ([1, 2] if secret_flag else [])[0] => !1
        secret if yes else 1 => !"hush"
        secret | upper => !"HUSH"
        secret | length => !4
        secret[0] => !"h"
        secret | split('u') => !["h", "sh"]
        secret | split('u') | first => !"h"
        secret | sha256 => !"dc8331bcb2283e89d275a1c2fe66f7bf5ac3163ec1967f149dd7e27906365f0c"
        'abc' | replace('a', secret) => !"hushbc"
        mixed | json => !"{\"hidden\":\"h\",\"open\":\"o\"}"
        mixed | keys => ["hidden", "open"]
        mixed | values => [!"h", "o"]
        mixed | length => 2
        mixed | items => [["hidden", !"h"], ["open", "o"]]
        mixed_list | first => 1
        mixed_list | last => 3
        mixed_list | reverse => [3, !2, 1]
        mixed_list | length => 3
        mixed_list | sum => !6
        mixed_list | max => !3
        mixed_list | sort => ![1, 2, 3]
        [mixed_list[1]] | sort => [!2]
        mixed_list | unique => ![1, 2, 3]
        mixed_list | join(',') => !"1,2,3"
        mixed_list | map('string') => ["1", !"2", "3"]
        mixed_list | select('odd') => ![1, 3]
        mixed_list + [4] => [1, !2, 3, 4]
        mixed_list[0:2] => [1, !2]
        list[secret_number - 7] => !3
        list[secret_number:] => ![]
        tags[secret] => error: `tags` is sensitive and has no such part
        range(secret_number) | length => !7
        2 in mixed_list => !true
        1 in mixed_list => true
        9 in mixed_list => !false
        secret in s => !false
        'hidden' in mixed => true
        secret in mixed => !false
        secret | default('x') => !"hush"
        nope | default(secret) => !"hush"
        secret | default('x', true) => !"hush"
        [mixed, mixed] | map(attribute='hidden') => [!"h", !"h"]
        [mixed] | selectattr('hidden', 'eq', 'h') => ![{hidden: "h", open: "o"}]
        [mixed] | key_by('open') => {o: {hidden: !"h", open: "o"}}
        [[secret], [1]] | flatten => [!"hush", 1]
        secret is defined => true
        secret is none => !false
        secret | int => error: this fails for a sensitive value, so the reason is not shown
        secret + 1 => error: this fails for a sensitive value, so the reason is not shown
        secret.x => error: `secret` is sensitive and has no such part
        cluster.key => !"k3y"
        {{ cluster.key }}! => !"k3y!"
        sealed => sealed
        [sealed] => [sealed]
        sealed ~ 'x' => error: a sealed value can only be passed on
        1 if sealed else 2 => error: a sealed value can only be passed on
        sealed == 'x' => error: a sealed value can only be passed on
        merge({'a': 1}, {'b': sealed}) => {a: 1, b: sealed}
        "#,
    );
}

#[test]
fn unknowns() {
    check(
        r#"
        later => ?string(r:later)
        cluster.id => ?string(cluster:id)
        cluster.status.x.y => ?(cluster:status.x.y)
        cluster.status[0] => ?(cluster:status[0])
        cluster.status['a.b'] => ?(cluster:status["a.b"])
        later_list[-1] => ?(fresh r:list)
        later.x => error: `later` is a string and has no attribute `x`
        x{{ later }} => ?string(fresh r:later)
        {{ later }}{{ later_number }} => ?string(fresh r:later r:n)
        {{ later }}{{ secret }} => !?string(fresh r:later)
        {{ later_map }}x => error: a map cannot stand in text
        later_secret => !?string(r:secret)
        later_secret ~ 'x' => !?string(fresh r:secret)
        [later, 1] => [?string(r:later), 1]
        {'a': later} => {a: ?string(r:later)}
        later_number + 1 => ?integer(fresh r:n)
        later_number / 2 => ?number(fresh r:n)
        later_number + later_any => ?(fresh r:any r:n)
        later_list + [1] => ?list(fresh r:list)
        [later] + [1] => [?string(r:later), 1]
        later == 'x' => ?boolean(fresh r:later)
        later == later => ?boolean(fresh r:later)
        not later => ?boolean(fresh r:later)
        later and s => ?string(fresh r:later)
        later and 1 => ?(fresh r:later)
        no and later => false
        yes or later => true
        later or later_secret => !?string(fresh r:later r:secret)
        1 if later else 2 => ?integer(fresh r:later)
        1 if later else 's' => ?(fresh r:later)
        cluster.id if later else secret => !?string(fresh cluster:id r:later)
        nope if later else 1 => ?(fresh r:later)
        later if yes else nope => ?string(r:later)
        1 if yes else later => 1
        asking if later else 1 => error: an answer from outside is needed first
        later | upper => ?string(fresh r:later)
        later | length => ?integer(fresh r:later)
        part_later | json => ?string(fresh r:u)
        part_later | keys => ["known", "unknown"]
        part_later | length => 2
        part_later.known => "k"
        part_later.unknown ~ 'x' => ?string(fresh r:u)
        [later, later_any] | length => 2
        [later] | first => ?string(r:later)
        [later] | map('upper') => [?string(fresh r:later)]
        [1, later_number] | sort => ?list(fresh r:n)
        [later_number] | sort => [?integer(r:n)]
        [1, later_number] | max => ?(fresh r:n)
        [1, later_number] | sum => ?integer(fresh r:n)
        [1, later] | flatten => [1, ?string(r:later)]
        [1, later_any] | flatten => ?list(fresh r:any)
        later_list | first => ?(fresh r:list)
        later_list | map(attribute='x') => ?list(fresh r:list)
        [part_later] | map(attribute='unknown') => [?string(r:u)]
        [part_later] | selectattr('unknown', 'eq', 'x') => ?list(fresh r:u)
        [part_later] | selectattr('known', 'eq', 'x') => []
        [part_later] | key_by('known') => {k: {known: "k", unknown: ?string(r:u)}}
        [part_later] | key_by('unknown') => ?map(fresh r:u)
        later_map | items => ?list(fresh r:map)
        1 in [1, later_number] => true
        2 in [1, later_number] => ?boolean(fresh r:n)
        later in tags => ?boolean(fresh r:later)
        later in nodes => ?boolean(fresh nodes["x"]:id nodes["y"]:id r:later)
        'x' in later_list => ?boolean(fresh r:list)
        list[later_number] => ?(fresh r:n)
        tags[later] => ?(fresh r:later)
        list[later_number:] => ?list(fresh r:n)
        range(later_number) => ?list(fresh r:n)
        later | default('x') => ?string(r:later)
        later | default('x', true) => ?string(fresh r:later)
        1 < later_number < 3 => ?boolean(fresh r:n)
        3 < 1 < later_number => false
        later_number < 3 < 1 => false
        [1, 2] if secret_flag else [later] => ![1, 2]
        [later] if secret_flag else [] => !?list(fresh r:later)
        nodes | values | map(attribute='id') => [?string(nodes["x"]:id), ?string(nodes["y"]:id)]
        nodes | values | map(attribute='id') | join(',') => ?string(fresh nodes["x"]:id nodes["y"]:id)
        "#,
    );
}
