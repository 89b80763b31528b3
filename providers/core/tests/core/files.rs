//! `core.file`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use aurak_api::{Class, Update};
use aurak_model::Value;
use aurak_model::snapshot::Refreshed;
use rustix::fs::{CWD, FileType, Mode};

use crate::{call, core, done, get};

fn desired(path: &str, content: Value) -> Value {
    Value::map([("path", Value::from(path)), ("content", content)])
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_file_is_written_whole_with_its_mode_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    // What a killed run left behind.
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("d/.f.aurak-new"), "half").unwrap();

    let made = done(core.create(&call(), "core.file", &desired("d/f", "text".into())).await.unwrap());
    let place = folder.path().join("d/f");
    assert_eq!(fs::read_to_string(&place).unwrap(), "text");
    assert_eq!(mode(&place), 0o644);
    assert_eq!(fs::read_dir(folder.path().join("d")).unwrap().count(), 1);

    let secret = desired("d/f", Value::from("secret-text").sensitive());
    let update = Update { id: made.id, desired: secret, live: made.attributes, unset: Vec::new() };
    let changed = done(core.update(&call(), "core.file", &update).await.unwrap());
    assert_eq!(mode(&place), 0o600);
    assert!(get(&changed.attributes, "content").has_marks());
}

/// Whoever opens a pipe waits for somebody at its other end.
#[test]
fn a_pipe_in_the_place_beside_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_path_buf();
    let pipe = path.join(".f.aurak-new");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    // On a thread that can be left behind where it waits for ever.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(async {
            let core = core(&path).await;
            core.create(&call(), "core.file", &desired("f", "text".into())).await
        });
        tell.send(made.map(done).map_err(|error| error.to_string())).unwrap();
    });
    told.recv_timeout(Duration::from_secs(60)).expect("it waits").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("f")).unwrap(), "text");
    assert!(!pipe.exists());
}

#[tokio::test]
async fn a_file_whose_path_is_spelled_in_another_way_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let made = done(core.create(&call(), "core.file", &desired("./f", "a".into())).await.unwrap());
    let update =
        Update { id: made.id, desired: desired("f", "b".into()), live: made.attributes, unset: Vec::new() };
    let changed = done(core.update(&call(), "core.file", &update).await.unwrap());
    assert_eq!((&*changed.id, get(&changed.attributes, "path")), ("./f", "f".into()));
    assert_eq!(fs::read_to_string(folder.path().join("f")).unwrap(), "b");
}

#[tokio::test]
async fn a_mode_that_nobody_asked_to_change_stays() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let place = folder.path().join("f");
    let made = done(core.create(&call(), "core.file", &desired("f", "a".into())).await.unwrap());
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let Ok(Refreshed::Found { id, attributes: live }) = core.read("core.file", "f", &made.attributes).await
    else {
        panic!("not found")
    };
    let mut update = Update { id, desired: desired("f", "b".into()), live, unset: Vec::new() };
    done(core.update(&call(), "core.file", &update).await.unwrap());
    assert_eq!(mode(&place), 0o755);
    update.unset = vec![aurak_model::Path::key("mode")];
    done(core.update(&call(), "core.file", &update).await.unwrap());
    assert_eq!(mode(&place), 0o644);
}

#[tokio::test]
async fn content_that_is_called_sensitive_is_marked_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let mut body = desired("f", "text".into()).as_map().cloned().unwrap();
    body.insert("sensitive", true.into());
    let made = done(core.create(&call(), "core.file", &Value::from(body)).await.unwrap());
    assert!(get(&made.attributes, "content").has_marks());
    fs::write(folder.path().join("f"), "changed by hand").unwrap();
    let Ok(Refreshed::Found { attributes, .. }) = core.read("core.file", "f", &made.attributes).await else {
        panic!("not found")
    };
    assert_eq!(get(&attributes, "content"), Value::from("changed by hand").sensitive());
    assert_eq!(get(&attributes, "mode"), "0600".into());
}

#[tokio::test]
async fn places_that_are_not_ours_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    fs::write(outside.path().join("target"), "theirs").unwrap();
    symlink(outside.path().join("target"), folder.path().join("link")).unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("there"), "x").unwrap();

    let mut said = Vec::new();
    for path in ["link", "folder", "there", "../x", "a/../../x", "", "a/", ".", "there/below"] {
        let error = core.create(&call(), "core.file", &desired(path, "mine".into())).await.unwrap_err();
        let class = if matches!(error.class, Class::Exists { .. }) { " (exists)" } else { "" };
        said.push(format!("{}{class}", error.message));
    }
    assert_eq!(
        said.join("\n"),
        "`link` is there already (exists)\n\
         `folder` is there already (exists)\n\
         `there` is there already (exists)\n\
         `../x` leads out of the stack's folder\n\
         `a/../../x` leads out of the stack's folder\n\
         `` is no path of a file\n\
         `a/` is no path of a file\n\
         `.` is no path of a file\n\
         `there/below` cannot be written: File exists (os error 17)"
    );
    assert_eq!(fs::read_to_string(outside.path().join("target")).unwrap(), "theirs");
    let read = core.read("core.file", "link", &Value::map::<&str>([])).await.unwrap();
    assert_eq!(read, Refreshed::Unreadable("`link` is a symbolic link, not a file".into()));

    // An absolute path goes where it says.
    let path = outside.path().join("sub/f");
    let absolute = path.to_str().unwrap();
    done(core.create(&call(), "core.file", &desired(absolute, "mine".into())).await.unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    core.delete(&call(), "core.file", absolute, &Value::Null).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_link_to_a_folder_outside_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    fs::write(outside.path().join("theirs"), "x").unwrap();
    fs::create_dir(folder.path().join("inside")).unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    symlink(folder.path().parent().unwrap(), folder.path().join("above")).unwrap();
    symlink("inside", folder.path().join("short")).unwrap();

    for path in ["link/evil.txt", "link/sub/evil.txt", "inside/../link/evil.txt", "above/evil.txt"] {
        let error = core.create(&call(), "core.file", &desired(path, "mine".into())).await.unwrap_err();
        assert!(
            error.message.starts_with(&format!("`{path}` leads out of the stack's folder, to ")),
            "{error}"
        );
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    let read = core.read("core.file", "link/theirs", &Value::map::<&str>([])).await.unwrap();
    assert!(matches!(read, Refreshed::Unreadable(_)), "{read:?}");
    core.delete(&call(), "core.file", "link/theirs", &Value::Null).await.unwrap_err();
    assert!(outside.path().join("theirs").exists());

    done(core.create(&call(), "core.file", &desired("short/f", "mine".into())).await.unwrap());
    assert!(folder.path().join("inside/f").exists());
}

#[tokio::test]
async fn a_secret_path_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let body = Value::map([("path", Value::from("canary-path").sensitive()), ("content", "x".into())]);
    let error = core.create(&call(), "core.file", &body).await.unwrap_err();
    assert_eq!(error.message, "`path` is sensitive, and the id would show it");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn both_ways_to_write_a_mode_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    for (name, written) in [("a", "0o640"), ("b", "0640")] {
        let mut body = desired(name, "x".into()).as_map().cloned().unwrap();
        body.insert("mode", written.into());
        let made = done(core.create(&call(), "core.file", &Value::from(body)).await.unwrap());
        assert_eq!(mode(&folder.path().join(name)), 0o640);
        // What comes back is what was written, so that the next plan sees no difference.
        assert_eq!(get(&made.attributes, "mode"), written.into());
        let read = core.read("core.file", name, &made.attributes).await.unwrap();
        assert_eq!(read, Refreshed::Found { id: name.into(), attributes: made.attributes.clone() });
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        let Ok(Refreshed::Found { attributes, .. }) = core.read("core.file", name, &made.attributes).await
        else {
            panic!("not found")
        };
        assert_eq!(get(&attributes, "mode"), "0600".into());
    }
}

#[tokio::test]
async fn two_paths_that_links_lead_to_one_place_are_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();

    let made = done(core.create(&call(), "core.file", &desired("link/f", "a".into())).await.unwrap());
    assert_eq!((&*made.id, get(&made.attributes, "path")), ("real/f", "link/f".into()));
    let error = core.create(&call(), "core.file", &desired("real/f", "b".into())).await.unwrap_err();
    assert_eq!(error.class, Class::Exists { id: "real/f".into() });
    let found = core.find("core.file", "link/f", &desired("link/f", "a".into())).await.unwrap();
    assert_eq!(found, Refreshed::Found { id: made.id.clone(), attributes: made.attributes.clone() });

    let update = Update {
        id: made.id.clone(),
        desired: desired("link/f", "c".into()),
        live: made.attributes.clone(),
        unset: Vec::new(),
    };
    let changed = done(core.update(&call(), "core.file", &update).await.unwrap());
    assert_eq!((&*changed.id, get(&changed.attributes, "path")), ("real/f", "link/f".into()));
    let read = core.read("core.file", "real/f", &changed.attributes).await.unwrap();
    assert_eq!(read, Refreshed::Found { id: changed.id, attributes: changed.attributes.clone() });

    // Once the link leads elsewhere, the configuration means another file.
    fs::remove_file(folder.path().join("link")).unwrap();
    fs::create_dir(folder.path().join("link")).unwrap();
    let Refreshed::Found { attributes, .. } =
        core.read("core.file", "real/f", &changed.attributes).await.unwrap()
    else {
        panic!("it is still there");
    };
    assert_eq!(get(&attributes, "path"), "real/f".into());
}

#[tokio::test]
async fn writes_of_one_file_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    let contents: Vec<String> = ('a'..='h').map(|c| c.to_string().repeat(50_000)).collect();
    let writes = contents.iter().enumerate().map(|(i, content)| {
        let path = if i % 2 == 0 { "real/f" } else { "link/f" };
        let desired = desired(path, content.as_str().into());
        let update = Update { id: path.into(), desired: desired.clone(), live: desired, unset: Vec::new() };
        let core = core.clone();
        tokio::spawn(async move { core.update(&call(), "core.file", &update).await.map(drop) })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    let written = fs::read_to_string(folder.path().join("real/f")).unwrap();
    assert!(contents.contains(&written));
    assert_eq!(fs::read_dir(folder.path().join("real")).unwrap().count(), 1);
}
