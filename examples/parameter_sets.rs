//! A list of parameter sets instead of a grid, as simulation-based inference draws them: `simulate_batch`.
//!
//! `cargo run --release --example parameter_sets`

use hnn_sweep::batch::{BatchSimulate, BoxError, ParamValues};
use hnn_sweep::network::{DriveAttachment, Evoked, Model};
use std::path::Path;

/// Parameters and the largest dipole (nAm) of each set.
pub fn simulate(folder: &Path) -> Result<Vec<(ParamValues, f64)>, BoxError> {
    let batch = BatchSimulate::new(|net, params| {
        let attach = DriveAttachment::evoked(params.text("location")?)
            .ampa([("L2_pyramidal", 10f64.powf(params.float("log_weight")?))]);
        let drive = Evoked {
            mu: params.float("mu")?,
            sigma: 1.0,
            numspikes: 1,
        };
        net.add_evoked_drive("input", drive, attach)?;
        Ok(())
    })
    .net(Model::Neymotin2020.network([3, 3]))
    .tstop(30.0)
    .save_folder(folder);

    // Any source will do; these are a coarse spiral.
    let theta: Vec<ParamValues> = (0..4)
        .map(|i| {
            let i = f64::from(i);
            let location = if i < 2.0 { "proximal" } else { "distal" };
            ParamValues::default()
                .with("mu", 8.0 + i)
                .with("log_weight", -3.0 + 0.5 * i)
                .with("location", location)
        })
        .collect();
    let results = batch.simulate_batch(&theta, 0)?;
    let mut peaks = Vec::new();
    for sim in results.simulated_data {
        let dipole = sim.dpl.first().ok_or("no trial")?;
        let (_, peak) = dipole.peak(&dipole.data.agg).ok_or("no sample")?;
        peaks.push((sim.param_values, peak));
    }
    Ok(peaks)
}

#[allow(dead_code)] // the tests call `simulate`
fn main() -> Result<(), BoxError> {
    for (params, peak) in simulate(Path::new("example_results/parameter_sets"))? {
        println!("{params}: {peak:.6} nAm");
    }
    Ok(())
}
