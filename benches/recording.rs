//! What does recording cost? `cargo bench --bench recording`
//!
//! 170 ms of the default network without recording and with it, in turns, so that what slows the machine down slows
//! both: the median of the ratios of pairs, and their quartiles. Last result, on one core of an AMD EPYC with
//! AVX-512: somata 2 to 3 %; LFP with AVX-512 7.7 to 8.6 %, with AVX2 7.5 to 8.2 %, in plain Rust 5.2 to 6.5 % (three
//! runs).

use hnn_sweep::network::{ElectrodeArray, Network};
use hnn_sweep::solver::{InstructionSet, Record, Solver, Trial};
use std::time::Instant;

const PAIRS: usize = 20;

fn main() {
    let mut bare = Network::neymotin_2020([10, 10]);
    bare.add_erp_drives(0.0)
        .expect("the drives fit the network");
    let mut probed = bare.clone();
    let contacts = (0..8).map(|k| [4.5, 4.5, f64::from(k) * 200.0]).collect();
    probed
        .add_electrode_array("probe", ElectrodeArray::new(contacts))
        .expect("the array is valid");
    let off = Trial {
        tstop: 170.0,
        dt: 0.025,
        trial: 0,
        record_vsec: Record::Off,
        record_isec: Record::Off,
        record_ca: Record::Off,
        record_lfp: false,
    };
    let (mut somata, mut lfp) = (off.clone(), off.clone());
    somata.record_vsec = Record::Soma;
    lfp.record_lfp = true;
    for set in InstructionSet::available() {
        let solver = Solver::with_instruction_set(set);
        let seconds = |network: &Network, trial: &Trial| {
            let start = Instant::now();
            let result = solver.simulate(network, trial, &|| false);
            std::hint::black_box(result.expect("the network is valid"));
            start.elapsed().as_secs_f64()
        };
        for (what, network, trial) in [
            ("voltages of all somata", &bare, &somata),
            ("LFP of 8 contacts", &probed, &lfp),
        ] {
            seconds(network, trial);
            let mut ratios: Vec<f64> = (0..PAIRS)
                .map(|pair| {
                    if pair % 2 == 0 {
                        let with = seconds(network, trial);
                        with / seconds(&bare, &off)
                    } else {
                        let without = seconds(&bare, &off);
                        seconds(network, trial) / without
                    }
                })
                .collect();
            ratios.sort_by(f64::total_cmp);
            let percent = |quantile: usize| 100.0 * (ratios[PAIRS * quantile / 4] - 1.0);
            println!(
                "{set:?}: {what} {:.1} % ({:.1} to {:.1})",
                percent(2),
                percent(1),
                percent(3)
            );
        }
    }
}
