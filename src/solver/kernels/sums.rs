//! Weighted sums of the membrane potentials of eight cells: what they add to electrode contacts.

use super::layout::Layout;
use super::simd::{LANES, Simd};

/// Steps, and contacts, that are summed in one pass: a weight that is loaded serves all the steps, and the sums hide each
/// other's latency.
const AT_ONCE: usize = 4;

/// For each step and contact the sum over nodes of weight times membrane potential, in order of the nodes.
///
/// # Safety
/// `potentials` holds a lane group for each step and node, `weights` one for each node and contact, `sums` one for each step and contact,
/// all aligned; the processor has S.
#[inline(always)]
unsafe fn sums<S: Simd>(potentials: *const f64, weights: *const f64, sums: *mut f64, size: Size) {
    // SAFETY: see above; blocks end with the last step and contact.
    unsafe {
        let blocks = |n: usize| n - n % AT_ONCE;
        for step in (0..blocks(size.steps)).step_by(AT_ONCE) {
            steps::<S, AT_ONCE>(potentials, weights, sums, size, step);
        }
        for step in blocks(size.steps)..size.steps {
            steps::<S, 1>(potentials, weights, sums, size, step);
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
unsafe fn steps<S: Simd, const T: usize>(
    potentials: *const f64,
    weights: *const f64,
    sums: *mut f64,
    size: Size,
    step: usize,
) {
    // SAFETY: passed on from the caller.
    unsafe {
        let mut contact = 0;
        while contact + AT_ONCE <= size.contacts {
            block::<S, T, AT_ONCE>(potentials, weights, sums, size, step, contact);
            contact += AT_ONCE;
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

/// Copies the membrane potentials out of a state.
///
/// # Safety
/// `state` begins with V, D, R and DV of `nodes` nodes, `potentials` has room for a lane group of each, all aligned; the processor has S.
#[inline(always)]
unsafe fn potentials<S: Simd>(state: *const f64, potentials: *mut f64, nodes: usize) {
    // SAFETY: see above.
    unsafe {
        for node in 0..nodes {
            S::load(state.add(Layout::core(node, Layout::V) * LANES))
                .store(potentials.add(node * LANES));
        }
    }
}

/// [`sums`] and [`potentials`] on one instruction set.
#[derive(Clone, Copy)]
pub struct Sums {
    /// Sums over nodes.
    pub sums: unsafe fn(*const f64, *const f64, *mut f64, Size),
    /// Potentials out of a state.
    pub potentials: unsafe fn(*const f64, *mut f64, usize),
}

macro_rules! sums_on {
    ($(#[$attribute:meta])* $name:ident, $simd:ty $(, $features:literal)?) => {
        $(#[$attribute])*
        pub const $name: Sums = {
            $(#[target_feature(enable = $features)])?
            unsafe fn all(potentials: *const f64, weights: *const f64, out: *mut f64, size: Size) {
                // SAFETY: passed on from the caller.
                unsafe { sums::<$simd>(potentials, weights, out, size) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn look(state: *const f64, out: *mut f64, nodes: usize) {
                // SAFETY: passed on from the caller.
                unsafe { potentials::<$simd>(state, out, nodes) }
            }
            Sums {
                sums: all,
                potentials: look,
            }
        };
    };
}

sums_on!(
    /// Plain Rust.
    SCALAR,
    super::simd::Scalar
);
sums_on!(
    /// Plain Rust, with the processor's fused multiply-add instead of the library's.
    #[cfg(target_arch = "x86_64")]
    SCALAR_FMA,
    super::simd::Scalar,
    "fma"
);
sums_on!(
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    AVX2,
    super::avx2::Avx2,
    "avx2,fma"
);
sums_on!(
    /// AVX-512 F and DQ.
    #[cfg(target_arch = "x86_64")]
    AVX512,
    super::avx512::Avx512,
    "avx512f,avx512dq,avx2,fma"
);
sums_on!(
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    NEON,
    super::neon::Neon
);
