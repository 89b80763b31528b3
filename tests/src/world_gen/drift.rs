//! What others do to the objects of a stack: they change, remove and add some.

use serde_json::json;

use super::dice::Dice;
use super::kinds::kind;
use super::lab::Lab;

/// Does one thing, or a few, to the world. What others add is in nobody's way.
pub fn drift(lab: &mut Lab, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let objects = lab.world.objects();
        let Some(object) = dice.pick(&objects) else { return };
        let command = match dice.below(10) {
            0..=2 => format!("remove {}", object.id),
            3 => format!("add sim.thing {{ name: foreign-{}, value: 1 }}", dice.below(1_000_000)),
            _ => {
                let Some(attribute) = dice.pick(kind(&object.type_name).changes) else { continue };
                let value = match *attribute {
                    "tags" | "labels" => json!({ "one": "theirs", "three": "theirs" }),
                    "rules" => json!([{ "name": "theirs", "port": 8, "priority": 3 }]),
                    "features" | "delegations" | "scopes" => json!(["theirs", "a"]),
                    "ranges" => json!(["10.9.0.0/16"]),
                    "count" | "replicas" | "size_gb" => json!(dice.below(4) + 1),
                    "retention" => json!("3h"),
                    "tier" => json!("Premium"),
                    _ => json!("theirs"),
                };
                if dice.chance(20) && !matches!(*attribute, "count" | "replicas" | "size_gb" | "tier") {
                    format!("unset {} {attribute}", object.id)
                } else {
                    format!("edit {} {attribute} {value}", object.id)
                }
            }
        };
        lab.world_command(&command);
    }
}
