//! Unconnected cells with events on their synapses against NEURON: `tests/reference/cells.json`.
//!
//! Spikes agree exactly; potentials, synaptic currents, calcium, dipole and LFP to 1e-9 of their range.

mod support;

use hnn_sweep::network::{
    DriveAttachment, DriveCells, Evoked, Network, NewTonicBias, PerCellType, SectionChange,
};
use hnn_sweep::solver::{Record, Trial};
use indexmap::IndexMap;
use serde::Deserialize;
use std::sync::Arc;
use support::{CaseElectrodes, Expected, Report, layers, range, reference, simulate, trial};

#[derive(Deserialize)]
struct File {
    positions: IndexMap<String, [f64; 3]>,
    origin: [f64; 3],
    space_constant: f64,
    electrodes: IndexMap<String, CaseElectrodes>,
    cases: Vec<CellCase>,
}

#[derive(Deserialize)]
struct CellCase {
    name: String,
    #[serde(default)]
    cells: IndexMap<String, String>,
    bias: Option<Bias>,
    celsius: Option<f64>,
    threshold: Option<f64>,
    events: Vec<Event>,
    tstop: f64,
    dt: f64,
    result: Expected,
}

#[derive(Deserialize)]
struct Bias {
    cell_type: String,
    section: String,
    amplitude: f64,
    t0: f64,
    tstop: f64,
}

#[derive(Deserialize)]
struct Event {
    target: String,
    mu: f64,
    loc: String,
    receptor: String,
    weight: f64,
    delay: f64,
}

fn changed(net: &mut Network) {
    let change = SectionChange::default();
    let cell = &mut net.cell_type_mut("L5_pyramidal").unwrap().cell;
    for (section, change) in [
        (
            "apical_1",
            SectionChange {
                L: Some(560.0),
                diam: Some(3.3),
                Ra: Some(150.0),
                ..change
            },
        ),
        (
            "soma",
            SectionChange {
                L: Some(41.5),
                diam: Some(20.0),
                Ra: Some(120.0),
                cm: Some(1.1),
                ..change
            },
        ),
        (
            "basal_2",
            SectionChange {
                L: Some(301.7),
                v0: Some(-70.5),
                ..change
            },
        ),
    ] {
        cell.modify_section(section, change).unwrap();
    }
}

fn even(net: &mut Network) {
    let sections = &mut net.cell_type_mut("L2_pyramidal").unwrap().cell.sections;
    for (section, nseg) in [("soma", 2), ("apical_1", 4), ("apical_tuft", 6)] {
        sections[section].nseg = nseg;
    }
}

fn build(file: &File, case: &CellCase) -> Network {
    let mut net = Network::neymotin_2020([1, 1]);
    net.clear_connectivity();
    net.celsius = case.celsius.unwrap_or(net.celsius);
    net.threshold = case.threshold.unwrap_or(net.threshold);
    for how in case.cells.values() {
        match how.as_str() {
            "changed" => changed(&mut net),
            "even" => even(&mut net),
            other => panic!("{other}"),
        }
    }
    for (name, position) in &file.positions {
        net.pos_dict.insert(name.clone(), Arc::new(vec![*position]));
    }
    net.origin = file.origin;
    for (k, event) in case.events.iter().enumerate() {
        let location = if event.target.contains("basket") {
            "soma"
        } else {
            "proximal"
        };
        net.add_evoked_drive(
            &format!("ev{k}"),
            Evoked {
                mu: event.mu,
                sigma: 0.0,
                numspikes: 1,
            },
            DriveAttachment {
                n_drive_cells: DriveCells::Count(1),
                cell_specific: false,
                weights_ampa: Some(IndexMap::from([(event.target.clone(), event.weight)])),
                synaptic_delays: PerCellType::All(event.delay),
                space_constant: file.space_constant,
                ..DriveAttachment::evoked(location)
            },
        )
        .unwrap();
        let connection = net.connectivity.last_mut().unwrap();
        connection.loc = event.loc.as_str().into();
        connection.receptor = event.receptor.as_str().into();
        connection.threshold = net.threshold;
    }
    if let Some(bias) = &case.bias {
        let amplitude = IndexMap::from([(bias.cell_type.clone(), bias.amplitude)]);
        net.add_tonic_bias(NewTonicBias {
            section: bias.section.clone(),
            t0: bias.t0,
            tstop: Some(bias.tstop),
            ..NewTonicBias::new(amplitude)
        })
        .unwrap();
    }
    for (name, array) in &file.electrodes {
        net.add_electrode_array(name, array.clone().into()).unwrap();
    }
    net
}

fn agrees(number: usize) {
    let file: File = reference("cells.json");
    let case = &file.cases[number];
    let expected = &case.result;
    let everything = Trial {
        record_vsec: Record::All,
        record_isec: Record::All,
        record_ca: Record::All,
        record_lfp: true,
        ..trial(case.tstop, case.dt, 0)
    };
    let found = simulate(&build(&file, case), &everything);
    let mut report = Report::default();
    report.equal("samples", expected.n_samples, found.times.len());
    report.spikes("spikes", &expected.spikes, &found.spikes);

    report.recordings("", expected, &found);
    for (layer, values) in layers(&found.dipole) {
        let wanted = &expected.dipole[layer];
        let scale = range(wanted).max(1e-12);
        report.trace(
            &format!("dipole {layer}"),
            &expected.samples,
            wanted,
            values,
            scale,
            1e-9,
        );
    }

    // Traces that the original leaves out or keeps at zero.
    let n_calcium: usize = expected.ca.values().map(IndexMap::len).sum();
    report.equal("number of calcium traces", n_calcium, found.calcium.len());
    let n_voltage: usize = expected.vsec.values().map(IndexMap::len).sum();
    report.equal("number of voltage traces", n_voltage, found.voltages.len());
    for trace in &found.currents {
        let name = format!("{}_{}", trace.section, trace.receptor);
        let active = expected.isec[&trace.gid][&trace.section].contains_key(&name);
        let silent = trace.values.iter().all(|i| *i == 0.0);
        report.equal(
            &format!("isec of gid {} {name} is zero", trace.gid),
            !active,
            silent,
        );
    }
    report.finish(&case.name);
}

#[test]
fn one_event_on_ampa() {
    agrees(0);
}

#[test]
fn events_on_all_receptors_of_sections_and_groups() {
    agrees(1);
}

#[test]
fn changed_sections_even_nseg_and_a_bias_along_a_dendrite() {
    agrees(2);
}

#[test]
fn another_temperature_and_threshold() {
    agrees(3);
}

#[test]
fn every_case_is_compared() {
    assert_eq!(reference::<File>("cells.json").cases.len(), 4);
}
