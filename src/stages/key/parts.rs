//! Canonical bytes of the parts of a network that are no blobs of their own.
//!
//! Every struct is destructured in full, as in [`super::fingerprint`].

use super::canon::{Canonical, Writer};
use crate::network::{
    Cell, CellNode, ElectrodeArray, ElectrodeMethod, Gid, Gids, MechValue, RateConstant, Section,
    SegmentValues, Synapse, TonicBias,
};
use crate::store::Hash;
use indexmap::IndexMap;
use std::ops::Range;

pub(super) fn write_map<T: Canonical>(w: &mut Writer, map: &IndexMap<String, T>) {
    w.map(|w| {
        for (name, value) in map {
            w.field(name, value);
        }
    });
}

/// For maps that are only ever looked up by name: two orders are the same.
fn write_sorted<T: Canonical>(w: &mut Writer, map: &IndexMap<String, T>) {
    let mut entries: Vec<(&String, &T)> = map.iter().collect();
    // Sorted, so that the order in which a file names them does not count.
    entries.sort_by_key(|(name, _)| *name);
    w.map(|w| {
        for (name, value) in entries {
            w.field(name, value);
        }
    });
}

pub(super) fn write_points(w: &mut Writer, points: &[[f64; 3]]) {
    let numbers: Vec<f64> = points.iter().flatten().copied().collect();
    w.floats(numbers.into_iter());
}

pub(super) fn write_gids(w: &mut Writer, gids: &Gids, list: &Option<Hash>) {
    match gids {
        Gids::Range(range) => range.write(w),
        Gids::List(_) => list.write(w),
    }
}

impl Canonical for Range<Gid> {
    fn write(&self, w: &mut Writer) {
        w.ints([self.start, self.end].into_iter());
    }
}

impl Canonical for Cell {
    fn write(&self, w: &mut Writer) {
        let Cell {
            name: _, // the type's name counts
            pos: _,  // of the template; each cell has its own in pos_dict
            sections,
            synapses,
            sect_loc,
            cell_tree,
        } = self;
        w.map(|w| {
            // In order: it is the order in which traces are recorded.
            w.field_with("sections", |w| write_map(w, sections));
            w.field_with("synapses", |w| write_sorted(w, synapses));
            w.field_with("sect_loc", |w| {
                let mut groups: Vec<_> = sect_loc.iter().collect();
                groups.sort_by_key(|(name, _)| *name);
                w.map(|w| {
                    for (name, sections) in groups {
                        w.field(name, sections.as_slice());
                    }
                });
            });
            w.field_with("tree", |w| match cell_tree {
                None => w.none(),
                Some(tree) => w.list(|w| {
                    for (node, children) in tree {
                        node.write(w);
                        w.list(|w| children.iter().for_each(|child| child.write(w)));
                    }
                }),
            });
        });
    }
}

impl Canonical for CellNode {
    fn write(&self, w: &mut Writer) {
        let CellNode { section, end } = self;
        w.list(|w| {
            w.text(section);
            end.write(w);
        });
    }
}

impl Canonical for Section {
    #[allow(non_snake_case)] // hnn-core's names
    fn write(&self, w: &mut Writer) {
        let Section {
            L,
            diam,
            Ra,
            cm,
            v0,
            nseg,
            end_pts,
            syns,
            mechs,
        } = self;
        w.map(|w| {
            w.field("L", L);
            w.field("diam", diam);
            w.field("Ra", Ra);
            w.field("cm", cm);
            w.field("v0", v0);
            w.field("nseg", nseg);
            w.field_with("end_pts", |w| write_points(w, end_pts));
            w.field("syns", syns.as_slice());
            w.field_with("mechs", |w| {
                let mut mechs: Vec<_> = mechs.iter().collect();
                mechs.sort_by_key(|(name, _)| *name);
                w.map(|w| {
                    for (name, parameters) in mechs {
                        w.field_with(name, |w| write_sorted(w, parameters));
                    }
                });
            });
        });
    }
}

impl Canonical for MechValue {
    fn write(&self, w: &mut Writer) {
        match self {
            MechValue::Uniform(value) => w.float(*value),
            MechValue::PerSegment(SegmentValues { x, values }) => w.map(|w| {
                w.field_with("x", |w| w.floats(x.iter().copied()));
                w.field_with("values", |w| w.floats(values.iter().copied()));
            }),
        }
    }
}

impl Canonical for Synapse {
    fn write(&self, w: &mut Writer) {
        let Synapse { e, tau1, tau2 } = self;
        w.map(|w| {
            w.field("e", e);
            w.field("tau1", tau1);
            w.field("tau2", tau2);
        });
    }
}

impl Canonical for RateConstant {
    fn write(&self, w: &mut Writer) {
        match self {
            RateConstant::All(rate) => w.float(*rate),
            RateConstant::Each(rates) => write_sorted(w, rates),
        }
    }
}

impl Canonical for TonicBias {
    fn write(&self, w: &mut Writer) {
        let TonicBias {
            section,
            loc,
            amplitude,
            t0,
            tstop,
        } = self;
        w.map(|w| {
            w.field("section", section);
            w.field("loc", loc);
            w.field("amplitude", amplitude);
            w.field("t0", t0);
            w.field("tstop", tstop);
        });
    }
}

impl Canonical for ElectrodeArray {
    fn write(&self, w: &mut Writer) {
        let ElectrodeArray {
            positions,
            conductivity,
            method,
            min_distance,
        } = self;
        w.map(|w| {
            w.field_with("positions", |w| write_points(w, positions));
            w.field("conductivity", conductivity);
            w.field_with("method", |w| match method {
                None => w.none(),
                Some(ElectrodeMethod::Psa) => w.text("psa"),
                Some(ElectrodeMethod::Lsa) => w.text("lsa"),
            });
            w.field("min_distance", min_distance);
        });
    }
}
