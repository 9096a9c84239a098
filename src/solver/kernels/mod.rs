//! The arithmetic of a time step, eight cells at a time: the only `unsafe` of the crate.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod layout;
pub mod simd;
pub mod step;

use step::Advance;

/// An instruction set that the kernels are compiled for. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Plain Rust, the reference.
    Scalar,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F and DQ.
    Avx512,
}

impl InstructionSet {
    /// All that this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        let mut sets = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                sets.push(Self::Avx2);
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                    sets.push(Self::Avx512);
                }
            }
        }
        sets
    }

    /// The kernel, or the scalar one where the processor lacks the set.
    pub(super) fn kernel(self) -> Advance {
        if !Self::available().contains(&self) {
            return step::advance_scalar;
        }
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Scalar if is_x86_feature_detected!("fma") => step::advance_scalar_fma,
            Self::Scalar => step::advance_scalar,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => step::advance_avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => step::advance_avx512,
            #[cfg(not(target_arch = "x86_64"))]
            _ => step::advance_scalar,
        }
    }
}

impl Default for InstructionSet {
    fn default() -> Self {
        Self::available().pop().unwrap_or(Self::Scalar)
    }
}
