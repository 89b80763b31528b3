//! All rows of `tests/tables`, each compared with what Helm answered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aurak_chart::manifest::{OutputOptions, Sorted, show_only, template_output};
use aurak_chart::render::{FailureKind, Lookup, Request, deep_limits, on_deep_stack};
use aurak_chart::{
    Capabilities, Chart, Error, File, Files, Helm, KubeVersion, Limits, Profile, Rules, Semver, Versions,
};
use aurak_gotemplate::{Kind, Map, MissingKey, Templates, Value, fmt::sprintf};
use aurak_sprig::Recording;
use serde_json::{Value as Json, json};

const PROFILES: [(&str, Profile); 2] = [("helm3", Profile::Helm3), ("helm4", Profile::Helm4)];

/// Versions and ranges as the row has them from Helm's own semver. A version the row does not have is
/// one that Helm refused.
struct Known<'a>(&'a Json);

impl Versions for Known<'_> {
    fn is_version(&self, version: &str) -> bool {
        // Charts whose loading failed for another reason have no list; their versions are good.
        self.0["versions"].get(version).and_then(Json::as_bool).unwrap_or(version != "x")
    }

    fn in_range(&self, range: &str, version: &str) -> bool {
        self.0["matches"].get(format!("{range} <- {version}")).is_some()
    }
}

fn compare(table: &str, answer: impl Fn(&Json, Profile) -> Result<Json, Error>) {
    // Rows that the oracle's fuzz has just made stand elsewhere.
    let folder =
        std::env::var("CHART_ROWS").unwrap_or(format!("{}/tests/tables", env!("CARGO_MANIFEST_DIR")));
    let Ok(text) = std::fs::read_to_string(format!("{folder}/{table}.jsonl")) else {
        assert!(std::env::var("CHART_ROWS").is_ok(), "there is no table {table}");
        return;
    };
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        rows += 1;
        for (name, profile) in PROFILES {
            let Some(wanted) = row.get(name) else { continue };
            let mut got = match answer(&row, profile) {
                Ok(value) => json!({ "ok": value }),
                Err(error) => json!({ "error": error.to_string() }),
            };
            if let Some(warnings) = got.pointer_mut("/ok/\u{0}warnings").map(Json::take) {
                got["warnings"] = warnings;
                got["ok"] = got["ok"]["values"].take();
            }
            if got != *wanted && !excused(table, &got, wanted) {
                let mut input = row.clone();
                input.as_object_mut().unwrap().retain(|key, _| !key.starts_with("helm"));
                wrong.push(format!("{name} {input}\n  wanted {wanted}\n  got    {got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Messages that are ours on purpose: what a broken archive says is up to the library that reads it.
fn excused(table: &str, got: &Json, wanted: &Json) -> bool {
    table == "load"
        && got["error"].as_str().is_some_and(|text| text.contains("tgz"))
        && wanted["error"].as_str().is_some_and(|text| text.contains("tgz"))
}

fn files(row: &Json) -> Vec<File> {
    let pair = |pair: &Json| File {
        name: pair[0].as_str().unwrap().to_owned(),
        data: pair[1].as_str().unwrap().into(),
    };
    row["files"].as_array().map(|all| all.iter().map(pair).collect()).unwrap_or_default()
}

fn describe(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(_, n) => json!({ "int64": n.to_string() }),
        Value::Float(_, x) if x.fract() == 0.0 && x.abs() < 1e18 && (*x != 0.0 || x.is_sign_positive()) => {
            json!(*x as i64)
        }
        Value::Float(_, x) => json!(x),
        Value::Str(text) => json!(text.lossy()),
        Value::Map(map) => describe_map(map),
        Value::List(list) => Json::Array(list.items().iter().map(describe).collect()),
        other => panic!("{:?} in values", other.kind() == Kind::Map),
    }
}

fn describe_map(map: &Map) -> Json {
    Json::Object(
        map.entries().iter().map(|(key, value)| (key.lossy().into_owned(), describe(value))).collect(),
    )
}

fn user(row: &Json) -> Map {
    let text = row["user"].as_str().unwrap_or_default();
    let yaml = aurak_goyaml::unmarshal_map(text.as_bytes(), aurak_goyaml::Mode::Lenient, &Default::default());
    yaml.unwrap().into_iter().map(|(key, value)| (key, aurak_chart::values::from_yaml(value))).collect()
}

#[test]
fn setting_values() {
    compare("set", |row, profile| {
        let known = Known(row);
        let helm = Helm::new(profile, &known);
        let values = Map::new();
        for line in row["lines"].as_array().unwrap() {
            let line = line.as_str().unwrap();
            match row["mode"].as_str().unwrap() {
                "set" => helm.set(line, &values)?,
                "string" => helm.set_string(line, &values)?,
                "json" => helm.set_json(line, &values)?,
                "literal" => helm.set_literal(line, &values)?,
                _ => helm.set_file(line, &values, &mut |path| match path {
                    "missing" => Err(Error::Refused("no such file".to_owned())),
                    path => Ok(Value::str(format!("<{path}>"))),
                })?,
            }
        }
        Ok(describe_map(&values))
    });
}

#[test]
fn ignoring_files() {
    compare("ignore", |row, _| {
        let rules =
            Rules::parse(row["rules"].as_str().unwrap().as_bytes(), &Limits::default())?.with_defaults();
        let ignored = row["paths"].as_array().unwrap().iter().filter(|path| {
            let path = path.as_str().unwrap();
            rules.ignores(path.strip_suffix('/').unwrap_or(path), path.ends_with('/'))
        });
        Ok(ignored.cloned().collect())
    });
}

#[test]
fn coalescing_values() {
    compare("coalesce", |row, profile| {
        let known = Known(row);
        let helm = Helm::new(profile, &known);
        let chart = helm.load_files(files(row))?;
        let values = if row["merge"] == true {
            helm.merge_values(&chart, &user(row))?
        } else {
            helm.coalesce(&chart, &user(row))?
        };
        let mut warnings = helm.take_warnings();
        warnings.sort();
        Ok(match warnings.is_empty() {
            true => describe_map(&values),
            false => json!({ "values": describe_map(&values), "\u{0}warnings": warnings }),
        })
    });
}

fn tree(chart: &Chart) -> Json {
    let wanted: Vec<String> =
        chart.metadata.dependencies.iter().flatten().map(|one| one.borrow().name.clone()).collect();
    let charts: Vec<Json> = chart.charts.iter().map(tree).collect();
    json!({ "path": chart.path, "values": describe_map(&chart.values), "charts": charts, "wanted": wanted })
}

/// Go tells no values from empty ones.
fn without_empty_values(mut json: Json) -> Json {
    fn clean(tree: &mut Json) {
        if tree["values"].is_null() {
            tree["values"] = json!({});
        }
        tree["charts"].as_array_mut().unwrap().iter_mut().for_each(clean);
    }
    if json["tree"].is_object() {
        clean(&mut json["tree"]);
    }
    json
}

#[test]
fn processing_dependencies() {
    compare("process", |row, profile| {
        let known = Known(row);
        let helm = Helm::new(profile, &known);
        let mut chart = helm.load_files(files(row))?;
        helm.process_dependencies(&mut chart, &user(row))?;
        let values = helm.coalesce(&chart, &user(row))?;
        Ok(without_empty_values(json!({ "tree": tree(&chart), "values": describe_map(&values) })))
    });
}

fn shown(sorted: &Sorted) -> Json {
    let quoted = |text: &str| sprintf(b"%q", &[Value::str(text)]).unwrap().lossy().into_owned();
    let manifests =
        sorted.manifests.iter().map(|one| format!("{} {} {}", one.path, one.kind, quoted(&one.text)));
    let hooks = sorted.hooks.iter().map(|hook| {
        let events: Vec<&str> = hook.events.iter().map(|event| event.name()).collect();
        format!(
            "{} {} {} [{}] {} [{}] [{}] {}",
            hook.path,
            hook.kind,
            hook.name,
            events.join(" "),
            hook.weight,
            hook.delete_policies.join(" "),
            hook.log_policies.join(" "),
            quoted(&hook.text)
        )
    });
    manifests.chain(hooks).collect()
}

#[test]
fn sorting_manifests() {
    compare("sort", |row, profile| {
        let known = Known(row);
        let texts: BTreeMap<String, String> =
            files(row).into_iter().map(|file| (file.name, file.data.lossy().into_owned())).collect();
        Ok(shown(&Helm::new(profile, &known).sort_manifests(&texts)?))
    });
}

fn packed(files: &[File]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    {
        use std::io::Write;
        for file in files {
            let mut header = [0_u8; 512];
            header[..file.name.len()].copy_from_slice(file.name.as_bytes());
            header[100..108].copy_from_slice(b"0000644\0");
            header[124..136].copy_from_slice(format!("{:011o}\0", file.data.len()).as_bytes());
            header[156] = b'0';
            header[257..265].copy_from_slice(b"ustar\x0000");
            header[148..156].copy_from_slice(b"        ");
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            out.write_all(&header).unwrap();
            out.write_all(&file.data).unwrap();
            out.write_all(&vec![0; file.data.len().next_multiple_of(512) - file.data.len()]).unwrap();
        }
        out.write_all(&[0; 1024]).unwrap();
    }
    out.finish().unwrap()
}

#[test]
fn loading_charts() {
    compare("load", |row, profile| {
        let known = Known(row);
        let helm = Helm::new(profile, &known);
        let chart = if row["archive"] == true {
            helm.load_archive(&packed(&files(row)))?
        } else {
            helm.load_files(files(row))?
        };
        let names = |files: &[File]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>().join(" ");
        let has_values = files(row).iter().any(|file| file.name.ends_with("values.yaml"));
        let values = describe_map(&chart.values);
        Ok(json!({
            "name": chart.name(),
            "version": chart.metadata.version,
            "app": chart.metadata.app_version,
            "api": chart.metadata.api_version,
            "templates": names(&chart.templates),
            "files": names(&chart.files),
            "charts": chart.charts.len(),
            "values": if has_values { values } else { json!({}) },
            "keywords": chart.metadata.keywords.join("|"),
            "wanted": chart.metadata.dependencies.iter().flatten().count(),
        }))
    });
}

#[test]
fn files_of_templates() {
    compare("files", |row, _| {
        let chart = Chart { files: files(row), ..Chart::default() };
        let files = Files::of(&chart).glob(row["pattern"].as_str().unwrap());
        let mut out = String::new();
        for (name, _) in files.iter() {
            out.push_str(name);
            out.push('|');
        }
        out.push_str(&format!("#{}#{}#", files.as_config(), files.as_secrets()));
        for (name, _) in files.iter() {
            let lines: Vec<_> = files.lines(name).iter().map(|line| line.lossy().into_owned()).collect();
            out.push_str(&serde_json::to_string(&lines).unwrap());
        }
        Ok(json!(out))
    });
}

#[test]
fn versions_of_kubernetes() {
    compare("kube", |row, profile| {
        let found = KubeVersion::parse(row["in"].as_str().unwrap(), profile)?;
        Ok(json!([found.version, found.normalized, found.major, found.minor]))
    });
}

/// Everything is a version and in every range.
struct Any;

impl Versions for Any {
    fn is_version(&self, _: &str) -> bool {
        true
    }

    fn in_range(&self, _: &str, _: &str) -> bool {
        true
    }
}

#[test]
fn folders_are_read_without_what_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Chart.yaml", "\u{feff}name: top\nversion: 1.0.0\n");
    write("templates/b.yaml", "b");
    write("templates/a.yaml", "a");
    write("templates/.hidden", "");
    write("notes.swp", "");
    write("docs/deep/x.md", "");
    write(".helmignore", "*.swp\ndocs/\n");
    write("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n");
    let helm = Helm::new(Profile::Helm3, &Any);
    let chart = helm.load(folder.path()).unwrap();
    let names = |files: &[File]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&chart.templates), ["templates/a.yaml", "templates/b.yaml"]);
    assert_eq!(names(&chart.files), [".helmignore"]);
    assert_eq!(chart.charts[0].path, "top/charts/sub");

    let mut small = Helm::new(Profile::Helm3, &Any);
    small.limits.file_bytes = 10;
    let error = small.load(folder.path()).err().unwrap().to_string();
    assert_eq!(error, "chart file \".helmignore\" is larger than the maximum file size 10");
}

#[test]
fn a_map_that_is_imported_into_itself_is_an_error() {
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    let imports = "[{child: t, parent: p}, {child: t, parent: p.x}]";
    let dependency = format!("dependencies: [{{name: sub, version: 1, import-values: {imports}}}]");
    let helm = Helm::new(Profile::Helm3, &Any);
    let files = vec![
        file("Chart.yaml", &format!("name: top\nversion: 1.0.0\n{dependency}\n")),
        file("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n"),
        file("charts/sub/values.yaml", "t: {a: 1}\n"),
    ];
    let mut chart = helm.load_files(files).unwrap();
    let error = helm.process_dependencies(&mut chart, &Map::new()).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
}

#[test]
fn what_costs_too_much_is_an_error() {
    let helm = Helm::new(Profile::Helm3, &Any);
    let deep = format!("a{}=1", "[0]".repeat(5_000));
    assert!(matches!(helm.set(&deep, &Map::new()), Err(Error::Limit(_))));
    let wide = (0..500).map(|n| format!("a{n}[65536]=1")).collect::<Vec<_>>().join(",");
    assert!(matches!(helm.set(&wide, &Map::new()), Err(Error::Limit(_))));
    let json = format!("a={}", "[".repeat(100_000));
    assert!(matches!(helm.set_json(&json, &Map::new()), Err(Error::Limit(_))));
    assert!(helm.load_archive(b"\x1f\x8b\x08 and nothing").is_err());
}

#[test]
fn templates_see_files_and_capabilities() {
    let files: Files = [("a.txt", "1\n2\n"), ("b/c.txt", "x")]
        .map(|(name, data)| (name.to_owned(), data.into()))
        .into_iter()
        .collect();
    let version = KubeVersion::parse("1.33.4-x.5", Profile::Helm4).unwrap();
    let capabilities = Capabilities::offline(version);
    let see = |profile| {
        let data: Map =
            [("Files", files.value()), ("Capabilities", capabilities.value(profile))].into_iter().collect();
        let mut templates = Templates::new("gotpl").missing_key(MissingKey::Zero);
        let text = r#"{{ .Files.Get "a.txt" }}{{ range $k, $v := .Files.Glob "**/c*" }}{{ $k }}={{ printf "%s" $v }};{{ end -}}
{{ range .Files.Lines "a.txt" }}<{{ . }}>{{ end }}{{ (.Files.Glob "b/*").AsConfig }} {{ (.Files.Glob "b/*").AsSecrets }}
{{ with .Capabilities.KubeVersion }}{{ . }} {{ .Version }} {{ .GitVersion }} {{ .Major }} {{ .Minor }}{{ end }}
{{- with .Capabilities }} {{ .APIVersions.Has "apps/v1" }} {{ .APIVersions.Has "x/v1" }} {{ .HelmVersion.Version }}{{ end }}"#;
        templates.parse("t", text).unwrap();
        templates.execute("t", &Value::Map(data)).unwrap().lossy().into_owned()
    };
    assert_eq!(
        see(Profile::Helm4),
        "1\n2\nb/c.txt=x;<1><2>c.txt: x c.txt: eA==\nv1.33.4 v1.33.4-x.5 v1.33.4-x.5 1 33 true false v4.3.1"
    );
}

#[test]
fn the_output_of_helm_template() {
    let helm = Helm::new(Profile::Helm3, &Any);
    let hook = "kind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}";
    let rendered = [("c/templates/b.yaml", "kind: Job\n---\nkind: Secret"), ("c/templates/t.yaml", hook)];
    let rendered = rendered.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let sorted = helm.sort_manifests(&rendered).unwrap();
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    let files = vec![
        file("Chart.yaml", "name: c\nversion: 1.0.0"),
        file("crds/x.yaml", "kind: X"),
        file("crds/x.md", ""),
    ];
    let chart = helm.load_files(files).unwrap();
    let options = OutputOptions { include_crds: true, ..OutputOptions::default() };
    assert_eq!(
        template_output(&chart, &sorted, options),
        format!(
            "---\n# Source: c/crds/x.yaml\nkind: X\n---\n# Source: c/templates/b.yaml\nkind: Secret\n\
             ---\n# Source: c/templates/b.yaml\nkind: Job\n---\n# Source: c/templates/t.yaml\n{hook}\n"
        )
    );
    let without =
        template_output(&chart, &sorted, OutputOptions { skip_tests: true, ..OutputOptions::default() });
    assert!(!without.contains("t.yaml") && !without.contains("crds"));
}

#[test]
fn deep_values_are_an_error_and_not_the_end() {
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    for (_, profile) in PROFILES {
        let helm = Helm::new(profile, &Any);
        let deep = format!("{}1{}", "{a: ".repeat(400), "}".repeat(400));
        let twice = format!("{deep}\n---\n{deep}\n");
        let files = vec![file("Chart.yaml", "name: c\nversion: 1.0.0"), file("values.yaml", &twice)];
        let chart = helm.load_files(files).unwrap();
        assert!(matches!(helm.coalesce(&chart, &Map::new()), Err(Error::Limit(_))));
    }
}

#[test]
fn damaged_archives_end_in_a_chart_or_an_error() {
    let helm = Helm::new(Profile::Helm3, &Any);
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    let good =
        packed(&[file("c/Chart.yaml", "name: c\nversion: 1.0.0"), file("c/values.yaml", "a: {b: [1, 2]}")]);
    assert!(helm.load_archive(&good).is_ok());
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 0x15;
        // Whatever it is, it comes back.
        let _ = helm.load_archive(&bad);
        let _ = helm.load_archive(&good[..place]);
    }
}

/// The files of a row by their names, with a plain `Chart.yaml` where there is none.
fn chart_files(row: &Json) -> Vec<File> {
    let mut files: BTreeMap<&str, &str> =
        [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n")].into();
    files.extend(
        row["files"].as_object().unwrap().iter().map(|(name, text)| (&**name, text.as_str().unwrap())),
    );
    files.into_iter().map(|(name, text)| File { name: name.to_owned(), data: text.into() }).collect()
}

/// Both ends of a text that is too long for a table.
fn ends(text: &str) -> String {
    const END: usize = 1000;
    if text.len() <= 4 * END {
        return text.to_owned();
    }
    format!("{} … {} bytes … {}", &text[..END], text.len(), &text[text.len() - END..])
}

fn rendered(row: &Json, profile: Profile) -> Result<Json, Error> {
    let mut helm = Helm::new(profile, &Semver);
    helm.template_limits = deep_limits();
    let text = |key: &str, usual: &str| row[key].as_str().unwrap_or(usual).to_owned();
    let mut chart = helm.load_files(chart_files(row))?;
    let mut capabilities = Capabilities::offline(KubeVersion::parse(&text("kube", "v1.33.4"), profile)?);
    let apis = row["apis"].as_array().into_iter().flatten();
    capabilities.api_versions.extend(apis.map(|one| one.as_str().unwrap().to_owned()));
    let mut request = Request::new(&text("release", "rel"), &text("namespace", "ns"), capabilities);
    request.is_upgrade = row["upgrade"] == true;
    request.sub_notes = row["sub_notes"] == true;
    let rendered = helm.render(&mut chart, &user(row), &request)?;
    let options = OutputOptions { include_crds: row["crds"] == true, ..OutputOptions::default() };
    let out = template_output(&chart, &rendered.sorted, options);
    Ok(json!({ "text": out, "notes": rendered.notes }))
}

#[test]
fn rendering_charts() {
    let text =
        std::fs::read_to_string(format!("{}/tests/tables/render.jsonl", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let wrong = on_deep_stack(|| {
        let mut wrong = Vec::new();
        for line in text.lines() {
            let row: Json = serde_json::from_str(line).unwrap();
            for (name, profile) in PROFILES {
                let wanted = &row[name];
                // What Go leaves to chance is no answer.
                if wanted["chance"] == true {
                    continue;
                }
                let got = match rendered(&row, profile) {
                    Ok(all) if all["notes"] == "" => json!({ "ok": all["text"] }),
                    Ok(all) => json!({ "ok": all["text"], "notes": all["notes"] }),
                    Err(error) => json!({ "error": ends(&error.to_string()) }),
                };
                // Messages that are ours on purpose.
                let excused = row["ours"] == true && got["error"].is_string() && wanted["error"].is_string();
                if got != *wanted && !excused {
                    let show = |answer: &Json| {
                        let text = answer["ok"].as_str().or(answer["error"].as_str()).unwrap_or_default();
                        format!("{text}{}", answer["notes"].as_str().unwrap_or_default())
                    };
                    wrong.push(format!(
                        "== {} ({name})\n{}\n-- but\n{}",
                        row["what"],
                        show(wanted),
                        show(&got)
                    ));
                }
            }
        }
        wrong
    })
    .unwrap();
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn refused(files: &[(&str, &str)], profile: Profile) -> Error {
    let mut helm = Helm::new(profile, &Semver);
    helm.template_limits.steps = 100_000;
    let mut files: Vec<File> =
        files.iter().map(|(name, text)| File { name: (*name).to_owned(), data: (*text).into() }).collect();
    files.push(File { name: "Chart.yaml".to_owned(), data: "name: c\nversion: 1.0.0".into() });
    let mut chart = helm.load_files(files).unwrap();
    let capabilities = Capabilities::offline(KubeVersion::parse("1.33", profile).unwrap());
    helm.render(&mut chart, &Map::new(), &Request::new("rel", "ns", capabilities)).unwrap_err()
}

#[test]
fn a_failure_knows_its_places() {
    let files = [
        ("templates/t.yaml", "a: 1\nb: {{ include \"x\" . }}"),
        ("templates/_h.tpl", "{{ define \"x\" }}\n  {{ tpl \"{{ .a.b }}\" . }}{{ end }}"),
    ];
    let Error::Template(failure) = refused(&files, Profile::Helm3) else { panic!("another error") };
    assert_eq!(
        (failure.kind, failure.why.as_str()),
        (FailureKind::Execution, "nil pointer evaluating interface {}.b",)
    );
    let places: Vec<String> = failure
        .places
        .iter()
        .map(|place| format!("{}:{}:{} {}", place.file, place.line, place.column.unwrap(), place.template))
        .collect();
    assert_eq!(
        places,
        ["c/templates/t.yaml:2:6 c/templates/t.yaml", "c/templates/_h.tpl:2:5 x", "gotpl:1:5 gotpl",]
    );

    let Error::Template(failure) = refused(&[("templates/t.yaml", "a:\n{{ nope }}")], Profile::Helm4) else {
        panic!("another error")
    };
    assert_eq!(failure.kind, FailureKind::Parse);
    assert_eq!((failure.places[0].line, failure.places[0].column), (2, None));

    let Error::Template(failure) = refused(&[("templates/t.yaml", "{{ fail \"no\" }}")], Profile::Helm4)
    else {
        panic!("another error")
    };
    assert_eq!((failure.kind, failure.why.as_str()), (FailureKind::Stated, "no"));
    assert_eq!(failure.to_string(), "execution error at (c/templates/t.yaml:1:3): no");
}

#[test]
fn all_templates_share_their_limits() {
    let loops = "{{ range 600 }}{{ range 100 }}{{ end }}{{ end }}";
    let files = [("templates/a.yaml", loops), ("templates/b.yaml", loops)];
    let Error::Template(failure) = refused(&files, Profile::Helm3) else { panic!("another error") };
    assert_eq!(failure.kind, FailureKind::Limit, "{failure}");
    let Error::Template(failure) =
        refused(&[files[0], ("templates/0.yaml", "{{ fail \"later\" }}")], Profile::Helm3)
    else {
        panic!("another error")
    };
    // One of them alone is allowed, so that it goes on.
    assert_eq!(failure.kind, FailureKind::Stated);
}

#[test]
fn deep_templates_are_an_error_and_not_the_end() {
    let files = [
        ("templates/t.yaml", "{{ include \"r\" . }}"),
        ("templates/_h.tpl", "{{ define \"r\" }}{{ include \"r\" . }}{{ end }}"),
    ];
    let Error::Template(failure) = refused(&files, Profile::Helm3) else { panic!("another error") };
    assert_eq!(failure.kind, FailureKind::Limit, "{failure}");
}

#[test]
fn what_was_drawn_is_rendered_again() {
    let helm = Helm::new(Profile::Helm3, &Semver);
    let text = "a: {{ randAlphaNum 12 }}{{ uuidv4 }}{{ now | unixEpoch }}";
    let files = vec![
        File { name: "Chart.yaml".to_owned(), data: "name: c\nversion: 1.0.0".into() },
        File { name: "templates/t.yaml".to_owned(), data: text.into() },
    ];
    let chart = helm.load_files(files).unwrap();
    let draws = Rc::new(RefCell::new(Recording::new()));
    let capabilities = Capabilities::offline(KubeVersion::parse("1.33", Profile::Helm3).unwrap());
    let request = Request { draws: draws.clone(), ..Request::new("rel", "ns", capabilities) };
    let first = helm.render(&mut chart.clone(), &Map::new(), &request).unwrap();
    draws.borrow_mut().rewind();
    assert_eq!(helm.render(&mut chart.clone(), &Map::new(), &request).unwrap(), first);
    let fresh = Request { draws: Rc::new(RefCell::new(Recording::new())), ..request };
    assert_ne!(helm.render(&mut chart.clone(), &Map::new(), &fresh).unwrap(), first);
}

/// A cluster with one secret.
struct OneSecret;

impl Lookup for OneSecret {
    fn lookup(&self, version: &str, kind: &str, namespace: &str, name: &str) -> Result<Map, String> {
        match (version, kind, namespace, name) {
            ("v1", "Secret", "ns", "there") => Ok([("data", Value::str("x"))].into_iter().collect()),
            ("v1", "Secret", ..) => Ok(Map::new()),
            _ => Err(format!("no kind {kind}")),
        }
    }
}

#[test]
fn lookup_asks_what_it_is_given() {
    let helm = Helm::new(Profile::Helm3, &Semver);
    let render = |text: &str| {
        let files = vec![
            File { name: "Chart.yaml".to_owned(), data: "name: c\nversion: 1.0.0".into() },
            File { name: "templates/t.yaml".to_owned(), data: text.into() },
        ];
        let capabilities = Capabilities::offline(KubeVersion::parse("1.33", Profile::Helm3).unwrap());
        let request = Request { lookup: Rc::new(OneSecret), ..Request::new("rel", "ns", capabilities) };
        helm.render(&mut helm.load_files(files).unwrap(), &Map::new(), &request)
    };
    let done = render(
        "a: {{ (lookup \"v1\" \"Secret\" \"ns\" \"there\").data }}{{ lookup \"v1\" \"Secret\" \"ns\" \"not\" }}",
    );
    assert_eq!(done.unwrap().sorted.manifests[0].text, "a: xmap[]");
    let error = render("a: {{ lookup \"v1\" \"Nope\" \"\" \"\" }}").unwrap_err().to_string();
    assert!(error.ends_with("error calling lookup: no kind Nope"), "{error}");
}

#[test]
fn only_what_is_asked_for_is_shown() {
    let output = "---\n# Source: c/templates/a.yaml\na: 1\n---\n# Source: c/charts/s/templates/b.yaml\nb: 2\n---\n# Source: c/templates/a.yaml\nc: 3\n";
    let show = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(|one| (*one).to_owned()).collect();
        show_only(output, &patterns, Profile::Helm3)
    };
    let both = "---\n# Source: c/templates/a.yaml\na: 1\n---\n# Source: c/templates/a.yaml\nc: 3\n";
    assert_eq!(show(&["templates/*.yaml"]).unwrap(), both);
    assert_eq!(
        show(&["charts/s/templates/b.yaml"]).unwrap(),
        "---\n# Source: c/charts/s/templates/b.yaml\nb: 2\n"
    );
    assert_eq!(
        show(&["templates/no.yaml"]).unwrap_err().to_string(),
        "could not find template templates/no.yaml in chart"
    );
}
