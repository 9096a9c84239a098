//! The published networks.

use super::positions::{DEFAULT_INPLANE_DISTANCE, DEFAULT_LAYER_SEPARATION, POPULATIONS, column};
use super::{
    CellType, DriveAttachment, Evoked, Network, NetworkError, NewConnection, PerCellType, templates,
};
use indexmap::IndexMap;
use std::sync::Arc;

/// Weights (uS) of the connections between cells in hnn-core's `default.json`, by its parameter names.
pub(crate) const DEFAULT_WEIGHTS: [(&str, f64); 15] = [
    ("gbar_L2Pyr_L2Pyr_ampa", 0.0005),
    ("gbar_L2Pyr_L2Pyr_nmda", 0.0005),
    ("gbar_L2Basket_L2Pyr_gabaa", 0.05),
    ("gbar_L2Basket_L2Pyr_gabab", 0.05),
    ("gbar_L2Pyr_L5Pyr", 0.00025),
    ("gbar_L2Basket_L5Pyr", 0.001),
    ("gbar_L5Pyr_L5Pyr_ampa", 0.0005),
    ("gbar_L5Pyr_L5Pyr_nmda", 0.0005),
    ("gbar_L5Basket_L5Pyr_gabaa", 0.025),
    ("gbar_L5Basket_L5Pyr_gabab", 0.025),
    ("gbar_L2Pyr_L2Basket", 0.0005),
    ("gbar_L2Basket_L2Basket", 0.02),
    ("gbar_L2Pyr_L5Basket", 0.00025),
    ("gbar_L5Pyr_L5Basket", 0.0005),
    ("gbar_L5Basket_L5Basket", 0.02),
];

/// Source, target, location, receptor, weight's parameter name, space constant, autapses.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    f64,
    bool,
);

/// The connections of the column, in hnn-core's order.
const COLUMN: [Row; 16] = [
    // The order is hnn-core's: law_2021 counts on it, and the last connection sets a source's
    // threshold.
    (
        "L2_pyramidal",
        "L2_pyramidal",
        "proximal",
        "nmda",
        "gbar_L2Pyr_L2Pyr_nmda",
        3.0,
        false,
    ),
    (
        "L2_pyramidal",
        "L2_pyramidal",
        "proximal",
        "ampa",
        "gbar_L2Pyr_L2Pyr_ampa",
        3.0,
        false,
    ),
    (
        "L5_pyramidal",
        "L5_pyramidal",
        "proximal",
        "nmda",
        "gbar_L5Pyr_L5Pyr_nmda",
        3.0,
        false,
    ),
    (
        "L5_pyramidal",
        "L5_pyramidal",
        "proximal",
        "ampa",
        "gbar_L5Pyr_L5Pyr_ampa",
        3.0,
        false,
    ),
    (
        "L2_basket",
        "L2_pyramidal",
        "soma",
        "gabaa",
        "gbar_L2Basket_L2Pyr_gabaa",
        50.0,
        true,
    ),
    (
        "L2_basket",
        "L2_pyramidal",
        "soma",
        "gabab",
        "gbar_L2Basket_L2Pyr_gabab",
        50.0,
        true,
    ),
    (
        "L5_basket",
        "L5_pyramidal",
        "soma",
        "gabaa",
        "gbar_L5Basket_L5Pyr_gabaa",
        70.0,
        true,
    ),
    (
        "L5_basket",
        "L5_pyramidal",
        "soma",
        "gabab",
        "gbar_L5Basket_L5Pyr_gabab",
        70.0,
        true,
    ),
    (
        "L2_pyramidal",
        "L5_pyramidal",
        "proximal",
        "ampa",
        "gbar_L2Pyr_L5Pyr",
        3.0,
        true,
    ),
    (
        "L2_pyramidal",
        "L5_pyramidal",
        "distal",
        "ampa",
        "gbar_L2Pyr_L5Pyr",
        3.0,
        true,
    ),
    (
        "L2_basket",
        "L5_pyramidal",
        "distal",
        "gabaa",
        "gbar_L2Basket_L5Pyr",
        50.0,
        true,
    ),
    (
        "L2_pyramidal",
        "L2_basket",
        "soma",
        "ampa",
        "gbar_L2Pyr_L2Basket",
        3.0,
        true,
    ),
    (
        "L2_basket",
        "L2_basket",
        "soma",
        "gabaa",
        "gbar_L2Basket_L2Basket",
        20.0,
        true,
    ),
    (
        "L5_basket",
        "L5_basket",
        "soma",
        "gabaa",
        "gbar_L5Basket_L5Basket",
        20.0,
        false,
    ),
    (
        "L5_pyramidal",
        "L5_basket",
        "soma",
        "ampa",
        "gbar_L5Pyr_L5Basket",
        3.0,
        true,
    ),
    (
        "L2_pyramidal",
        "L5_basket",
        "soma",
        "ampa",
        "gbar_L2Pyr_L5Basket",
        3.0,
        true,
    ),
];

impl Network {
    /// The column of S. A. Neymotin et al., eLife 9:e51214 (2020), first described by S. R. Jones et al.,
    /// J Neurophysiol 102:3554 (2009): hnn-core's `neymotin_2020_model`, also known as `jones_2009_model`.
    ///
    /// `mesh_shape` is the number of pyramidal cells of a layer along x and y; a 0 counts as 1.
    pub fn neymotin_2020(mesh_shape: [u32; 2]) -> Self {
        let mut net = Self::column_cells(mesh_shape);
        net.connect_column(&|_| None);
        net
    }

    /// The column of R. G. Law et al., Cereb Cortex 32:668 (2022), which makes beta events: hnn-core's
    /// `law_2021_model`.
    pub fn law_2021(mesh_shape: [u32; 2]) -> Self {
        let mut net = Self::neymotin_2020(mesh_shape);
        net.change_to_law_2021(&|_| None);
        net
    }

    /// What `law_2021_model` changes. It counts connections by position, also where drives come first.
    pub(crate) fn change_to_law_2021(&mut self, weight: &dyn Fn(&str) -> Option<f64>) {
        // The GABAB synapses of all pyramidal cells get slower.
        for name in ["L2_pyramidal", "L5_pyramidal"] {
            if let Some(cell_type) = self.cell_types.get_mut(name)
                && let Some(gabab) = Arc::make_mut(cell_type).cell.synapses.get_mut("gabab")
            {
                // ms; 1 and 20 before.
                gabab.tau1 = 45.0;
                gabab.tau2 = 200.0;
            }
        }
        // 2 is NMDA between L5 pyramidal cells; 6 and 7 are L5 basket cells on them, GABAA and
        // GABAB.
        for (index, weight) in [(2, 0.0004), (6, 0.02), (7, 0.005)] {
            if let Some(conn) = self.connectivity.get_mut(index) {
                conn.weight = weight;
            }
        }
        if let Some(cell_type) = self.cell_types.get_mut("L5_pyramidal") {
            let sections = &mut Arc::make_mut(cell_type).cell.sections;
            for name in ["soma", "basal_1", "basal_2", "basal_3"] {
                if let Some(section) = sections.get_mut(name) {
                    section.mechs.shift_remove("ca");
                }
            }
        }
        // L2 basket cells on the L5 tuft with GABAA: GABAB takes their place below.
        if self.connectivity.len() > 10 {
            self.connectivity.remove(10);
        }
        // hnn-core takes this weight from the parameter file, and the other from nowhere.
        let name = "gbar_L5Basket_L5Pyr_gabaa";
        let tuft = weight(name).unwrap_or_else(|| default_weight(name));
        self.connect_populations(
            "L2_basket",
            "L5_pyramidal",
            "distal",
            "gabab",
            0.0002,
            50.0,
            true,
        );
        self.connect_populations(
            "L5_basket",
            "L5_pyramidal",
            "distal",
            "gabaa",
            tuft,
            70.0,
            true,
        );
    }

    /// The column with the calcium dynamics of C. Kohl et al., Brain Topogr 35:19 (2022): hnn-core's `calcium_model`.
    ///
    /// The conductances along the dendrites are correctly rounded; NumPy's `exp` on AVX-512 machines is one unit in
    /// the last place off for one segment (`gkbar_hh2` of `apical_2`).
    pub fn calcium(mesh_shape: [u32; 2]) -> Self {
        let mut net = Self::neymotin_2020(mesh_shape);
        net.change_to_calcium();
        net
    }

    /// What `calcium_model` changes.
    pub(crate) fn change_to_calcium(&mut self) {
        if let Some(cell_type) = self.cell_types.get_mut("L5_pyramidal") {
            // The whole cell: its conductances along the dendrites are new.
            Arc::make_mut(cell_type).cell = templates::l5_pyramidal_ca().cell;
        }
    }

    /// The column's cells without connections.
    pub(crate) fn column_cells(mesh_shape: [u32; 2]) -> Self {
        let mesh_shape = mesh_shape.map(|n| n.max(1));
        let (pos_dict, origin) = column(
            mesh_shape,
            DEFAULT_INPLANE_DISTANCE,
            DEFAULT_LAYER_SEPARATION,
        );
        let mut net = Self {
            cell_types: IndexMap::new(),
            gid_ranges: IndexMap::new(),
            pos_dict,
            origin,
            mesh_shape,
            inplane_distance: DEFAULT_INPLANE_DISTANCE,
            layer_separation: DEFAULT_LAYER_SEPARATION,
            celsius: 37.0,
            threshold: 0.0,
            delay: 1.0,
            legacy_mode: false,
            external_drives: IndexMap::new(),
            external_biases: IndexMap::new(),
            connectivity: Vec::new(),
            rec_arrays: IndexMap::new(),
            dipole_smooth_win: 30.0,
            dipole_scalefctr: 3000.0,
        };
        // In the order of `POPULATIONS`, which gives the gids.
        let templates: [fn() -> CellType; 4] = [
            || templates::basket("L2_basket", "2"),
            templates::l2_pyramidal,
            || templates::basket("L5_basket", "5"),
            templates::l5_pyramidal,
        ];
        for (name, template) in POPULATIONS.into_iter().zip(templates) {
            let n_cells = net
                .pos_dict
                .get(name)
                .map_or(0, |positions| positions.len());
            net.append_gids(name, n_cells as u32);
            net.cell_types.insert(name.into(), Arc::new(template()));
        }
        net
    }

    /// Connects the column's cells; `weight` may override a default by its parameter name.
    pub(crate) fn connect_column(&mut self, weight: &dyn Fn(&str) -> Option<f64>) {
        for (src, target, loc, receptor, name, lamtha, allow_autapses) in COLUMN {
            let weight = weight(name).unwrap_or_else(|| default_weight(name));
            self.connect_populations(src, target, loc, receptor, weight, lamtha, allow_autapses);
        }
    }

    /// Connects two of the column's populations that are known to exist.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn connect_populations(
        &mut self,
        src: &str,
        target: &str,
        loc: &str,
        receptor: &str,
        weight: f64,
        lamtha: f64,
        allow_autapses: bool,
    ) {
        let connection = self.make_connection(NewConnection {
            allow_autapses,
            ..NewConnection::new(src, target, loc, receptor, weight, self.delay, lamtha)
        });
        // An empty population (no mesh has one) would be the only reason.
        self.connectivity.extend(connection);
    }

    /// Adds the drives of an event related potential: hnn-core's `add_erp_drives_to_jones_model`, with the evoked
    /// inputs `evdist1`, `evprox1` and `evprox2`. `tstart` (ms) is the time of the stimulus.
    ///
    /// # Errors
    /// A drive of one of these names exists; `tstart` is not finite.
    pub fn add_erp_drives(&mut self, tstart: f64) -> Result<(), NetworkError> {
        let by_type = |values: &[(&str, f64)]| -> IndexMap<String, f64> {
            values
                .iter()
                .map(|(name, value)| (name.to_string(), *value))
                .collect()
        };
        // Seeds are hnn-core's, too, so that the times of the events are the same.
        let mut changed = self.clone(); // all three drives or none
        changed.add_evoked_drive(
            "evdist1",
            Evoked {
                mu: 63.53 + tstart,
                sigma: 3.85,
                numspikes: 1,
            },
            DriveAttachment {
                weights_ampa: Some(by_type(&[
                    ("L2_basket", 0.006562),
                    ("L2_pyramidal", 7e-6),
                    ("L5_pyramidal", 0.142300),
                ])),
                weights_nmda: Some(by_type(&[
                    ("L2_basket", 0.019482),
                    ("L2_pyramidal", 0.004317),
                    ("L5_pyramidal", 0.080074),
                ])),
                synaptic_delays: PerCellType::Each(by_type(&[
                    ("L2_basket", 0.1),
                    ("L2_pyramidal", 0.1),
                    ("L5_pyramidal", 0.1),
                ])),
                event_seed: 274,
                ..DriveAttachment::evoked("distal")
            },
        )?;
        let proximal: [(&str, f64, f64, u64, [f64; 4]); 2] = [
            (
                "evprox1",
                26.61,
                2.47,
                544,
                [0.08831, 0.01525, 0.19934, 0.00865],
            ),
            (
                "evprox2",
                137.12,
                8.33,
                814,
                [0.000003, 1.438840, 0.008958, 0.684013],
            ),
        ];
        for (name, mu, sigma, event_seed, weights) in proximal {
            changed.add_evoked_drive(
                name,
                Evoked {
                    mu: mu + tstart,
                    sigma,
                    numspikes: 1,
                },
                DriveAttachment {
                    weights_ampa: Some(
                        POPULATIONS
                            .iter()
                            .map(|name| name.to_string())
                            .zip(weights)
                            .collect(),
                    ),
                    synaptic_delays: PerCellType::Each(
                        POPULATIONS
                            .iter()
                            .map(|name| name.to_string())
                            .zip([0.1, 0.1, 1.0, 1.0])
                            .collect(),
                    ),
                    event_seed,
                    ..DriveAttachment::evoked("proximal")
                },
            )?;
        }
        *self = changed;
        Ok(())
    }
}

/// Weight (uS) of a connection in `default.json`.
fn default_weight(name: &str) -> f64 {
    let found = DEFAULT_WEIGHTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, weight)| *weight).unwrap_or_default()
}
