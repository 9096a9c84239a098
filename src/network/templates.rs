//! hnn-core's cell templates: layer 2/3 and 5 pyramidal cells and basket cells.
//!
//! Parameters: S. R. Jones et al., J Neurophysiol 102:3554 (2009); S. A. Neymotin et al., eLife 9:e51214 (2020), as
//! hnn-core 0.6.1 has them in `params_default.py` and `cells_default.py`.

use super::geometry::nseg_of_length;
use super::{Cell, CellMetadata, CellNode, CellType, DistanceProfile, MechValue, Section, Synapse};
use indexmap::IndexMap;

/// Length (um), diameter (um), initial potential (mV) and end points (um, x and z) of a section.
type Shape = (&'static str, f64, f64, f64, [[f64; 2]; 2]);

/// Mechanisms with their parameters.
type Mechs = [(&'static str, &'static [(&'static str, f64)])];

/// Units: gbar of hh2, cat and ar in S/cm2; of ca, km and kca in pS/um2; taur in ms; el in mV.
const L2_MECHS_SOMA: &Mechs = &[
    ("km", &[("gbar_km", 250.0)]),
    (
        "hh2",
        &[
            ("gkbar_hh2", 0.01),
            ("gnabar_hh2", 0.18),
            ("gl_hh2", 4.26e-5),
            ("el_hh2", -65.0),
        ],
    ),
];
const L2_MECHS_DEND: &Mechs = &[
    ("km", &[("gbar_km", 250.0)]),
    (
        "hh2",
        &[
            ("gkbar_hh2", 0.01),
            ("gnabar_hh2", 0.15),
            ("gl_hh2", 4.26e-5),
            ("el_hh2", -65.0),
        ],
    ),
];
const L5_MECHS_SOMA: &Mechs = &[
    (
        "hh2",
        &[
            ("gkbar_hh2", 0.01),
            ("gnabar_hh2", 0.16),
            ("gl_hh2", 4.26e-5),
            ("el_hh2", -65.0),
        ],
    ),
    ("ca", &[("gbar_ca", 60.0)]),
    ("cad", &[("taur_cad", 20.0)]),
    // 2e-4 pS/um2 is next to nothing, but so hnn-core has it.
    ("kca", &[("gbar_kca", 2e-4)]),
    ("km", &[("gbar_km", 200.0)]),
    ("cat", &[("gbar_cat", 2e-4)]),
    ("ar", &[("gbar_ar", 1e-6)]),
];
const L5_MECHS_DEND: &Mechs = &[
    (
        "hh2",
        &[
            ("gkbar_hh2", 0.01),
            ("gnabar_hh2", 0.14),
            ("gl_hh2", 4.26e-5),
            ("el_hh2", -71.0),
        ],
    ),
    ("ca", &[("gbar_ca", 60.0)]),
    ("cad", &[("taur_cad", 20.0)]),
    ("kca", &[("gbar_kca", 2e-4)]),
    ("km", &[("gbar_km", 200.0)]),
    ("cat", &[("gbar_cat", 2e-4)]),
    ("ar", &[("gbar_ar", 1e-6)]),
];

const L2_SHAPES: &[Shape] = &[
    (
        "apical_trunk",
        59.5,
        4.25,
        -71.46,
        [[-50.0, 778.0], [-50.0, 813.0]],
    ),
    (
        "apical_1",
        306.0,
        4.08,
        -71.46,
        [[-50.0, 813.0], [-50.0, 993.0]],
    ),
    (
        "apical_tuft",
        238.0,
        3.4,
        -71.46,
        [[-50.0, 993.0], [-50.0, 1133.0]],
    ),
    (
        "apical_oblique",
        340.0,
        3.91,
        -71.46,
        [[-50.0, 813.0], [-250.0, 813.0]],
    ),
    (
        "basal_1",
        85.0,
        4.25,
        -71.46,
        [[-50.0, 765.0], [-50.0, 715.0]],
    ),
    (
        "basal_2",
        255.0,
        2.72,
        -71.46,
        [[-50.0, 715.0], [-156.0, 609.0]],
    ),
    (
        "basal_3",
        255.0,
        2.72,
        -71.46,
        [[-50.0, 715.0], [56.0, 609.0]],
    ),
    ("soma", 22.1, 23.4, -71.46, [[-50.0, 765.0], [-50.0, 778.0]]),
];
const L5_SHAPES: &[Shape] = &[
    (
        "apical_trunk",
        102.0,
        10.2,
        -72.0,
        [[0.0, 23.0], [0.0, 83.0]],
    ),
    ("apical_1", 680.0, 7.48, -71.32, [[0.0, 83.0], [0.0, 483.0]]),
    (
        "apical_2",
        680.0,
        4.93,
        -69.08,
        [[0.0, 483.0], [0.0, 883.0]],
    ),
    (
        "apical_tuft",
        425.0,
        3.4,
        -67.30,
        [[0.0, 883.0], [0.0, 1133.0]],
    ),
    (
        "apical_oblique",
        255.0,
        5.1,
        -72.0,
        [[0.0, 83.0], [-150.0, 83.0]],
    ),
    ("basal_1", 85.0, 6.8, -72.0, [[0.0, 0.0], [0.0, -50.0]]),
    (
        "basal_2",
        255.0,
        8.5,
        -72.0,
        [[0.0, -50.0], [-106.0, -156.0]],
    ),
    (
        "basal_3",
        255.0,
        8.5,
        -72.0,
        [[0.0, -50.0], [106.0, -156.0]],
    ),
    ("soma", 39.0, 28.9, -72.0, [[0.0, 0.0], [0.0, 23.0]]),
];

/// An end of a section (name, 0 or 1) and the ends that hang on it.
type Joint = (&'static str, u8, &'static [(&'static str, u8)]);

const L2_JOINTS: &[Joint] = &[
    // The tree begins at the soma's 0 end: its keys name one end of a section, as hnn-core's do.
    ("soma", 0, &[("soma", 1), ("basal_1", 0)]),
    ("soma", 1, &[("apical_trunk", 0)]),
    ("apical_trunk", 1, &[("apical_1", 0), ("apical_oblique", 0)]),
    ("apical_1", 1, &[("apical_tuft", 0)]),
    ("basal_1", 1, &[("basal_2", 0), ("basal_3", 0)]),
];
const L5_JOINTS: &[Joint] = &[
    ("soma", 0, &[("soma", 1), ("basal_1", 0)]),
    ("soma", 1, &[("apical_trunk", 0)]),
    ("apical_trunk", 1, &[("apical_1", 0), ("apical_oblique", 0)]),
    ("apical_1", 1, &[("apical_2", 0)]),
    ("apical_2", 1, &[("apical_tuft", 0)]),
    ("basal_1", 1, &[("basal_2", 0), ("basal_3", 0)]),
];

/// The layer 2/3 pyramidal cell.
pub(crate) fn l2_pyramidal() -> CellType {
    let cell = pyramidal_cell(
        "L2Pyr",
        0.6195,
        L2_SHAPES,
        L2_MECHS_SOMA,
        L2_MECHS_DEND,
        L2_JOINTS,
    );
    CellType {
        cell,
        metadata: pyramidal_metadata("2"),
    }
}

/// The layer 5 pyramidal cell, whose h conductance grows along the dendrites.
pub(crate) fn l5_pyramidal() -> CellType {
    let cell = pyramidal_cell(
        "L5Pyr",
        0.85,
        L5_SHAPES,
        L5_MECHS_SOMA,
        L5_MECHS_DEND,
        L5_JOINTS,
    );
    let mut cell_type = CellType {
        cell,
        metadata: pyramidal_metadata("5"),
    };
    // 1e-6 S/cm2 at the soma, e-fold every 333 um.
    let h_conductance = DistanceProfile::Exponential {
        gbar_at_zero: 1e-6,
        exp_term: 3e-3,
        offset: 0.0,
        slope: 1.0,
    };
    set_in_dendrites(&mut cell_type.cell, "ar", "gbar_ar", &h_conductance);
    cell_type
}

/// The layer 5 pyramidal cell of the calcium model: C. Kohl et al., Brain Topogr 35:19 (2022).
pub(crate) fn l5_pyramidal_ca() -> CellType {
    let mut cell_type = l5_pyramidal();
    let cell = &mut cell_type.cell;
    // The soma has values of its own: the profiles below are of the dendrites only.
    cell.set_mech("soma", "hh2", "gkbar_hh2", MechValue::Uniform(0.06));
    cell.set_mech("soma", "hh2", "gnabar_hh2", MechValue::Uniform(0.32));
    let linear = |gsoma, gdend, xkink| DistanceProfile::Linear {
        gsoma,
        gdend,
        xkink,
        hotzone_factor: 1.0,
        hotzone_boundaries: [0.0, 0.0],
    };
    let potassium = DistanceProfile::Exponential {
        gbar_at_zero: 0.06,
        exp_term: -0.006,
        offset: 1e-4,
        slope: 1.0,
    };
    set_in_dendrites(cell, "ca", "gbar_ca", &linear(10.0, 40.0, 1501.0));
    set_in_dendrites(cell, "hh2", "gnabar_hh2", &linear(0.32, 28e-4, 962.0));
    set_in_dendrites(cell, "hh2", "gkbar_hh2", &potassium);
    cell_type
}

/// A basket cell: one section with hh2 at its defaults.
pub(crate) fn basket(name: &str, layer: &str) -> CellType {
    let synapse = |e, tau1, tau2| Synapse { e, tau1, tau2 };
    let synapses: IndexMap<String, Synapse> = [
        ("ampa".to_string(), synapse(0.0, 0.5, 5.0)),
        ("gabaa".to_string(), synapse(-80.0, 0.5, 5.0)),
        ("nmda".to_string(), synapse(0.0, 1.0, 20.0)),
    ]
    .into();
    let soma = Section {
        L: 39.0,
        diam: 20.0,
        Ra: 200.0,
        cm: 0.85,
        v0: -64.9737,
        nseg: nseg_of_length(39.0),
        end_pts: vec![[0.0, 0.0, 0.0], [0.0, 0.0, 39.0]],
        syns: synapses.keys().cloned().collect(),
        mechs: [("hh2".to_string(), IndexMap::new())].into(),
    };
    // Distal inputs do not reach layer 5 basket cells.
    let distal = if layer == "2" {
        strings(&["soma"])
    } else {
        vec![]
    };
    CellType {
        cell: Cell {
            name: name.into(),
            pos: [0.0; 3],
            sections: [("soma".to_string(), soma)].into(),
            synapses,
            sect_loc: [
                ("proximal".to_string(), strings(&["soma"])),
                ("distal".to_string(), distal),
            ]
            .into(),
            cell_tree: None,
        },
        metadata: metadata("basket", "inhibitory", layer, false),
    }
}

fn pyramidal_cell(
    name: &str,
    cm: f64,
    shapes: &[Shape],
    soma: &Mechs,
    dend: &Mechs,
    joints: &[Joint],
) -> Cell {
    let section = |&(section, length, diam, v0, ends): &Shape| {
        // Excitation reaches pyramidal cells through their dendrites only.
        let (syns, mechs): (&[&str], _) = if section == "soma" {
            (&["gabaa", "gabab"], soma)
        } else {
            (&["ampa", "nmda", "gabaa", "gabab"], dend)
        };
        let made = Section {
            L: length,
            diam,
            Ra: 200.0,
            cm,
            v0,
            nseg: nseg_of_length(length),
            end_pts: ends.map(|[x, z]| [x, 0.0, z]).to_vec(),
            syns: strings(syns),
            mechs: owned(mechs),
        };
        (section.to_string(), made)
    };
    // Each section leads from its 0 end to its own 1 end, then on to what hangs there.
    let own_ends = shapes
        .iter()
        .filter(|(section, ..)| *section != "soma")
        .map(|(section, ..)| (CellNode::new(section, 0), vec![CellNode::new(section, 1)]));
    let joined = joints.iter().map(|(section, end, children)| {
        let children = children.iter().map(|(s, e)| CellNode::new(s, *e)).collect();
        (CellNode::new(section, *end), children)
    });
    let synapse = |e, tau1, tau2| Synapse { e, tau1, tau2 };
    let mut cell = Cell {
        name: name.into(),
        pos: [0.0; 3],
        sections: shapes.iter().map(section).collect(),
        synapses: [
            ("ampa".to_string(), synapse(0.0, 0.5, 5.0)),
            ("nmda".to_string(), synapse(0.0, 1.0, 20.0)),
            ("gabaa".to_string(), synapse(-80.0, 0.5, 5.0)),
            ("gabab".to_string(), synapse(-80.0, 1.0, 20.0)),
        ]
        .into(),
        sect_loc: [
            (
                "proximal".to_string(),
                strings(&["apical_oblique", "basal_2", "basal_3"]),
            ),
            ("distal".to_string(), strings(&["apical_tuft"])),
        ]
        .into(),
        cell_tree: Some(own_ends.chain(joined).collect()),
    };
    // The template is drawn shorter than its sections are long.
    cell.update_end_pts();
    cell
}

fn set_in_dendrites(cell: &mut Cell, mech: &str, parameter: &str, profile: &DistanceProfile) {
    let names: Vec<String> = cell
        .sections
        .keys()
        .filter(|name| *name != "soma")
        .cloned()
        .collect();
    for name in names {
        if let Some(values) = cell.along_section(&name, profile) {
            cell.set_mech(&name, mech, parameter, MechValue::PerSegment(values));
        }
    }
}

fn owned(mechs: &Mechs) -> IndexMap<String, IndexMap<String, MechValue>> {
    mechs
        .iter()
        .map(|(mech, parameters)| {
            let parameters = parameters
                .iter()
                .map(|(name, value)| (name.to_string(), MechValue::Uniform(*value)))
                .collect();
            (mech.to_string(), parameters)
        })
        .collect()
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn pyramidal_metadata(layer: &str) -> CellMetadata {
    metadata("pyramidal", "excitatory", layer, true)
}

pub(crate) fn metadata(
    morpho: &str,
    electro: &str,
    layer: &str,
    measure_dipole: bool,
) -> CellMetadata {
    CellMetadata {
        morpho_type: Some(morpho.into()),
        electro_type: Some(electro.into()),
        layer: Some(layer.into()),
        measure_dipole,
        reference: Some("https://doi.org/10.7554/eLife.51214".into()),
    }
}
