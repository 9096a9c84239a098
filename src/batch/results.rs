//! Results in memory, in hnn-core's words.

use super::{CellResponse, Dipole};
use crate::pipeline::ParamValues;
use crate::solver::{CalciumTrace, CurrentTrace, Lfp, VoltageTrace};
use crate::stages::plan::FailedTask;
use crate::stages::{LoadedSimulation, LoadedTrial, StoredNetwork};
use crate::store::{Outputs, Table};
use indexmap::IndexMap;

/// What a batch gives: hnn-core's `{'summary_statistics': …, 'simulated_data': …}`, and what was done for it.
#[derive(Debug, Clone, Default)]
pub struct BatchResults {
    /// One row per simulation with results, in the order of the grid; empty without `summary_func`.
    pub summary_statistics: Vec<SummaryRow>,
    /// One entry per simulation with results, in the order of the grid; empty with `return_output: false` or
    /// `clear_cache`.
    pub simulated_data: Vec<SimulatedData>,
    /// Trials that were simulated now; all others were found in the folder.
    pub simulated: u64,
    /// Trials that are missing because the run was stopped.
    pub left: u64,
    /// Trials that failed, now or before. Their simulations are in neither of the lists above.
    pub failed: Vec<FailedTask>,
}

/// Statistics of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// Place of the simulation in the grid.
    pub index: usize,
    /// Its parameters.
    pub param_values: ParamValues,
    /// What `summary_func` returned.
    pub values: IndexMap<String, f64>,
}

/// Results of a simulation: what was asked for of all its trials.
#[derive(Debug, Clone)]
pub struct SimulatedData {
    /// Place of the simulation in the grid.
    pub index: usize,
    /// Its number in the tables; points of a grid that give the same network share one.
    pub sim: u32,
    /// Its parameters.
    pub param_values: ParamValues,
    /// What was simulated: gids, positions and electrodes. [`BatchSimulate::network`](super::BatchSimulate::network)
    /// gives all of it.
    pub net: StoredNetwork,
    /// Dipoles (nAm), shape `(n_trials,)`; empty unless `save_dpl`.
    pub dpl: Vec<Dipole>,
    /// Spikes of cells and drives; none unless `save_spiking`.
    pub spiking: Option<CellResponse>,
    /// Potentials (uV) of each electrode array, shape `(n_trials, n_arrays)`; empty unless `save_lfp`.
    pub lfp: Vec<Vec<Lfp>>,
    /// Membrane potentials (mV), shape `(n_trials, n_traces)`; empty unless `save_voltages`. Stored with 32 bits.
    pub voltages: Vec<Vec<VoltageTrace>>,
    /// Synaptic currents (nA), likewise.
    pub currents: Vec<Vec<CurrentTrace>>,
    /// Calcium concentrations (mM), likewise.
    pub calcium: Vec<Vec<CalciumTrace>>,
}

/// A kind of results, in the words of hnn-core's `return_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Dipoles.
    Dpl,
    /// Spikes.
    Spiking,
    /// Potentials at electrode arrays.
    Lfp,
    /// Membrane potentials.
    Voltages,
    /// Synaptic currents.
    Currents,
    /// Calcium concentrations.
    Calcium,
}

impl Data {
    /// hnn-core's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Data::Dpl => "dpl",
            Data::Spiking => "spiking",
            Data::Lfp => "lfp",
            Data::Voltages => "voltages",
            Data::Currents => "currents",
            Data::Calcium => "calcium",
        }
    }

    pub(super) fn of(table: Table) -> Option<Self> {
        let all = [
            Data::Dpl,
            Data::Spiking,
            Data::Lfp,
            Data::Voltages,
            Data::Currents,
            Data::Calcium,
        ];
        all.into_iter().find(|data| data.table() == table)
    }

    pub(super) fn table(self) -> Table {
        match self {
            Data::Dpl => Table::Dipole,
            Data::Spiking => Table::Spikes,
            Data::Lfp => Table::Lfp,
            Data::Voltages => Table::Voltages,
            Data::Currents => Table::Currents,
            Data::Calcium => Table::Calcium,
        }
    }
}

impl SimulatedData {
    /// What was read of a simulation. Of traces that another sweep stored of all sections, those of the somata are
    /// returned where no more is `wanted`.
    pub(super) fn new(
        loaded: LoadedSimulation,
        net: StoredNetwork,
        tables: &[Table],
        wanted: &Outputs,
    ) -> Self {
        let LoadedSimulation {
            point,
            sim,
            parameters,
            trials,
        } = loaded;
        let has = |table: Table| tables.contains(&table);
        let mut data = Self {
            index: point,
            sim,
            param_values: parameters.into_iter().collect(),
            net,
            dpl: Vec::new(),
            spiking: None,
            lfp: Vec::new(),
            voltages: Vec::new(),
            currents: Vec::new(),
            calcium: Vec::new(),
        };
        if has(Table::Spikes) {
            data.spiking = Some(spiking(&data.net, &trials));
        }
        // 1 is somata only, 2 all sections.
        let all = |table: Table| wanted.get(table).level != 1;
        for trial in trials {
            let mut result = trial.result;
            if has(Table::Dipole) {
                data.dpl.push(Dipole::new(result.times, result.dipole));
            }
            if has(Table::Lfp) {
                data.lfp.push(result.lfp);
            }
            if has(Table::Voltages) {
                let keep = |t: &VoltageTrace| all(Table::Voltages) || t.section == "soma";
                result.voltages.retain(keep);
                data.voltages.push(result.voltages);
            }
            if has(Table::Currents) {
                let keep = |t: &CurrentTrace| all(Table::Currents) || t.section == "soma";
                result.currents.retain(keep);
                data.currents.push(result.currents);
            }
            if has(Table::Calcium) {
                let keep = |t: &CalciumTrace| all(Table::Calcium) || t.section == "soma";
                result.calcium.retain(keep);
                data.calcium.push(result.calcium);
            }
        }
        data
    }
}

fn spiking(net: &StoredNetwork, trials: &[LoadedTrial]) -> CellResponse {
    let mut response = CellResponse {
        cell_type_names: net.cell_types.clone(),
        ..CellResponse::default()
    };
    for LoadedTrial {
        result, cell_types, ..
    } in trials
    {
        let spikes = &result.spikes;
        let name = |gid: u32| cell_types.get(&gid).cloned().unwrap_or_default();
        let times = spikes.iter().map(|spike| spike.time);
        response.spike_times.push(times.collect());
        let gids = spikes.iter().map(|spike| spike.gid);
        response.spike_gids.push(gids.clone().collect());
        let types = gids.map(name);
        response.spike_types.push(types.collect());
    }
    response
}
