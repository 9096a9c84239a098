//! What hnn-core refuses is refused, and the odd rules by which its drives fire.

mod network_cases;

use hnn_sweep::network::*;
use network_cases::{Arguments, drives_of_all_kinds, each};
use proptest::prelude::*;

fn evoked(change: impl Fn(&mut Arguments<Evoked>)) -> Result<(), NetworkError> {
    let mut drive = Arguments {
        dynamics: Evoked {
            mu: 20.0,
            sigma: 3.0,
            numspikes: 1,
        },
        attach: DriveAttachment {
            weights_ampa: Some(each(&[("L2_basket", 0.1), ("L5_pyramidal", 0.2)])),
            ..DriveAttachment::evoked("proximal")
        },
    };
    change(&mut drive);
    let mut net = Network::neymotin_2020([2, 2]);
    let before = net.clone();
    let result = net.add_evoked_drive("drive", drive.dynamics, drive.attach);
    assert!(
        result.is_ok() || net == before,
        "a refused drive has changed the network"
    );
    result
}

fn bursty(change: impl Fn(&mut Arguments<Bursty>)) -> Result<(), NetworkError> {
    let mut drive = Arguments {
        dynamics: Bursty {
            tstart: 0.0,
            tstart_std: 0.0,
            tstop: None,
            burst_rate: 10.0,
            burst_std: 0.0,
            numspikes: 2,
            spike_isi: 10.0,
        },
        attach: DriveAttachment {
            weights_ampa: Some(each(&[("L5_pyramidal", 0.2)])),
            ..DriveAttachment::bursty("distal")
        },
    };
    change(&mut drive);
    Network::neymotin_2020([2, 2]).add_bursty_drive("drive", drive.dynamics, drive.attach)
}

fn refused(result: Result<(), NetworkError>, expected: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn drives_that_hnn_core_refuses_are_refused() {
    evoked(|_| {}).unwrap();
    refused(
        evoked(|d| d.sigma = -1.0),
        "sigma is -1: it cannot be negative",
    );
    refused(
        evoked(|d| d.numspikes = 0),
        "numspikes is 0: it must be greater than 0",
    );
    refused(evoked(|d| d.mu = f64::INFINITY), "mu is inf");
    refused(
        evoked(|d| d.attach.weights_ampa = None),
        "give a weight for at least one cell type",
    );
    refused(
        evoked(|d| d.attach.weights_ampa = Some(each(&[("L5_pyramid", 0.1)]))),
        "weights_ampa is \"L5_pyramid\", which does not exist; did you mean \"L5_pyramidal\"?",
    );
    refused(
        evoked(|d| {
            d.attach = DriveAttachment {
                weights_ampa: Some(each(&[("L5_basket", 0.1)])),
                ..DriveAttachment::evoked("distal")
            }
        }),
        "a distal drive cannot reach layer 5 basket cells: remove L5_basket",
    );
    refused(
        evoked(|d| d.attach.location = "apical_tuft".into()),
        "location of L2_basket",
    );
    refused(
        evoked(|d| d.attach.location = "soma".into()),
        "receptor of soma of L5_pyramidal is \"ampa\"",
    );
    refused(
        evoked(|d| d.attach.synaptic_delays = PerCellType::Each(each(&[("L2_basket", 0.1)]))),
        "one for each type that has a weight: L2_basket, L5_pyramidal",
    );
    refused(
        evoked(|d| d.attach.probability = PerCellType::All(1.5)),
        "probability is 1.5",
    );
    refused(
        evoked(|d| d.attach.n_drive_cells = DriveCells::Count(3)),
        "\"n_cells\"",
    );
    refused(
        evoked(|d| d.attach.cell_specific = false),
        "it must be a number",
    );
    refused(
        evoked(|d| {
            d.attach.cell_specific = false;
            d.attach.n_drive_cells = DriveCells::Count(0);
        }),
        "greater than 0",
    );
    refused(
        evoked(|d| d.attach.event_seed = 1 << 32),
        "between 0 and 4294967295",
    );
    refused(
        evoked(|d| d.attach.space_constant = 0.0),
        "space_constant is 0",
    );
    refused(
        evoked(|d| {
            d.attach.probability = PerCellType::All(0.5);
            d.attach.conn_seed = None;
        }),
        "a probability below 1 (here 0.5) needs a seed",
    );

    bursty(|_| {}).unwrap();
    refused(bursty(|d| d.tstart = -1.0), "tstart is -1");
    refused(bursty(|d| d.tstop = Some(-1.0)), "tstop is -1");
    refused(
        bursty(|d| (d.tstart, d.tstop) = (50.0, Some(20.0))),
        "it cannot be before tstart (50)",
    );
    refused(bursty(|d| d.burst_std = -1.0), "burst_std is -1");
    refused(
        bursty(|d| d.spike_isi = 101.0),
        "longer than the period of 100 ms",
    );

    let mut net = Network::neymotin_2020([2, 2]);
    net.add_erp_drives(0.0).unwrap();
    let before = net.clone();
    refused(
        net.add_erp_drives(0.0),
        "the drive \"evdist1\" is already defined",
    );
    assert!(net == before);
}

#[test]
fn connections_that_hnn_core_refuses_are_refused() {
    let mut net = Network::neymotin_2020([2, 2]);
    let mut add = |change: &dyn Fn(&mut NewConnection)| {
        let mut new = NewConnection::new(
            "L2_basket",
            "L5_pyramidal",
            "distal",
            "gabaa",
            0.1,
            1.0,
            3.0,
        );
        change(&mut new);
        net.add_connection(new)
    };
    add(&|_| {}).unwrap();
    refused(
        add(&|new| new.src_gids = "L2_baskets".into()),
        "did you mean \"L2_basket\"?",
    );
    refused(
        add(&|new| new.src_gids = 400.into()),
        "the network has gids 0 to 11",
    );
    refused(
        add(&|new| new.src_gids = (0..4).into()),
        "all of them must be of the same type",
    );
    refused(
        add(&|new| new.target_gids = vec![3, 9].into()),
        "all of them must be of the same type",
    );
    refused(
        add(&|new| new.target_gids = vec![vec![9], vec![9], vec![9]].into()),
        "one list for each of the 2 sources",
    );
    refused(add(&|new| new.loc = "tuft".into()), "loc of L5_pyramidal");
    refused(
        add(&|new| new.receptor = "glua".into()),
        "receptor of apical_tuft of L5_pyramidal",
    );
    refused(add(&|new| new.gain = -1.0), "gain is -1");
    refused(
        add(&|new| new.probability = 0.5),
        "needs a seed to be reproducible",
    );
    refused(add(&|new| new.delay = -0.1), "delay is -0.1");
}

#[test]
fn spike_trains_take_names_pairs_and_files() {
    let mut net = Network::neymotin_2020([2, 2]);
    let attach = DriveAttachment {
        weights_ampa: Some(each(&[("L5_pyramidal", 0.1)])),
        ..DriveAttachment::spike_train("proximal")
    };
    let file = "5.5\t3\tL2_pyramidal\n6.0\t3\tL5_pyramidal\n\n7.25\t3\tL2_pyramidal\n";
    let spike_data = SpikeData::from_spike_file(file).unwrap();
    net.add_spike_train_drive("file", spike_data, attach.clone())
        .unwrap();
    let events = drive_events(&net, 6.0, 3).unwrap();
    assert_eq!(events, [[vec![5.5, 7.25], vec![6.0]]]); // neither cut at tstop nor different in trials
    let train = |pairs: &[(f64, i64)]| SpikeData::Pairs(pairs.to_vec());
    refused(
        net.add_spike_train_drive("late", train(&[(5.0, 1), (4.0, 1)]), attach.clone()),
        "4 after 5",
    );
    refused(
        net.add_spike_train_drive("early", train(&[(-1.0, 1)]), attach.clone()),
        "spike_data is -1",
    );
    refused(
        net.add_spike_train_drive("none", train(&[]), attach.clone()),
        "greater than 0",
    );
    assert!(
        SpikeData::from_spike_file("1.0 2")
            .unwrap_err()
            .to_string()
            .contains("line 1")
    );
}

#[test]
fn another_drive_changes_events_in_later_trials_only() {
    let mut one = Network::neymotin_2020([2, 2]);
    one.add_erp_drives(0.0).unwrap();
    let mut more = one.clone();
    let attach = DriveAttachment {
        weights_ampa: Some(each(&[("L5_pyramidal", 0.1)])),
        ..DriveAttachment::spike_train("proximal")
    };
    let spike_data = SpikeData::Pairs(vec![(1.0, 0)]);
    more.add_spike_train_drive("more", spike_data, attach)
        .unwrap();
    let events = |net: &Network, trial| drive_events(net, 170.0, trial).unwrap()[0].clone();
    assert_eq!(events(&one, 0), events(&more, 0));
    assert_ne!(events(&one, 1), events(&more, 1));
}

#[test]
fn a_second_target_of_a_drive_cell_shifts_the_events_of_later_cells() {
    let mut net = Network::neymotin_2020([2, 2]);
    net.add_erp_drives(0.0).unwrap();
    let before = drive_events(&net, 170.0, 0).unwrap()[0].clone();
    let first = net.gid_ranges["evdist1"].start;
    net.add_connection(NewConnection::new(
        first,
        "L5_basket",
        "soma",
        "ampa",
        0.1,
        1.0,
        3.0,
    ))
    .unwrap();
    let after = drive_events(&net, 170.0, 0).unwrap()[0].clone();
    assert_eq!(after.len(), before.len());
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1..], before[..before.len() - 1]); // as in hnn-core, which looks events up by position
}

#[test]
fn a_seed_that_overflows_in_a_later_trial_is_an_error() {
    let mut net = Network::neymotin_2020([2, 2]);
    net.add_erp_drives(0.0).unwrap();
    net.set("drives.evdist1.event_seed", 4_294_967_200.0.into())
        .unwrap();
    assert!(drive_events(&net, 170.0, 0).is_ok());
    let error = drive_events(&net, 170.0, 4).unwrap_err().to_string();
    assert!(error.contains("event_seed of drive evdist1"), "{error}");
}

#[test]
fn cloning_a_network_shares_its_cells_and_positions() {
    let net = drives_of_all_kinds([10, 10]).unwrap();
    let mut copy = net.clone();
    assert!(std::sync::Arc::ptr_eq(
        &net.cell_types["L5_pyramidal"],
        &copy.cell_types["L5_pyramidal"]
    ));
    let change = SectionChange {
        L: Some(50.0),
        ..Default::default()
    };
    copy.modify_section("L5_pyramidal", "soma", change).unwrap();
    assert_eq!(net.cell_types["L5_pyramidal"].cell.sections["soma"].L, 39.0); // the original keeps its own
    assert!(std::sync::Arc::ptr_eq(
        &net.cell_types["L2_pyramidal"],
        &copy.cell_types["L2_pyramidal"]
    ));
}

proptest! {
    /// Pairs survive the way through their canonical form, and equal pairs have one form.
    #[test]
    fn pairs_have_one_form(
        rows in prop::collection::btree_map(0_u32..6, prop::collection::btree_set(0_u32..6, 0..6), 0..6)
    ) {
        let listed: Vec<(u32, Vec<u32>)> = rows.iter().map(|(s, t)| (*s, t.iter().copied().collect())).collect();
        let pairs = GidPairs::from_explicit(listed.clone());
        let back: Vec<(u32, Vec<u32>)> = pairs.sources().map(|s| (s, pairs.targets(s).collect())).collect();
        prop_assert_eq!(&back, &listed);
        prop_assert_eq!(pairs.n_pairs(), listed.iter().map(|(_, t)| t.len()).sum::<usize>());
        let reversed = listed.into_iter().rev().map(|(s, t)| (s, t.into_iter().rev().collect())).collect();
        prop_assert_eq!(&GidPairs::from_explicit(reversed), &pairs);
    }

    /// Ranges have the form that their pairs have.
    #[test]
    fn ranges_and_their_pairs_have_one_form(s in 0_u32..4, n in 0_u32..4, t in 0_u32..4, m in 0_u32..4, autapses: bool) {
        let (src, target) = (s..s + n, t..t + m);
        let listed = src.clone().map(|s| (s, target.clone().filter(|t| autapses || *t != s).collect())).collect();
        prop_assert_eq!(GidPairs::all_to_all(src.clone(), target.clone(), autapses), GidPairs::from_explicit(listed));
        let paired = src.clone().zip(target.clone()).map(|(s, t)| (s, vec![t])).collect();
        prop_assert_eq!(GidPairs::one_to_one(src, target), GidPairs::from_explicit(paired));
    }

    /// No path and no value makes `set` panic.
    #[test]
    fn any_path_is_answered(path in "[a-z_.\\[\\]=|\"*L25]{0,40}", number: f64) {
        let mut net = Network::neymotin_2020([1, 2]);
        let _ = net.set(&path, number.into());
    }
}
