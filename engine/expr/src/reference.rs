//! What each function, filter and test does, with an example: the documentation is made from these
//! tables, and a test evaluates the examples and sees that no name is left out.

/// What is written down about a function, filter or test.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its names, the usual one first.
    pub names: &'static [&'static str],
    /// How it is written.
    pub usage: &'static str,
    /// What it does.
    pub about: &'static str,
    /// An expression.
    pub example: &'static str,
    /// What it gives, as JSON.
    pub gives: &'static str,
}

/// Entries that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// In order of the alphabet.
    pub entries: &'static [Entry],
}

/// What the examples read from files, the environment and the folder, under the names of captures.
pub const EXAMPLE_SOURCES: &[(&str, &str)] = &[
    ("env:STAGE", r#""test""#),
    ("file:motd.txt", r#""Welcome\n""#),
    ("file:motd.j2", r#""{% for n in names %}{{ n }};{% endfor %}""#),
    ("glob:conf/*.yml", r#"["conf/a.yml", "conf/b.yml"]"#),
];

macro_rules! entries {
    ($([$($name:literal)+] $usage:literal, $about:literal, $example:literal => $gives:literal;)*) => {
        &[$(Entry { names: &[$($name),+], usage: $usage, about: $about, example: $example, gives: $gives }),*]
    };
}

/// Functions: `name(...)`.
pub const FUNCTIONS: &[Group] = &[
    Group {
        title: "From outside",
        entries: entries! {
            ["env"] "env(name, default)",
                "A variable of the environment. Without `default` one that is not set is an error.",
                "env('STAGE')" => r#""test""#;
            ["file"] "file(path)",
                "The text of a file, which must be UTF-8. The path starts at the folder of the stack or module; the text is never evaluated.",
                "file('motd.txt') | trim" => r#""Welcome""#;
            ["glob"] "glob(pattern)",
                "The paths of the files that match, sorted: `*` and `?` stand for parts of a name, `**` for any folders.",
                "glob('conf/*.yml')" => r#"["conf/a.yml", "conf/b.yml"]"#;
            ["template"] "template(path, vars)",
                "The text of a file as a Jinja template, statements and all. It sees only `vars`, which may also be given by name.",
                "template('motd.j2', names=['a', 'b'])" => r#""a;b;""#;
        },
    },
    Group {
        title: "Values",
        entries: entries! {
            ["dict"] "dict(map, name=value, ...)",
                "A map of named values, on top of `map` where one is given.",
                "dict({'a': 1}, b=2)" => r#"{"a": 1, "b": 2}"#;
            ["range"] "range(start, stop, step)",
                "Numbers from `start` (0 where only one is given) up to, and without, `stop`; at most a million.",
                "range(1, 4)" => "[1, 2, 3]";
        },
    },
];

/// Filters: `value | name(...)`.
pub const FILTERS: &[Group] = &[
    Group {
        title: "Maps",
        entries: entries! {
            ["attr"] "attr(name)", "The value of a key, or the item at an index.",
                "{'a-b': 1} | attr('a-b')" => "1";
            ["dict2items"] "dict2items(key_name='key', value_name='value')",
                "A list of maps, one for each key.",
                "{'a': 1} | dict2items" => r#"[{"key": "a", "value": 1}]"#;
            ["dictsort"] "dictsort(case_sensitive=false, by='key', reverse=false)",
                "A list of pairs, sorted by `key` or `value`.",
                "{'b': 1, 'a': 2} | dictsort(by='value')" => r#"[["b", 1], ["a", 2]]"#;
            ["items"] "items", "A list of pairs.",
                "{'a': 1} | items" => r#"[["a", 1]]"#;
            ["items2dict"] "items2dict(key_name='key', value_name='value')",
                "A map of pairs, or of maps with a key and a value. A key that is there twice is an error.",
                "[['a', 1]] | items2dict" => r#"{"a": 1}"#;
            ["key_by"] "key_by(attribute)",
                "A map of a list's items by one of their attributes: what `for_each` wants. A key that is there twice is an error.",
                "[{'name': 'a', 'size': 1}] | key_by('name')" => r#"{"a": {"name": "a", "size": 1}}"#;
            ["keys"] "keys", "The keys, sorted.",
                "{'b': 1, 'a': 2} | keys" => r#"["a", "b"]"#;
            ["merge"] "merge(map, ...)",
                "Maps on top of one another, key by key and all the way down; anything else replaces what is below it.",
                "{'a': {'x': 1}} | merge({'a': {'y': 2}})" => r#"{"a": {"x": 1, "y": 2}}"#;
            ["values"] "values", "The values, in the order of the keys.",
                "{'b': 1, 'a': 2} | values" => "[2, 1]";
        },
    },
    Group {
        title: "Lists",
        entries: entries! {
            ["batch"] "batch(count, fill_with)", "Lists of `count` items each; the last is filled up with `fill_with`.",
                "[1, 2, 3] | batch(2)" => "[[1, 2], [3]]";
            ["chain"] "chain(list, ...)", "One list after another.",
                "[1] | chain([2], [3])" => "[1, 2, 3]";
            ["first"] "first", "The first item, or the first character of text. An empty list is an error.",
                "[1, 2] | first" => "1";
            ["flatten"] "flatten(levels)", "The items of lists in the list, all the way down or so many levels.",
                "[1, [2, [3]]] | flatten(1)" => "[1, 2, [3]]";
            ["groupby"] "groupby(attribute, default, case_sensitive=false)",
                "Maps with `grouper`, a value of the attribute, and `list`, the items that have it; sorted.",
                "[{'k': 1}, {'k': 1}] | groupby('k') | map(attribute='list') | map('length')" => "[2]";
            ["join"] "join(d='', attribute)", "The items as one text, with `d` between them.",
                "['a', 'b'] | join(', ')" => r#""a, b""#;
            ["last"] "last", "The last item, or the last character of text. An empty list is an error.",
                "[1, 2] | last" => "2";
            ["length" "count"] "length", "How many items, keys or characters there are.",
                "[1, 2] | length" => "2";
            ["list"] "list", "A list as it is, the keys of a map, the characters of text.",
                "'ab' | list" => r#"["a", "b"]"#;
            ["map"] "map(filter, ...) or map(attribute=name, default=value)",
                "Each item through a filter, or an attribute of each (`a.b.0` goes further down).",
                "['a', 'b'] | map('upper')" => r#"["A", "B"]"#;
            ["max"] "max(case_sensitive=false, attribute)", "The greatest item. An empty list is an error.",
                "[1, 3, 2] | max" => "3";
            ["min"] "min(case_sensitive=false, attribute)", "The least item. An empty list is an error.",
                "[1, 3, 2] | min" => "1";
            ["reject"] "reject(test, ...)", "The items for which a test does not hold.",
                "[1, 2, 3] | reject('odd')" => "[2]";
            ["rejectattr"] "rejectattr(attribute, test, ...)", "The items for whose attribute a test does not hold.",
                "[{'on': true}, {'on': false}] | rejectattr('on')" => r#"[{"on": false}]"#;
            ["reverse"] "reverse", "The items, or the characters of text, from the last to the first.",
                "[1, 2] | reverse" => "[2, 1]";
            ["select"] "select(test, ...)", "The items for which a test holds, or which are true themselves.",
                "[1, 2, 3] | select('>', 1)" => "[2, 3]";
            ["selectattr"] "selectattr(attribute, test, ...)", "The items for whose attribute a test holds.",
                "[{'n': 1}, {'n': 2}] | selectattr('n', '==', 2)" => r#"[{"n": 2}]"#;
            ["slice"] "slice(count, fill_with)", "`count` lists of about the same length.",
                "[1, 2, 3] | slice(2)" => "[[1, 2], [3]]";
            ["sort"] "sort(reverse=false, case_sensitive=false, attribute)",
                "The items in order; `attribute` may name several, with commas.",
                "['b', 'A'] | sort" => r#"["A", "b"]"#;
            ["sum"] "sum(attribute, start=0)", "The sum of the items.",
                "[1, 2] | sum" => "3";
            ["unique"] "unique(case_sensitive=false, attribute)", "The items, each once.",
                "[1, 2, 1] | unique" => "[1, 2]";
            ["zip"] "zip(list, ...)", "Lists of the first items, of the second items, and so on.",
                "[1, 2] | zip(['a', 'b'])" => r#"[[1, "a"], [2, "b"]]"#;
        },
    },
    Group {
        title: "Text",
        entries: entries! {
            ["capitalize"] "capitalize", "The first letter upper case, the others lower case.",
                "'aB' | capitalize" => r#""Ab""#;
            ["escape" "e"] "escape", "With `<`, `>`, `&` and quotes as HTML entities.",
                "'<b>' | escape" => r#""&lt;b&gt;""#;
            ["format"] "format(...)", "Fills in the places of a printf format.",
                "'%s-%03d' | format('x', 7)" => r#""x-007""#;
            ["indent"] "indent(width=4, first=false, blank=false)",
                "Spaces before each line: but for the first one and empty ones, unless it is said.",
                "'a\\nb' | indent(2)" => r#""a\n  b""#;
            ["lines"] "lines", "A list of the lines.",
                "'a\\nb' | lines" => r#"["a", "b"]"#;
            ["lower"] "lower", "In lower case.",
                "'Ab' | lower" => r#""ab""#;
            ["replace"] "replace(from, to)", "With every `from` replaced by `to`.",
                "'a-b' | replace('-', '_')" => r#""a_b""#;
            ["split"] "split(by)", "A list of the parts between `by`, or between white space.",
                "'a,b' | split(',')" => r#"["a", "b"]"#;
            ["string"] "string", "A boolean or number as text.",
                "1.5 | string" => r#""1.5""#;
            ["title"] "title", "Each word with an upper-case letter first.",
                "'ab cd' | title" => r#""Ab Cd""#;
            ["trim"] "trim(characters)", "Without white space, or these characters, at both ends.",
                "' a ' | trim" => r#""a""#;
            ["upper"] "upper", "In upper case.",
                "'Ab' | upper" => r#""AB""#;
        },
    },
    Group {
        title: "Numbers and booleans",
        entries: entries! {
            ["abs"] "abs", "Without its sign.", "-2 | abs" => "2";
            ["bool"] "bool", "Whether it is true: not zero, not empty, not null.", "'' | bool" => "false";
            ["float"] "float(default)", "A number of text. Text that is none is an error without `default`.",
                "'1.5' | float" => "1.5";
            ["int"] "int(default)", "A whole number of text or of a number. Text that is none is an error without `default`.",
                "'12' | int" => "12";
            ["round"] "round(precision=0, method='common')", "Rounded; `method` may be `ceil` or `floor`.",
                "1.55 | round(1)" => "1.6";
        },
    },
    Group {
        title: "What may be missing",
        entries: entries! {
            ["default" "d"] "default(value, boolean=false)",
                "`value` in place of what is not there; with `true`, also in place of null and what is empty.",
                "{}.port | default(80)" => "80";
        },
    },
    Group {
        title: "Forms",
        entries: entries! {
            ["b64decode"] "b64decode", "The text that Base64 stands for.",
                "'aGk=' | b64decode" => r#""hi""#;
            ["b64encode"] "b64encode", "Text as Base64.",
                "'hi' | b64encode" => r#""aGk=""#;
            ["json" "tojson"] "json(indent)", "Any value as JSON, on one line or with so many spaces a level.",
                "{'a': [1, true]} | json" => r#""{\"a\":[1,true]}""#;
            ["sha256"] "sha256", "The SHA-256 of text, in hexadecimal digits.",
                "'hi' | sha256 | length" => "64";
            ["yaml"] "yaml", "Any value as YAML, with the newline at its end.",
                "{'a': [1]} | yaml" => r#""a:\n- 1\n""#;
        },
    },
];

/// Tests: `value is name`.
pub const TESTS: &[Group] = &[
    Group {
        title: "What it is",
        entries: entries! {
            ["boolean"] "is boolean", "A boolean.", "true is boolean" => "true";
            ["defined"] "is defined", "It is there. Nothing of it is read.", "{}.a is defined" => "false";
            ["false"] "is false", "The boolean false.", "0 is false" => "false";
            ["float"] "is float", "A number that is not whole by its form.", "1.0 is float" => "true";
            ["integer" "int"] "is integer", "A whole number.", "1 is integer" => "true";
            ["iterable"] "is iterable", "A list, a map or text.", "'a' is iterable" => "true";
            ["mapping"] "is mapping", "A map.", "{} is mapping" => "true";
            ["none"] "is none", "Null.", "none is none" => "true";
            ["number"] "is number", "Any number.", "1.5 is number" => "true";
            ["sequence"] "is sequence", "A list.", "[] is sequence" => "true";
            ["string"] "is string", "Text.", "'a' is string" => "true";
            ["true"] "is true", "The boolean true.", "true is true" => "true";
            ["undefined"] "is undefined", "It is not there. Nothing of it is read.", "{}.a is undefined" => "true";
        },
    },
    Group {
        title: "How it compares",
        entries: entries! {
            ["divisibleby"] "is divisibleby(n)", "A multiple.", "6 is divisibleby(3)" => "true";
            ["endingwith"] "is endingwith(text)", "Text that ends so.", "'ab' is endingwith('b')" => "true";
            ["eq" "equalto" "sameas"] "is eq(other)", "Equal; `==` as the name of a test.", "1 is eq(1)" => "true";
            ["even"] "is even", "A multiple of two.", "2 is even" => "true";
            ["ge"] "is ge(other)", "At least; `>=`.", "2 is ge(2)" => "true";
            ["gt" "greaterthan"] "is gt(other)", "Greater; `>`.", "2 is gt(1)" => "true";
            ["in"] "is in(other)", "An item of a list, a key of a map or a part of text.", "'a' is in({'a': 1})" => "true";
            ["le"] "is le(other)", "At most; `<=`.", "1 is le(1)" => "true";
            ["lower"] "is lower", "Text without upper-case letters.", "'ab' is lower" => "true";
            ["lt" "lessthan"] "is lt(other)", "Less; `<`.", "1 is lt(2)" => "true";
            ["ne"] "is ne(other)", "Not equal; `!=`.", "1 is ne(2)" => "true";
            ["odd"] "is odd", "No multiple of two.", "1 is odd" => "true";
            ["startingwith"] "is startingwith(text)", "Text that begins so.", "'ab' is startingwith('a')" => "true";
            ["upper"] "is upper", "Text without lower-case letters.", "'AB' is upper" => "true";
        },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aurak_model::{Map, Name, Value};

    use super::*;
    use crate::{MapScope, Template, catalog};

    fn names(groups: &[Group]) -> Vec<&'static str> {
        groups.iter().flat_map(|g| g.entries).flat_map(|e| e.names).copied().collect()
    }

    #[test]
    fn every_name_is_explained_once() {
        let catalog = |lists: &[&[&'static str]]| lists.concat();
        for (groups, known) in [
            (FUNCTIONS, catalog(&[catalog::FUNCTIONS])),
            (FILTERS, catalog(&[catalog::FILTERS, catalog::OWN_FILTERS])),
            (TESTS, catalog(&[catalog::TESTS])),
        ] {
            let explained = names(groups);
            let set: BTreeSet<&str> = explained.iter().copied().collect();
            assert_eq!(set.len(), explained.len(), "one is explained twice");
            assert_eq!(set, known.into_iter().collect());
            for group in groups {
                assert!(group.entries.is_sorted_by_key(|entry| entry.names[0]), "{}", group.title);
            }
        }
    }

    #[test]
    fn examples_give_what_they_say() {
        let json = |text: &str| Value::from_json(&serde_json::from_str(text).unwrap());
        let sources: Map =
            EXAMPLE_SOURCES.iter().map(|(name, text)| (Name::from(*name), json(text))).collect();
        let mut wrong = Vec::new();
        for entry in [FUNCTIONS, FILTERS, TESTS].into_iter().flatten().flat_map(|group| group.entries) {
            let got = Template::expression(entry.example)
                .and_then(|template| template.evaluate(&MapScope(&sources)))
                .map(|evaluated| evaluated.value);
            if got.as_ref().ok() != Some(&json(entry.gives)) {
                wrong.push(format!("{} => {got:?}, not {}", entry.example, entry.gives));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
