//! Eight lanes in two AVX2 registers.

use super::{LANES, LOG_INVC, Lanes, Row, Simd};
use std::arch::x86_64::*;

/// Two 256-bit registers. Needs avx2 and fma.
#[derive(Clone, Copy)]
pub struct Avx2(__m256d, __m256d);

// SAFETY (all functions of this file): the trait's contract, the processor has AVX2 and FMA and the pointers are valid.
// Helpers are functions that are always inlined, not closures: those are compiled without the instruction set.

/// The first four columns of a row, interpolated.
#[inline(always)]
unsafe fn head(table: *const Row, index: u32, theta: f64) -> __m256d {
    unsafe {
        let p: *const f64 = table.add(index as usize).cast();
        _mm256_fmadd_pd(
            _mm256_load_pd(p.add(LANES)),
            _mm256_set1_pd(theta),
            _mm256_load_pd(p),
        )
    }
}

/// The first four columns of four rows, transposed.
#[inline(always)]
unsafe fn heads(
    table: *const Row,
    index: &[u32; LANES],
    theta: &[f64; LANES],
    k: usize,
) -> [__m256d; 4] {
    unsafe {
        let (r0, r1) = (
            head(table, index[k], theta[k]),
            head(table, index[k + 1], theta[k + 1]),
        );
        let (r2, r3) = (
            head(table, index[k + 2], theta[k + 2]),
            head(table, index[k + 3], theta[k + 3]),
        );
        let (a, b) = (_mm256_unpacklo_pd(r0, r1), _mm256_unpackhi_pd(r0, r1));
        let (c, d) = (_mm256_unpacklo_pd(r2, r3), _mm256_unpackhi_pd(r2, r3));
        [
            // Pairs within halves came first; this joins the halves: 0x20 the lower ones, 0x31 the
            // upper ones.
            _mm256_permute2f128_pd::<0x20>(a, c),
            _mm256_permute2f128_pd::<0x20>(b, d),
            _mm256_permute2f128_pd::<0x31>(a, c),
            _mm256_permute2f128_pd::<0x31>(b, d),
        ]
    }
}

/// Columns 4 and 5 of a row, interpolated.
#[inline(always)]
unsafe fn tail(table: *const Row, index: u32, theta: f64) -> __m128d {
    unsafe {
        let p: *const f64 = table.add(index as usize).cast();
        _mm_fmadd_pd(
            _mm_load_pd(p.add(LANES + 4)),
            _mm_set1_pd(theta),
            _mm_load_pd(p.add(4)),
        )
    }
}

/// Columns 4 and 5 of four rows, transposed.
#[inline(always)]
unsafe fn tails(
    table: *const Row,
    index: &[u32; LANES],
    theta: &[f64; LANES],
    k: usize,
) -> [__m256d; 2] {
    unsafe {
        let t0 = tail(table, index[k], theta[k]);
        let t1 = tail(table, index[k + 1], theta[k + 1]);
        let t2 = tail(table, index[k + 2], theta[k + 2]);
        let t3 = tail(table, index[k + 3], theta[k + 3]);
        let (even, odd) = (_mm256_set_m128d(t2, t0), _mm256_set_m128d(t3, t1));
        [_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd)]
    }
}

#[inline(always)]
unsafe fn flush(x: __m256d, limit: f64) -> __m256d {
    unsafe {
        // -0.0 is the sign bit alone.
        let magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
        _mm256_and_pd(
            _mm256_cmp_pd::<_CMP_GE_OQ>(magnitude, _mm256_set1_pd(limit)),
            x,
        )
    }
}

#[inline(always)]
unsafe fn exponent(x: __m256d) -> __m256d {
    unsafe {
        // AVX2 cannot turn 64-bit integers into doubles. As the fraction of 2^52 they are one
        // already, and subtracting 2^52 + 1023 leaves the exponent.
        let magic = _mm256_or_si256(
            _mm256_srli_epi64::<52>(_mm256_castpd_si256(x)),
            _mm256_set1_epi64x(0x4330_0000_0000_0000),
        );
        _mm256_sub_pd(
            _mm256_castsi256_pd(magic),
            _mm256_set1_pd(4_503_599_627_370_496.0 + 1023.0),
        )
    }
}

#[inline(always)]
unsafe fn mantissa(x: __m256d) -> __m256d {
    unsafe {
        // With the exponent of 1, so that the result is from 1 to 2.
        let fraction = _mm256_and_si256(
            _mm256_castpd_si256(x),
            _mm256_set1_epi64x(0x000f_ffff_ffff_ffff),
        );
        _mm256_castsi256_pd(_mm256_or_si256(
            fraction,
            _mm256_set1_epi64x(0x3ff0_0000_0000_0000),
        ))
    }
}

/// Entry of a table of sixteen by the first four bits of the fraction.
#[inline(always)]
unsafe fn sixteenth(x: __m256d, table: &[f64; 16]) -> __m256d {
    unsafe {
        let i = _mm256_and_si256(
            _mm256_srli_epi64::<48>(_mm256_castpd_si256(x)),
            _mm256_set1_epi64x(15),
        );
        // Scale 8: the index counts doubles.
        _mm256_i64gather_pd::<8>(table.as_ptr(), i)
    }
}

impl Avx2 {
    #[inline(always)]
    unsafe fn to_array(self) -> [f64; LANES] {
        let mut out = Lanes::default();
        unsafe { self.store(out.0.as_mut_ptr()) };
        out.0
    }
}

impl Simd for Avx2 {
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        unsafe { Self(_mm256_set1_pd(x), _mm256_set1_pd(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> Self {
        unsafe { Self(_mm256_load_pd(p), _mm256_load_pd(p.add(4))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f64) {
        unsafe {
            _mm256_store_pd(p, self.0);
            _mm256_store_pd(p.add(4), self.1);
        }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        unsafe { Self(_mm256_add_pd(self.0, b.0), _mm256_add_pd(self.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        unsafe { Self(_mm256_sub_pd(self.0, b.0), _mm256_sub_pd(self.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        unsafe { Self(_mm256_mul_pd(self.0, b.0), _mm256_mul_pd(self.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        unsafe { Self(_mm256_div_pd(self.0, b.0), _mm256_div_pd(self.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        unsafe {
            Self(
                _mm256_fmadd_pd(self.0, b.0, c.0),
                _mm256_fmadd_pd(self.1, b.1, c.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn fnma(self, b: Self, c: Self) -> Self {
        unsafe {
            Self(
                _mm256_fnmadd_pd(self.0, b.0, c.0),
                _mm256_fnmadd_pd(self.1, b.1, c.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn positive(self) -> Self {
        // maxpd gives its second operand where either is NaN.
        unsafe {
            let zero = _mm256_setzero_pd();
            Self(_mm256_max_pd(self.0, zero), _mm256_max_pd(self.1, zero))
        }
    }
    #[inline(always)]
    unsafe fn at_most(self, limit: Self) -> Self {
        unsafe {
            Self(
                _mm256_min_pd(self.0, limit.0),
                _mm256_min_pd(self.1, limit.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn flush_below(self, limit: f64) -> Self {
        unsafe { Self(flush(self.0, limit), flush(self.1, limit)) }
    }
    #[inline(always)]
    unsafe fn split(self) -> ([u32; LANES], Self) {
        unsafe {
            let (i, j) = (_mm256_cvttpd_epi32(self.0), _mm256_cvttpd_epi32(self.1));
            let theta = Self(
                _mm256_sub_pd(self.0, _mm256_cvtepi32_pd(i)),
                _mm256_sub_pd(self.1, _mm256_cvtepi32_pd(j)),
            );
            let mut index = [0u32; LANES];
            _mm_storeu_si128(index.as_mut_ptr().cast(), i);
            _mm_storeu_si128(index.as_mut_ptr().add(4).cast(), j);
            (index, theta)
        }
    }
    #[inline(always)]
    unsafe fn rows(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 6] {
        unsafe {
            let th = theta.to_array();
            let [a, b, c, d] = heads(table, &index, &th, 0);
            let [e, f, g, h] = heads(table, &index, &th, 4);
            let [i, j] = tails(table, &index, &th, 0);
            let [k, l] = tails(table, &index, &th, 4);
            [
                Self(a, e),
                Self(b, f),
                Self(c, g),
                Self(d, h),
                Self(i, k),
                Self(j, l),
            ]
        }
    }
    #[inline(always)]
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2] {
        unsafe {
            let th = theta.to_array();
            let [i, j] = tails(table, &index, &th, 0);
            let [k, l] = tails(table, &index, &th, 4);
            [Self(i, k), Self(j, l)]
        }
    }
    #[inline(always)]
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self) {
        unsafe {
            let Self(a, b) = self;
            (
                Self(exponent(a), exponent(b)),
                Self(mantissa(a), mantissa(b)),
                Self(sixteenth(a, &LOG_INVC), sixteenth(b, &LOG_INVC)),
                Self(sixteenth(a, log_c), sixteenth(b, log_c)),
            )
        }
    }
}
