//! hnn-core's own batch example: two weights of a proximal input, all combinations, extremes of the smoothed dipole.
//!
//! `cargo run --release --example batch_simulate`; a second run simulates nothing. Small, to end in seconds: take the
//! 10x10 mesh, tstop 170 and 20 values for the real one.

use hnn_sweep::batch::{BatchResults, BatchSimulate, BoxError, ParamGrid, ParamValues, Run};
use hnn_sweep::network::{DriveAttachment, Evoked, Model, Network};
use hnn_sweep::pipeline::logspace;
use std::path::Path;

/// Adds the input with the weights of a parameter set.
fn set_params(net: &mut Network, params: &ParamValues) -> Result<(), BoxError> {
    let (basket, pyr) = (params.float("weight_basket")?, params.float("weight_pyr")?);
    let attach = DriveAttachment::evoked("proximal")
        .ampa([
            ("L2_basket", basket),
            ("L2_pyramidal", pyr),
            ("L5_basket", basket),
            ("L5_pyramidal", pyr),
        ])
        .delays([
            ("L2_basket", 0.1),
            ("L2_pyramidal", 0.1),
            ("L5_basket", 1.0),
            ("L5_pyramidal", 1.0),
        ]);
    let drive = Evoked {
        mu: 10.0,
        sigma: 2.0,
        numspikes: 1,
    };
    net.add_evoked_drive("evprox", drive, attach)?;
    Ok(())
}

pub fn sweep(folder: &Path) -> Result<BatchResults, BoxError> {
    let batch = BatchSimulate::new(set_params)
        .net(Model::Neymotin2020.network([3, 3]))
        .tstop(40.0)
        .save_folder(folder)
        .save_spiking(true)
        .summary_func(|sim| {
            let mut dipole = sim.dpl.first().ok_or("no trial")?.clone();
            dipole.smooth(10.0)?;
            let (time, max) = dipole.peak(&dipole.data.agg).ok_or("no sample")?;
            let min = dipole
                .data
                .agg
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min);
            Ok([("min_peak", min), ("max_peak", max), ("time_of_max", time)])
        });
    let grid = ParamGrid::new()
        .axis("weight_basket", logspace(-4.0, -1.0, 3))
        .axis("weight_pyr", logspace(-4.0, -1.0, 3));
    let run = Run {
        n_jobs: -1,
        verbose: false,
        ..Run::default()
    };
    Ok(batch.run(grid, run)?)
}

#[allow(dead_code)] // the tests call `sweep`
fn main() -> Result<(), BoxError> {
    let results = sweep(Path::new("example_results/batch_simulate"))?;
    println!("{} simulated", results.simulated);
    for row in &results.summary_statistics {
        let (max, time) = (row.values["max_peak"], row.values["time_of_max"]);
        println!("{}: {max:.6} nAm at {time:.2} ms", row.param_values);
    }
    Ok(())
}
