//! Types that are files, in the planner: what a change of a real type means, as tables.
//!
//! Each table (a YAML file beside this one) has a body that was applied, what the service adds to it,
//! and rows. A row changes the applied body (`old`), the object as it is (`observed`) and what is asked
//! for (`wanted`), each a map of paths to values with null for what goes, and says what `comes` of it.
//! The stack goes through the language, the state and the object into the planner; nothing here knows a
//! type.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod outcome;
mod table;
mod within;

use aurak_model::Files;

use table::Table;

const MANAGED_CLUSTER: &str = include_str!("../../../../providers/azure/types/managed_cluster.yaml");
const AGENT_POOL: &str = include_str!("../../../../providers/azure/types/agent_pool.yaml");
const NETWORK_SECURITY_GROUP: &str =
    include_str!("../../../../providers/azure/types/network_security_group.yaml");
const RESOURCE: &str = include_str!("../../../../providers/azure/types/resource.yaml");
const ROLE_ASSIGNMENT: &str = include_str!("../../../../providers/azure/types/role_assignment.yaml");
const STORAGE_ACCOUNT: &str = include_str!("../../../../providers/azure/types/storage_account.yaml");

/// Plans every row and says what did not come as the table has it. Where something changes, what is
/// there afterwards is planned again: nothing is left to do.
fn judge(type_file: &str, table: &str) {
    let table = Table::read(type_file, table);
    let mut wrong = Vec::new();
    for row in &table.rows {
        let came = table.plan(row);
        if came.text != row.comes {
            wrong.push(format!("{}\n  should come  {}\n  came         {}", row.name, row.comes, came.text));
        }
        if let Some(after) = came.after {
            let again = table.plan_again(row, after);
            if again.text != "no change" && !again.text.starts_with("yields ") {
                wrong.push(format!("{}\n  planned again  {}", row.name, again.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), table.rows.len(), wrong.join("\n"));
}

#[test]
fn managed_cluster() {
    judge(MANAGED_CLUSTER, include_str!("managed_cluster.yaml"));
}

#[test]
fn agent_pool() {
    judge(AGENT_POOL, include_str!("agent_pool.yaml"));
}

#[test]
fn storage_account() {
    judge(STORAGE_ACCOUNT, include_str!("storage_account.yaml"));
}

#[test]
fn network_security_group() {
    judge(NETWORK_SECURITY_GROUP, include_str!("network_security_group.yaml"));
}

#[test]
fn resource() {
    judge(RESOURCE, include_str!("resource.yaml"));
}

#[test]
fn role_assignment() {
    judge(ROLE_ASSIGNMENT, include_str!("role_assignment.yaml"));
}

#[test]
fn the_type_files_hold_no_mistakes() {
    for (name, text) in [
        ("managed_cluster.yaml", MANAGED_CLUSTER),
        ("agent_pool.yaml", AGENT_POOL),
        ("network_security_group.yaml", NETWORK_SECURITY_GROUP),
        ("resource.yaml", RESOURCE),
        ("role_assignment.yaml", ROLE_ASSIGNMENT),
        ("storage_account.yaml", STORAGE_ACCOUNT),
    ] {
        let mut files = Files::default();
        if let Err(found) = aurak_api::type_file::load(&mut files, name, text) {
            let line = |d: &aurak_model::Diagnostic| {
                let place = d.labels.first().map(|label| files.place(label.span)).unwrap_or_default();
                format!("{place}: {} {}", d.summary, d.help.as_deref().unwrap_or_default())
            };
            panic!("{}", found.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn keys_collections_and_groups_are_those_of_azure() {
    let cluster = Table::read(MANAGED_CLUSTER, include_str!("managed_cluster.yaml")).texts();
    let pool = Table::read(AGENT_POOL, include_str!("agent_pool.yaml")).texts();
    let account = Table::read(STORAGE_ACCOUNT, include_str!("storage_account.yaml")).texts();
    insta::assert_snapshot!([cluster, pool, account].join("\n\n"), @"
    key: /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/main
    collection: providers/Microsoft.ContainerService/managedClusters
    serialise: /subscriptions/s/resourcegroups/g/providers/microsoft.containerservice/managedclusters/main

    key: /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/agentPools/common
    collection: /subscriptions/s/resourcegroups/g/providers/microsoft.containerservice/managedclusters/c/agentpools
    serialise: /subscriptions/s/resourcegroups/g/providers/microsoft.containerservice/managedclusters/c
    temporary name: commontmp

    key: /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/auraes
    collection: providers/Microsoft.Storage/storageAccounts
    ");
}
