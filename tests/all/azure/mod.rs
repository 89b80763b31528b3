//! Every type of Azure, against the sandbox, with the engine as commands use it: one test per type.
//!
//! A sample (`tests/azure/TYPE.yaml`, see [`sample`]) says what an object of the type is like and what
//! may become of it. What has to be in it, and what is then checked, comes from the type's file: an
//! attribute that cannot be changed has a case for each way that it can go ([`coverage`], [`cases`]);
//! what others may add stays; the rest of an object's life ([`life`]) is the same for all. "Somebody
//! else" ([`other`]) is a plain client of Resource Manager.
//!
//! To add a type: its name in [`types!`], and a sample. Left out, `every_type_has_a_test` says so.

mod cases;
mod changes;
mod coverage;
mod hasty;
mod life;
mod other;
mod outside;
mod place;
mod sample;
mod stage;

use std::collections::BTreeSet;

use sample::Sample;
use stage::Stage;

use crate::sandbox::against_shapes;

/// One test for each type, by the last part of its name.
macro_rules! types {
    ($($name:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

types!(
    agent_pool,
    dns_zone,
    federated_credential,
    lock,
    managed_cluster,
    network_security_group,
    public_ip,
    record_set,
    resource,
    resource_group,
    role_assignment,
    security_rule,
    storage_account,
    storage_container,
    subnet,
    user_assigned_identity,
    virtual_network,
);

#[test]
fn every_type_has_a_test() {
    let types = aurak_azure::all();
    // One that is always there leads another life, which is in the kit of the provider's own tests.
    let lives = types.iter().filter(|(_, ty)| !ty.schema.always);
    let types: BTreeSet<&str> = lives.filter_map(|(name, _)| name.strip_prefix("azure.")).collect();
    let tested: BTreeSet<&str> = TESTED.iter().copied().collect();
    let missing: Vec<_> = types.difference(&tested).collect();
    assert!(missing.is_empty(), "write a sample in tests/azure/, and the name in `types!`, for {missing:?}");
    let unknown: Vec<_> = tested.difference(&types).collect();
    assert!(unknown.is_empty(), "there is no such type: {unknown:?}");
}

fn check(name: &str) {
    let ty = aurak_azure::all()[format!("azure.{name}").as_str()].clone();
    let sample = Sample::read(name).unwrap();
    let mut wrong = coverage::missing(&ty.schema, &sample);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    wrong.extend(runtime.block_on(async {
        let mut wrong = Vec::new();
        let mut stage = Stage::new(&ty, &sample).await;
        wrong.extend(life::lived(&mut stage).await);
        wrong.extend(misfits(&stage));
        let mut stage = Stage::new(&ty, &sample).await;
        wrong.extend(cases::tried(&mut stage).await);
        wrong.extend(misfits(&stage));
        wrong
    }));
    assert!(wrong.is_empty(), "azure.{name}:\n- {}\n", wrong.join("\n- "));
}

/// What aurak sent and the specification of Azure does not let in.
fn misfits(stage: &Stage<'_>) -> Vec<String> {
    match against_shapes(&stage.place.log()) {
        None => Vec::new(),
        Some(checked) if checked.bodies == 0 => {
            vec!["no body was compared with the specification".to_string()]
        }
        // Of any type nobody knows what the service decides: it is sent back as it was read.
        Some(checked) if &*stage.ty.schema.name == "azure.resource" => {
            checked.misfits.into_iter().filter(|why| !why.ends_with("is what the service decides")).collect()
        }
        Some(checked) => checked.misfits,
    }
}
