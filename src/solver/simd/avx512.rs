//! Eight lanes in one AVX-512 register.

use super::{LANES, LOG_INVC, Lanes, Row, Simd};
use std::arch::x86_64::*;

/// One 512-bit register. Needs avx512f and avx512dq.
#[derive(Clone, Copy)]
pub struct Avx512(__m512d);

// SAFETY (all functions of this file): the trait's contract, the processor has AVX-512 F and DQ and the pointers are
// valid. Helpers are functions that are always inlined, not closures: those are compiled without the instruction set.

/// Eight columns of a row, interpolated.
#[inline(always)]
unsafe fn row(table: *const Row, index: u32, theta: f64) -> __m512d {
    unsafe {
        let p: *const f64 = table.add(index as usize).cast();
        _mm512_fmadd_pd(
            _mm512_load_pd(p.add(LANES)),
            _mm512_set1_pd(theta),
            _mm512_load_pd(p),
        )
    }
}

/// A column of eight rows, interpolated.
#[inline(always)]
unsafe fn column(p: *const f64, index: __m256i, theta: __m512d) -> Avx512 {
    unsafe {
        let value = _mm512_i32gather_pd::<8>(index, p);
        let slope = _mm512_i32gather_pd::<8>(index, p.add(LANES));
        Avx512(_mm512_fmadd_pd(slope, theta, value))
    }
}

/// Entries of a table of sixteen by the low four bits of each index.
#[inline(always)]
unsafe fn sixteen(table: &[f64; 16], index: __m512i) -> Avx512 {
    unsafe {
        let low = _mm512_loadu_pd(table.as_ptr());
        let high = _mm512_loadu_pd(table.as_ptr().add(8));
        Avx512(_mm512_permutex2var_pd(low, index, high))
    }
}

impl Simd for Avx512 {
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        unsafe { Self(_mm512_set1_pd(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> Self {
        unsafe { Self(_mm512_load_pd(p)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f64) {
        unsafe { _mm512_store_pd(p, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        unsafe { Self(_mm512_add_pd(self.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        unsafe { Self(_mm512_sub_pd(self.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        unsafe { Self(_mm512_mul_pd(self.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        unsafe { Self(_mm512_div_pd(self.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        unsafe { Self(_mm512_fmadd_pd(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    unsafe fn fnma(self, b: Self, c: Self) -> Self {
        unsafe { Self(_mm512_fnmadd_pd(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    unsafe fn positive(self) -> Self {
        // maxpd gives its second operand where either is NaN.
        unsafe { Self(_mm512_max_pd(self.0, _mm512_setzero_pd())) }
    }
    #[inline(always)]
    unsafe fn at_most(self, limit: Self) -> Self {
        unsafe { Self(_mm512_min_pd(self.0, limit.0)) }
    }
    #[inline(always)]
    unsafe fn flush_below(self, limit: f64) -> Self {
        unsafe {
            let keep =
                _mm512_cmp_pd_mask::<_CMP_GE_OQ>(_mm512_abs_pd(self.0), _mm512_set1_pd(limit));
            Self(_mm512_maskz_mov_pd(keep, self.0))
        }
    }
    #[inline(always)]
    unsafe fn split(self) -> ([u32; LANES], Self) {
        unsafe {
            let i = _mm512_cvttpd_epi32(self.0);
            let theta = _mm512_sub_pd(self.0, _mm512_cvtepi32_pd(i));
            let mut index = [0u32; LANES];
            _mm256_storeu_si256(index.as_mut_ptr().cast(), i);
            (index, Self(theta))
        }
    }
    #[inline(always)]
    unsafe fn rows(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 6] {
        unsafe {
            let mut th = Lanes::default();
            theta.store(th.0.as_mut_ptr());
            let th = th.0;
            let (r0, r1) = (row(table, index[0], th[0]), row(table, index[1], th[1]));
            let (r2, r3) = (row(table, index[2], th[2]), row(table, index[3], th[3]));
            let (r4, r5) = (row(table, index[4], th[4]), row(table, index[5], th[5]));
            let (r6, r7) = (row(table, index[6], th[6]), row(table, index[7], th[7]));
            // Transpose: pairs of rows, then quarters, then halves.
            let (a, b) = (_mm512_unpacklo_pd(r0, r1), _mm512_unpackhi_pd(r0, r1));
            let (c, d) = (_mm512_unpacklo_pd(r2, r3), _mm512_unpackhi_pd(r2, r3));
            let (e, f) = (_mm512_unpacklo_pd(r4, r5), _mm512_unpackhi_pd(r4, r5));
            let (g, h) = (_mm512_unpacklo_pd(r6, r7), _mm512_unpackhi_pd(r6, r7));
            let ac04 = _mm512_shuffle_f64x2::<0x88>(a, c);
            let eg04 = _mm512_shuffle_f64x2::<0x88>(e, g);
            let ac26 = _mm512_shuffle_f64x2::<0xdd>(a, c);
            let eg26 = _mm512_shuffle_f64x2::<0xdd>(e, g);
            let bd04 = _mm512_shuffle_f64x2::<0x88>(b, d);
            let fh04 = _mm512_shuffle_f64x2::<0x88>(f, h);
            let bd26 = _mm512_shuffle_f64x2::<0xdd>(b, d);
            let fh26 = _mm512_shuffle_f64x2::<0xdd>(f, h);
            [
                Self(_mm512_shuffle_f64x2::<0x88>(ac04, eg04)),
                Self(_mm512_shuffle_f64x2::<0x88>(bd04, fh04)),
                Self(_mm512_shuffle_f64x2::<0x88>(ac26, eg26)),
                Self(_mm512_shuffle_f64x2::<0x88>(bd26, fh26)),
                Self(_mm512_shuffle_f64x2::<0xdd>(ac04, eg04)),
                Self(_mm512_shuffle_f64x2::<0xdd>(bd04, fh04)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn rows_tail(table: *const Row, index: [u32; LANES], theta: Self) -> [Self; 2] {
        unsafe {
            // Two columns only: four gathers are cheaper than eight rows.
            let i = _mm256_slli_epi32::<4>(_mm256_loadu_si256(index.as_ptr().cast()));
            let p = table.cast::<f64>();
            [column(p.add(4), i, theta.0), column(p.add(5), i, theta.0)]
        }
    }
    #[inline(always)]
    unsafe fn log_parts(self, log_c: &[f64; 16]) -> (Self, Self, Self, Self) {
        unsafe {
            let bits = _mm512_castpd_si512(self.0);
            let magic = _mm512_or_si512(
                _mm512_srli_epi64::<52>(bits),
                _mm512_set1_epi64(0x4330_0000_0000_0000),
            );
            let k = _mm512_sub_pd(
                _mm512_castsi512_pd(magic),
                _mm512_set1_pd(4_503_599_627_370_496.0 + 1023.0),
            );
            let m = _mm512_or_si512(
                _mm512_and_si512(bits, _mm512_set1_epi64(0x000f_ffff_ffff_ffff)),
                _mm512_set1_epi64(0x3ff0_0000_0000_0000),
            );
            let index = _mm512_srli_epi64::<48>(bits);
            (
                Self(k),
                Self(_mm512_castsi512_pd(m)),
                sixteen(&LOG_INVC, index),
                sixteen(log_c, index),
            )
        }
    }
}
