//! Which instruction sets this processor has.

/// An instruction set that the kernels are compiled for. All give the same bits.
///
/// ```
/// use hnn_sweep::network::Network;
/// use hnn_sweep::solver::{InstructionSet, Solver, Trial};
///
/// let (network, trial) = (Network::neymotin_2020([3, 3]), Trial::new(1.0, 0.025));
/// let results: Vec<_> = InstructionSet::available()
///     .into_iter()
///     .map(|set| Solver::with_instruction_set(set).simulate(&network, &trial, &|| false))
///     .collect();
/// assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Plain Rust, the reference.
    Scalar,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F and DQ.
    Avx512,
    /// NEON, of every 64-bit ARM processor.
    Neon,
}

impl InstructionSet {
    /// All that this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)] // where only plain Rust is
        let mut sets = vec![Self::Scalar];
        #[cfg(target_arch = "aarch64")]
        sets.push(Self::Neon);
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
}

impl Default for InstructionSet {
    fn default() -> Self {
        Self::available().pop().unwrap_or(Self::Scalar)
    }
}
