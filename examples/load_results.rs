//! Results from the folder, without simulating: mean over trials, smoothing, spike rates by cell type.
//!
//! `cargo run --release --example load_results`

use hnn_sweep::batch::{BatchSimulate, BoxError, Dipole, MeanType, ParamGrid, Rates, Run};
use hnn_sweep::network::Model;
use std::path::Path;

/// Of each simulation its peak (ms, nAm) and the mean rate (Hz) of each cell type.
pub type Analysis = Vec<((f64, f64), Vec<(String, f64)>)>;

pub fn simulate_and_load(folder: &Path) -> Result<Analysis, BoxError> {
    let tstop = 60.0;
    let batch = BatchSimulate::new(|net, params| {
        net.add_erp_drives(params.float("tstart")?)?;
        Ok(())
    })
    .net(Model::Neymotin2020.network([3, 3]))
    .tstop(tstop)
    .n_trials(2)
    .save_folder(folder)
    .save_spiking(true);
    let grid = ParamGrid::new().axis("tstart", [-20.0, -10.0]);
    let run = Run {
        return_output: false, // what is stored is loaded below
        verbose: false,
        ..Run::default()
    };
    batch.run(grid, run)?;

    let mut analysis = Vec::new();
    for sim in batch.load_all_results()? {
        let mut mean = Dipole::average(&sim.dpl)?;
        mean.smooth(5.0)?.scale(3000.0);
        let peak = mean.peak(&mean.data.agg).ok_or("no sample")?;
        let spiking = sim.spiking.as_ref().ok_or("no spikes are stored")?;
        let rates = spiking.mean_rates(0.0, tstop, &sim.net.gid_ranges, MeanType::All)?;
        if let Rates::All(rates) = rates {
            analysis.push((peak, rates.into_iter().collect()));
        }
    }
    Ok(analysis)
}

#[allow(dead_code)] // the tests call `simulate_and_load`
fn main() -> Result<(), BoxError> {
    for ((time, peak), rates) in simulate_and_load(Path::new("example_results/load_results"))? {
        println!("{peak:.4} nAm at {time:.2} ms, Hz: {rates:.1?}");
    }
    Ok(())
}
