//! Weighted sums of the membrane potentials of eight cells: what they add to electrode contacts.

use super::layout::Layout;
use super::simd::{LANES, Simd};

/// Contacts that are summed in one pass over the potentials.
const AT_ONCE: usize = 4;

/// For each contact the sum over nodes of weight times membrane potential, in order of the nodes.
///
/// # Safety
/// `state` begins with V, D, R and DV of `n_nodes` nodes, `weights` holds a lane group for each contact and node, `sums`
/// one for each contact, all aligned; the processor has S.
#[inline(always)]
unsafe fn sums<S: Simd>(
    state: *const f64,
    n_nodes: usize,
    weights: *const f64,
    n_contacts: usize,
    sums: *mut f64,
) {
    // SAFETY: see above.
    unsafe {
        let mut first = 0;
        while first < n_contacts {
            let n = AT_ONCE.min(n_contacts - first);
            let mut sum = [S::splat(0.0); AT_ONCE];
            for node in 0..n_nodes {
                let v = S::load(state.add(Layout::core(node, Layout::V) * LANES));
                for (k, sum) in sum.iter_mut().enumerate().take(n) {
                    let weight = weights.add(((first + k) * n_nodes + node) * LANES);
                    *sum = S::load(weight).fma(v, *sum);
                }
            }
            for (k, sum) in sum.iter().enumerate().take(n) {
                sum.store(sums.add((first + k) * LANES));
            }
            first += n;
        }
    }
}

/// The type of [`sums`] for one instruction set.
pub type Sums = unsafe fn(*const f64, usize, *const f64, usize, *mut f64);

macro_rules! sums_on {
    ($(#[$attribute:meta])* $name:ident, $simd:ty) => {
        $(#[$attribute])*
        ///
        /// # Safety
        /// As for plain Rust, and the processor has the instruction set.
        pub unsafe fn $name(
            state: *const f64,
            n_nodes: usize,
            weights: *const f64,
            n_contacts: usize,
            out: *mut f64,
        ) {
            // SAFETY: passed on from the caller.
            unsafe { sums::<$simd>(state, n_nodes, weights, n_contacts, out) }
        }
    };
}

sums_on!(
    /// Plain Rust.
    sums_scalar,
    super::simd::Scalar
);
sums_on!(
    /// Plain Rust, with the processor's fused multiply-add instead of the library's.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "fma")]
    sums_scalar_fma,
    super::simd::Scalar
);
sums_on!(
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    sums_avx2,
    super::avx2::Avx2
);
sums_on!(
    /// AVX-512 F and DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
    sums_avx512,
    super::avx512::Avx512
);
sums_on!(
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    sums_neon,
    super::neon::Neon
);
