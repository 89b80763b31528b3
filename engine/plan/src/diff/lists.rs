//! Lists: in order, as sets, and by key; owned whole or added to.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use aurak_model::{Attribute, Seg, Value};

use super::equal::equal;
use super::normal::canonical;
use super::shape::{Shape, as_map, is_unordered, items, open, written};
use super::walk::{Merged, Walk};

/// How many pairs of items are looked at to align two lists: beyond a hundred by a hundred nobody
/// reads what became of each.
const MOST_COMPARED: usize = 10_000;

impl<'a> Walk<'a> {
    /// The items of a list.
    pub(super) fn list(
        &mut self,
        attribute: &'a Attribute,
        want: &[Value],
        previous: Option<&[Value]>,
        have: &[Value],
        secret: bool,
    ) -> Merged {
        match is_unordered(attribute) {
            true => {
                let outer = std::mem::replace(&mut self.placeless, true);
                let merged = self.unordered(attribute, want, previous, have, secret);
                self.placeless = outer;
                merged
            }
            false => self.ordered(attribute, want, previous, have, secret),
        }
    }

    fn ordered(
        &mut self,
        attribute: &'a Attribute,
        want: &[Value],
        previous: Option<&[Value]>,
        have: &[Value],
        secret: bool,
    ) -> Merged {
        let item = items(attribute);
        let places = aligned(item, want, have);
        let were = previous.map(|previous| aligned(item, want, previous));
        let mut list = Vec::new();
        let mut same = true;
        let mut next = 0;
        for (i, asked) in want.iter().enumerate() {
            let was = previous.zip(were.as_ref()).and_then(|(previous, were)| previous.get(were[i]?));
            let seg = Seg::Index(i);
            let Some(j) = places[i] else {
                same = false;
                list.extend(self.within(seg.clone(), seg, |w| w.new_item(item, asked, was, secret)));
                continue;
            };
            same &= self.leave(item, have, next..j, secret, &mut list);
            next = j + 1;
            let there = &have[j];
            let merged = self.within(seg, Seg::Index(j), |w| w.item(item, asked, was, there, secret));
            same &= matches!(merged, Merged::Same);
            list.extend(result(merged, there));
        }
        same &= self.leave(item, have, next..have.len(), secret, &mut list);
        if same { Merged::Same } else { Merged::New(Value::from(list)) }
    }

    /// Items that nobody asks for; whether all of them stay.
    fn leave(
        &mut self,
        item: &'a Attribute,
        have: &[Value],
        which: Range<usize>,
        secret: bool,
        list: &mut Vec<Value>,
    ) -> bool {
        let mut same = true;
        for j in which {
            let (seg, there) = (Seg::Index(j), &have[j]);
            match self.within(seg.clone(), seg, |w| w.item_gone(item, there, secret)) {
                Merged::Gone => same = false,
                Merged::Same | Merged::New(_) => list.push(there.clone()),
            }
        }
        same
    }

    fn unordered(
        &mut self,
        attribute: &'a Attribute,
        want: &[Value],
        previous: Option<&[Value]>,
        have: &[Value],
        secret: bool,
    ) -> Merged {
        let item = items(attribute);
        let mut partners = pairs(attribute, want, have);
        let mut taken = vec![false; have.len()];
        partners.iter().flatten().for_each(|j| taken[*j] = true);
        // An unknown item that will be what is there is one of those that nobody asks for by name.
        let mut free = (0..have.len()).filter(|j| !taken[*j]).collect::<VecDeque<_>>();
        for (asked, partner) in want.iter().zip(&mut partners) {
            if let (None, Value::Unknown(unknown)) = (&partner, open(asked).0)
                && self.stays(unknown)
            {
                *partner = free.pop_front();
            }
        }
        for j in partners.iter().flatten() {
            taken[*j] = true;
        }
        // Which previous item an asked one was: only keys tell.
        let were = match (previous, &attribute.keyed_by) {
            (Some(previous), Some(_)) => pairs(attribute, want, previous),
            _ => vec![None; want.len()],
        };

        let mut same = true;
        // What becomes of each item that is there, and what comes.
        let mut kept: Vec<Option<Value>> = vec![None; have.len()];
        let mut order: Vec<Result<usize, Value>> = Vec::with_capacity(want.len());
        for (i, asked) in want.iter().enumerate() {
            let was = were[i].and_then(|k| previous.and_then(|list| list.get(k)));
            match partners[i] {
                Some(j) => {
                    let there = &have[j];
                    let (asked_seg, live_seg) = (Seg::Index(i), Seg::Index(j));
                    let merged =
                        self.within(asked_seg, live_seg, |w| w.item(item, asked, was, there, secret));
                    same &= matches!(merged, Merged::Same);
                    kept[j] = result(merged, there);
                    order.push(Ok(j));
                }
                None => {
                    let seg = Seg::Index(i);
                    same = false;
                    order.extend(
                        self.within(seg.clone(), seg, |w| w.new_item(item, asked, was, secret)).map(Err),
                    );
                }
            }
        }

        let leaving = match (attribute.additive, previous) {
            (false, _) => vec![true; have.len()],
            // In a list that is only added to, what was ours and is asked for no more goes.
            (true, Some(previous)) if !self.is_drift() => was_ours(attribute, previous, want, have, &taken),
            (true, _) => vec![false; have.len()],
        };
        let mut left = vec![false; have.len()];
        for (j, there) in have.iter().enumerate().filter(|(j, _)| !taken[*j]) {
            left[j] = leaving[j]
                && matches!(
                    self.within(Seg::Index(j), Seg::Index(j), |w| {
                        let merged = w.item_gone(item, there, secret);
                        if attribute.additive && matches!(merged, Merged::Gone) {
                            w.unset_here();
                        }
                        merged
                    }),
                    Merged::Gone
                );
            same &= !left[j];
            if !left[j] {
                kept[j] = Some(there.clone());
            }
        }
        if same {
            return Merged::Same;
        }
        let mut list = Vec::with_capacity(order.len());
        if attribute.additive {
            list.extend(kept.into_iter().flatten());
            list.extend(order.into_iter().filter_map(Result::err));
        } else {
            list.extend(order.into_iter().filter_map(|entry| match entry {
                Ok(j) => kept[j].take(),
                Err(new) => Some(new),
            }));
            list.extend(kept.into_iter().flatten());
        }
        Merged::New(Value::from(list))
    }
}

/// For each asked item of a list in order the one that it is on the other side, so that one which
/// comes or goes does not change all behind it: as many as possible are equal, and those between are
/// taken one after the other.
fn aligned(item: &Attribute, want: &[Value], have: &[Value]) -> Vec<Option<usize>> {
    let mut places = vec![None; want.len()];
    let fits = |i: usize, j: usize| equal(item, &want[i], &have[j], false);
    let most = want.len().min(have.len());
    let front = (0..most).take_while(|i| fits(*i, *i)).count();
    let back = (1..=most - front).take_while(|n| fits(want.len() - n, have.len() - n)).count();
    let (wanted, there) = (front..want.len() - back, front..have.len() - back);
    (0..front).for_each(|i| places[i] = Some(i));
    (1..=back).for_each(|n| places[want.len() - n] = Some(have.len() - n));
    let mut equals = Vec::new();
    if wanted.len() != there.len() && wanted.len() * there.len() <= MOST_COMPARED {
        // How many can be equal from here on.
        let mut lengths = vec![vec![0_usize; there.len() + 1]; wanted.len() + 1];
        let fit: Vec<Vec<bool>> =
            wanted.clone().map(|i| there.clone().map(|j| fits(i, j)).collect()).collect();
        for x in (0..wanted.len()).rev() {
            for y in (0..there.len()).rev() {
                lengths[x][y] = match fit[x][y] {
                    true => lengths[x + 1][y + 1] + 1,
                    false => lengths[x + 1][y].max(lengths[x][y + 1]),
                };
            }
        }
        let (mut x, mut y) = (0, 0);
        while x < wanted.len() && y < there.len() {
            if fit[x][y] {
                equals.push((front + x, front + y));
                (x, y) = (x + 1, y + 1);
            } else if lengths[x + 1][y] >= lengths[x][y + 1] {
                x += 1;
            } else {
                y += 1;
            }
        }
    }
    // Between two that are equal, one after the other.
    let (mut i, mut j) = (front, front);
    equals.push((wanted.end, there.end));
    for (equal_i, equal_j) in equals {
        for (i, j) in (i..equal_i).zip(j..equal_j) {
            places[i] = Some(j);
        }
        if equal_i < wanted.end {
            places[equal_i] = Some(equal_j);
        }
        (i, j) = (equal_i + 1, equal_j + 1);
    }
    places
}

fn result(merged: Merged, there: &Value) -> Option<Value> {
    match merged {
        Merged::Same => Some(there.clone()),
        Merged::New(value) => Some(value),
        Merged::Gone => None,
    }
}

/// Which items that are there were ours at the last apply and are not asked for now.
fn was_ours(
    attribute: &Attribute,
    previous: &[Value],
    want: &[Value],
    have: &[Value],
    taken: &[bool],
) -> Vec<bool> {
    let wanted = pairs(attribute, previous, want);
    let mut out = vec![false; have.len()];
    let let_go: Vec<Value> =
        previous.iter().zip(wanted).filter(|(_, wanted)| wanted.is_none()).map(|(v, _)| v.clone()).collect();
    for j in pairs(attribute, &let_go, have).into_iter().flatten() {
        out[j] = !taken[j];
    }
    out
}

/// For each item of an unordered list the one that it is on the other side. The answer is one of
/// the largest possible ones, so that how the lists are ordered does not matter.
pub(super) fn pairs(attribute: &Attribute, want: &[Value], have: &[Value]) -> Vec<Option<usize>> {
    let item = items(attribute);
    let identity = |value: &Value| match &attribute.keyed_by {
        Some(key) => as_map(Some(value))
            .and_then(|map| written(map, key, true))
            .and_then(|value| canonical(open(value).0, Shape::of(item).child(key).0)),
        None => canonical(open(value).0, item),
    };
    let mut by_identity: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    let mut others = Vec::new();
    for (j, value) in have.iter().enumerate() {
        match identity(value) {
            Some(text) => by_identity.entry(text).or_default().push_back(j),
            None => others.push(j),
        }
    }
    let mut partners = vec![None; want.len()];
    let mut rest = Vec::new();
    for (i, value) in want.iter().enumerate() {
        match identity(value) {
            Some(text) => partners[i] = by_identity.get_mut(&text).and_then(VecDeque::pop_front),
            None => rest.push(i),
        }
    }
    if !rest.is_empty() && !others.is_empty() {
        match_rest(item, want, have, &rest, &others, &mut partners);
    }
    partners
}

/// Pairs what has no identity of its own: an asked item may fit several that are there, so that
/// taking the first would depend on the order. Augmenting paths find the largest pairing.
fn match_rest(
    item: &Attribute,
    want: &[Value],
    have: &[Value],
    rest: &[usize],
    others: &[usize],
    partners: &mut [Option<usize>],
) {
    let fits: Vec<Vec<usize>> = rest
        .iter()
        .map(|i| (0..others.len()).filter(|o| equal(item, &want[*i], &have[others[*o]], false)).collect())
        .collect();
    let mut owner: Vec<Option<usize>> = vec![None; others.len()];
    let mut place: Vec<Option<usize>> = vec![None; rest.len()];
    // Whoever is there exactly as asked for is taken first, so that what is left over says most.
    for (x, fits) in fits.iter().enumerate() {
        let exact = |o: &&usize| owner[**o].is_none() && want[rest[x]] == have[others[**o]];
        if let Some(&o) = fits.iter().find(exact) {
            (owner[o], place[x]) = (Some(x), Some(o));
        }
    }
    for start in (0..rest.len()).filter(|x| place[*x].is_none()).collect::<Vec<_>>() {
        // A search with a list of its own, as a recursive one could go as deep as the list is long.
        let mut came_from: Vec<Option<usize>> = vec![None; others.len()];
        let mut seen = vec![false; others.len()];
        let mut queue = VecDeque::from([start]);
        let mut end = None;
        'search: while let Some(x) = queue.pop_front() {
            for &o in &fits[x] {
                if std::mem::replace(&mut seen[o], true) {
                    continue;
                }
                came_from[o] = Some(x);
                match owner[o] {
                    None => {
                        end = Some(o);
                        break 'search;
                    }
                    Some(next) => queue.push_back(next),
                }
            }
        }
        while let Some(o) = end {
            let Some(x) = came_from[o] else { break };
            // The place that this one held before goes to whoever looked at it.
            end = place[x].replace(o);
            owner[o] = Some(x);
        }
    }
    for (o, x) in owner.iter().enumerate() {
        if let Some(x) = x {
            partners[rest[*x]] = Some(others[o]);
        }
    }
}
