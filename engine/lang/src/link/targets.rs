//! Looking up the names outside of expressions: what blocks and calls depend on, which provider
//! node a block uses.

use std::collections::{BTreeMap, BTreeSet};

use aurak_expr::suggest;
use aurak_model::program::{Dependency, DependencyTarget, ProviderUse};
use aurak_model::schema::provider_of;
use aurak_model::{Block, BlockKind, Diagnostic, ModuleId, Name, Program, Schemas};

use super::modules::{BlockTargets, Linked};
use crate::fields::{Bag, listed};
use crate::target::{Namespace, Target};

/// Looks everything up.
pub(super) fn resolve(program: &mut Program, linked: &mut Linked, schemas: &Schemas, bag: &mut Bag) {
    // Callers come before what they call, so what is inherited is there when it is needed.
    for (id, targets) in std::mem::take(&mut linked.calls) {
        let Some(parent) = program.module(id).call.as_ref().map(|call| call.parent) else { continue };
        let depends_on = dependencies(&targets.depends_on, program, parent, bag);
        let mut providers = BTreeMap::new();
        for (name, target) in targets.providers {
            providers.extend(named_provider(&target, program, parent, bag).map(|used| (name, used)));
        }
        if let Some(call) = &mut program.modules[id.0 as usize].call {
            call.depends_on = depends_on;
            call.providers = providers;
        }
    }
    let mut missing = BTreeSet::new();
    for (i, targets) in std::mem::take(&mut linked.blocks).into_iter().enumerate() {
        let BlockTargets { depends_on, provider, deleted_with } = targets;
        let (module, kind) = (program.blocks[i].module, program.blocks[i].kind);
        let depends_on = dependencies(&depends_on, program, module, bag);
        let deleted_with = deleted_with.and_then(|target| dependency(&target, program, module, bag));
        let used = match (kind, &provider) {
            (BlockKind::Provider, _) => None,
            (_, Some(target)) => named_provider(target, program, module, bag)
                .filter(|used| fits(target, used, &program.blocks[i], program, bag)),
            (_, None) => default_provider(&program.blocks[i], program, schemas, &mut missing, bag),
        };
        let block = &mut program.blocks[i];
        block.depends_on = depends_on;
        if deleted_with.is_some() {
            block.lifecycle.deleted_with = deleted_with;
        }
        block.provider = used;
    }
}

fn dependencies(targets: &[Target], program: &Program, scope: ModuleId, bag: &mut Bag) -> Vec<Dependency> {
    targets.iter().filter_map(|target| dependency(target, program, scope, bag)).collect()
}

fn dependency(target: &Target, program: &Program, scope: ModuleId, bag: &mut Bag) -> Option<Dependency> {
    let module = program.module(scope);
    let block = match target.namespace {
        None | Some(Namespace::Resources) => module.resource(&target.name),
        Some(Namespace::Modules) => None,
    };
    let called = match target.namespace {
        None | Some(Namespace::Modules) => module.modules.get(&target.name).copied(),
        Some(Namespace::Resources) => None,
    };
    let found = match (block, called) {
        (Some(block), _) => {
            let key = target.constant_key();
            if target.key.is_some() && key.is_none() {
                bag.push(
                    Diagnostic::error("not_an_expression", "the key of a dependency cannot be an expression")
                        .at(target.span, "")
                        .help(format!("depend on all of `{0}`, or on one as {0}[\"key\"]", target.name)),
                );
                return None;
            }
            DependencyTarget::Block(block, key)
        }
        (None, Some(called)) => {
            if target.key.is_some() {
                bag.push(
                    Diagnostic::error("bad_name", "a dependency on a module is on all its instances")
                        .at(target.span, "")
                        .help(format!("write `{}` without a key", target.name)),
                );
            }
            DependencyTarget::Module(called)
        }
        (None, None) => {
            bag.push(unknown(target, program, scope));
            return None;
        }
    };
    Some(Dependency { target: found, span: target.span })
}

fn unknown(target: &Target, program: &Program, scope: ModuleId) -> Diagnostic {
    let module = program.module(scope);
    let name = &target.name;
    let diagnostic = Diagnostic::error("unknown_name", format!("there is no resource or module `{name}`"))
        .at(target.span, "");
    if module.inputs.contains_key(name) || module.lets.contains_key(name) {
        return diagnostic.help("inputs and `let` are no things to wait for: name a resource or a module");
    }
    if module.providers.contains_key(name) {
        return diagnostic
            .help("a provider node is waited for by its own resources: name a resource or a module");
    }
    let known = module.resources.keys().chain(module.existing.keys()).chain(module.modules.keys());
    match suggest(name, known.clone()) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!("there are {}", listed(known))),
    }
}

/// The provider node of a name, in a module or inherited by it.
fn find_provider(name: &str, program: &Program, scope: ModuleId) -> Option<ProviderUse> {
    let module = program.module(scope);
    if let Some(block) = module.providers.get(name) {
        let span = program.block(*block).span;
        return Some(ProviderUse { block: *block, key: None, scope, span });
    }
    let call = module.call.as_ref()?;
    match call.providers.get(name) {
        Some(mapped) => Some(mapped.clone()),
        None => find_provider(name, program, call.parent),
    }
}

fn named_provider(target: &Target, program: &Program, scope: ModuleId, bag: &mut Bag) -> Option<ProviderUse> {
    let found = match target.namespace {
        None => find_provider(&target.name, program, scope),
        Some(_) => None,
    };
    let Some(mut used) = found else {
        let known = visible_providers(program, scope);
        let help = match suggest(&target.name, known.iter()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "declare it under `providers`".to_string(),
            None => format!("there are {}", listed(known)),
        };
        bag.push(
            Diagnostic::error("unknown_name", format!("there is no provider `{}`", target.name))
                .at(target.span, "")
                .help(help),
        );
        return None;
    };
    used.span = target.span;
    if target.key.is_some() {
        used.key = target.key.clone().map(Box::new);
        used.scope = scope;
    }
    let has_instances = program.block(used.block).for_each.is_some();
    if has_instances != used.key.is_some() {
        let name = &target.name;
        let (what, help) = match has_instances {
            true => (
                "has `for_each`: one of its instances must be chosen",
                format!("write {name}[\"key\"] or {name}[each.key]"),
            ),
            false => ("has no `for_each`, so it has no instances", format!("write `{name}` alone")),
        };
        bag.push(
            Diagnostic::error("provider_instance", format!("the provider `{name}` {what}"))
                .at(target.span, "")
                .at(program.block(used.block).span, "declared here")
                .help(help),
        );
        return None;
    }
    Some(used)
}

fn visible_providers(program: &Program, scope: ModuleId) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let mut here = Some(scope);
    while let Some(id) = here {
        let module = program.module(id);
        names.extend(module.providers.keys().cloned());
        names.extend(module.call.iter().flat_map(|call| call.providers.keys().cloned()));
        here = module.call.as_ref().map(|call| call.parent);
    }
    names
}

/// Whether a named provider is one for the block's type.
fn fits(target: &Target, used: &ProviderUse, block: &Block, program: &Program, bag: &mut Bag) -> bool {
    let node = program.block(used.block);
    let wanted = provider_of(&block.type_name);
    let fits = block.type_name.is_empty() || node.type_name.is_empty() || *node.type_name == *wanted;
    if !fits {
        bag.push(
            Diagnostic::error(
                "wrong_provider",
                format!("`{}` needs a provider of type `{wanted}`", block.type_name),
            )
            .at(target.span, format!("`{}` is one of type `{}`", target.name, node.type_name))
            .at(node.span, "declared here")
            .help(format!("name a node of type `{wanted}`")),
        );
    }
    fits
}

/// The node that a block uses which names none: in the nearest module that has one for the type,
/// the node with the type's name, else the only one.
fn default_provider(
    block: &Block,
    program: &Program,
    schemas: &Schemas,
    missing: &mut BTreeSet<Name>,
    bag: &mut Bag,
) -> Option<ProviderUse> {
    if block.type_name.is_empty() {
        return None;
    }
    let wanted = provider_of(&block.type_name);
    let mut scope = block.module;
    loop {
        let module = program.module(scope);
        let own = module.providers.iter().map(|(name, id)| {
            let span = program.block(*id).span;
            (name, ProviderUse { block: *id, key: None, scope, span })
        });
        let mapped = module.call.iter().flat_map(|call| &call.providers);
        let of_type: Vec<(&Name, ProviderUse)> = own
            .chain(mapped.map(|(name, used)| (name, used.clone())))
            .filter(|(_, used)| *program.block(used.block).type_name == *wanted)
            .collect();
        let by_name = of_type.iter().position(|(name, _)| ***name == *wanted);
        let choice = by_name.or((of_type.len() == 1).then_some(0));
        match choice {
            Some(i) => {
                let (name, used) = &of_type[i];
                let has_instances = program.block(used.block).for_each.is_some();
                if !has_instances || used.key.is_some() {
                    return Some(used.clone());
                }
                bag.push(
                    Diagnostic::error(
                        "provider_instance",
                        format!("`{}` must say which instance of the provider `{name}` it uses", block.name),
                    )
                    .at(block.span, "")
                    .at(used.span, "has `for_each`")
                    .help(format!("add provider: {name}[\"key\"] or provider: {name}[each.key]")),
                );
                return None;
            }
            None if !of_type.is_empty() => {
                let names = listed(of_type.iter().map(|(name, _)| name));
                bag.push(
                    Diagnostic::error(
                        "which_provider",
                        format!("`{}` must say which provider of type `{wanted}` it uses", block.name),
                    )
                    .at(block.span, "")
                    .help(format!("add `provider: NAME`; there are {names}")),
                );
                return None;
            }
            None => {}
        }
        match &module.call {
            Some(call) => scope = call.parent,
            None => break,
        }
    }
    let needs = schemas.providers.get(wanted).into_iter().flat_map(|schema| &schema.attributes);
    let needs: Vec<&Name> =
        needs.filter(|(_, a)| a.required && a.default.is_none()).map(|(name, _)| name).collect();
    if !needs.is_empty() && missing.insert(wanted.into()) {
        bag.push(
            Diagnostic::error("no_provider", format!("there is no provider node for `{}`", block.type_name))
                .at(block.type_span, format!("`{wanted}` must be told {}", listed(needs)))
                .help(format!("add it under `providers`: {wanted}: {{ ... }}")),
        );
    }
    None
}
