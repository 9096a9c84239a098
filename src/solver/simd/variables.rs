//! State variables in memory.

use super::{LANES, Simd, Vector};
use std::marker::PhantomData;

/// The state variables of one segment of eight cells, one after the other.
pub struct Variables<S> {
    start: *mut f64,
    n: usize,
    set: PhantomData<S>,
}

impl<S: Simd> Variables<S> {
    /// The `n` lane groups from `start` on.
    ///
    /// # Safety
    /// They are aligned and nothing else reads or writes them meanwhile; the processor has S.
    #[inline(always)]
    pub unsafe fn new(start: *mut f64, n: usize) -> Self {
        Self {
            start,
            n,
            set: PhantomData,
        }
    }

    /// Value of variable `i`.
    #[inline(always)]
    pub fn load(&self, i: usize) -> Vector<S> {
        assert!(i < self.n);
        // SAFETY: promised to `new`; the variable is one of them.
        unsafe { Vector::new(S::load(self.start.add(i * LANES))) }
    }

    /// Sets variable `i`.
    #[inline(always)]
    pub fn store(&mut self, i: usize, value: Vector<S>) {
        assert!(i < self.n);
        // SAFETY: promised to `new`; the variable is one of them.
        unsafe { value.get().store(self.start.add(i * LANES)) }
    }
}
