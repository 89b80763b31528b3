//! The symbol, colour and words of each action. The symbol carries the meaning.

use aurak_model::Action;
use aurak_model::schema::ReplaceOrder;

use crate::paint::Role;
use crate::style::Style;

/// What is marked with a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Action(Action),
    Drift,
    Deferred,
}

impl Mark {
    pub(crate) fn symbol(self, style: &Style) -> &'static str {
        let (unicode, ascii) = match self {
            Mark::Action(Action::Create) => ("+", "+"),
            Mark::Action(Action::Update) => ("~", "~"),
            Mark::Action(Action::Replace(ReplaceOrder::DeleteFirst)) => ("±", "-/+"),
            Mark::Action(Action::Replace(ReplaceOrder::CreateFirst)) => ("±", "+/-"),
            Mark::Action(Action::Replace(ReplaceOrder::Rotate)) => ("±", "+/-"),
            Mark::Action(Action::Delete) => ("-", "-"),
            Mark::Action(Action::Forget) => ("⊘", "(-)"),
            Mark::Action(Action::Read) => ("?", "?"),
            Mark::Action(Action::Import) => ("←", "<-"),
            Mark::Action(Action::Move) => ("→", "->"),
            Mark::Action(Action::NoOp) => ("=", "="),
            Mark::Drift => ("≠", "!="),
            Mark::Deferred => ("…", "..."),
        };
        if style.unicode { unicode } else { ascii }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Mark::Action(Action::Create) => Role::Create,
            Mark::Action(Action::Update | Action::Import) => Role::Change,
            Mark::Action(Action::Replace(_)) => Role::Replace,
            Mark::Action(Action::Delete) => Role::Delete,
            Mark::Action(Action::Move) => Role::Note,
            Mark::Action(Action::Forget) => Role::Warning,
            Mark::Action(Action::Read | Action::NoOp) | Mark::Deferred => Role::Dim,
            Mark::Drift => Role::Drift,
        }
    }
}

/// What an action does, in a few words.
pub(crate) fn words(action: Action, changes_too: bool) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "in place",
        Action::Replace(ReplaceOrder::DeleteFirst) => "replace, delete first",
        Action::Replace(ReplaceOrder::CreateFirst) => "replace, create first",
        Action::Replace(ReplaceOrder::Rotate) => "rotate",
        Action::Delete => "delete",
        Action::Forget => "forget, it stays where it is",
        Action::Read => "read",
        Action::Import if changes_too => "take over, then in place",
        Action::Import => "take over",
        Action::Move if changes_too => "move, then in place",
        Action::Move => "move",
        Action::NoOp => "bookkeeping",
    }
}

/// The order of sections: what can lose something first.
pub(crate) fn rank(action: Action) -> u8 {
    match action {
        Action::Delete | Action::Replace(_) => 0,
        Action::Forget => 1,
        Action::Update | Action::Import | Action::Move => 2,
        Action::Create => 3,
        Action::Read => 4,
        Action::NoOp => 5,
    }
}
