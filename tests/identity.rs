//! Same inputs, same bits: for every instruction set, alone or side by side, on one thread or many.

use hnn_sweep::network::{ElectrodeArray, Network, NewTonicBias};
use hnn_sweep::solver::{
    InstructionSet, NUMERICS_VERSION, Record, SimulationResult, Solver, Threads, Trial,
};

fn trial(tstop: f64, trial: u32) -> Trial {
    Trial {
        tstop,
        dt: 0.025,
        trial,
        record_vsec: Record::Soma,
        record_isec: Record::Soma,
        record_ca: Record::Soma,
        record_lfp: true,
    }
}

fn erp(mesh: [u32; 2], tstart: f64) -> Network {
    let mut network = Network::neymotin_2020(mesh);
    network.add_erp_drives(tstart).unwrap();
    probe(&mut network);
    network
}

/// Adds five contacts, not a multiple of those that are summed in one pass, and a clamp's current that they see.
fn probe(network: &mut Network) {
    let contacts = (0..5).map(|k| [1.0, 1.5, f64::from(k) * 300.0]).collect();
    network
        .add_electrode_array("probe", ElectrodeArray::new(contacts))
        .unwrap();
    let amplitude = [("L5_pyramidal".to_string(), 0.2)];
    network
        .add_tonic_bias(NewTonicBias::new(amplitude.into_iter().collect()))
        .unwrap();
}

fn simulate(solver: &Solver, network: &Network, trial: &Trial) -> SimulationResult {
    solver.simulate(network, trial, &|| false).unwrap()
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for network in [
        erp([3, 3], 0.0),
        // law_2021 takes the path of sections with unusual mechanisms.
        {
            let mut law = Network::law_2021([2, 2]);
            law.add_erp_drives(0.0).unwrap();
            probe(&mut law);
            law
        },
    ] {
        // The last epoch's steps are not a multiple of those that are summed in one pass.
        let trial = trial(80.15, 0);
        let reference = simulate(
            &Solver::with_instruction_set(InstructionSet::Scalar),
            &network,
            &trial,
        );
        assert!(
            reference.spikes.len() > 30,
            "the case has no spikes to speak of"
        );
        assert!(reference.lfp[0].potential[4].iter().any(|phi| *phi != 0.0));
        for set in InstructionSet::available() {
            let result = simulate(&Solver::with_instruction_set(set), &network, &trial);
            assert!(result == reference, "{set:?} differs from plain Rust");
        }
    }
}

#[test]
fn simulations_side_by_side_are_those_alone() {
    let solver = Solver::new();
    let networks: Vec<Network> = (0..5).map(|k| erp([3, 3], f64::from(k) * -3.0)).collect();
    let trials: Vec<Trial> = (0..5).map(|k| trial(60.0, k % 2)).collect();
    let tasks: Vec<(&Network, &Trial)> = networks.iter().zip(&trials).collect();
    let alone: Vec<_> = tasks.iter().map(|(n, t)| simulate(&solver, n, t)).collect();
    assert_ne!(alone[0].spikes, alone[1].spikes);
    for together in 1..=5 {
        let results: Vec<_> = tasks
            .chunks(together)
            .flat_map(|tasks| solver.simulate_together(tasks, Threads::One, &|| false))
            .map(Result::unwrap)
            .collect();
        assert!(
            results == alone,
            "{together} together differ from one alone"
        );
    }
}

#[test]
fn simulations_that_do_not_fit_each_other_run_apart() {
    let solver = Solver::new();
    let (small, large) = (erp([2, 2], -20.0), erp([2, 3], -20.0));
    let (short, long) = (trial(20.0, 0), trial(30.0, 0));
    let tasks = [
        (&small, &short),
        (&large, &short),
        (&small, &long),
        (&small, &short),
    ];
    let results = solver.simulate_together(&tasks, Threads::One, &|| false);
    for (result, (network, trial)) in results.into_iter().zip(tasks) {
        assert!(result.unwrap() == simulate(&solver, network, trial));
    }
}

#[test]
fn many_threads_give_the_bits_of_one() {
    let solver = Solver::new();
    let network = erp([4, 4], 0.0);
    let trial = trial(60.0, 0);
    let one = simulate(&solver, &network, &trial);
    for n in [2, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        let many = pool.install(|| {
            solver
                .simulate_together(&[(&network, &trial)], Threads::Pool, &|| false)
                .remove(0)
                .unwrap()
        });
        assert!(many == one, "{n} threads differ from one");
    }
}

#[test]
fn a_used_solver_gives_what_a_fresh_one_does() {
    let used = Solver::new();
    let trial = trial(30.0, 0);
    simulate(&used, &Network::law_2021([2, 2]), &trial);
    let mut warm = erp([2, 2], -20.0);
    warm.celsius = 36.0;
    simulate(&used, &warm, &trial);
    let network = erp([2, 2], -20.0);
    assert!(simulate(&used, &network, &trial) == simulate(&Solver::new(), &network, &trial));
}

/// Holds what the present numerics give. If this fails after a change that is meant to alter results, raise
/// `NUMERICS_VERSION`, add the reason to its history, and put the new digest here.
#[test]
fn results_change_only_with_the_numerics_version() {
    let mut hasher = blake3::Hasher::new();
    let solver = Solver::new();
    for mut network in [Network::neymotin_2020([2, 3]), Network::calcium([2, 2])] {
        network.add_erp_drives(-10.0).unwrap();
        let result = simulate(&solver, &network, &trial(70.0, 1));
        for spike in &result.spikes {
            hasher.update(&spike.time.to_le_bytes());
            hasher.update(&spike.gid.to_le_bytes());
        }
        let dipole = &result.dipole;
        for x in dipole.agg.iter().chain(&dipole.l2).chain(&dipole.l5) {
            hasher.update(&x.to_le_bytes());
        }
    }
    assert_eq!(
        (NUMERICS_VERSION, hasher.finalize().to_hex().as_str()),
        (
            1,
            "5ece28d05eef5ee56691588d4181a1b0a903bd49e0d698bc8bc140f6c20cc889"
        ),
    );
}

#[test]
fn a_network_of_one_dipole_cell_type_is_that_part_of_the_whole() {
    let mut whole = Network::neymotin_2020([2, 2]);
    whole.add_erp_drives(0.0).unwrap();
    let drives: Vec<String> = whole.external_drives.keys().cloned().collect();
    whole
        .connectivity
        .retain(|conn| drives.iter().any(|name| *name == conn.src_type));
    let mut part = whole.clone();
    for name in ["L2_pyramidal", "L2_basket", "L5_basket"] {
        part.cell_types.shift_remove(name);
        part.gid_ranges.shift_remove(name);
        part.pos_dict.shift_remove(name);
    }
    part.connectivity
        .retain(|conn| conn.target_type == "L5_pyramidal");
    let trial = Trial {
        record_lfp: false,
        ..trial(90.0, 1)
    };
    let solver = Solver::new();
    let (whole, part) = (
        simulate(&solver, &whole, &trial),
        simulate(&solver, &part, &trial),
    );
    assert!(!part.spikes.is_empty());
    assert_eq!(part.dipole.l5, whole.dipole.l5);
    // What is left of layer 2/3 is hnn-core's baseline of four cells.
    assert!(part.dipole.l2.iter().all(|x| *x == -4.0 * 0.0443 * 1e-6));
}
