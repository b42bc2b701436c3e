//! What a `deployment.toml` may say to one product: its keys, what each takes, and which setting it changes.
//! Reading a file by it is left to `read`; which keys a product has, to the product.

use regex::Regex;

use super::{
    read::{Reader, Value},
    suggestion,
};

/// What a key takes, and what it changes. Like the products, values may also be written as text.
pub enum Key<S: 'static> {
    /// A boolean.
    Flag(fn(&mut S, bool)),
    /// How far a port lies above 9443.
    Offset(fn(&mut S, u16)),
    /// A number of minutes.
    Minutes(fn(&mut S, u64)),
    /// Seconds, or a number with one of the units `s`, `m`, `h`, `d`.
    Span(fn(&mut S, u64)),
    /// The name of a host, or its address.
    Host(fn(&mut S, String)),
    /// A text that is not empty.
    Text(fn(&mut S, String)),
    /// A text of a certain form; the setter says what it wants of one that is not.
    Checked(fn(&mut S, &str) -> Result<(), &'static str>),
    /// A list of texts.
    Texts(fn(&mut S, Vec<String>)),
    /// A list of texts, or one text with commas between them; the setter says what it wants of one that will not do.
    Words(fn(&mut S, Vec<String>) -> Result<(), &'static str>),
    /// A number; the setter says what it wants of one that will not do.
    Count(fn(&mut S, u64) -> Result<(), &'static str>),
    /// A list of regular expressions.
    Patterns(fn(&mut S, Vec<Regex>)),
    /// Any number of tables of one name, written `[[name]]`.
    Tables(&'static Table<S>),
    /// Read by a function of its own.
    By(fn(&mut Reader<'_, S>, &str, &Value<'_>)),
    /// Whatever it is, it means nothing here.
    Nothing,
}

/// The keys of settings `S`, each with what it takes.
pub type Keys<S> = [(&'static str, Key<S>)];

/// A table that may come several times.
pub struct Table<S: 'static> {
    /// Called before each one, so that its keys find where to write.
    pub begin: fn(&mut S),
    /// Its keys, named from the table on.
    pub keys: &'static Keys<S>,
    /// The key that each one must have.
    pub needed: &'static str,
}

/// All that may stand in a file.
pub struct Vocabulary<S: 'static> {
    /// The keys that mean something.
    pub keys: &'static [&'static Keys<S>],
    /// Tables and single keys that the product knows and that mean nothing here.
    pub without_effect: &'static [&'static str],
    /// What is known to stand inside of tables that mean nothing. Other keys may stand there, but for slips of these.
    pub neighbours: &'static [&'static str],
    /// The key that is read before all others, wherever it stands, so that they count more.
    pub first: Option<&'static str>,
    /// Called once everything is read.
    pub finish: fn(&mut S),
    /// Where the keys are listed, for whoever wrote one that is like none of them.
    pub listed_in: &'static str,
}

impl<S> Clone for Key<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Key<S> {}

/// The keys at one place of a file: at its top, or in a table that may come several times.
pub(super) struct Level<S: 'static> {
    pub(super) keys: Vec<&'static Keys<S>>,
    pub(super) without_effect: &'static [&'static str],
    neighbours: &'static [&'static str],
    /// Stands before the names in messages.
    pub(super) prefix: String,
}

impl<S> Level<S> {
    pub(super) fn top(vocabulary: &Vocabulary<S>) -> Self {
        Self {
            keys: vocabulary.keys.to_vec(),
            without_effect: vocabulary.without_effect,
            neighbours: vocabulary.neighbours,
            prefix: String::new(),
        }
    }

    pub(super) fn of(table: &'static Table<S>, path: &str) -> Self {
        Self { keys: vec![table.keys], without_effect: &[], neighbours: &[], prefix: format!("{path}.") }
    }

    /// The key of that path.
    pub(super) fn known(&self, path: &str) -> Option<Key<S>> {
        if self.without_effect.contains(&path) {
            return Some(Key::Nothing);
        }
        self.keys.iter().flat_map(|keys| keys.iter()).find(|(known, _)| *known == path).map(|(_, key)| *key)
    }

    /// Whether a table means nothing but for some keys below it.
    pub(super) fn is_partly_known(&self, path: &str) -> bool {
        self.without_effect.contains(&path) && self.leads_to_keys(path)
    }

    /// Whether a key that means something lies below that path.
    pub(super) fn leads_to_keys(&self, path: &str) -> bool {
        self.keys.iter().flat_map(|keys| keys.iter()).any(|(known, _)| suggestion::below(known, path).is_some())
    }

    /// What a path in a table that means nothing was meant to be, where it is a slip of something known to be there.
    pub(super) fn slip(&self, path: &str) -> Option<String> {
        let (table, written) = path.rsplit_once('.')?;
        let all = self.names().chain(self.neighbours.iter().copied());
        let beside = all.filter_map(|known| suggestion::below(known, table)?.split('.').next());
        suggestion::slip(written, beside).map(|meant| format!("{table}.{meant}"))
    }

    /// Whether something lies below that path.
    pub(super) fn is_table(&self, path: &str) -> bool {
        self.names().any(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The known key that a path was most likely meant to be.
    pub(super) fn nearest(&self, path: &str) -> Option<String> {
        suggestion::nearest(path, &self.names().collect::<Vec<_>>())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.keys.iter().flat_map(|keys| keys.iter().map(|(known, _)| *known));
        own.chain(self.without_effect.iter().copied())
    }
}
