//! Setting things by path does what adding or building them so would have done.

mod network_cases;

use hnn_sweep::network::*;
use network_cases::{Arguments, drives_of_all_kinds, each};

fn set(net: &mut Network, path: &str, value: impl Into<SetValue>) {
    net.set(path, value.into())
        .unwrap_or_else(|error| panic!("{error}"));
}

fn error_of(path: &str, value: impl Into<SetValue>) -> String {
    let mut net = drives_of_all_kinds([2, 3]).unwrap();
    let before = net.clone();
    let error = net.set(path, value.into()).unwrap_err().to_string();
    assert!(net == before, "a failed set has changed the network");
    assert!(error.contains(path), "{error}");
    error
}

fn table(entries: &[(&str, f64)]) -> SetValue {
    SetValue::Table(
        entries
            .iter()
            .map(|(key, value)| (key.to_string(), (*value).into()))
            .collect(),
    )
}

/// A drive between two others, made from arguments that a test changes.
fn with_drive(change: impl Fn(&mut Arguments<Evoked>)) -> Network {
    let mut net = Network::neymotin_2020([2, 3]);
    let mut drive = Arguments {
        dynamics: Evoked {
            mu: 20.0,
            sigma: 3.0,
            numspikes: 2,
        },
        attach: DriveAttachment {
            weights_ampa: Some(each(&[("L2_pyramidal", 0.1), ("L5_pyramidal", 0.2)])),
            weights_nmda: Some(each(&[("L5_pyramidal", 0.3)])),
            ..DriveAttachment::evoked("proximal")
        },
    };
    let last = drive.clone();
    net.add_evoked_drive("first", last.dynamics.clone(), last.attach.clone())
        .unwrap();
    change(&mut drive);
    net.add_evoked_drive("middle", drive.dynamics, drive.attach)
        .unwrap();
    net.add_evoked_drive("last", last.dynamics, last.attach)
        .unwrap();
    net
}

#[test]
fn a_drives_argument_set_by_path_is_as_if_it_had_been_added_with_it() {
    type Change = fn(&mut Arguments<Evoked>);
    let ampa = |d: &mut Arguments<Evoked>, cell_type: &str, weight: f64| {
        d.attach
            .weights_ampa
            .get_or_insert_default()
            .insert(cell_type.into(), weight);
    };
    let cases: [(&str, SetValue, Change); 17] = [
        ("mu", 30.0.into(), |d| d.mu = 30.0),
        ("sigma", 0.0.into(), |d| d.sigma = 0.0),
        ("numspikes", 3.0.into(), |d| d.numspikes = 3),
        ("event_seed", 77.0.into(), |d| d.attach.event_seed = 77),
        ("location", "basal_1".into(), |d| {
            d.attach.location = "basal_1".into()
        }),
        ("space_constant", 7.5.into(), |d| {
            d.attach.space_constant = 7.5
        }),
        ("synaptic_delays", 0.9.into(), |d| {
            d.attach.synaptic_delays = PerCellType::All(0.9)
        }),
        ("synaptic_delays.L5_pyramidal", 0.9.into(), |d| {
            d.attach.synaptic_delays =
                PerCellType::Each(each(&[("L2_pyramidal", 0.1), ("L5_pyramidal", 0.9)]));
        }),
        ("weights_ampa", 0.5.into(), |d| {
            d.attach.weights_ampa = Some(each(&[("L2_pyramidal", 0.5), ("L5_pyramidal", 0.5)]));
        }),
        ("weights_nmda.L5_pyramidal", 0.7.into(), |d| {
            d.attach.weights_nmda = Some(each(&[("L5_pyramidal", 0.7)]));
        }),
        ("weights_nmda", false.into(), |d| {
            d.attach.weights_nmda = None
        }),
        ("weights_ampa.L2_pyramidal", false.into(), |d| {
            d.attach.weights_ampa = Some(each(&[("L5_pyramidal", 0.2)]));
        }),
        ("weights_ampa", table(&[("L2_basket", 0.4)]), |d| {
            d.attach.weights_ampa = Some(each(&[("L2_basket", 0.4)]));
        }),
        ("probability", 0.5.into(), |d| {
            d.attach.probability = PerCellType::All(0.5)
        }),
        ("n_drive_cells", 4.0.into(), |d| {
            d.attach.n_drive_cells = DriveCells::Count(4);
            d.attach.cell_specific = false;
        }),
        ("cell_specific", false.into(), |d| {
            d.attach.n_drive_cells = DriveCells::Count(1);
            d.attach.cell_specific = false;
        }),
        ("conn_seed", 9.0.into(), |d| d.attach.conn_seed = Some(9)),
    ];
    for (argument, value, change) in cases {
        let mut net = with_drive(|_| {});
        net.set(&format!("drives.middle.{argument}"), value)
            .unwrap();
        let built = with_drive(change);
        assert_eq!(net.connectivity, built.connectivity, "{argument}");
        assert!(net == built, "{argument}");
        assert!(
            net.gid_ranges.keys().eq(built.gid_ranges.keys()),
            "{argument}"
        );
    }
    // A new target comes where it would have come.
    let mut net = with_drive(|_| {});
    set(&mut net, "drives.middle.weights_ampa.L2_basket", 0.4);
    assert!(net == with_drive(|d| ampa(d, "L2_basket", 0.4)));
}

#[test]
fn pruned_and_common_drives_can_go_back() {
    let mut net = with_drive(|_| {});
    set(&mut net, "drives.first.probability", 0.3);
    set(&mut net, "drives.middle.n_drive_cells", 9.0);
    set(&mut net, "drives.middle.n_drive_cells", "n_cells");
    set(&mut net, "drives.first.probability", 1.0);
    assert!(net == with_drive(|_| {}));
}

#[test]
fn changing_a_drive_keeps_what_its_connections_were_given_by_themselves() {
    let mut net = with_drive(|_| {});
    set(&mut net, "connections[src=middle,receptor=nmda].gain", 2.0);
    set(
        &mut net,
        "connections[src=middle,target=L2_pyramidal].weight",
        0.05,
    );
    set(&mut net, "drives.middle.weights_nmda.L5_pyramidal", 0.6);
    set(&mut net, "drives.middle.probability", 0.5);
    let of = |target: &str, receptor: &str| {
        let mut own = net
            .connectivity
            .iter()
            .filter(|conn| conn.src_type == "middle");
        own.find(|conn| conn.target_type == target && conn.receptor == receptor)
            .unwrap()
    };
    assert_eq!(
        (
            of("L5_pyramidal", "nmda").gain,
            of("L5_pyramidal", "nmda").weight
        ),
        (2.0, 0.6)
    );
    assert_eq!(
        (
            of("L2_pyramidal", "ampa").weight,
            of("L2_pyramidal", "ampa").probability
        ),
        (0.05, 0.5)
    );
}

#[test]
fn poisson_and_bursty_drives_are_set_too() {
    let mut net = drives_of_all_kinds([2, 3]).unwrap();
    set(
        &mut net,
        "drives.poisson_by_type.rate_constant.L5_pyramidal",
        33.0,
    );
    set(&mut net, "drives.poisson_one_rate.rate_constant", 11.0);
    set(&mut net, "drives.poisson_common.tstop", 50.0);
    set(&mut net, "drives.jittered.tstart_std", 1.5);
    set(&mut net, "drives.alpha.numspikes", 3.0);
    let dynamics = |name: &str| net.external_drives[name].dynamics.clone();
    let Dynamics::Poisson(Poisson {
        rate_constant: RateConstant::Each(rates),
        ..
    }) = dynamics("poisson_by_type")
    else {
        panic!("no rates");
    };
    assert_eq!(
        rates,
        each(&[
            ("L2_pyramidal", 40.0),
            ("L5_pyramidal", 33.0),
            ("L2_basket", 10.0)
        ])
    );
    let Dynamics::Poisson(Poisson { rate_constant, .. }) = dynamics("poisson_one_rate") else {
        panic!("no rates");
    };
    assert_eq!(
        rate_constant,
        RateConstant::Each(each(&[("L2_basket", 11.0)]))
    );
    assert!(matches!(
        dynamics("jittered"),
        Dynamics::Bursty(Bursty {
            tstart_std: 1.5,
            ..
        })
    ));
    assert!(error_of("drives.alpha.spike_isi", 200.0).contains("longer than the period of 100 ms"));
}

#[test]
fn drives_and_connections_are_removed_with_false() {
    let mut net = drives_of_all_kinds([2, 3]).unwrap();
    let mut without = net.clone();
    set(&mut net, "drives.common", false);
    without.remove_drive("common").unwrap();
    assert!(net == without);
    // As if it had never been there: the later drives have the gids that they would have had.
    assert_eq!(net.gid_ranges["tuft"].start, net.gid_ranges["pruned"].end);
    let mut net = Network::neymotin_2020([2, 3]);
    set(
        &mut net,
        "connections[src=L2_basket,target=L5_pyramidal]",
        false,
    );
    assert_eq!(net.connectivity.len(), 15);
    set(&mut net, "connections", false);
    assert!(net.connectivity.is_empty());
}

#[test]
fn connections_are_chosen_by_source_target_location_and_receptor() {
    let mut net = Network::neymotin_2020([2, 3]);
    set(
        &mut net,
        "connections[src=L2_basket,target=L5_pyramidal,receptor=gabaa].weight",
        0.004,
    );
    set(
        &mut net,
        "connections[src=L2_pyramidal,target=L5_pyramidal,loc=distal].lamtha",
        5.0,
    );
    set(&mut net, "connections[receptor=gabaa|gabab].gain", 1.25);
    set(&mut net, "connections.threshold", -5.0);
    assert_eq!(net.connectivity[10].weight, 0.004);
    let lamtha: Vec<f64> = net.connectivity[8..10]
        .iter()
        .map(|conn| conn.lamtha)
        .collect();
    assert_eq!(lamtha, [3.0, 5.0]);
    let changed = net
        .connectivity
        .iter()
        .filter(|conn| conn.gain == 1.25)
        .count();
    assert_eq!(changed, 7);
    assert!(net.connectivity.iter().all(|conn| conn.threshold == -5.0));
}

#[test]
fn a_connections_probability_needs_a_seed() {
    let path = "connections[src=L2_pyramidal,target=L5_pyramidal,loc=proximal].probability";
    let mut net = Network::neymotin_2020([2, 3]);
    set(
        &mut net,
        path,
        table(&[("probability", 0.25), ("conn_seed", 7.0)]),
    );
    assert_eq!(
        (
            net.connectivity[8].probability,
            net.connectivity[8].gid_pairs.n_pairs()
        ),
        (0.25, 9)
    );
    assert!(error_of(path, 0.25).contains("{ probability = 0.5, conn_seed = 3 }"));
    let pruned = "connections[src=L2_pyramidal,target=L5_pyramidal,receptor=nmda].probability";
    assert!(
        error_of(pruned, table(&[("probability", 0.25), ("conn_seed", 7.0)]))
            .contains("is pruned already")
    );
}

#[test]
fn cells_are_set_as_modify_section_would() {
    let mut net = Network::neymotin_2020([2, 3]);
    let mut modified = net.clone();
    for (field, value) in [
        ("L", 560.0),
        ("diam", 6.0),
        ("Ra", 150.0),
        ("cm", 0.9),
        ("v0", -70.0),
    ] {
        set(
            &mut net,
            &format!("cells.L5_pyramidal.sections.apical_1.{field}"),
            value,
        );
    }
    let change = SectionChange {
        L: Some(560.0),
        diam: Some(6.0),
        Ra: Some(150.0),
        cm: Some(0.9),
        v0: Some(-70.0),
    };
    modified
        .modify_section("L5_pyramidal", "apical_1", change)
        .unwrap();
    let length = |net: &Network| net.cell_types["L5_pyramidal"].cell.sections["apical_1"].L;
    assert_eq!((length(&net), length(&modified)), (560.0, 560.0));
    let section = |net: &Network| net.cell_types["L5_pyramidal"].cell.sections["apical_1"].clone();
    let same = |a: &Section, b: &Section| {
        (a.diam, a.Ra, a.cm, a.v0, a.nseg) == (b.diam, b.Ra, b.cm, b.v0, b.nseg)
    };
    assert!(same(&section(&net), &section(&modified)));
    set(&mut net, "cells.L2_pyramidal.synapses.gabab.tau2", 200.0);
    assert_eq!(
        net.cell_types["L2_pyramidal"].cell.synapses["gabab"].tau2,
        200.0
    );
}

#[test]
fn the_calcium_model_can_be_set() {
    let mut net = Network::neymotin_2020([2, 3]);
    let of = |what: &str| format!("cells.L5_pyramidal.sections.{what}");
    let linear =
        |gsoma, gdend, xkink| table(&[("gsoma", gsoma), ("gdend", gdend), ("xkink", xkink)]);
    let potassium = table(&[
        ("gbar_at_zero", 0.06),
        ("exp_term", -0.006),
        ("offset", 1e-4),
    ]);
    set(
        &mut net,
        &of("*.mechs.ca.gbar_ca"),
        linear(10.0, 40.0, 1501.0),
    );
    set(
        &mut net,
        &of("*.mechs.hh2.gnabar_hh2"),
        linear(0.32, 28e-4, 962.0),
    );
    set(&mut net, &of("*.mechs.hh2.gkbar_hh2"), potassium);
    set(&mut net, &of("soma.mechs.ca.gbar_ca"), 60.0);
    set(&mut net, &of("soma.mechs.hh2.gkbar_hh2"), 0.06);
    set(&mut net, &of("soma.mechs.hh2.gnabar_hh2"), 0.32);
    assert!(net == Network::calcium([2, 3]));
}

#[test]
fn the_law_model_can_be_set() {
    let mut net = Network::neymotin_2020([2, 3]);
    for cell_type in ["L2_pyramidal", "L5_pyramidal"] {
        set(
            &mut net,
            &format!("cells.{cell_type}.synapses.gabab.tau1"),
            45.0,
        );
        set(
            &mut net,
            &format!("cells.{cell_type}.synapses.gabab.tau2"),
            200.0,
        );
    }
    set(
        &mut net,
        "connections[src=L5_pyramidal,target=L5_pyramidal,receptor=nmda].weight",
        0.0004,
    );
    set(
        &mut net,
        "connections[src=L5_basket,target=L5_pyramidal,receptor=gabaa].weight",
        0.02,
    );
    set(
        &mut net,
        "connections[src=L5_basket,target=L5_pyramidal,receptor=gabab].weight",
        0.005,
    );
    for section in ["soma", "basal_1", "basal_2", "basal_3"] {
        set(
            &mut net,
            &format!("cells.L5_pyramidal.sections.{section}.mechs.ca"),
            false,
        );
    }
    set(
        &mut net,
        "connections[src=L2_basket,target=L5_pyramidal]",
        false,
    );
    let new = |src: &str, receptor: &str, weight, lamtha| {
        NewConnection::new(src, "L5_pyramidal", "distal", receptor, weight, 1.0, lamtha)
    };
    net.add_connection(new("L2_basket", "gabab", 0.0002, 50.0))
        .unwrap();
    net.add_connection(new("L5_basket", "gabaa", 0.025, 70.0))
        .unwrap();
    assert!(net == Network::law_2021([2, 3]));
}

#[test]
fn everything_else_is_set() {
    let mut net = network_cases::network_of_the_file();
    for (path, value) in [
        ("gains.e_i", 0.5.into()),
        ("inplane_distance", 3.0.into()),
        ("layer_separation", 900.0.into()),
        ("threshold", 2.0.into()),
        ("celsius", 34.0.into()),
        ("dipole_scalefctr", 100.0.into()),
        ("biases.tonic.L2_basket.amplitude", 0.7.into()),
        ("biases.tuft.L5_pyramidal.section", "soma".into()),
        ("rec_arrays.line.conductivity", 0.4.into()),
        ("rec_arrays.line.method", SetValue::from("psa")),
    ] {
        set(&mut net, path, value);
    }
    assert_eq!(
        (net.inplane_distance, net.layer_separation, net.origin),
        (3.0, 900.0, [0.0, 3.0, 450.0])
    );
    assert_eq!(
        (net.threshold, net.celsius, net.dipole_scalefctr),
        (2.0, 34.0, 100.0)
    );
    assert_eq!(net.external_biases["tonic"]["L2_basket"].amplitude, 0.7);
    assert_eq!(net.external_biases["tuft"]["L5_pyramidal"].section, "soma");
    let line = &net.rec_arrays["line"];
    assert_eq!(
        (line.conductivity, line.method),
        (0.4, Some(ElectrodeMethod::Psa))
    );
    assert!(net.connectivity.iter().any(|conn| conn.gain == 0.5));
    set(&mut net, "biases.tonic.L2_basket", false);
    set(&mut net, "rec_arrays.line", false);
    assert!(net.external_biases["tonic"].is_empty() && net.rec_arrays.is_empty());
}

#[test]
fn a_path_that_matches_nothing_lists_near_matches() {
    for (path, expected) in [
        ("drive.tuft.mu", "did you mean \"drives\"?"),
        ("drives.tufd.mu", "did you mean \"tuft\"?"),
        ("drives.tuft.mean", "known: mu, sigma, numspikes, location"),
        (
            "drives.tuft.weights_nmda.L5_pyr",
            "did you mean \"L5_pyramidal\"?",
        ),
        (
            "connections[src=L2_baskets].weight",
            "did you mean \"L2_basket\"?",
        ),
        (
            "connections[from=L2_basket].weight",
            "known: src, target, loc, receptor, index",
        ),
        (
            "connections[src=L5_basket,target=L2_pyramidal].weight",
            "the nearest are connections[src=L2_pyramidal,target=L2_pyramidal,loc=proximal,receptor=nmda]",
        ),
        (
            "connections[src=L5_basket].wieght",
            "did you mean \"weight\"?",
        ),
        (
            "cells.L5_pyramidal.sections.apical_9.L",
            "did you mean \"apical_1\"?",
        ),
        (
            "cells.L5_pyramidal.section.apical_1.L",
            "did you mean \"sections\"?",
        ),
        (
            "cells.L5_pyramidal.sections.apical_1.length",
            "known: L, diam, Ra, cm, v0, nseg, mechs",
        ),
        (
            "cells.L5_pyramidal.sections.soma.mechs.kma.gbar_km",
            "did you mean \"km\"?",
        ),
        (
            "cells.L5_pyramidal.sections.soma.mechs.km.gbar",
            "did you mean \"gbar_km\"?",
        ),
        (
            "cells.L5_pyramidal.synapses.gaba.tau1",
            "did you mean \"gabaa\"?",
        ),
        ("gains.ee", "known: e_e, e_i, i_e, i_i"),
        ("biases.tonic.L2_basket.amplitude", "known: "),
        ("inplane", "did you mean \"inplane_distance\"?"),
        ("drives", "must go on with one of: pruned, common"),
    ] {
        let error = error_of(path, 1.0);
        assert!(error.contains(expected), "{path}: {error}");
    }
}

#[test]
fn values_that_are_not_allowed_are_refused() {
    for (path, value, expected) in [
        (
            "drives.tuft.sigma",
            SetValue::from(-1.0),
            "cannot be negative",
        ),
        ("drives.tuft.numspikes", 1.5.into(), "whole number"),
        ("drives.tuft.mu", "late".into(), "must be a number"),
        ("drives.tuft.mu", f64::NAN.into(), "finite"),
        (
            "drives.tuft.location",
            "apical_tufd".into(),
            "did you mean \"apical_tuft\"?",
        ),
        (
            "drives.tuft.probability",
            0.0.into(),
            "greater than 0 and at most 1",
        ),
        ("drives.tuft.event_seed", 5e9.into(), "0 to 4294967295"),
        (
            "drives.train_by_name.event_seed",
            (-1.0).into(),
            "whole number",
        ),
        ("connections.gain", (-0.5).into(), "cannot be negative"),
        ("connections.lamtha", 0.0.into(), "cannot be 0"),
        (
            "cells.L5_pyramidal.sections.soma.L",
            0.0.into(),
            "greater than 0",
        ),
        (
            "cells.L5_pyramidal.sections.soma.mechs.km.gbar_km",
            "high".into(),
            "distance-dependent form",
        ),
        (
            "cells.L2_basket.sections.soma.mechs.hh2.gkbar_hh2",
            table(&[("gbar_at_zero", 1.0), ("exp_term", 0.1)]),
            "no tree",
        ),
        ("inplane_distance", 0.0.into(), "greater than 0"),
        ("drives.tuft", 1.0.into(), "set it to false to remove it"),
    ] {
        let error = error_of(path, value);
        assert!(error.contains(expected), "{path}: {error}");
    }
}
