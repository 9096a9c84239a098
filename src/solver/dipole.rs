//! From the cells' summed dipole moments (fAm) to hnn-core's dipole (nAm).

use super::Dipole;
use crate::network::Network;

/// hnn-core's baseline correction and units (`Dipole._baseline_renormalize`, `_convert_fAm_to_nAm`).
///
/// `moments` holds one trace (fAm) for each cell type that measures a dipole, in order: the first is layer 2/3, the
/// second layer 5. Where there are more or fewer, their metadata's layer decides.
pub fn dipole(network: &Network, times: &[f64], moments: &[Vec<f64>]) -> Dipole {
    let measured: Vec<_> = network
        .cell_types
        .values()
        .filter(|t| t.metadata.measure_dipole)
        .collect();
    let (mut l2, mut l5) = (vec![0.0; times.len()], vec![0.0; times.len()]);
    for (i, (moment, cell_type)) in moments.iter().zip(&measured).enumerate() {
        // hnn-core goes by position and never looks at the layer.
        let is_l5 = if measured.len() == 2 {
            i == 1
        } else {
            cell_type.metadata.layer.as_deref() == Some("5")
        };
        let layer = if is_l5 { &mut l5 } else { &mut l2 };
        for (sum, x) in layer.iter_mut().zip(moment) {
            *sum += x;
        }
    }
    // By the mesh, whatever cells exist: so does hnn-core.
    let n_pyr = f64::from(network.mesh_shape[0]) * f64::from(network.mesh_shape[1]);
    for (x, &t) in l5.iter_mut().zip(times) {
        *x -= n_pyr * l5_baseline(t);
    }
    for x in &mut l2 {
        *x -= n_pyr * 0.0443;
    }
    let agg = l2.iter().zip(&l5).map(|(a, b)| (a + b) * 1e-6).collect();
    for x in l2.iter_mut().chain(&mut l5) {
        *x *= 1e-6;
    }
    Dipole { agg, l2, l5 }
}

/// Dipole moment (fAm) of a layer 5 pyramidal cell at rest, at time `t` (ms).
fn l5_baseline(t: f64) -> f64 {
    // Compared with accumulated times: at dt = 0.025 ms the sample "37" is a little less, at 0.1 ms
    // more.
    if t <= 37.0 {
        -49.0502
    } else if t < 750.0 {
        3.4770508e-3 * t + -51.231085
    } else {
        1.01e-4 * t + -48.412078
    }
}
