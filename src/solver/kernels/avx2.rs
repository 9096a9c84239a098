//! Eight lanes in two AVX2 registers.

use super::simd::{LANES, LOG_INVC, Lanes, Row, Simd};
use std::arch::x86_64::*;

/// Two 256-bit registers. Needs avx2 and fma.
#[derive(Clone, Copy)]
pub struct Avx2(__m256d, __m256d);

// SAFETY (all functions): the trait's contract, the processor has AVX2 and FMA and the pointers are valid.
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
        unsafe {
            let limit = _mm256_set1_pd(limit);
            let sign = _mm256_set1_pd(-0.0);
            let half = |x: __m256d| {
                let keep = _mm256_cmp_pd::<_CMP_GE_OQ>(_mm256_andnot_pd(sign, x), limit);
                _mm256_and_pd(keep, x)
            };
            Self(half(self.0), half(self.1))
        }
    }
    #[inline(always)]
    unsafe fn greater_mask(self, b: Self) -> u8 {
        unsafe {
            let low = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, b.0));
            let high = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(self.1, b.1));
            (low | (high << 4)) as u8
        }
    }
    #[inline(always)]
    unsafe fn not_finite_mask(self) -> u8 {
        unsafe {
            let sign = _mm256_set1_pd(-0.0);
            let max = _mm256_set1_pd(f64::MAX);
            let half = |x: __m256d| {
                _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_NLE_UQ>(_mm256_andnot_pd(sign, x), max))
            };
            (half(self.0) | (half(self.1) << 4)) as u8
        }
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
            // Columns 0 to 3 of four rows, transposed; then columns 4 and 5.
            let quad = |k: usize| {
                let row = |k: usize| {
                    let p: *const f64 = table.add(index[k] as usize).cast();
                    _mm256_fmadd_pd(
                        _mm256_load_pd(p.add(LANES)),
                        _mm256_set1_pd(th[k]),
                        _mm256_load_pd(p),
                    )
                };
                let (r0, r1, r2, r3) = (row(k), row(k + 1), row(k + 2), row(k + 3));
                let (a, b) = (_mm256_unpacklo_pd(r0, r1), _mm256_unpackhi_pd(r0, r1));
                let (c, d) = (_mm256_unpacklo_pd(r2, r3), _mm256_unpackhi_pd(r2, r3));
                [
                    _mm256_permute2f128_pd::<0x20>(a, c),
                    _mm256_permute2f128_pd::<0x20>(b, d),
                    _mm256_permute2f128_pd::<0x31>(a, c),
                    _mm256_permute2f128_pd::<0x31>(b, d),
                ]
            };
            let tail = |k: usize| {
                let row = |k: usize| {
                    let p: *const f64 = table.add(index[k] as usize).cast();
                    _mm_fmadd_pd(
                        _mm_load_pd(p.add(LANES + 4)),
                        _mm_set1_pd(th[k]),
                        _mm_load_pd(p.add(4)),
                    )
                };
                let ab = _mm256_set_m128d(row(k + 2), row(k));
                let cd = _mm256_set_m128d(row(k + 3), row(k + 1));
                [_mm256_unpacklo_pd(ab, cd), _mm256_unpackhi_pd(ab, cd)]
            };
            let (l, h) = (quad(0), quad(4));
            let (lt, ht) = (tail(0), tail(4));
            [
                Self(l[0], h[0]),
                Self(l[1], h[1]),
                Self(l[2], h[2]),
                Self(l[3], h[3]),
                Self(lt[0], ht[0]),
                Self(lt[1], ht[1]),
            ]
        }
    }
    #[inline(always)]
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2] {
        unsafe {
            // The compiler drops the four columns that are not used.
            let all = Self::rows(table, index, theta);
            [all[4], all[5]]
        }
    }
    #[inline(always)]
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self) {
        unsafe {
            let exponent = |x: __m256d| {
                let magic = _mm256_or_si256(
                    _mm256_srli_epi64::<52>(_mm256_castpd_si256(x)),
                    _mm256_set1_epi64x(0x4330_0000_0000_0000),
                );
                _mm256_sub_pd(
                    _mm256_castsi256_pd(magic),
                    _mm256_set1_pd(4_503_599_627_370_496.0 + 1023.0),
                )
            };
            let mantissa = |x: __m256d| {
                let m = _mm256_or_si256(
                    _mm256_and_si256(
                        _mm256_castpd_si256(x),
                        _mm256_set1_epi64x(0x000f_ffff_ffff_ffff),
                    ),
                    _mm256_set1_epi64x(0x3ff0_0000_0000_0000),
                );
                _mm256_castsi256_pd(m)
            };
            let lookup = |x: __m256d, table: &[f64; 16]| {
                let i = _mm256_and_si256(
                    _mm256_srli_epi64::<48>(_mm256_castpd_si256(x)),
                    _mm256_set1_epi64x(15),
                );
                _mm256_i64gather_pd::<8>(table.as_ptr(), i)
            };
            (
                Self(exponent(self.0), exponent(self.1)),
                Self(mantissa(self.0), mantissa(self.1)),
                Self(lookup(self.0, &LOG_INVC), lookup(self.1, &LOG_INVC)),
                Self(lookup(self.0, log_c), lookup(self.1, log_c)),
            )
        }
    }
}
