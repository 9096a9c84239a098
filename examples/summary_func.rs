//! A summary of one's own, over spikes and dipole of all trials, while raw results are dropped from memory:
//! `clear_cache`.
//!
//! `cargo run --release --example summary_func`

use hnn_sweep::batch::{BatchResults, BatchSimulate, BoxError, Dipole, ParamGrid, Run};
use hnn_sweep::network::{Bursty, DriveAttachment, DriveCells, Model};
use std::path::Path;

pub fn sweep(folder: &Path) -> Result<BatchResults, BoxError> {
    let batch = BatchSimulate::new(|net, params| {
        let attach = DriveAttachment {
            n_drive_cells: DriveCells::Count(5),
            ..DriveAttachment::bursty("distal").ampa([("L5_pyramidal", params.float("weight")?)])
        };
        let drive = Bursty {
            tstart: 5.0,
            tstart_std: 0.0,
            tstop: None,
            burst_rate: 50.0,
            burst_std: 2.0,
            numspikes: 2,
            spike_isi: 5.0,
        };
        net.add_bursty_drive("beta", drive, attach)?;
        Ok(())
    })
    .net(Model::Law2021.network([3, 3]))
    .tstop(40.0)
    .n_trials(2)
    .save_folder(folder)
    .save_spiking(true)
    .clear_cache(true)
    .summary_func(|sim| {
        let mean = Dipole::average(&sim.dpl)?;
        let spiking = sim.spiking.as_ref().ok_or("no spikes are stored")?;
        let of_cells = spiking
            .spike_types
            .iter()
            .flatten()
            .filter(|name| spiking.cell_type_names.contains(name));
        let trough = mean.data.agg.iter().copied().fold(f64::INFINITY, f64::min);
        Ok([
            ("trough", trough),
            ("cell_spikes", of_cells.count() as f64),
            ("mean", Dipole::mean(&mean.data.agg)),
        ])
    });
    let grid = ParamGrid::new().axis("weight", [4e-5, 4e-3, 4e-2]);
    let run = Run {
        n_jobs: 2,
        verbose: false,
        ..Run::default()
    };
    Ok(batch.run(grid, run)?)
}

#[allow(dead_code)] // the tests call `sweep`
fn main() -> Result<(), BoxError> {
    let results = sweep(Path::new("example_results/summary_func"))?;
    for row in &results.summary_statistics {
        println!("{}: {:?}", row.param_values, row.values);
    }
    Ok(())
}
