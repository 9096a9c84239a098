//! Weighted sums of the membrane potentials of eight cells: what they add to electrode contacts.

use crate::solver::simd::{self, LANES, Simd};

/// For each step and contact the sum over nodes of weight times membrane potential, in order of the nodes.
///
/// T steps and K contacts are summed in one pass, as many as the registers hold: a weight that is loaded serves all
/// the steps, and the sums hide each other's latency.
///
/// # Safety
/// `potentials` holds a lane group for each step and node, `weights` one for each node and contact, `sums` one for
/// each step and contact, all aligned; the processor has S.
#[inline(always)]
unsafe fn sums<S: Simd, const T: usize, const K: usize>(
    potentials: *const f64,
    weights: *const f64,
    sums: *mut f64,
    size: Size,
) {
    // SAFETY: see above; blocks end with the last step and contact.
    unsafe {
        let whole = size.steps - size.steps % T;
        for step in (0..whole).step_by(T) {
            steps::<S, T, K>(potentials, weights, sums, size, step);
        }
        for step in whole..size.steps {
            steps::<S, 1, K>(potentials, weights, sums, size, step);
        }
    }
}

/// Numbers of steps, nodes and contacts.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Steps.
    pub steps: usize,
    /// Nodes of a cell.
    pub nodes: usize,
    /// Contacts.
    pub contacts: usize,
}

/// [`sums`] of T steps from `step` on.
///
/// # Safety
/// As for [`sums`]; there are as many steps.
#[inline(always)]
unsafe fn steps<S: Simd, const T: usize, const K: usize>(
    potentials: *const f64,
    weights: *const f64,
    sums: *mut f64,
    size: Size,
    step: usize,
) {
    // SAFETY: passed on from the caller.
    unsafe {
        let mut contact = 0;
        while contact + K <= size.contacts {
            block::<S, T, K>(potentials, weights, sums, size, step, contact);
            contact += K;
        }
        while contact < size.contacts {
            block::<S, T, 1>(potentials, weights, sums, size, step, contact);
            contact += 1;
        }
    }
}

/// [`sums`] of T steps and K contacts.
///
/// # Safety
/// As for [`sums`]; there are as many.
#[inline(always)]
unsafe fn block<S: Simd, const T: usize, const K: usize>(
    potentials: *const f64,
    weights: *const f64,
    sums: *mut f64,
    size: Size,
    step: usize,
    contact: usize,
) {
    // SAFETY: see above.
    unsafe {
        // Each sum passes over the nodes in their order, whatever T and K: blocks change no bit.
        let mut sum = [[S::splat(0.0); K]; T];
        for node in 0..size.nodes {
            let of_node = weights.add((node * size.contacts + contact) * LANES);
            let mut weight = [S::splat(0.0); K];
            for (k, weight) in weight.iter_mut().enumerate() {
                *weight = S::load(of_node.add(k * LANES));
            }
            for (t, sum) in sum.iter_mut().enumerate() {
                let v = S::load(potentials.add(((step + t) * size.nodes + node) * LANES));
                for (sum, weight) in sum.iter_mut().zip(weight) {
                    *sum = weight.fma(v, *sum);
                }
            }
        }
        for (t, sum) in sum.into_iter().enumerate() {
            for (k, sum) in sum.into_iter().enumerate() {
                sum.store(sums.add(((step + t) * size.contacts + contact + k) * LANES));
            }
        }
    }
}

/// [`sums`] on one instruction set.
///
/// # Safety
/// As for [`sums`].
pub type Sums = unsafe fn(*const f64, *const f64, *mut f64, Size);

macro_rules! sums_on {
    ($(#[$attribute:meta])* $name:ident, $simd:ty, $steps:literal, $contacts:literal) => {
        $(#[$attribute])*
        ///
        /// # Safety
        /// As for [`Sums`].
        pub unsafe fn $name(potentials: *const f64, weights: *const f64, out: *mut f64, size: Size) {
            // SAFETY: passed on from the caller.
            unsafe { sums::<$simd, $steps, $contacts>(potentials, weights, out, size) }
        }
    };
}

sums_on!(
    /// Plain Rust.
    sums_scalar,
    simd::Scalar,
    2,
    2
);
sums_on!(
    /// Plain Rust, with the processor's fused multiply-add instead of the library's.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "fma")]
    sums_scalar_fma,
    simd::Scalar,
    2,
    2
);
sums_on!(
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    sums_avx2,
    simd::avx2::Avx2,
    2,
    2
);
sums_on!(
    /// AVX-512 F and DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
    sums_avx512,
    simd::avx512::Avx512,
    4,
    4
);
sums_on!(
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    sums_neon,
    simd::neon::Neon,
    2,
    2
);
