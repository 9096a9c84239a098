//! Which state variables a node has, and where they are.

/// A set of mechanisms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mechs(pub u8);

impl Mechs {
    /// No mechanism: a node without membrane, or a passive one.
    pub const NONE: Self = Self(0);
    /// hh2.
    pub const HH2: Self = Self(1);
    /// km.
    pub const KM: Self = Self(2);
    /// ca.
    pub const CA: Self = Self(4);
    /// cad.
    pub const CAD: Self = Self(8);
    /// kca.
    pub const KCA: Self = Self(16);
    /// cat.
    pub const CAT: Self = Self(32);
    /// ar.
    pub const AR: Self = Self(64);

    /// Whether all of `other` are in the set.
    #[inline(always)]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of two sets.
    #[inline(always)]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Where the state variables of a group are, in lane groups.
///
/// First V, D, R and DV of each node, which the elimination passes over, close together; then the gates and
/// concentrations of each node. Those of absent mechanisms are [`Layout::ABSENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the .mod files
pub struct Layout {
    pub m: usize,
    pub h: usize,
    pub n: usize,
    pub km: usize,
    pub ca_m: usize,
    pub ca_h: usize,
    pub cai: usize,
    pub ica: usize,
    pub kca: usize,
    pub cat_m: usize,
    pub cat_h: usize,
    pub ar_m: usize,
    /// Gates and concentrations of a node.
    pub stride: usize,
}

impl Layout {
    /// Membrane potential (mV).
    pub const V: usize = 0;
    /// Diagonal of the matrix (uS), then the elimination's factor.
    pub const D: usize = 1;
    /// Right-hand side (nA), then the elimination's partial solution.
    pub const R: usize = 2;
    /// Change (mV) of the membrane potential in the last step.
    pub const DV: usize = 3;
    /// Number of variables of a node in the first part.
    pub const CORE: usize = 4;
    /// The node has no such variable.
    pub const ABSENT: usize = usize::MAX;

    /// Where the second part of a cell with `nodes` nodes starts.
    #[inline(always)]
    pub const fn gates(nodes: usize) -> usize {
        nodes * Self::CORE
    }

    /// Size of the state of a cell with `nodes` nodes.
    pub const fn size(&self, nodes: usize) -> usize {
        nodes * (Self::CORE + self.stride)
    }

    /// Place of V, D, R or DV of a node.
    pub const fn core(node: usize, field: usize) -> usize {
        node * Self::CORE + field
    }

    /// Place of a gate or concentration of a node, in a cell with `nodes` nodes.
    pub const fn gate(&self, nodes: usize, node: usize, field: usize) -> usize {
        Self::gates(nodes) + node * self.stride + field
    }

    /// Layout of cells whose sections have these mechanisms.
    pub const fn new(mechs: Mechs) -> Self {
        let mut next = 0;
        macro_rules! field {
            ($mech:expr) => {
                if mechs.0 & $mech.0 != 0 {
                    next += 1;
                    next - 1
                } else {
                    Self::ABSENT
                }
            };
        }
        let m = field!(Mechs::HH2);
        let h = field!(Mechs::HH2);
        let n = field!(Mechs::HH2);
        let km = field!(Mechs::KM);
        let ca_m = field!(Mechs::CA);
        let ca_h = field!(Mechs::CA);
        let cai = field!(Mechs::CAD.with(Mechs::KCA));
        let ica = field!(Mechs::CA);
        let kca = field!(Mechs::KCA);
        let cat_m = field!(Mechs::CAT);
        let cat_h = field!(Mechs::CAT);
        let ar_m = field!(Mechs::AR);
        Self {
            m,
            h,
            n,
            km,
            ca_m,
            ca_h,
            cai,
            ica,
            kca,
            cat_m,
            cat_h,
            ar_m,
            stride: next,
        }
    }
}
