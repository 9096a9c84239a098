//! Eight lanes of f64 on every instruction set, with the same bits on each.
//!
//! Only operations that IEEE 754 defines to the last bit are offered (fused multiply-add always fused, division
//! correctly rounded, no approximations, no reductions over lanes), so a kernel written once gives identical
//! results on AVX-512, AVX2, NEON and plain Rust.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
mod exp;
#[cfg(target_arch = "aarch64")]
pub mod neon;
mod set;
mod table;
#[cfg(test)]
mod tests;
mod variables;
mod vector;

pub use exp::{Em1, log};
pub use set::InstructionSet;
pub use table::RateTable;
pub use variables::Variables;
pub use vector::Vector;

/// Number of cells in a lane group, on every machine.
pub const LANES: usize = 8;

/// Eight values, aligned to a cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Lanes(pub [f64; LANES]);

/// One interval of an interpolation table: eight values at its left end and their differences to the right end.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Row {
    /// Values at the left end of the interval.
    pub value: [f64; LANES],
    /// Value at the right end less value at the left end.
    pub slope: [f64; LANES],
}

/// Centres of the sixteen intervals of [1, 2) used by [`Simd::log_parts`]: their reciprocals.
pub const LOG_INVC: [f64; 16] = {
    let mut table = [0.0; 16];
    let mut i = 0;
    while i < 16 {
        table[i] = 1.0 / (1.0 + (i as f64 + 0.5) / 16.0);
        i += 1;
    }
    table
};

/// Eight lanes of one instruction set.
///
/// # Safety
/// Every function may only be called where the processor has the instruction set, and pointers must be valid for
/// eight values (64-byte aligned where named `aligned`).
pub trait Simd: Copy {
    /// All lanes the same.
    unsafe fn splat(x: f64) -> Self;
    /// Loads eight aligned values.
    unsafe fn load(p: *const f64) -> Self;
    /// Stores eight aligned values.
    unsafe fn store(self, p: *mut f64);
    /// `self + b`
    unsafe fn add(self, b: Self) -> Self;
    /// `self - b`
    unsafe fn sub(self, b: Self) -> Self;
    /// `self * b`
    unsafe fn mul(self, b: Self) -> Self;
    /// `self / b`
    unsafe fn div(self, b: Self) -> Self;
    /// `self * b + c`, rounded once
    unsafe fn fma(self, b: Self, c: Self) -> Self;
    /// `c - self * b`, rounded once
    unsafe fn fnma(self, b: Self, c: Self) -> Self;
    /// `self` where it is greater than zero, else zero (also for NaN).
    unsafe fn positive(self) -> Self;
    /// `self` where it is less than `limit`, else `limit` (also for NaN).
    unsafe fn at_most(self, limit: Self) -> Self;
    /// `self` where it is at least `limit` in magnitude, else zero.
    unsafe fn flush_below(self, limit: f64) -> Self;
    /// Splits non-negative values below 2^31 into integer and fractional part.
    unsafe fn split(self) -> ([u32; LANES], Self);
    /// Interpolates the first six columns of a table: lane k reads row `index[k]` at `theta[k]`.
    unsafe fn rows(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 6];
    /// Interpolates columns 4 and 5 only.
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2];
    /// For positive normal x = 2^k m with m in [1, 2): (k, m, 1/c, i) of the sixteenth i of [1, 2) with centre c that
    /// m lies in, the last as the value of `log_c` there.
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self);
}

/// Plain Rust, one lane after the other: the reference.
#[derive(Clone, Copy)]
pub struct Scalar([f64; LANES]);

impl Scalar {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], b.0[k])))
    }
}

impl Simd for Scalar {
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        Self([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> Self {
        // SAFETY: the caller passes eight valid values.
        Self(unsafe { p.cast::<[f64; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f64) {
        // SAFETY: the caller passes room for eight values.
        unsafe { p.cast::<[f64; LANES]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        self.zip(b, |x, y| x + y)
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        self.zip(b, |x, y| x - y)
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        self.zip(b, |x, y| x * y)
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        self.zip(b, |x, y| x / y)
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k].mul_add(b.0[k], c.0[k])))
    }
    #[inline(always)]
    unsafe fn fnma(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|k| {
            (-self.0[k]).mul_add(b.0[k], c.0[k])
        }))
    }
    #[inline(always)]
    unsafe fn positive(self) -> Self {
        Self(self.0.map(|x| if x > 0.0 { x } else { 0.0 }))
    }
    #[inline(always)]
    unsafe fn at_most(self, limit: Self) -> Self {
        self.zip(limit, |x, y| if x < y { x } else { y })
    }
    #[inline(always)]
    unsafe fn flush_below(self, limit: f64) -> Self {
        Self(self.0.map(|x| if x.abs() >= limit { x } else { 0.0 }))
    }
    #[inline(always)]
    unsafe fn split(self) -> ([u32; LANES], Self) {
        let index = self.0.map(|x| x as u32);
        let theta = Self(std::array::from_fn(|k| self.0[k] - f64::from(index[k])));
        (index, theta)
    }
    #[inline(always)]
    unsafe fn rows(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 6] {
        let mut out = [Self([0.0; LANES]); 6];
        for (k, i) in index.into_iter().enumerate() {
            // SAFETY: the caller passes indices of the table.
            let row = unsafe { &*table.add(i as usize) };
            for (c, column) in out.iter_mut().enumerate() {
                column.0[k] = row.slope[c].mul_add(theta.0[k], row.value[c]);
            }
        }
        out
    }
    #[inline(always)]
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2] {
        // SAFETY: as for `rows`.
        let all = unsafe { Self::rows(table, index, theta) };
        [all[4], all[5]]
    }
    #[inline(always)]
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self) {
        let sixteenth = |x: f64| (x.to_bits() >> 48) as usize & 15;
        (
            Self(self.0.map(|x| {
                let magic = (x.to_bits() >> 52) | 0x4330_0000_0000_0000;
                f64::from_bits(magic) - (4_503_599_627_370_496.0 + 1023.0)
            })),
            Self(self.0.map(|x| {
                f64::from_bits((x.to_bits() & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000)
            })),
            Self(self.0.map(|x| LOG_INVC[sixteenth(x)])),
            Self(self.0.map(|x| log_c[sixteenth(x)])),
        )
    }
}
