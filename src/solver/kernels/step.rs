//! One time step of eight cells of a type: synapses, elimination, substitution, gates, currents.
//!
//! The state is solved for the change of potential, `(C/dt + G + sum g) dv - sum g dv_neighbour = -I`, as NEURON does:
//! at rest, potentials then stop changing at the same last bits. Units are absolute (uS, nA, mV), so the matrix is
//! symmetric and nodes without membrane are ordinary rows.
//! Substitution from the root, the update of the gates with the new potential (NEURON's staggered order) and the
//! conductances of the next step are one pass over the nodes.

use super::constants::{NodeConst, NodeRun, StepConst, SynConst};
use super::layout::{self, D, DV, R, V};
use crate::solver::mechanisms::{Here, Mechs, Segment, StatePlaces, Tables};
use crate::solver::simd::{self, LANES, Simd, Variables, Vector};

/// Values whose magnitude is below this are set to zero in a synapse's state, long before they get denormal.
const FLUSH: f64 = 1e-250;

/// A step's inputs for one group that are not part of its state.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Active synapses, in the order of their states.
    pub synapses: &'a [SynConst],
    /// Currents (nA) into nodes.
    pub currents: &'a [(u32, f64)],
    /// Whether to flush synapses that have decayed.
    pub flush: bool,
}

/// The arrays of one lane group.
#[derive(Clone, Copy, Debug)]
pub struct Arrays {
    /// State of the nodes, see [`layout`].
    pub state: *mut f64,
    /// A and B of each active synapse.
    pub syn: *mut f64,
    /// Where the cells' dipole moments (fAm) go.
    pub dipole: *mut f64,
    /// Where the new membrane potentials go, node by node, besides the state; null for nowhere.
    pub seen: *mut f64,
}

impl Arrays {
    /// No group.
    pub const NONE: Self = Self {
        state: std::ptr::null_mut(),
        syn: std::ptr::null_mut(),
        dipole: std::ptr::null_mut(),
        seen: std::ptr::null_mut(),
    };
}

/// Lane groups that are advanced together: the latency of one's elimination hides behind the other's.
pub const TOGETHER: usize = 2;

/// Place of one of the variables V, D, R, DV of a node.
#[inline(always)]
unsafe fn core(state: *mut f64, node: usize, field: usize) -> *mut f64 {
    // SAFETY: the node is one of the group's.
    unsafe { state.add((node * layout::CORE + field) * LANES) }
}

/// Adds the synapses' conductances to their nodes and advances their states.
///
/// # Safety
/// `group` has the arrays of one group of a cell type, the inputs' nodes are nodes of the cell; the processor has S.
#[inline(always)]
unsafe fn synapses<S: Simd>(group: &Arrays, inputs: &Inputs) {
    let (state, syn) = (group.state, group.syn);
    // SAFETY: nodes and slots are within the arrays, see above.
    unsafe {
        for (i, s) in inputs.synapses.iter().enumerate() {
            let p = syn.add(2 * i * LANES);
            let (a, b) = (S::load(p), S::load(p.add(LANES)));
            // The step solves with the conductance at its start; A and B move on for the next one.
            let g = b.sub(a);
            let node = s.node as usize;
            let (d, r) = (core(state, node, D), core(state, node, R));
            let v = S::load(core(state, node, V));
            S::load(d).add(g).store(d);
            g.fma(S::splat(s.e).sub(v), S::load(r)).store(r);
            let (mut a, mut b) = (a.mul(S::splat(s.decay_a)), b.mul(S::splat(s.decay_b)));
            if inputs.flush {
                a = a.flush_below(FLUSH);
                b = b.flush_below(FLUSH);
            }
            a.store(p);
            b.store(p.add(LANES));
        }
        for &(node, amplitude) in inputs.currents {
            let r = core(state, node as usize, R);
            S::load(r).add(S::splat(amplitude)).store(r);
        }
    }
}

/// Gaussian elimination from the leaves to the root (Hines 1984).
///
/// Leaves in each node's D the factor of its parent's change of potential, in R the rest of its own.
///
/// # Safety
/// As for [`synapses`].
#[inline(always)]
unsafe fn eliminate<S: Simd, const K: usize>(c: &StepConst, groups: &[Arrays; K]) {
    // SAFETY: parents come before their children within the array.
    unsafe {
        let one = S::splat(1.0);
        let last = c.nodes.len() - 1;
        // A node's parent is mostly the node before it: its sums stay in registers, and go to
        // memory at branches only.
        let (mut d, mut r) = ([one; K], [one; K]);
        for k in 0..K {
            d[k] = S::load(core(groups[k].state, last, D));
            r[k] = S::load(core(groups[k].state, last, R));
        }
        for n in (1..=last).rev() {
            let node = c.nodes.get_unchecked(n);
            let parent = node.parent as usize;
            let g = S::splat(node.g_axial);
            for k in 0..K {
                let state = groups[k].state;
                // One division serves both: it is the chain that the next node waits for.
                let inverse = one.div(d[k]);
                let p = inverse.mul(g);
                let q = inverse.mul(r[k]);
                p.store(core(state, n, D));
                q.store(core(state, n, R));
                let dp = core(state, parent, D);
                let rp = core(state, parent, R);
                d[k] = p.fnma(g, S::load(dp));
                r[k] = q.fma(g, S::load(rp));
                if parent + 1 != n {
                    d[k].store(dp);
                    r[k].store(rp);
                    d[k] = S::load(core(state, n - 1, D));
                    r[k] = S::load(core(state, n - 1, R));
                }
            }
        }
        // The root has no parent: a factor of 0 makes its substitution like any other.
        for k in 0..K {
            S::splat(0.0).store(core(groups[k].state, 0, D));
            r[k].div(d[k]).store(core(groups[k].state, 0, R));
        }
    }
}

/// A segment whose cell type has the channels ALL, and itself HERE: the operations of [`Any`], chosen at compile time.
#[derive(Clone, Copy)]
struct Fixed<const ALL: u16, const HERE: u16>;

impl<const ALL: u16, const HERE: u16> Here for Fixed<ALL, HERE> {
    #[inline(always)]
    fn mechs(self) -> Mechs {
        Mechs(HERE)
    }
    #[inline(always)]
    fn places(self) -> StatePlaces {
        const { StatePlaces::new(Mechs(ALL)) }
    }
}

/// A segment with any channels.
#[derive(Clone, Copy)]
struct Any {
    mechs: Mechs,
    places: StatePlaces,
}

impl Here for Any {
    #[inline(always)]
    fn mechs(self) -> Mechs {
        self.mechs
    }
    #[inline(always)]
    fn places(self) -> StatePlaces {
        self.places
    }
}

/// Substitution from the root: a node's potential after the step follows from that of its parent.
///
/// # Safety
/// As for [`segments`].
#[inline(always)]
unsafe fn substitute<S: Simd>(group: &Arrays, n: usize, parent: usize) -> S {
    let state = group.state;
    // SAFETY: both are nodes of the group.
    unsafe {
        let of_parent = S::load(core(state, parent, DV));
        let dv = S::load(core(state, n, D)).fma(of_parent, S::load(core(state, n, R)));
        let v = S::load(core(state, n, V)).add(dv);
        dv.store(core(state, n, DV));
        v.store(core(state, n, V));
        if !group.seen.is_null() {
            v.store(group.seen.add(n * LANES));
        }
        v
    }
}

/// The node's row of the next step's matrix, from the conductances `g` (uS) and `e` (nA) of its channels.
///
/// # Safety
/// As for [`segments`].
#[inline(always)]
unsafe fn fill_row<S: Simd>(group: &Arrays, n: usize, node: &NodeConst, v: S, g: S, e: S) {
    let (state, parent) = (group.state, node.parent as usize);
    // SAFETY: both are nodes of the group.
    unsafe {
        g.add(S::splat(node.d0)).store(core(state, n, D));
        // The axial current from the parent; the root is its own parent, without one.
        let of_parent = S::load(core(state, parent, V));
        let axial = of_parent.sub(v).mul(S::splat(node.g_axial));
        g.fnma(v, e).add(axial).store(core(state, n, R));
        let r = core(state, parent, R);
        S::load(r).sub(axial).store(r);
    }
}

/// The second half of a step for the nodes of `run`. Returns the dipole moment with theirs added.
///
/// # Safety
/// As for [`synapses`]; the nodes have the channels of `here`.
#[inline(always)]
unsafe fn segments<S: Simd, H: Here>(
    here: H,
    c: &StepConst,
    tables: &Tables,
    group: &Arrays,
    run: &NodeRun,
    mut dipole: S,
) -> S {
    let n_variables = here.places().n;
    // SAFETY: nodes of the run are within the array, and so are their channels' variables.
    unsafe {
        let of_channels = group.state.add(layout::channels(c.nodes.len()) * LANES);
        // Parents come first: their potential is new, and their row filled, when their children add to it.
        for n in run.start as usize..run.end as usize {
            let node = c.nodes.get_unchecked(n);
            let v = substitute::<S>(group, n, node.parent as usize);
            // Node by node, in the same order on every machine.
            dipole = S::splat(node.dipole).fma(v, dipole);
            // NEURON's staggered order: gates see the new potential, and are half a step ahead of it.
            let variables = Variables::new(of_channels.add(n * n_variables * LANES), n_variables);
            let (v, node_channels) = (Vector::new(v), &node.channels);
            let mut segment = Segment::new(
                here,
                v,
                node.leak,
                variables,
                node_channels,
                &c.rates,
                tables,
            );
            segment.advance();
            fill_row(group, n, node, v.get(), segment.g.get(), segment.e.get());
        }
    }
    dipole
}

/// One step of up to [`TOGETHER`] groups: from the state at t to the state at t + dt, and the cells' dipole moments
/// (fAm) there.
///
/// # Safety
/// As for [`synapses`], with inputs in the order of the groups.
#[inline(always)]
unsafe fn advance<S: Simd>(c: &StepConst, tables: &Tables, inputs: &Inputs, groups: &[Arrays]) {
    // The cells of hnn-core's models: basket cells, layer 2/3 and layer 5 pyramidal cells.
    const BASKET: u16 = Mechs::HH2.0;
    const L2: u16 = Mechs::HH2.with(Mechs::KM).0;
    const CALCIUM: Mechs = Mechs::CA.with(Mechs::CAD).with(Mechs::KCA);
    const L5: u16 = Mechs(L2).with(CALCIUM).with(Mechs::CAT).with(Mechs::AR).0;
    // SAFETY: passed on from the caller.
    unsafe {
        for group in groups {
            synapses::<S>(group, inputs);
        }
        if let Ok(groups) = <&[Arrays; TOGETHER]>::try_from(groups) {
            eliminate::<S, TOGETHER>(c, groups);
        } else {
            for group in groups {
                eliminate::<S, 1>(c, std::array::from_ref(group));
            }
        }
        for group in groups {
            let mut sum = S::splat(0.0);
            for run in &c.runs {
                let any = Any {
                    mechs: run.mechs,
                    places: c.places,
                };
                // Known channels are compiled in, without tests per node; other cells take the
                // general way, to the same bits.
                sum = match (c.mechs.0, run.mechs.0) {
                    (L5, L5) => segments(Fixed::<L5, L5>, c, tables, group, run, sum),
                    (L2, L2) => segments(Fixed::<L2, L2>, c, tables, group, run, sum),
                    (BASKET, BASKET) => {
                        segments(Fixed::<BASKET, BASKET>, c, tables, group, run, sum)
                    }
                    _ => segments(any, c, tables, group, run, sum),
                };
            }
            sum.store(group.dipole);
        }
    }
}

/// Advances up to [`TOGETHER`] groups of a cell type by one step, on one instruction set.
///
/// # Safety
/// Each group's `state` holds `layout::size` lane groups, `syn` two for each of the inputs' synapses and `seen`,
/// if any, one for each node, all aligned and of no other group; the inputs' nodes are nodes of the cell; the
/// processor has the instruction set.
pub type Advance = unsafe fn(&StepConst, &Tables, &Inputs, &[Arrays]);

macro_rules! advance_on {
    ($(#[$attribute:meta])* $name:ident, $simd:ty) => {
        $(#[$attribute])*
        ///
        /// # Safety
        /// As for [`Advance`].
        pub unsafe fn $name(c: &StepConst, tables: &Tables, inputs: &Inputs, groups: &[Arrays]) {
            // SAFETY: passed on from the caller.
            unsafe { advance::<$simd>(c, tables, inputs, groups) }
        }
    };
}

advance_on!(
    /// Plain Rust.
    advance_scalar,
    simd::Scalar
);
advance_on!(
    /// Plain Rust, with the processor's fused multiply-add instead of the library's.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "fma")]
    advance_scalar_fma,
    simd::Scalar
);
advance_on!(
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    advance_avx2,
    simd::avx2::Avx2
);
advance_on!(
    /// AVX-512 F and DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
    advance_avx512,
    simd::avx512::Avx512
);
advance_on!(
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    advance_neon,
    simd::neon::Neon
);
