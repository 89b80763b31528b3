//! Who was made from what goes: from an object, or from a whole block or composite.

use std::collections::{BTreeMap, HashMap, HashSet};

use aurak_model::{Address, Slot};

use super::{Builder, Leftover};
use crate::same::Handed;

/// The rows that were made from what goes: from an object, or from a whole block or composite.
#[derive(Default)]
pub(super) struct Users {
    pub(super) of: HashMap<Address, Vec<Address>>,
    pub(super) of_blocks: HashMap<Address, Vec<Address>>,
}

impl Users {
    pub(super) fn are_of(&self, address: &Address) -> bool {
        self.of.contains_key(address) || wholes(address).any(|whole| self.of_blocks.contains_key(&whole))
    }
}

/// What a resource is a part of under one name: its block, and the one of several composites.
pub(super) fn wholes(address: &Address) -> impl Iterator<Item = Address> {
    let block = address.block();
    let composite = address.composite().filter(|composite| *composite != block);
    [block].into_iter().chain(composite)
}

impl Builder<'_> {
    /// Who was made from what goes, by the addresses that rows have in this plan.
    pub(super) fn users(&self, leftovers: &BTreeMap<Address, Leftover>) -> Users {
        let renamed = &self.renamed;
        let now = |address: &Address| self.new_name(address);
        let going = |address: &Address| self.deletes.contains_key(address) || leftovers.contains_key(address);
        // What rows needed may be a whole block, under its name of then.
        let mut blocks: HashMap<Address, Address> = HashMap::new();
        for address in self.deletes.keys().chain(leftovers.keys()) {
            blocks.extend(wholes(address).map(|whole| (whole.clone(), whole)));
        }
        for (from, to) in renamed {
            if going(to) {
                blocks.extend(wholes(from).zip(wholes(to)));
            }
        }
        // A need of one word may be a single resource or all instances of a block; where a single one is
        // still to go beside instances that took its place, it is both.
        let mut several: HashSet<Address> = HashSet::new();
        for before in self.context.input.previous.rows.keys() {
            let address = now(before);
            if going(&address) {
                // What took a name over in this plan was not meant by it.
                let kept = |whole: &Address| *whole != address && wholes(&address).any(|now| now == *whole);
                several.extend(wholes(before).filter(kept));
            }
        }
        let rows = &self.context.input.previous.rows;
        let has_instances = |block: &Address| {
            let named = |it: &&Address| it.as_str().starts_with(block.as_str());
            let mut with = rows.range(block.clone()..).map(|(address, _)| address).take_while(named);
            with.any(|address| address != block && wholes(address).any(|whole| whole == *block))
        };
        let mut users = Users::default();
        for (address, row) in rows {
            let address = now(address);
            if !self.of.contains_key(&address) {
                continue;
            }
            for before in &row.needs {
                let need = now(before);
                let going = going(&need);
                // A single one that took the name of a block was never all of that.
                let took_over = need != *before && rows.contains_key(before) && !has_instances(before);
                // Nothing needs other instances of its own block: that is somebody's name of now.
                if let Some(block) = blocks.get(&need).filter(|_| !took_over)
                    && address.block() != *block
                    && (!going || several.contains(block))
                    && !(rows.contains_key(before) && self.is_made_from(block, before, &row.address))
                {
                    users.of_blocks.entry(block.clone()).or_default().push(address.clone());
                }
                if going {
                    users.of.entry(need).or_default().push(address.clone());
                }
            }
        }
        users
    }

    /// Whether instances of a block were made from something, which then was not made from them, whatever
    /// the single resource `own` that has their name by now. Names are those of rows.
    fn is_made_from(&self, block: &Address, own: &Address, user: &Address) -> bool {
        let rows = &self.context.input.previous.rows;
        let (mut open, mut seen) = (Vec::new(), HashSet::new());
        for (address, row) in rows {
            if address != own && wholes(&self.new_name(address)).any(|whole| whole == *block) {
                open.extend(&row.needs);
            }
        }
        while let Some(need) = open.pop() {
            if need == user {
                return true;
            }
            if seen.insert(need)
                && let Some(row) = rows.get(need)
            {
                open.extend(&row.needs);
            }
        }
        false
    }

    /// What leaves and was made from what is replaced delete-first, which waits for that: it makes room
    /// for the new object as well, and what moves over to that one cannot be waited for. The same holds
    /// of what leaves and gives its name to another address.
    pub(super) fn making_room(&self, users: &Users, hands: &[Handed]) -> HashSet<Address> {
        let firsts = self.deletes.iter().filter(|(_, delete)| delete.first);
        let mut open: Vec<Address> = firsts.map(|(address, _)| address.clone()).collect();
        let given = hands.iter().filter(|(_, _, address, slot)| {
            *slot == Slot::Current && self.deletes.contains_key(address) && !self.is_replaced(address)
        });
        let mut room: HashSet<Address> = given.map(|(_, _, address, _)| address.clone()).collect();
        open.extend(room.iter().cloned());
        while let Some(target) = open.pop() {
            let of_blocks = wholes(&target).filter_map(|whole| users.of_blocks.get(&whole));
            for user in users.of.get(&target).into_iter().chain(of_blocks).flatten() {
                let leaves = self.deletes.get(user).is_some_and(|own| !own.first) && !self.is_replaced(user);
                if leaves && room.insert(user.clone()) {
                    open.push(user.clone());
                }
            }
        }
        room
    }
}
