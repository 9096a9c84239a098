//! What simulations of a sweep share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Entries that a cache keeps.
const CACHE: usize = 64;

/// Most recently used values.
pub struct Cache<K, V, const SIZE: usize = CACHE>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V, const SIZE: usize> Default for Cache<K, V, SIZE> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V, const SIZE: usize> Cache<K, V, SIZE> {
    /// The value of a key, made where it is not kept.
    ///
    /// # Errors
    /// Of `make`.
    pub fn get<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Not locked while a value is made: two threads may make the same one, and neither waits.
        if let Some((_, value)) = lock().iter().find(|(k, _)| *k == key) {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        let mut entries = lock();
        // The oldest goes, used or not: a sweep asks for its values in runs.
        if entries.len() == SIZE {
            entries.pop_front();
        }
        entries.push_back((key, Arc::clone(&value)));
        Ok(value)
    }
}

/// A shared value: equal where it is the same or has an equal content.
pub struct ByValue<T>(pub Arc<T>);

impl<T: PartialEq> PartialEq for ByValue<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}
