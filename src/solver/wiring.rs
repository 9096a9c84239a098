//! The connections of a network, ready to fan a spike out to synapses.

use super::SolverError;
use super::compile::CompiledCell;
use crate::network::{Connection, Gid, GidPairs, Network};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// In-plane distances between two lists of positions: each pair's index into the distinct distances.
#[derive(Debug)]
pub struct Distances {
    /// Row of the index of each source.
    row: Vec<u32>,
    n_targets: usize,
    index: Vec<u32>,
    /// Distinct distances (um).
    pub values: Vec<f64>,
    /// The least and the greatest of them; none where there are none.
    ends: Vec<f64>,
}

impl Distances {
    /// Distances in the xy plane from every source to every target position (um).
    pub fn new(src: &[[f64; 3]], targets: &[[f64; 3]]) -> Self {
        // Cells stand on a grid: few distances differ, and each needs its exponential once only.
        let mut rows: HashMap<[u64; 2], u32> = HashMap::new();
        let mut distinct: HashMap<u64, u32> = HashMap::new();
        let (mut row, mut index, mut values) =
            (Vec::with_capacity(src.len()), Vec::new(), Vec::new());
        for s in src {
            let next = rows.len() as u32;
            let this = *rows.entry([s[0].to_bits(), s[1].to_bits()]).or_insert(next);
            row.push(this);
            if this < next {
                continue; // drive cells share their position
            }
            for t in targets {
                let (dx, dy) = (t[0] - s[0], t[1] - s[1]);
                let d = (dx * dx + dy * dy).sqrt();
                let i = *distinct.entry(d.to_bits()).or_insert_with(|| {
                    values.push(d);
                    values.len() as u32 - 1
                });
                index.push(i);
            }
        }
        let mut ends = values.clone();
        ends.sort_unstable_by(f64::total_cmp);
        if ends.len() > 2 {
            ends.drain(1..ends.len() - 1);
        }
        Self {
            row,
            n_targets: targets.len(),
            index,
            values,
            ends,
        }
    }

    /// Indices of the distances from source `src` to all targets.
    fn from(&self, src: usize) -> &[u32] {
        let start = self.row[src] as usize * self.n_targets;
        &self.index[start..start + self.n_targets]
    }
}

/// One connection of the network.
#[derive(Debug)]
pub struct Wire {
    src: Range<Gid>,
    pairs: GidPairs,
    /// Place of each source in explicit pairs.
    place: HashMap<Gid, usize>,
    /// Index of the target cell type.
    pub population: usize,
    target: Range<Gid>,
    distances: Arc<Distances>,
    /// Delay (ms), and what A and B rise by (uS), for each distinct distance.
    by_distance: Vec<(f64, f64)>,
    /// Sites (of the cell type) of the synapses of one target.
    pub sites: Vec<usize>,
    /// Number of the run's list of these synapses' places in the state.
    pub synapses: u32,
    /// Whether it has any effect.
    pub live: bool,
    from_cells: bool,
}

impl Wire {
    /// Whether its sources are cells, not a drive.
    pub fn is_between_cells(&self) -> bool {
        self.from_cells
    }

    /// Smallest delay (ms).
    pub fn min_delay(&self) -> f64 {
        self.by_distance
            .iter()
            .fold(f64::INFINITY, |min, d| min.min(d.0))
    }

    /// Calls `f(target within its population, delay (ms), rise of A and B (uS))` for every target of `src`.
    pub fn fan_out(&self, src: Gid, mut f: impl FnMut(u32, f64, f64)) {
        if !self.src.contains(&src) {
            return;
        }
        let to = self.distances.from((src - self.src.start) as usize);
        let first = self.target.start;
        let mut each = |gid: Gid| {
            let local = gid - first;
            let (delay, weight) = self.by_distance[to[local as usize] as usize];
            f(local, delay, weight);
        };
        match &self.pairs {
            GidPairs::AllToAll {
                src: sources,
                target,
                autapses,
            } => {
                if sources.contains(&src) {
                    target
                        .clone()
                        .filter(|gid| *autapses || *gid != src)
                        .for_each(each);
                }
            }
            GidPairs::OneToOne {
                src: sources,
                target,
            } => {
                if sources.contains(&src) {
                    each(target.start + (src - sources.start));
                }
            }
            GidPairs::Explicit(list) => {
                if let Some(&i) = self.place.get(&src) {
                    list[i].1.iter().copied().for_each(each);
                }
            }
        }
    }

    fn has_targets(&self, src: Gid) -> bool {
        let mut any = false;
        self.fan_out(src, |_, _, _| any = true);
        any
    }
}

/// All connections of a network.
#[derive(Debug)]
pub struct Wiring {
    /// Connections in the network's order.
    pub wires: Vec<Wire>,
    /// Threshold (mV) of each cell.
    pub thresholds: Vec<f64>,
}

/// Keeps what networks of a sweep share.
pub trait SharedDistances {
    /// Distances between two populations.
    fn distances(&self, src: &Arc<Vec<[f64; 3]>>, target: &Arc<Vec<[f64; 3]>>) -> Arc<Distances>;
}

impl Wiring {
    /// Wires a network whose cell types are compiled as `cells`, in order.
    ///
    /// # Errors
    /// Where a connection names what does not exist.
    pub fn new(
        network: &Network,
        cells: &[Arc<CompiledCell>],
        shared: &dyn SharedDistances,
    ) -> Result<Self, SolverError> {
        let n_cells = network
            .cell_types
            .keys()
            .filter_map(|name| network.gid_ranges.get(name))
            .map(|range| range.end)
            .max()
            .unwrap_or(0);
        let mut thresholds = vec![network.threshold; n_cells as usize];
        let mut wires = Vec::with_capacity(network.connectivity.len());
        for (i, connection) in network.connectivity.iter().enumerate() {
            let wire = wire(network, cells, shared, connection)
                .map_err(|text| of_connection(i, connection, &text))?;
            // NEURON keeps one threshold per source: that of the connection made last.
            // Without a NetCon, or from a drive, no threshold is set.
            if !wire.sites.is_empty() && wire.src.start < n_cells {
                for src in wire.src.clone() {
                    if wire.has_targets(src) {
                        thresholds[src as usize] = connection.threshold;
                    }
                }
            }
            wires.push(wire);
        }
        Ok(Self { wires, thresholds })
    }

    /// Makes every check that [`Wiring::new`] makes of the connections that `is_new` is true of, in a fraction of its
    /// time.
    ///
    /// # Errors
    /// As of [`Wiring::new`].
    pub fn check(
        network: &Network,
        cells: &[Arc<CompiledCell>],
        shared: &dyn SharedDistances,
        is_new: impl Fn(usize, &Connection) -> bool,
    ) -> Result<(), SolverError> {
        for (i, connection) in network.connectivity.iter().enumerate() {
            if is_new(i, connection) {
                checked(network, cells, shared, connection)
                    .and_then(|checked| checked.check_distances(connection))
                    .map_err(|text| of_connection(i, connection, &text))?;
            }
        }
        Ok(())
    }

    /// Whether any connection leads from `src` to a cell.
    pub fn has_targets(&self, src: Gid) -> bool {
        self.wires.iter().any(|wire| wire.has_targets(src))
    }
}

fn of_connection(i: usize, connection: &Connection, text: &str) -> SolverError {
    SolverError::InvalidNetwork(format!(
        "connection {i} ({} -> {}, {} {}): {text}",
        connection.src_type, connection.target_type, connection.loc, connection.receptor
    ))
}

/// What [`checked`] finds out about a connection.
struct Checked<'n> {
    src: &'n Range<Gid>,
    target: &'n Range<Gid>,
    population: usize,
    distances: Arc<Distances>,
    sites: Vec<usize>,
    /// Space constant (um).
    space_constant: f64,
    /// Weight with its gain (uS).
    weight: f64,
    /// Factor of the receptor.
    factor: f64,
}

impl Checked<'_> {
    /// Delay (ms), and what A and B rise by (uS), at a distance (um).
    fn at(&self, c: &Connection, distance: f64) -> (f64, f64) {
        // libm's, not the platform's: weights must have the same bits everywhere.
        let gauss = libm::exp(-(distance * distance) / (self.space_constant * self.space_constant));
        // hnn-core divides the delay by what it multiplies the weight with, so that distant
        // pairs have delays beyond the end of any simulation.
        (c.delay / gauss, self.weight * gauss * self.factor)
    }

    /// Refuses a connection that has no weight or no delay somewhere.
    fn check_distances(&self, c: &Connection) -> Result<(), String> {
        let no_number = |distance: &f64| {
            let (delay, rise) = self.at(c, *distance);
            delay.is_nan() || rise.is_nan()
        };
        // 0/0 arises at distance 0, where lamtha is 0, and 0 times infinity at the farthest, where the exponential is
        // 0 first: between them is no number that is not a number, unless one of them is.
        match self.distances.ends.iter().any(no_number) {
            true => Err(format!("lamtha = {} gives no weight or delay", c.lamtha)),
            false => Ok(()),
        }
    }
}

/// Everything of a wire that can be wrong.
fn checked<'n>(
    network: &'n Network,
    cells: &[Arc<CompiledCell>],
    shared: &dyn SharedDistances,
    c: &Connection,
) -> Result<Checked<'n>, String> {
    let known = |name: &str| format!("'{name}' is not in the network");
    let src = network
        .gid_ranges
        .get(c.src_type.as_str())
        .ok_or_else(|| known(&c.src_type))?;
    let target = network
        .gid_ranges
        .get(c.target_type.as_str())
        .ok_or_else(|| known(&c.target_type))?;
    let (population, _, cell_type) = network
        .cell_types
        .get_full(c.target_type.as_str())
        .ok_or_else(|| known(&c.target_type))?;
    let positions = |name: &str, range: &Range<Gid>| {
        network
            .pos_dict
            .get(name)
            .filter(|p| p.len() == range.len())
            .ok_or_else(|| {
                format!(
                    "'{name}' needs one position for each of its {} cells",
                    range.len()
                )
            })
    };
    let distances = shared.distances(
        positions(&c.src_type, src)?,
        positions(&c.target_type, target)?,
    );
    let (sources_ok, targets_ok) = match &c.gid_pairs {
        GidPairs::AllToAll {
            src: s, target: t, ..
        } => (inside(s, src), inside(t, target)),
        GidPairs::OneToOne { src: s, target: t } => {
            (inside(s, src), inside(t, target) && s.len() == t.len())
        }
        GidPairs::Explicit(list) => (
            list.iter().all(|(s, _)| src.contains(s)),
            list.iter().flat_map(|(_, t)| t).all(|t| target.contains(t)),
        ),
    };
    if !sources_ok || !targets_ok {
        return Err("its gid_pairs name gids that are not of its source and target types".into());
    }
    let cell = &cell_type.cell;
    // One connection of full weight for each section of the group, as in hnn-core.
    let sections: Vec<&str> = match cell.sect_loc.get(c.loc.as_str()) {
        Some(group) => group.iter().map(String::as_str).collect(),
        None => vec![&c.loc],
    };
    let mut sites = Vec::with_capacity(sections.len());
    for section in sections {
        let index = cell
            .sections
            .get_index_of(section)
            .ok_or_else(|| format!("the target has no section '{section}'"))?;
        let site = cells[population]
            .synapses
            .iter()
            .position(|s| s.section == index && s.receptor == c.receptor)
            .ok_or_else(|| {
                format!(
                    "section '{section}' of the target has no synapse '{}'",
                    c.receptor
                )
            })?;
        sites.push(site);
    }
    for (name, value) in [
        ("weight", c.weight),
        ("gain", c.gain),
        ("delay", c.delay),
        ("lamtha", c.lamtha),
        ("threshold", c.threshold),
    ] {
        // An infinite space constant reaches all cells alike: the exponent below is 0 then.
        if !(value.is_finite() || (name == "lamtha" && value == f64::INFINITY)) {
            return Err(format!("its {name} is {value}"));
        }
    }
    if c.delay < 0.0 {
        return Err(format!("its delay is negative: {} ms", c.delay));
    }
    // The sites are of one receptor, so their factor is the same.
    let factor = sites
        .first()
        .map_or(0.0, |&s| cells[population].synapses[s].factor);
    Ok(Checked {
        src,
        target,
        population,
        distances,
        sites,
        space_constant: c.lamtha * network.inplane_distance,
        weight: c.weight * c.gain,
        factor,
    })
}

fn wire(
    network: &Network,
    cells: &[Arc<CompiledCell>],
    shared: &dyn SharedDistances,
    c: &Connection,
) -> Result<Wire, String> {
    let checked = checked(network, cells, shared, c)?;
    checked.check_distances(c)?;
    let values = checked.distances.values.iter();
    let by_distance = values.map(|distance| checked.at(c, *distance)).collect();
    let Checked {
        src,
        target,
        population,
        distances,
        sites,
        ..
    } = checked;
    let place = match &c.gid_pairs {
        GidPairs::Explicit(list) => list.iter().enumerate().map(|(i, (s, _))| (*s, i)).collect(),
        _ => HashMap::new(),
    };
    Ok(Wire {
        src: src.clone(),
        pairs: c.gid_pairs.clone(),
        place,
        population,
        target: target.clone(),
        distances,
        by_distance,
        synapses: 0,
        // Whatever its weight, it sets the threshold of its source.
        live: c.weight * c.gain != 0.0 && !sites.is_empty(),
        from_cells: network.cell_types.contains_key(c.src_type.as_str()),
        sites,
    })
}

fn inside(part: &Range<Gid>, whole: &Range<Gid>) -> bool {
    part.is_empty() || (part.start >= whole.start && part.end <= whole.end)
}
