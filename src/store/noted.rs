//! Values that take note of what of them was changed since they were last saved.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// A value that is saved as a whole. Read it as if it were the value itself.
#[derive(Clone, Debug, Default)]
pub struct Noted<T> {
    value: T,
    is_changed: bool,
}

impl<T> Noted<T> {
    /// The value, to be changed.
    pub fn change(&mut self) -> &mut T {
        self.is_changed = true;
        &mut self.value
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    pub(super) fn forget_change(&mut self) {
        self.is_changed = false;
    }
}

impl<T> Deref for Noted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'a, T> IntoIterator for &'a Noted<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

/// A map of which only what was changed is saved. Read it as if it were the map itself.
#[derive(Clone, Debug)]
pub struct NotedMap<K, V> {
    map: BTreeMap<K, V>,
    changed: BTreeSet<K>,
}

impl<K, V> Default for NotedMap<K, V> {
    fn default() -> Self {
        let (map, changed) = (BTreeMap::new(), BTreeSet::new());
        Self { map, changed }
    }
}

impl<K: Ord + Clone, V> NotedMap<K, V> {
    /// Puts an entry in, or replaces it.
    pub fn insert(&mut self, key: K, value: V) {
        self.changed.insert(key.clone());
        self.map.insert(key, value);
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &K) {
        if self.map.remove(key).is_some() {
            self.changed.insert(key.clone());
        }
    }

    /// An entry, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(value)
    }

    /// An entry, to be changed; made if there is none.
    pub fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.changed.insert(key.clone());
        self.map.entry(key).or_default()
    }

    /// Takes out all entries that `keep` is false of.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        let gone: Vec<K> = self.map.keys().filter(|key| !keep(key)).cloned().collect();
        gone.iter().for_each(|key| self.remove(key));
    }

    /// What was changed since the last time, an entry that is gone without a value.
    pub(super) fn changes(&self) -> Vec<(&K, Option<&V>)> {
        let changed = self.changed.iter();
        changed.map(|key| (key, self.map.get(key))).collect()
    }

    /// Makes changes that are saved already.
    pub(super) fn follow(&mut self, changes: Vec<(K, Option<V>)>) {
        for (key, value) in changes {
            match value {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }

    pub(super) fn forget_changes(&mut self) {
        self.changed.clear();
    }
}

impl<K, V> Deref for NotedMap<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<'a, K, V> IntoIterator for &'a NotedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl<T: Serialize> Serialize for Noted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Noted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, is_changed) = (T::deserialize(deserializer)?, false);
        Ok(Self { value, is_changed })
    }
}

impl<K: Serialize, V: Serialize> Serialize for NotedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for NotedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (map, changed) = (BTreeMap::deserialize(deserializer)?, BTreeSet::new());
        Ok(Self { map, changed })
    }
}
