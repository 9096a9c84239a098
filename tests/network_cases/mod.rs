//! Networks that several tests build.
#![allow(dead_code)] // each test uses some

use hnn_sweep::network::*;
use indexmap::IndexMap;

pub fn each(values: &[(&str, f64)]) -> IndexMap<String, f64> {
    values
        .iter()
        .map(|(name, value)| (name.to_string(), *value))
        .collect()
}

fn all(values: &[(&str, f64)]) -> Option<IndexMap<String, f64>> {
    Some(each(values))
}

/// A drive's arguments, for tests that change one of them: those of its dynamics as if they were its own.
#[derive(Clone)]
pub struct Arguments<D> {
    pub dynamics: D,
    pub attach: DriveAttachment,
}

impl<D> std::ops::Deref for Arguments<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.dynamics
    }
}

impl<D> std::ops::DerefMut for Arguments<D> {
    fn deref_mut(&mut self) -> &mut D {
        &mut self.dynamics
    }
}

/// The function of the same name in `tests/reference/network_reference.py`.
pub fn drives_of_all_kinds(mesh: [u32; 2]) -> Result<Network, NetworkError> {
    let mut net = Network::neymotin_2020(mesh);
    net.set_cell_positions(Some(2.5), Some(1000.0))?;
    let evoked = |mu, sigma, numspikes| Evoked {
        mu,
        sigma,
        numspikes,
    };
    net.add_evoked_drive(
        "pruned",
        evoked(40.0, 8.0, 2),
        DriveAttachment {
            weights_ampa: all(&[
                ("L5_pyramidal", 0.02),
                ("L2_pyramidal", 0.01),
                ("L2_basket", 0.03),
            ]),
            weights_nmda: all(&[("L2_pyramidal", 0.004)]),
            probability: PerCellType::Each(each(&[
                ("L2_basket", 0.3),
                ("L2_pyramidal", 0.5),
                ("L5_pyramidal", 0.9),
            ])),
            synaptic_delays: PerCellType::All(0.7),
            space_constant: 5.0,
            event_seed: 11,
            conn_seed: Some(21),
            ..DriveAttachment::evoked("distal")
        },
    )?;
    net.add_evoked_drive(
        "common",
        evoked(3.0, 5.0, 3),
        DriveAttachment {
            n_drive_cells: DriveCells::Count(4),
            cell_specific: false,
            weights_ampa: all(&[("L5_basket", 0.02), ("L5_pyramidal", 0.01)]),
            probability: PerCellType::All(0.6),
            ..DriveAttachment::evoked("proximal")
        },
    )?;
    net.add_evoked_drive(
        "tuft",
        evoked(80.0, 0.0, 1),
        DriveAttachment {
            weights_nmda: all(&[("L5_pyramidal", 0.1)]),
            ..DriveAttachment::evoked("apical_tuft")
        },
    )?;
    net.add_poisson_drive(
        "poisson_by_type",
        Poisson {
            tstart: 12.5,
            tstop: None,
            rate_constant: RateConstant::Each(each(&[
                ("L2_pyramidal", 40.0),
                ("L5_pyramidal", 90.0),
                ("L2_basket", 10.0),
            ])),
        },
        DriveAttachment {
            weights_ampa: all(&[("L2_pyramidal", 1e-4), ("L5_pyramidal", 2e-4)]),
            event_seed: 1349,
            ..DriveAttachment::poisson("proximal")
        },
    )?;
    net.add_poisson_drive(
        "poisson_one_rate",
        Poisson {
            tstart: 0.0,
            tstop: Some(90.0),
            rate_constant: RateConstant::All(25.0),
        },
        DriveAttachment {
            weights_ampa: all(&[("L2_basket", 1e-3)]),
            ..DriveAttachment::poisson("soma")
        },
    )?;
    net.add_poisson_drive(
        "poisson_common",
        Poisson {
            tstart: 20.0,
            tstop: Some(1000.0),
            rate_constant: RateConstant::All(120.0),
        },
        DriveAttachment {
            n_drive_cells: DriveCells::Count(3),
            cell_specific: false,
            weights_nmda: all(&[("L2_pyramidal", 1e-4)]),
            event_seed: 5,
            ..DriveAttachment::poisson("proximal")
        },
    )?;
    net.add_bursty_drive(
        "alpha",
        Bursty {
            tstart: 50.0,
            tstart_std: 0.0,
            tstop: None,
            burst_rate: 10.0,
            burst_std: 20.0,
            numspikes: 2,
            spike_isi: 10.0,
        },
        DriveAttachment {
            n_drive_cells: DriveCells::Count(10),
            weights_ampa: all(&[("L2_pyramidal", 5.4e-5), ("L5_pyramidal", 5.4e-5)]),
            synaptic_delays: PerCellType::Each(each(&[
                ("L2_pyramidal", 0.1),
                ("L5_pyramidal", 1.0),
            ])),
            event_seed: 278,
            ..DriveAttachment::bursty("proximal")
        },
    )?;
    net.add_bursty_drive(
        "jittered",
        Bursty {
            tstart: 10.0,
            tstart_std: 15.0,
            tstop: Some(140.0),
            burst_rate: 20.0,
            burst_std: 3.0,
            numspikes: 5,
            spike_isi: 7.0,
        },
        DriveAttachment {
            n_drive_cells: DriveCells::NCells,
            cell_specific: true,
            weights_ampa: all(&[("L2_pyramidal", 1e-4), ("L5_pyramidal", 2e-4)]),
            probability: PerCellType::All(0.5),
            event_seed: 4,
            ..DriveAttachment::bursty("distal")
        },
    )?;
    net.add_spike_train_drive(
        "train_by_name",
        SpikeData::Sources(
            [
                ("b".to_string(), vec![1.0, 5.5]),
                ("a".to_string(), vec![]),
                ("c".to_string(), vec![0.0, 200.0]),
            ]
            .into(),
        ),
        DriveAttachment {
            weights_ampa: all(&[("L2_basket", 0.1)]),
            conn_seed: Some(1),
            ..DriveAttachment::spike_train("soma")
        },
    )?;
    net.add_spike_train_drive(
        "train_of_pairs",
        SpikeData::Pairs(vec![(3.5, 12), (1.25, 7), (9.0, 12)]),
        DriveAttachment {
            weights_ampa: all(&[("L5_pyramidal", 0.1)]),
            probability: PerCellType::All(0.5),
            conn_seed: Some(8),
            ..DriveAttachment::spike_train("proximal")
        },
    )?;
    net.add_connection(NewConnection {
        threshold: Some(-10.0),
        gain: 0.5,
        probability: 0.33,
        conn_seed: Some(99),
        ..NewConnection::new(
            "L2_pyramidal",
            "L5_pyramidal",
            "apical_1",
            "nmda",
            1e-4,
            2.0,
            4.0,
        )
    })?;
    let first = net.gid_ranges["L2_basket"].start;
    net.add_connection(NewConnection {
        allow_autapses: false,
        ..NewConnection::new(
            vec![first + 1, first],
            vec![vec![first, first + 1], vec![first]],
            "soma",
            "ampa",
            0.1,
            1.0,
            3.0,
        )
    })?;
    net.set_global_synaptic_gains(None, Some(1.5), None, Some(0.25))?;
    Ok(net)
}

/// The network of `tests/data/network_file.json`.
pub fn network_of_the_file() -> Network {
    let mut net = drives_of_all_kinds([2, 3]).unwrap();
    let change = SectionChange {
        L: Some(560.0),
        ..Default::default()
    };
    net.modify_section("L5_pyramidal", "apical_1", change)
        .unwrap();
    net.add_tonic_bias(NewTonicBias {
        t0: 1.0,
        ..NewTonicBias::new(each(&[("L2_basket", 0.1)]))
    })
    .unwrap();
    net.add_tonic_bias(NewTonicBias {
        bias_name: "tuft".into(),
        section: "apical_tuft".into(),
        t0: 20.0,
        tstop: Some(50.0),
        ..NewTonicBias::new(each(&[("L5_pyramidal", -0.2)]))
    })
    .unwrap();
    net.add_electrode_array(
        "line",
        ElectrodeArray {
            conductivity: 0.25,
            method: Some(ElectrodeMethod::Lsa),
            ..ElectrodeArray::new(vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])
        },
    )
    .unwrap();
    net.celsius = 36.5;
    net
}
