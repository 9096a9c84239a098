//! A time step of a lane group in memory: the matrix, and who fills it.

pub mod constants;
pub mod layout;
pub mod step;
pub mod sums;

use super::mechanisms::Tables;
use super::simd::{InstructionSet, Lanes};
use constants::StepConst;
use step::{Advance, Arrays, Inputs, TOGETHER};
use sums::{Size, Sums};

/// The arrays of one lane group.
pub struct GroupArrays<'a> {
    /// State of the nodes.
    pub state: &'a mut [Lanes],
    /// A and B of each active synapse.
    pub syn: &'a mut [Lanes],
    /// Where the cells' dipole moments (fAm) go.
    pub dipole: &'a mut Lanes,
    /// Where the new membrane potentials go, node by node, if anything looks at them.
    pub seen: Option<&'a mut [Lanes]>,
}

/// Time step and sums on one instruction set, that this processor has.
#[derive(Clone, Copy)]
pub struct Kernel(Advance, Sums);

impl Kernel {
    /// The kernel for an instruction set, or the scalar one where the processor lacks the set.
    pub fn of(set: InstructionSet) -> Self {
        let plain = Self(step::advance_scalar, sums::sums_scalar);
        if !InstructionSet::available().contains(&set) {
            return plain;
        }
        match set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Scalar if is_x86_feature_detected!("fma") => {
                Self(step::advance_scalar_fma, sums::sums_scalar_fma)
            }
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Self(step::advance_avx2, sums::sums_avx2),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Self(step::advance_avx512, sums::sums_avx512),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => Self(step::advance_neon, sums::sums_neon),
            _ => plain,
        }
    }

    /// Advances groups of a cell type by one step, with the same inputs but for their own arrays.
    ///
    /// # Panics
    /// If the arrays or inputs are not of this cell type.
    pub fn advance(
        self,
        cell: &StepConst,
        tables: &Tables,
        inputs: &Inputs,
        groups: &mut [GroupArrays],
    ) {
        let n = cell.n_nodes();
        let nodes = inputs.synapses.iter().map(|s| s.node);
        let mut nodes = nodes.chain(inputs.currents.iter().map(|c| c.0));
        assert!(nodes.all(|node| (node as usize) < n));
        for groups in groups.chunks_mut(TOGETHER) {
            let mut arrays = [Arrays::NONE; TOGETHER];
            for (arrays, group) in arrays.iter_mut().zip(groups.iter_mut()) {
                assert_eq!(group.state.len(), layout::size(&cell.places, n));
                assert_eq!(group.syn.len(), 2 * inputs.synapses.len());
                let seen = group
                    .seen
                    .as_deref_mut()
                    .map_or(std::ptr::null_mut(), |seen| {
                        assert_eq!(seen.len(), n);
                        seen.as_mut_ptr().cast()
                    });
                *arrays = Arrays {
                    state: group.state.as_mut_ptr().cast(),
                    syn: group.syn.as_mut_ptr().cast(),
                    dipole: group.dipole.0.as_mut_ptr(),
                    seen,
                };
            }
            // SAFETY: sizes and nodes are checked above, the arrays are borrowed for us alone, `StepConst` is checked
            // when it is made, and a `Kernel` is only made for a set that the processor has.
            unsafe { (self.0)(cell, tables, inputs, &arrays[..groups.len()]) }
        }
    }

    /// For each step and contact the sum over nodes of weight times membrane potential (step by step, node by node);
    /// weights node by node, contact by contact; sums step by step, contact by contact.
    ///
    /// # Panics
    /// If the arrays are not of this size.
    pub fn sums(self, size: Size, potentials: &[Lanes], weights: &[Lanes], sums: &mut [Lanes]) {
        assert_eq!(potentials.len(), size.steps * size.nodes);
        assert_eq!(weights.len(), size.nodes * size.contacts);
        assert_eq!(sums.len(), size.steps * size.contacts);
        // SAFETY: sizes are checked above, and a `Kernel` is only made for a set that the processor has.
        unsafe {
            (self.1)(
                potentials.as_ptr().cast(),
                weights.as_ptr().cast(),
                sums.as_mut_ptr().cast(),
                size,
            );
        }
    }
}
