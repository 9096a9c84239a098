//! One time step of eight cells of a type: synapses, elimination, substitution, gates, currents.
//!
//! The state is solved for the change of potential, `(C/dt + G + sum g) dv - sum g dv_neighbour = -I`, as NEURON does:
//! at rest, potentials then stop changing at the same last bits. Units are absolute (uS, nA, mV), so the matrix is
//! symmetric and nodes without membrane are ordinary rows.
//! Substitution from the root, the update of the gates with the new potential (NEURON's staggered order) and the
//! conductances of the next step are one pass over the nodes.

use super::constants::{Run, StepConst, SynConst};
use super::layout::{Layout, Mechs};
use super::math::{Em1, log};
use super::simd::{LANES, Row, Simd};
use crate::solver::mechanisms::tables::{Table, Tables};
use crate::solver::mechanisms::{EK, ENA, ar, cad, cat, kca};

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
    /// State of the nodes, see [`Layout`].
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
    unsafe { state.add((node * Layout::CORE + field) * LANES) }
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
            let g = b.sub(a);
            let node = s.node as usize;
            let (d, r) = (core(state, node, Layout::D), core(state, node, Layout::R));
            let v = S::load(core(state, node, Layout::V));
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
            let r = core(state, node as usize, Layout::R);
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
        let (mut d, mut r) = ([one; K], [one; K]);
        for k in 0..K {
            d[k] = S::load(core(groups[k].state, last, Layout::D));
            r[k] = S::load(core(groups[k].state, last, Layout::R));
        }
        for n in (1..=last).rev() {
            let node = c.nodes.get_unchecked(n);
            let parent = node.parent as usize;
            let g = S::splat(node.g_axial);
            for k in 0..K {
                let state = groups[k].state;
                let inverse = one.div(d[k]);
                let p = inverse.mul(g);
                let q = inverse.mul(r[k]);
                p.store(core(state, n, Layout::D));
                q.store(core(state, n, Layout::R));
                let dp = core(state, parent, Layout::D);
                let rp = core(state, parent, Layout::R);
                d[k] = p.fnma(g, S::load(dp));
                r[k] = q.fma(g, S::load(rp));
                if parent + 1 != n {
                    d[k].store(dp);
                    r[k].store(rp);
                    d[k] = S::load(core(state, n - 1, Layout::D));
                    r[k] = S::load(core(state, n - 1, Layout::R));
                }
            }
        }
        for k in 0..K {
            S::splat(0.0).store(core(groups[k].state, 0, Layout::D));
            r[k].div(d[k]).store(core(groups[k].state, 0, Layout::R));
        }
    }
}

/// Index and fraction in a table.
#[inline(always)]
unsafe fn locate<S: Simd>(table: &Table, v: S) -> ([u32; LANES], S) {
    // SAFETY: the caller runs on a processor that has S.
    unsafe {
        v.sub(S::splat(table.v_min))
            .mul(S::splat(table.mfac))
            .positive()
            .at_most(S::splat(table.n))
            .split()
    }
}

/// `x + (x - inf) expm1(y)`: a gate after one step (cnexp).
#[inline(always)]
unsafe fn relax<S: Simd>(p: *mut f64, inf: S, em1: Em1, y: S) -> S {
    // SAFETY: `p` is a state variable of the group.
    unsafe {
        let x = S::load(p);
        let x = x.sub(inf).fma(em1.eval(y), x);
        x.store(p);
        x
    }
}

/// `-dt/tau` of three gates with one division.
#[inline(always)]
unsafe fn rates3<S: Simd>(dt: f64, tau: [S; 3]) -> [S; 3] {
    // SAFETY: the caller runs on a processor that has S.
    unsafe {
        let [a, b, c] = tau;
        let bc = b.mul(c);
        let r = S::splat(-dt).div(a.mul(bc));
        let ra = r.mul(a);
        [r.mul(bc), ra.mul(c), ra.mul(b)]
    }
}

/// Which mechanisms a run of segments has: at compile time for the common cells, else at run time. Same operations.
trait Kind: Copy {
    fn mechs(self) -> Mechs;
    fn layout(self) -> Layout;
}

/// All sections' mechanisms ALL, the run's own HERE.
#[derive(Clone, Copy)]
struct Fixed<const ALL: u8, const HERE: u8>;

impl<const ALL: u8, const HERE: u8> Kind for Fixed<ALL, HERE> {
    #[inline(always)]
    fn mechs(self) -> Mechs {
        Mechs(HERE)
    }
    #[inline(always)]
    fn layout(self) -> Layout {
        const { Layout::new(Mechs(ALL)) }
    }
}

#[derive(Clone, Copy)]
struct Any {
    mechs: Mechs,
    layout: Layout,
}

impl Kind for Any {
    #[inline(always)]
    fn mechs(self) -> Mechs {
        self.mechs
    }
    #[inline(always)]
    fn layout(self) -> Layout {
        self.layout
    }
}

/// Substitution, gates and next currents of the nodes `start..end`. Returns the dipole moment with theirs added.
///
/// # Safety
/// As for [`synapses`]; the nodes have the mechanisms of `kind`.
#[inline(always)]
unsafe fn segments<S: Simd, K: Kind>(
    kind: K,
    c: &StepConst,
    tables: &Tables,
    group: &Arrays,
    run: &Run,
    mut dipole: S,
) -> S {
    let (mechs, layout) = (kind.mechs(), kind.layout());
    let (state, seen) = (group.state, group.seen);
    let gates = Layout::gates(c.nodes.len()) * LANES;
    let stride = layout.stride * LANES;
    // SAFETY: nodes of the run are within the array, fields within the layout.
    unsafe {
        for n in run.start as usize..run.end as usize {
            let node = c.nodes.get_unchecked(n);
            let base = state.add(gates + n * stride);
            let parent = node.parent as usize;
            let dv = S::load(core(state, n, Layout::D)).fma(
                S::load(core(state, parent, Layout::DV)),
                S::load(core(state, n, Layout::R)),
            );
            let v = S::load(core(state, n, Layout::V)).add(dv);
            dv.store(core(state, n, Layout::DV));
            v.store(core(state, n, Layout::V));
            if !seen.is_null() {
                v.store(seen.add(n * LANES));
            }
            dipole = S::splat(node.dipole).fma(v, dipole);

            let mut g = S::splat(node.gl);
            let mut e = S::splat(node.gl_el);
            if mechs.has(Mechs::HH2) {
                let (index, theta) = locate(&tables.hh2, v);
                let rows: *const Row = tables.hh2.rows.as_ptr();
                let [minf, mtau, hinf, htau, ninf, ntau] = S::rows(rows, index, theta);
                let [ym, yh, yn] = rates3(c.rates.dt, [mtau, htau, ntau]);
                let m = relax(base.add(layout.m * LANES), minf, c.rates.hh2[0], ym);
                let h = relax(base.add(layout.h * LANES), hinf, c.rates.hh2[1], yh);
                let n = relax(base.add(layout.n * LANES), ninf, c.rates.hh2[2], yn);
                let gna = m.mul(m).mul(m.mul(h)).mul(S::splat(node.gnabar));
                let n2 = n.mul(n);
                let gk = n2.mul(n2).mul(S::splat(node.gkbar));
                g = g.add(gna).add(gk);
                e = gna.fma(S::splat(ENA), e);
                e = gk.fma(S::splat(EK), e);
            }
            if mechs.has(Mechs::KM) || mechs.has(Mechs::CA) {
                let (index, theta) = locate(&tables.ca_km, v);
                let rows: *const Row = tables.ca_km.rows.as_ptr();
                if mechs.has(Mechs::CA) {
                    let [minf, mtau, hinf, htau, ninf, ntau] = S::rows(rows, index, theta);
                    let [ym, yh, yn] = rates3(c.rates.dt, [mtau, htau, ntau]);
                    // Their conductance follows once the new concentration is known.
                    relax(base.add(layout.ca_m * LANES), minf, c.rates.ca_km[0], ym);
                    relax(base.add(layout.ca_h * LANES), hinf, c.rates.ca_km[1], yh);
                    if mechs.has(Mechs::KM) {
                        let x = relax(base.add(layout.km * LANES), ninf, c.rates.ca_km[2], yn);
                        let gk = x.mul(S::splat(node.gkm));
                        g = g.add(gk);
                        e = gk.fma(S::splat(EK), e);
                    }
                } else {
                    let [ninf, ntau] = S::rows_tail(rows, index, theta);
                    let y = S::splat(-c.rates.dt).div(ntau);
                    let x = relax(base.add(layout.km * LANES), ninf, c.rates.ca_km[2], y);
                    let gk = x.mul(S::splat(node.gkm));
                    g = g.add(gk);
                    e = gk.fma(S::splat(EK), e);
                }
            }
            let mut cai = S::splat(0.0);
            if layout.cai != Layout::ABSENT && (mechs.has(Mechs::CAD) || mechs.has(Mechs::KCA)) {
                cai = S::load(base.add(layout.cai * LANES));
            }
            if mechs.has(Mechs::CAD) {
                // The influx is that of this step, with the old potential.
                let mut target = S::splat(cad::CAINF);
                if mechs.has(Mechs::CA) {
                    let ica = S::load(base.add(layout.ica * LANES));
                    target = target.add(ica.mul(S::splat(node.cad_drive)).positive());
                }
                cai = cai.sub(target).fma(S::splat(node.cad_em), cai);
                cai.store(base.add(layout.cai * LANES));
            }
            if mechs.has(Mechs::KCA) {
                let a = cai.mul(S::splat(kca::RA));
                let s = a.add(S::splat(kca::RB));
                let y = s.mul(S::splat(-c.rates.kca_scale));
                let x = S::load(base.add(layout.kca * LANES));
                // x + (x - a/s) expm1(y), without the division where the series needs no doubling.
                let x = if c.rates.kca.doublings == 0 {
                    let step = c.rates.kca.ratio(y).mul(S::splat(c.rates.kca_scale));
                    s.fnma(x, a).fma(step, x)
                } else {
                    x.sub(a.div(s)).fma(c.rates.kca.eval(y), x)
                };
                x.store(base.add(layout.kca * LANES));
                let gk = x.mul(S::splat(node.gkca));
                g = g.add(gk);
                e = gk.fma(S::splat(EK), e);
            }
            if mechs.has(Mechs::CA) {
                let (m, h) = (
                    S::load(base.add(layout.ca_m * LANES)),
                    S::load(base.add(layout.ca_h * LANES)),
                );
                let gca = m.mul(m).mul(h.mul(S::splat(node.gca)));
                let eca = if mechs.has(Mechs::CAD) {
                    log(cai).fnma(S::splat(c.rates.nernst), S::splat(c.rates.nernst_const))
                } else {
                    S::splat(node.eca)
                };
                let reversal = gca.mul(eca);
                gca.mul(v).sub(reversal).store(base.add(layout.ica * LANES));
                g = g.add(gca);
                e = e.add(reversal);
            }
            if mechs.has(Mechs::CAT) || mechs.has(Mechs::AR) {
                let (index, theta) = locate(&tables.cat_ar, v);
                let rows: *const Row = tables.cat_ar.rows.as_ptr();
                let [minf, mtau, hinf, htau, ainf, atau] = S::rows(rows, index, theta);
                let [ym, yh, ya] = rates3(c.rates.dt, [mtau, htau, atau]);
                if mechs.has(Mechs::CAT) {
                    let m = relax(base.add(layout.cat_m * LANES), minf, c.rates.cat_ar[0], ym);
                    let h = relax(base.add(layout.cat_h * LANES), hinf, c.rates.cat_ar[1], yh);
                    let gt = m.mul(m).mul(h.mul(S::splat(node.gcat)));
                    g = g.add(gt);
                    e = gt.fma(S::splat(cat::EREV), e);
                }
                if mechs.has(Mechs::AR) {
                    let m = relax(base.add(layout.ar_m * LANES), ainf, c.rates.cat_ar[2], ya);
                    let ga = m.mul(S::splat(node.gar));
                    g = g.add(ga);
                    e = ga.fma(S::splat(ar::EREV), e);
                }
            }
            g.add(S::splat(node.d0)).store(core(state, n, Layout::D));
            // The axial current from the parent; the root is its own parent, without one.
            let axial = S::load(core(state, parent, Layout::V))
                .sub(v)
                .mul(S::splat(node.g_axial));
            g.fnma(v, e).add(axial).store(core(state, n, Layout::R));
            let r = core(state, parent, Layout::R);
            S::load(r).sub(axial).store(r);
        }
    }
    dipole
}

/// One step of up to [`TOGETHER`] groups: from the state at t to the state at t + dt, and the cells' dipole moments (fAm) there.
///
/// # Safety
/// As for [`synapses`], with inputs in the order of the groups.
#[inline(always)]
unsafe fn advance<S: Simd>(c: &StepConst, tables: &Tables, inputs: &Inputs, groups: &[Arrays]) {
    const FULL: u8 = 127;
    const PYR2: u8 = Mechs::HH2.with(Mechs::KM).0;
    const HH2: u8 = Mechs::HH2.0;
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
        let all = c.layout;
        for group in groups {
            let mut sum = S::splat(0.0);
            for run in &c.runs {
                let any = Any {
                    mechs: run.mechs,
                    layout: all,
                };
                sum = match run.mechs.0 {
                    FULL if all == const { Layout::new(Mechs(FULL)) } => {
                        segments::<S, _>(Fixed::<FULL, FULL>, c, tables, group, run, sum)
                    }
                    PYR2 if all == const { Layout::new(Mechs(PYR2)) } => {
                        segments::<S, _>(Fixed::<PYR2, PYR2>, c, tables, group, run, sum)
                    }
                    HH2 if all == const { Layout::new(Mechs(HH2)) } => {
                        segments::<S, _>(Fixed::<HH2, HH2>, c, tables, group, run, sum)
                    }
                    _ => segments::<S, _>(any, c, tables, group, run, sum),
                };
            }
            sum.store(group.dipole);
        }
    }
}

/// Advances up to [`TOGETHER`] groups of a cell type by one step, on one instruction set.
///
/// # Safety
/// Each group's `state` holds `Layout::size(nodes)` lane groups, `syn` two for each of the inputs' synapses and `seen`,
/// if any, one for each node, all aligned and of no other group; the inputs' nodes are nodes of the cell; the processor has the instruction set.
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
    super::simd::Scalar
);
advance_on!(
    /// Plain Rust, with the processor's fused multiply-add instead of the library's.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "fma")]
    advance_scalar_fma,
    super::simd::Scalar
);
advance_on!(
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    advance_avx2,
    super::avx2::Avx2
);
advance_on!(
    /// AVX-512 F and DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
    advance_avx512,
    super::avx512::Avx512
);
advance_on!(
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    advance_neon,
    super::neon::Neon
);
