//! What is in a task's key, and what is not: in pairs, for every field of a network.

use hnn_sweep::network::*;
use hnn_sweep::stages::key::canon;
use hnn_sweep::stages::key::{Fingerprint, Fingerprinter, task_key};
use hnn_sweep::stages::plan::differences::differences;
use hnn_sweep::store::Hash;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

fn weights(value: f64) -> Option<IndexMap<String, f64>> {
    Some(IndexMap::from([
        ("L2_pyramidal".to_string(), value),
        ("L5_pyramidal".to_string(), value),
    ]))
}

/// A network in which every kind of thing occurs.
fn network() -> Network {
    let mut net = Network::neymotin_2020([3, 3]);
    let attach = |attach: DriveAttachment| DriveAttachment {
        weights_ampa: weights(0.01),
        ..attach
    };
    let evoked = Evoked {
        mu: 40.0,
        sigma: 3.0,
        numspikes: 1,
    };
    let proximal = DriveAttachment {
        weights_nmda: weights(0.02),
        ..attach(DriveAttachment::evoked("proximal"))
    };
    net.add_evoked_drive("evoked", evoked.clone(), proximal.clone())
        .unwrap();
    let pruned = DriveAttachment {
        probability: PerCellType::All(0.5),
        ..proximal
    };
    net.add_evoked_drive("pruned", evoked, pruned).unwrap();
    let rate = |rate| {
        RateConstant::Each(IndexMap::from([
            ("L2_pyramidal".to_string(), rate),
            ("L5_pyramidal".to_string(), rate),
        ]))
    };
    let poisson = Poisson {
        tstart: 1.0,
        tstop: Some(50.0),
        rate_constant: rate(40.0),
    };
    net.add_poisson_drive(
        "poisson",
        poisson,
        attach(DriveAttachment::poisson("distal")),
    )
    .unwrap();
    let bursty = Bursty {
        tstart: 1.0,
        tstart_std: 0.5,
        tstop: Some(100.0),
        burst_rate: 10.0,
        burst_std: 2.0,
        numspikes: 2,
        spike_isi: 10.0,
    };
    net.add_bursty_drive("bursty", bursty, attach(DriveAttachment::bursty("distal")))
        .unwrap();
    let train = SpikeData::Sources(IndexMap::from([("a".to_string(), vec![1.0, 2.0])]));
    net.add_spike_train_drive(
        "train",
        train,
        DriveAttachment {
            conn_seed: Some(3),
            ..attach(DriveAttachment::spike_train("proximal"))
        },
    )
    .unwrap();
    let mut bias = NewTonicBias::new(IndexMap::from([("L2_pyramidal".to_string(), 1.0)]));
    bias.tstop = Some(80.0);
    net.add_tonic_bias(bias).unwrap();
    let array = ElectrodeArray {
        positions: vec![[1.0, 2.0, 3.0]],
        conductivity: 0.3,
        method: Some(ElectrodeMethod::Psa),
        min_distance: 0.5,
    };
    net.add_electrode_array("shank", array).unwrap();
    net
}

fn print(net: &Network) -> Hash {
    Fingerprinter::default()
        .fingerprint(net, 170.0, 0.025)
        .unwrap()
        .set
}

fn cell_type<'n>(net: &'n mut Network, name: &str) -> &'n mut CellType {
    Arc::make_mut(&mut net.cell_types[name])
}

fn section(net: &mut Network) -> &mut Section {
    &mut cell_type(net, "L5_pyramidal").cell.sections["apical_1"]
}

fn per_segment(net: &mut Network) -> &mut SegmentValues {
    let values = section(net)
        .mechs
        .values_mut()
        .flat_map(IndexMap::values_mut);
    values
        .filter_map(|value| match value {
            MechValue::PerSegment(values) => Some(values),
            MechValue::Uniform(_) => None,
        })
        .next()
        .unwrap()
}

fn drive<'n>(net: &'n mut Network, name: &str) -> &'n mut Drive {
    &mut net.external_drives[name]
}

fn bias(net: &mut Network) -> &mut TonicBias {
    &mut net.external_biases[0][0]
}

fn array(net: &mut Network) -> &mut ElectrodeArray {
    &mut net.rec_arrays[0]
}

/// Changes `$field` of each dynamics of a kind.
macro_rules! dynamics {
    ($drive:literal, $kind:ident, $field:ident, $change:expr) => {
        |net: &mut Network| match &mut drive(net, $drive).dynamics {
            Dynamics::$kind(own) => $change(&mut own.$field),
            other => panic!("{other:?}"),
        }
    };
}

fn up(value: &mut f64) {
    *value += 1.0;
}

fn up_int(value: &mut u32) {
    *value += 1;
}

fn up_some(value: &mut Option<f64>) {
    *value = value.map(|value| value + 1.0);
}

type Change = fn(&mut Network);

/// One for each field, by `Type.field`; each makes another result possible.
const MUST_CHANGE: &[(&str, Change)] = &[
    ("Network.cell_types", |n| {
        let cell = n.cell_types.shift_remove("L2_basket").unwrap();
        n.cell_types.insert("L2_interneuron".into(), cell);
    }),
    ("Network.gid_ranges", |n| n.gid_ranges["evoked"].end += 1),
    ("Network.pos_dict", |n| {
        Arc::make_mut(&mut n.pos_dict["L2_basket"])[0][2] += 1.0
    }),
    ("Network.mesh_shape", |n| n.mesh_shape[1] += 1),
    ("Network.inplane_distance", |n| n.inplane_distance += 1.0),
    ("Network.celsius", |n| n.celsius += 1.0),
    ("Network.threshold", |n| n.threshold += 1.0),
    ("Network.external_drives", |n| {
        n.external_drives.shift_remove("train");
    }),
    ("Network.external_biases", |n| n.external_biases.clear()),
    ("Network.connectivity", |n| {
        n.connectivity.pop();
    }),
    ("Network.rec_arrays", |n| n.rec_arrays.clear()),
    ("CellType.cell", |n| {
        let other = n.cell_types["L5_pyramidal"].cell.clone();
        cell_type(n, "L2_pyramidal").cell = other;
    }),
    ("CellMetadata.measure_dipole", |n| {
        cell_type(n, "L2_pyramidal").metadata.measure_dipole = false;
    }),
    ("Cell.sections", |n| {
        cell_type(n, "L5_pyramidal").cell.sections.pop();
    }),
    ("Cell.synapses", |n| {
        cell_type(n, "L5_pyramidal").cell.synapses.pop();
    }),
    ("Cell.sect_loc", |n| {
        cell_type(n, "L5_pyramidal").cell.sect_loc["proximal"].pop();
    }),
    ("Cell.cell_tree", |n| {
        cell_type(n, "L5_pyramidal")
            .cell
            .cell_tree
            .as_mut()
            .unwrap()
            .pop();
    }),
    ("CellNode.section", |n| {
        let tree = cell_type(n, "L5_pyramidal")
            .cell
            .cell_tree
            .as_mut()
            .unwrap();
        tree[0].0.section = "apical_2".into();
    }),
    ("CellNode.end", |n| {
        cell_type(n, "L5_pyramidal")
            .cell
            .cell_tree
            .as_mut()
            .unwrap()[0]
            .0
            .end ^= 1;
    }),
    ("Section.L", |n| section(n).L += 1.0),
    ("Section.diam", |n| section(n).diam += 1.0),
    ("Section.Ra", |n| section(n).Ra += 1.0),
    ("Section.cm", |n| section(n).cm += 1.0),
    ("Section.v0", |n| section(n).v0 += 1.0),
    ("Section.nseg", |n| section(n).nseg += 2),
    ("Section.end_pts", |n| section(n).end_pts[0][0] += 1.0),
    ("Section.syns", |n| {
        section(n).syns.pop();
    }),
    ("Section.mechs", |n| {
        section(n).mechs.pop();
    }),
    ("SegmentValues.x", |n| per_segment(n).x[0] += 0.01),
    ("SegmentValues.values", |n| per_segment(n).values[0] += 1.0),
    ("Synapse.e", |n| {
        cell_type(n, "L2_basket").cell.synapses[0].e += 1.0
    }),
    ("Synapse.tau1", |n| {
        cell_type(n, "L2_basket").cell.synapses[0].tau1 += 1.0
    }),
    ("Synapse.tau2", |n| {
        cell_type(n, "L2_basket").cell.synapses[0].tau2 += 1.0
    }),
    ("Drive.dynamics", |n| {
        let other = n.external_drives["poisson"].dynamics.clone();
        drive(n, "evoked").dynamics = other;
    }),
    ("Drive.cell_specific", |n| {
        drive(n, "evoked").cell_specific ^= true
    }),
    ("Drive.n_drive_cells", |n| {
        drive(n, "evoked").n_drive_cells += 1
    }),
    ("Drive.event_seed", |n| drive(n, "evoked").event_seed += 1),
    ("Evoked.mu", dynamics!("evoked", Evoked, mu, up)),
    ("Evoked.sigma", dynamics!("evoked", Evoked, sigma, up)),
    (
        "Evoked.numspikes",
        dynamics!("evoked", Evoked, numspikes, up_int),
    ),
    ("Poisson.tstart", dynamics!("poisson", Poisson, tstart, up)),
    (
        "Poisson.tstop",
        dynamics!("poisson", Poisson, tstop, up_some),
    ),
    (
        "Poisson.rate_constant",
        dynamics!(
            "poisson",
            Poisson,
            rate_constant,
            |rate: &mut RateConstant| {
                match rate {
                    RateConstant::Each(rates) => up(&mut rates[0]),
                    RateConstant::All(rate) => up(rate),
                }
            }
        ),
    ),
    ("Bursty.tstart", dynamics!("bursty", Bursty, tstart, up)),
    (
        "Bursty.tstart_std",
        dynamics!("bursty", Bursty, tstart_std, up),
    ),
    ("Bursty.tstop", dynamics!("bursty", Bursty, tstop, up_some)),
    (
        "Bursty.burst_rate",
        dynamics!("bursty", Bursty, burst_rate, up),
    ),
    (
        "Bursty.burst_std",
        dynamics!("bursty", Bursty, burst_std, up),
    ),
    (
        "Bursty.numspikes",
        dynamics!("bursty", Bursty, numspikes, up_int),
    ),
    (
        "Bursty.spike_isi",
        dynamics!("bursty", Bursty, spike_isi, up),
    ),
    ("SpikeTrain.events", |net| {
        match &mut drive(net, "train").dynamics {
            Dynamics::SpikeTrain { events } => up(&mut Arc::make_mut(events)[0][1]),
            other => panic!("{other:?}"),
        }
    }),
    ("TonicBias.section", |n| bias(n).section = "apical_1".into()),
    ("TonicBias.loc", |n| bias(n).loc += 0.1),
    ("TonicBias.amplitude", |n| bias(n).amplitude += 1.0),
    ("TonicBias.t0", |n| bias(n).t0 += 1.0),
    ("TonicBias.tstop", |n| up_some(&mut bias(n).tstop)),
    ("Connection.src_type", |n| {
        n.connectivity[0].src_type = "L5_basket".into()
    }),
    ("Connection.target_type", |n| {
        n.connectivity[0].target_type = "L5_basket".into()
    }),
    ("Connection.src_gids", |n| {
        n.connectivity[0].src_gids = Gids::Range(0..1)
    }),
    ("Connection.target_gids", |n| {
        n.connectivity[0].target_gids = Gids::Range(0..1)
    }),
    ("Connection.gid_pairs", |n| {
        n.connectivity[0].gid_pairs = GidPairs::Explicit(Arc::new(vec![(0, vec![1])]));
    }),
    ("Connection.loc", |n| n.connectivity[0].loc = "soma".into()),
    ("Connection.receptor", |n| {
        n.connectivity[0].receptor = "gabab".into()
    }),
    ("Connection.weight", |n| n.connectivity[0].weight += 1.0),
    ("Connection.delay", |n| n.connectivity[0].delay += 1.0),
    ("Connection.lamtha", |n| n.connectivity[0].lamtha += 1.0),
    ("Connection.threshold", |n| {
        n.connectivity[0].threshold += 1.0
    }),
    ("Connection.gain", |n| n.connectivity[0].gain += 1.0),
    ("AllToAll.src", |n| all_to_all(n, |src, _, _| src.end -= 1)),
    ("AllToAll.target", |n| {
        all_to_all(n, |_, target, _| target.end -= 1)
    }),
    ("AllToAll.autapses", |n| {
        all_to_all(n, |_, _, autapses| *autapses ^= true)
    }),
    ("OneToOne.src", |n| one_to_one(n, |src, _| src.start += 1)),
    ("OneToOne.target", |n| {
        one_to_one(n, |_, target| target.start += 1)
    }),
    ("ElectrodeArray.positions", |n| {
        array(n).positions[0][0] += 1.0
    }),
    ("ElectrodeArray.conductivity", |n| {
        array(n).conductivity += 1.0
    }),
    ("ElectrodeArray.method", |n| {
        array(n).method = Some(ElectrodeMethod::Lsa)
    }),
    ("ElectrodeArray.min_distance", |n| {
        array(n).min_distance += 1.0
    }),
];

/// One for each field that only served to build the network, or is words about it.
const MUST_NOT_CHANGE: &[(&str, Change)] = &[
    ("Network.origin", |n| n.origin[0] += 1.0),
    ("Network.layer_separation", |n| n.layer_separation += 1.0),
    ("Network.delay", |n| n.delay += 1.0),
    ("Network.legacy_mode", |n| n.legacy_mode ^= true),
    ("Network.dipole_smooth_win", |n| n.dipole_smooth_win += 1.0),
    ("Network.dipole_scalefctr", |n| n.dipole_scalefctr += 1.0),
    ("CellType.metadata", |n| {
        cell_type(n, "L2_basket").metadata.reference = None
    }),
    ("CellMetadata.morpho_type", |n| {
        cell_type(n, "L2_basket").metadata.morpho_type = None
    }),
    ("CellMetadata.electro_type", |n| {
        cell_type(n, "L2_basket").metadata.electro_type = None
    }),
    ("CellMetadata.layer", |n| {
        cell_type(n, "L2_basket").metadata.layer = None
    }),
    ("CellMetadata.reference", |n| {
        cell_type(n, "L2_basket").metadata.reference = Some("x".into())
    }),
    ("Cell.name", |n| {
        cell_type(n, "L2_basket").cell.name = "other".into()
    }),
    ("Cell.pos", |n| cell_type(n, "L2_basket").cell.pos[0] += 1.0),
    ("Drive.location", |n| {
        drive(n, "evoked").location = "soma".into()
    }),
    ("Drive.target_types", |n| {
        drive(n, "evoked").target_types.clear()
    }),
    ("Drive.weights_ampa", |n| {
        drive(n, "evoked").weights_ampa = None
    }),
    ("Drive.weights_nmda", |n| {
        drive(n, "evoked").weights_nmda = None
    }),
    ("Drive.synaptic_delays", |n| {
        drive(n, "evoked").synaptic_delays = PerCellType::All(9.0)
    }),
    ("Drive.probability", |n| {
        drive(n, "evoked").probability = PerCellType::All(0.1)
    }),
    ("Drive.space_constant", |n| {
        drive(n, "evoked").space_constant = 9.0
    }),
    ("Drive.conn_seed", |n| {
        drive(n, "evoked").conn_seed = Some(9)
    }),
    ("Connection.allow_autapses", |n| {
        n.connectivity[0].allow_autapses ^= true
    }),
    ("Connection.probability", |n| {
        n.connectivity[0].probability = 0.5
    }),
];

fn all_to_all(
    net: &mut Network,
    change: fn(&mut std::ops::Range<u32>, &mut std::ops::Range<u32>, &mut bool),
) {
    let pairs = net
        .connectivity
        .iter_mut()
        .find_map(|c| match &mut c.gid_pairs {
            GidPairs::AllToAll {
                src,
                target,
                autapses,
            } => Some((src, target, autapses)),
            _ => None,
        });
    let (src, target, autapses) = pairs.unwrap();
    change(src, target, autapses);
}

fn one_to_one(net: &mut Network, change: fn(&mut std::ops::Range<u32>, &mut std::ops::Range<u32>)) {
    let pairs = net
        .connectivity
        .iter_mut()
        .find_map(|c| match &mut c.gid_pairs {
            GidPairs::OneToOne { src, target } => Some((src, target)),
            _ => None,
        });
    let (src, target) = pairs.unwrap();
    change(src, target);
}

/// `Type.field` of everything in a network, from its debug text.
fn fields(net: &Network) -> BTreeSet<String> {
    let text = format!("{net:#?}");
    let mut found = BTreeSet::new();
    let mut open: Vec<Option<&str>> = Vec::new();
    for line in text.lines().map(str::trim) {
        let name = line.split(": ").next().unwrap();
        let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if let Some(Some(parent)) = open.last()
            && line.contains(": ")
            && is_name(name)
        {
            found.insert(format!("{parent}.{name}"));
        }
        if line.ends_with(['{', '[', '(']) {
            let kind = line
                .rsplit(": ")
                .next()
                .unwrap()
                .trim_end_matches(['{', '[', '('])
                .trim();
            let is_struct = line.ends_with('{') && !kind.is_empty() && is_name(kind);
            open.push(is_struct.then_some(kind));
        } else if line.starts_with(['}', ']', ')']) {
            open.pop();
        }
    }
    found
}

#[test]
fn every_field_has_a_test_of_whether_it_is_in_the_key() {
    let tested: BTreeSet<String> = MUST_CHANGE
        .iter()
        .chain(MUST_NOT_CHANGE)
        .map(|(name, _)| name.to_string())
        .collect();
    let there = fields(&network());
    assert!(
        there.contains("Connection.weight") && there.len() > 80,
        "{there:?}"
    );
    let untested: Vec<_> = there.difference(&tested).collect();
    assert!(
        untested.is_empty(),
        "add to MUST_CHANGE or MUST_NOT_CHANGE: {untested:?}"
    );
    let unknown: Vec<_> = tested.difference(&there).collect();
    assert!(unknown.is_empty(), "these do not occur: {unknown:?}");
}

#[test]
fn whatever_can_change_a_result_changes_the_key() {
    let net = network();
    let before = print(&net);
    let mut keys = BTreeSet::from([before]);
    for (name, change) in MUST_CHANGE {
        let mut other = net.clone();
        change(&mut other);
        assert_ne!(net, other, "{name} was not changed");
        assert!(keys.insert(print(&other)), "{name} does not change the key");
    }
}

#[test]
fn words_about_a_network_do_not_change_the_key() {
    let net = network();
    for (name, change) in MUST_NOT_CHANGE {
        let mut other = net.clone();
        change(&mut other);
        assert_ne!(net, other, "{name} was not changed");
        assert_eq!(print(&net), print(&other), "{name} changes the key");
    }
}

#[test]
fn trial_tstop_and_dt_change_the_key() {
    let net = network();
    let print = |tstop, dt| {
        Fingerprinter::default()
            .fingerprint(&net, tstop, dt)
            .unwrap()
            .set
    };
    let set = print(170.0, 0.025);
    assert_eq!(set, print(170.0, 0.025));
    assert_ne!(set, print(171.0, 0.025));
    assert_ne!(set, print(170.0, 0.05));
    assert_ne!(task_key(&set, 0), task_key(&set, 1));
}

#[test]
fn minus_zero_is_zero_and_nan_is_refused_with_its_path() {
    let mut net = network();
    bias(&mut net).t0 = 0.0;
    let zero = print(&net);
    bias(&mut net).t0 = -0.0;
    assert_eq!(zero, print(&net));
    bias(&mut net).t0 = f64::NAN;
    let error = Fingerprinter::default()
        .fingerprint(&net, 170.0, 0.025)
        .err()
        .unwrap();
    assert_eq!(error.path, "network.biases.tonic.L2_pyramidal.t0");
    let error = Fingerprinter::default()
        .fingerprint(&network(), f64::NAN, 0.025)
        .err()
        .unwrap();
    assert_eq!(error.path, "simulation.tstop");
}

#[test]
fn a_key_does_not_depend_on_which_parts_are_shared_in_memory() {
    let net = network();
    let mut apart = net.clone();
    for cell in apart.cell_types.values_mut() {
        *cell = Arc::new(CellType::clone(cell));
    }
    for positions in apart.pos_dict.values_mut() {
        *positions = Arc::new(positions.to_vec());
    }
    assert_eq!(print(&net), print(&apart));
    // Nor on what was hashed before.
    let mut same = Fingerprinter::default();
    for (_, change) in MUST_CHANGE {
        let mut other = net.clone();
        change(&mut other);
        assert_eq!(
            same.fingerprint(&other, 170.0, 0.025).unwrap().set,
            print(&other)
        );
    }
    // Nor on whether its bytes are asked for; and they are whole after a time when they were not.
    let mut hashes = Fingerprinter::default();
    for (_, change) in MUST_CHANGE {
        let mut other = net.clone();
        change(&mut other);
        for _ in 0..2 {
            assert_eq!(hashes.set(&other, 170.0, 0.025).unwrap(), print(&other));
        }
        let whole = hashes.fingerprint(&other, 170.0, 0.025).unwrap();
        let apart = Fingerprinter::default().fingerprint(&other, 170.0, 0.025);
        assert_eq!(spec(&whole, 0), spec(&apart.unwrap(), 0));
    }
}

fn spec(print: &Fingerprint, trial: u32) -> canon::CanonValue {
    let blobs = print.spec(trial);
    let mut load = |hash: &Hash| {
        let blob = blobs.iter().find(|blob| blob.hash == *hash)?;
        assert_eq!(Hash::of(&blob.bytes), *hash);
        canon::read(&blob.bytes)
    };
    load(&print.key(trial)).unwrap().resolve(&mut load)
}

#[test]
fn the_specification_hashes_back_to_the_key_and_names_what_differs() {
    let mut fingerprinter = Fingerprinter::default();
    let mut net = network();
    let before = fingerprinter.fingerprint(&net, 170.0, 0.025).unwrap();
    drive(&mut net, "evoked").event_seed = 7;
    net.connectivity[3].weight = 0.5;
    let weight = network().connectivity[3].weight;
    section(&mut net).L = 500.0;
    let length = section(&mut network()).L;
    let after = fingerprinter.fingerprint(&net, 170.0, 0.05).unwrap();
    let differences = differences(&spec(&before, 0), &spec(&after, 1));
    let words: BTreeSet<String> = differences.iter().map(ToString::to_string).collect();
    let connection = &net.connectivity[3];
    let label = format!(
        "src={},target={},location={},receptor={}",
        connection.src_type, connection.target_type, connection.loc, connection.receptor
    );
    let expected = [
        "trial 0 → 1".to_string(),
        "set.dt 0.025 → 0.05".to_string(),
        "set.network.drives.evoked.event_seed 2 → 7".to_string(),
        format!("set.network.connections[{label}].weight {weight} → 0.5"),
        format!("set.network.cells.L5_pyramidal.cell.sections.apical_1.L {length} → 500"),
    ];
    assert_eq!(words, BTreeSet::from(expected));
}

#[test]
fn canonical_bytes_stay_as_they_are() {
    // Raise FORMAT_VERSION if this changes: stored results would not be found any more.
    let mut w = canon::Writer::default();
    w.map(|w| {
        w.field("dt", &0.5);
        w.field("n", &3u32);
        w.field_with("xs", |w| w.ints([1, 2].into_iter()));
    });
    let key = |name: &str| {
        let mut bytes = vec![5, name.len() as u8, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(name.bytes());
        bytes
    };
    let expected = [
        vec![7],
        key("dt"),
        vec![4, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
        key("n"),
        vec![3, 3, 0, 0, 0, 0, 0, 0, 0],
        key("xs"),
        vec![10, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0],
        vec![0],
    ];
    assert_eq!(w.finish(), (expected.concat(), false));
}

#[test]
fn the_key_of_a_full_network_costs_well_under_a_millisecond() {
    let mut net = Network::neymotin_2020([10, 10]);
    net.add_erp_drives(0.0).unwrap();
    let mut fingerprinter = Fingerprinter::default();
    fingerprinter.fingerprint(&net, 170.0, 0.025).unwrap();
    let mut fastest = f64::MAX;
    for _ in 0..200 {
        net.connectivity[0].weight += 1e-6;
        let began = Instant::now();
        fingerprinter.fingerprint(&net, 170.0, 0.025).unwrap();
        fastest = fastest.min(began.elapsed().as_secs_f64());
    }
    println!("{:.0} µs", fastest * 1e6);
    assert!(fastest < 0.5e-3, "{fastest} s");
}
