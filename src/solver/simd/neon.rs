//! Eight lanes in four NEON registers, which every 64-bit ARM processor has.

use super::{LANES, LOG_INVC, Row, Simd};
use std::arch::aarch64::*;
use std::array::from_fn;

/// Four 128-bit registers.
#[derive(Clone, Copy)]
pub struct Neon([float64x2_t; LANES / 2]);

// SAFETY (all functions of this file): the trait's contract, NEON is part of the architecture, and the pointers are
// valid.

/// Columns `c` and `c + 1` of a row, interpolated.
#[inline(always)]
unsafe fn columns(table: *const Row, index: u32, theta: float64x2_t, c: usize) -> float64x2_t {
    unsafe {
        let p: *const f64 = table.add(index as usize).cast();
        vfmaq_f64(vld1q_f64(p.add(c)), vld1q_f64(p.add(LANES + c)), theta)
    }
}

/// Columns `c` and `c + 1` of the rows of all lanes, interpolated and transposed.
#[inline(always)]
unsafe fn two_columns(table: *const Row, index: &[u32; LANES], theta: Neon, c: usize) -> [Neon; 2] {
    unsafe {
        let mut out = [Neon::splat(0.0); 2];
        for (k, theta) in theta.0.into_iter().enumerate() {
            let (low, high) = (vdupq_laneq_f64::<0>(theta), vdupq_laneq_f64::<1>(theta));
            let a = columns(table, index[2 * k], low, c);
            let b = columns(table, index[2 * k + 1], high, c);
            out[0].0[k] = vtrn1q_f64(a, b);
            out[1].0[k] = vtrn2q_f64(a, b);
        }
        out
    }
}

impl Neon {
    #[inline(always)]
    unsafe fn to_array(self) -> [f64; LANES] {
        let mut out = [0.0; LANES];
        unsafe { self.store(out.as_mut_ptr()) };
        out
    }

    /// Entries of a table of sixteen by the first four bits of the fraction.
    #[inline(always)]
    unsafe fn sixteenth(self, table: &[f64; 16]) -> Self {
        unsafe {
            let x = self.to_array();
            // NEON has no gather.
            let entry = x.map(|x| table[(x.to_bits() >> 48) as usize & 15]);
            Self::load(entry.as_ptr())
        }
    }
}

impl Simd for Neon {
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        unsafe { Self([vdupq_n_f64(x); LANES / 2]) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> Self {
        unsafe { Self(from_fn(|k| vld1q_f64(p.add(2 * k)))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f64) {
        for (k, x) in self.0.into_iter().enumerate() {
            unsafe { vst1q_f64(p.add(2 * k), x) }
        }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        unsafe { Self(from_fn(|k| vaddq_f64(self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        unsafe { Self(from_fn(|k| vsubq_f64(self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        unsafe { Self(from_fn(|k| vmulq_f64(self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        unsafe { Self(from_fn(|k| vdivq_f64(self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        // NEON's addend comes first.
        unsafe { Self(from_fn(|k| vfmaq_f64(c.0[k], self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn fnma(self, b: Self, c: Self) -> Self {
        unsafe { Self(from_fn(|k| vfmsq_f64(c.0[k], self.0[k], b.0[k]))) }
    }
    #[inline(always)]
    unsafe fn positive(self) -> Self {
        unsafe {
            let zero = vdupq_n_f64(0.0);
            // By comparison, as `vmaxq_f64` would give NaN for NaN, and x86 gives 0.
            Self(self.0.map(|x| vbslq_f64(vcgtq_f64(x, zero), x, zero)))
        }
    }
    #[inline(always)]
    unsafe fn at_most(self, limit: Self) -> Self {
        unsafe {
            Self(from_fn(|k| {
                let (x, limit) = (self.0[k], limit.0[k]);
                vbslq_f64(vcltq_f64(x, limit), x, limit)
            }))
        }
    }
    #[inline(always)]
    unsafe fn flush_below(self, limit: f64) -> Self {
        unsafe {
            let (limit, zero) = (vdupq_n_f64(limit), vdupq_n_f64(0.0));
            let keep = |x| vbslq_f64(vcgeq_f64(vabsq_f64(x), limit), x, zero);
            Self(self.0.map(keep))
        }
    }
    #[inline(always)]
    unsafe fn split(self) -> ([u32; LANES], Self) {
        unsafe {
            let whole = self.0.map(|x| vcvtq_u64_f64(x));
            let theta = from_fn(|k| vsubq_f64(self.0[k], vcvtq_f64_u64(whole[k])));
            let mut index = [0; LANES];
            for (k, whole) in whole.into_iter().enumerate() {
                vst1_u32(index.as_mut_ptr().add(2 * k), vmovn_u64(whole));
            }
            (index, Self(theta))
        }
    }
    #[inline(always)]
    unsafe fn rows(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 6] {
        unsafe {
            let [a, b] = two_columns(table, &index, theta, 0);
            let [c, d] = two_columns(table, &index, theta, 2);
            let [e, f] = two_columns(table, &index, theta, 4);
            [a, b, c, d, e, f]
        }
    }
    #[inline(always)]
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2] {
        unsafe { two_columns(table, &index, theta, 4) }
    }
    #[inline(always)]
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self) {
        unsafe {
            let exponent = self.0.map(|x| {
                // As with AVX2, so that all instruction sets give the same bits.
                let power = vshrq_n_u64::<52>(vreinterpretq_u64_f64(x));
                let magic = vorrq_u64(power, vdupq_n_u64(0x4330_0000_0000_0000));
                let bias = vdupq_n_f64(4_503_599_627_370_496.0 + 1023.0);
                vsubq_f64(vreinterpretq_f64_u64(magic), bias)
            });
            let mantissa = self.0.map(|x| {
                let fraction = vdupq_n_u64(0x000f_ffff_ffff_ffff);
                let fraction = vandq_u64(vreinterpretq_u64_f64(x), fraction);
                let one = vdupq_n_u64(0x3ff0_0000_0000_0000);
                vreinterpretq_f64_u64(vorrq_u64(fraction, one))
            });
            (
                Self(exponent),
                Self(mantissa),
                self.sixteenth(&LOG_INVC),
                self.sixteenth(log_c),
            )
        }
    }
}
