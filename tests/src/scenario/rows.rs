//! A state as text: what each address holds, and what is left in the air.

use aurak_model::record::{Lifecycle, Object, Pending, ProviderRow};
use aurak_model::{Row, StateDoc, Value};

/// Draws a state. Serials and versions are left out: they count writes, and what they count is
/// looked at elsewhere.
pub fn draw(doc: &StateDoc) -> String {
    let StateDoc {
        id: _,
        stack: _,
        environment: _,
        serial: _,
        rows,
        providers,
        outputs,
        pending,
        overrides,
        durations: _,
    } = doc;
    let mut lines = Vec::new();
    for (address, row) in rows {
        let Row {
            address: _,
            type_name,
            version: _,
            schema_version: _,
            provider,
            world,
            current,
            old,
            temporary,
            needs,
            lifecycle,
            place: _,
            replace_when: _,
        } = &**row;
        let mut line = format!("{address}  {type_name}");
        let mut object = |slot: &str, object: &Option<Object>| {
            if let Some(Object { id, desired: _, attributes: _, incomplete, since: _ }) = object {
                line.push_str(&format!("  {slot}{id}"));
                if let Some(why) = incomplete {
                    line.push_str(&format!(" (incomplete: {why})"));
                }
            }
        };
        object("", current);
        object("old ", old);
        object("temporary ", temporary);
        // What is said by the type's name already is left out.
        if Some(provider.as_str()) != type_name.split('.').next() {
            line.push_str(&format!("  by {provider}"));
        }
        if let Some(world) = world.as_ref().filter(|world| &***world != aurak_sim::MAIN) {
            line.push_str(&format!("  in {world}"));
        }
        if !needs.is_empty() {
            let needs: Vec<&str> = needs.iter().map(|need| need.as_str()).collect();
            line.push_str(&format!("  needs {}", needs.join(", ")));
        }
        line.push_str(&lifecycle_words(lifecycle));
        lines.push(line);
    }
    for (address, ProviderRow { address: _, type_name: _, config, needs }) in providers {
        let needs: Vec<&str> = needs.iter().map(|need| need.as_str()).collect();
        let needs = if needs.is_empty() { String::new() } else { format!("  needs {}", needs.join(", ")) };
        lines.push(format!("provider {address}  {config:?}{needs}"));
    }
    for (name, value) in outputs {
        lines.push(format!("output {name}: {}", shown(value)));
    }
    for Pending { intent, handle } in pending {
        let waits = if handle.is_some() { ", goes on at the service" } else { "" };
        lines.push(format!("unanswered {:?} of {}{waits}", intent.call, intent.address));
    }
    for over in overrides {
        lines.push(format!("override {} {}: {}", over.address, over.path, shown(&over.value)));
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn lifecycle_words(lifecycle: &Lifecycle) -> String {
    let Lifecycle { prevent_destroy, retain, create_before_destroy, deleted_with } = lifecycle;
    let mut words = String::new();
    for (is, word) in [
        (*prevent_destroy, "  prevent_destroy"),
        (*retain, "  retain"),
        (*create_before_destroy, "  create_before_destroy"),
    ] {
        if is {
            words.push_str(word);
        }
    }
    if let Some(parent) = deleted_with {
        words.push_str(&format!("  deleted_with {parent}"));
    }
    words
}

/// As JSON where nothing in it is hidden.
pub(crate) fn shown(value: &Value) -> String {
    match value.to_json() {
        Some(json) => json.to_string(),
        None => format!("{value:?}"),
    }
}
