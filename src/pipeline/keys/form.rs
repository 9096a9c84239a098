//! What a key is, and what may stand behind it.

/// A key of a table.
pub(in crate::pipeline) struct Key {
    pub(in crate::pipeline) name: &'static str,
    pub(super) form: Form,
    /// What it says, for editors.
    pub(super) about: &'static str,
}

/// What may stand behind a key.
pub(in crate::pipeline) enum Form {
    Any,
    Text,
    /// A text, or one of these that are known.
    Named(&'static [&'static str]),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// True or false.
    Bool,
    /// True or false, or `"$name"` of a parameter.
    Flag,
    Whole,
    /// A number that is no expression.
    Plain,
    /// A number, or an expression over parameters.
    Number,
    /// So many of a form; at least and at most.
    List(&'static Form, usize, Option<usize>),
    /// One of several forms.
    Either(&'static [Form]),
    /// A table with names of the user's choice.
    Open(&'static Form),
    Table(&'static [Key]),
    /// A list of tables.
    Tables(&'static [Key]),
    /// A list of drives.
    Drives,
}

pub(super) const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about }
}

/// Names of keys.
pub(super) const fn names<const N: usize>(keys: &[Key; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = keys[i].name;
        i += 1;
    }
    names
}
