//! Exports hold what the store holds, in the shapes that other programs expect.

mod fake;

use assert_cmd::Command;
use fake::{Fake, OUTPUTS, files, options, run, run_with, text};
use hnn_sweep::export::{self, Digits, Report, Target};
use hnn_sweep::pipeline::Signal;
use hnn_sweep::solver::SolverError;
use hnn_sweep::stages::{LoadedSimulation, Loader};
use hnn_sweep::store::{Prior, Table};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

const GRID: &str = "weight = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]";

/// Results of 6 points with 2 trials each.
fn sweep() -> (tempfile::TempDir, Loader) {
    let dir = tempfile::tempdir().unwrap();
    run(&text("a", GRID, 2, OUTPUTS), &dir.path().join("results"));
    let loader = Loader::open(&dir.path().join("results"), None).unwrap();
    (dir, loader)
}

fn target(folder: &Path, overwrite: bool) -> Target {
    Target {
        folder: folder.join("out"),
        overwrite,
    }
}

fn names(report: &Report) -> Vec<String> {
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_string();
    report.files.iter().map(name).collect()
}

fn listed(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Members of an archive: names in order, and bytes.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut member = zip.by_index(i).unwrap();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            (member.name().to_string(), bytes)
        })
        .collect()
}

/// Header and data of an array in NumPy's format.
fn npy(bytes: &[u8]) -> (String, &[u8]) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((10 + len) % 64, 0);
    let header = std::str::from_utf8(&bytes[10..10 + len]).unwrap();
    (header.trim_end().to_string(), &bytes[10 + len..])
}

fn floats(data: &[u8]) -> Vec<f64> {
    let numbers = data.chunks_exact(8);
    numbers
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

fn ints(data: &[u8]) -> Vec<i64> {
    let numbers = data.chunks_exact(8);
    numbers
        .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

/// A pickled value.
#[derive(Clone, Debug, PartialEq)]
enum Py {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Py>),
    List(Vec<Py>),
    Dict(Vec<(Py, Py)>),
    Class(String),
    /// Class, arguments, state.
    Object(Box<Py>, Box<Py>, Box<Py>),
}

impl Py {
    fn get(&self, key: &str) -> &Py {
        match self {
            Py::Dict(entries) => {
                &entries
                    .iter()
                    .find(|(k, _)| *k == Py::Text(key.into()))
                    .unwrap()
                    .1
            }
            Py::Object(_, _, state) => state.get(key),
            other => panic!("{other:?}"),
        }
    }

    fn items(&self) -> &[Py] {
        match self {
            Py::List(items) | Py::Tuple(items) => items,
            // An array: version, shape, dtype, order, content.
            Py::Object(_, _, state) => state.items()[4].items(),
            other => panic!("{other:?}"),
        }
    }

    fn floats(&self) -> Vec<f64> {
        match self {
            Py::List(items) => items
                .iter()
                .map(|item| match item {
                    Py::Float(x) => *x,
                    other => panic!("{other:?}"),
                })
                .collect(),
            Py::Object(_, _, state) => match &state.items()[4] {
                Py::Bytes(bytes) => floats(bytes),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

/// Reads a pickle as Python's documentation of the opcodes has it.
fn unpickle(bytes: &[u8]) -> Py {
    let mut rest = bytes;
    let mut take = |n: usize| {
        let (head, tail) = rest.split_at(n);
        rest = tail;
        head.to_vec()
    };
    let (mut stack, mut marks, mut memo): (Vec<Py>, Vec<usize>, Vec<Py>) = Default::default();
    loop {
        let op = take(1)[0];
        match op {
            0x80 => assert_eq!(take(1), [4]),
            b'.' => break,
            b'N' => stack.push(Py::None),
            0x88 | 0x89 => stack.push(Py::Bool(op == 0x88)),
            b'J' => {
                let n = i32::from_le_bytes(take(4).try_into().unwrap());
                stack.push(Py::Int(n.into()));
            }
            b'G' => stack.push(Py::Float(f64::from_be_bytes(take(8).try_into().unwrap()))),
            b'X' | b'B' => {
                let n = u32::from_le_bytes(take(4).try_into().unwrap()) as usize;
                let bytes = take(n);
                stack.push(match op {
                    b'X' => Py::Text(String::from_utf8(bytes).unwrap()),
                    _ => Py::Bytes(bytes),
                });
            }
            b'c' => {
                let mut line = || {
                    let mut word = Vec::new();
                    loop {
                        match take(1)[0] {
                            b'\n' => return String::from_utf8(word).unwrap(),
                            byte => word.push(byte),
                        }
                    }
                };
                let name = [line(), line()].join(".");
                stack.push(Py::Class(name));
            }
            b']' => stack.push(Py::List(Vec::new())),
            b'}' => stack.push(Py::Dict(Vec::new())),
            b'(' => marks.push(stack.len()),
            b')' => stack.push(Py::Tuple(Vec::new())),
            b't' => {
                let items = stack.split_off(marks.pop().unwrap());
                stack.push(Py::Tuple(items));
            }
            0x85..=0x87 => {
                let items = stack.split_off(stack.len() - usize::from(op - 0x84));
                stack.push(Py::Tuple(items));
            }
            b'a' | b'e' => {
                let from = if op == b'a' {
                    stack.len() - 1
                } else {
                    marks.pop().unwrap()
                };
                let new = stack.split_off(from);
                match stack.last_mut() {
                    Some(Py::List(items)) => items.extend(new),
                    other => panic!("{other:?}"),
                }
            }
            b's' => {
                let (value, key) = (stack.pop().unwrap(), stack.pop().unwrap());
                match stack.last_mut() {
                    Some(Py::Dict(entries)) => entries.push((key, value)),
                    other => panic!("{other:?}"),
                }
            }
            0x81 | b'R' => {
                let (arguments, class) = (stack.pop().unwrap(), stack.pop().unwrap());
                assert!(matches!(class, Py::Class(_)), "{class:?}");
                stack.push(Py::Object(class.into(), arguments.into(), Py::None.into()));
            }
            b'b' => {
                let new = stack.pop().unwrap();
                match stack.last_mut() {
                    Some(Py::Object(_, _, state)) => **state = new,
                    other => panic!("{other:?}"),
                }
            }
            0x94 => memo.push(stack.last().unwrap().clone()),
            b'j' => {
                let n = u32::from_le_bytes(take(4).try_into().unwrap());
                stack.push(memo[n as usize].clone());
            }
            other => panic!("opcode {other:#x}"),
        }
    }
    assert_eq!((stack.len(), rest.len()), (1, 0));
    stack.pop().unwrap()
}

fn class(object: &Py) -> &str {
    match object {
        Py::Object(class, ..) => match &**class {
            Py::Class(name) => name,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn stored(loader: &Loader) -> Vec<LoadedSimulation> {
    loader.load(0..loader.n_points(), &Table::DATA).unwrap()
}

#[test]
fn npz_files_hold_the_objects_of_hnn_core() {
    let (dir, loader) = sweep();
    let report = export::npz(&loader, &target(dir.path(), false), 4, false).unwrap();
    assert_eq!(names(&report), ["sim_run_0-4.npz", "sim_run_4-6.npz"]);
    assert!(report.left_out.is_empty() && !report.incomplete);
    let stored = stored(&loader);

    for (file, range) in report.files.iter().zip([0..4, 4..6]) {
        let members = members(file);
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["param_values.npy", "dpl.npy", "spiking.npy", "metadata.npy"]
        );
        let shapes = [
            format!("({},)", range.len()),
            format!("({}, 2)", range.len()),
            format!("({},)", range.len()),
            "()".into(),
        ];
        let values: Vec<Py> = members
            .iter()
            .zip(shapes)
            .map(|((_, bytes), shape)| {
                let (header, pickle) = npy(bytes);
                let expected =
                    format!("{{'descr': '|O', 'fortran_order': False, 'shape': {shape}, }}");
                assert_eq!(header, expected);
                unpickle(pickle)
            })
            .collect();
        let [parameters, dipoles, spiking, metadata] = values.as_slice() else {
            panic!();
        };
        let metadata = &metadata.items()[0];
        assert_eq!(metadata.get("batch_size"), &Py::Int(4));
        assert_eq!(metadata.get("n_trials"), &Py::Int(2));
        assert_eq!(metadata.get("tstop"), &Py::Float(20.0));
        assert_eq!(metadata.get("dt"), &Py::Float(0.5));
        for (row, simulation) in stored[range].iter().enumerate() {
            let weight = simulation.parameters[0].1.as_f64().unwrap();
            assert_eq!(parameters.items()[row].get("weight"), &Py::Float(weight));
            for (k, trial) in simulation.trials.iter().enumerate() {
                let dipole = &dipoles.items()[2 * row + k];
                assert_eq!(class(dipole), "hnn_core.dipole.Dipole");
                assert_eq!(dipole.get("times").floats(), trial.result.times);
                let data = dipole.get("data");
                assert_eq!(class(data.get("agg")), "numpy.ndarray");
                assert_eq!(data.get("agg").floats(), trial.result.dipole.agg);
                assert_eq!(data.get("L2").floats(), trial.result.dipole.l2);
                assert_eq!(data.get("L5").floats(), trial.result.dipole.l5);
                assert_eq!(dipole.get("sfreq"), &Py::Float(2000.0));
                let spikes = |name| &spiking.items()[row].get(name).items()[k];
                let times: Vec<f64> = trial.result.spikes.iter().map(|s| s.time).collect();
                let gids: Vec<f64> = trial.result.spikes.iter().map(|s| s.gid.into()).collect();
                assert_eq!(spikes("spike_times").floats(), times);
                assert_eq!(spikes("spike_gids").floats(), gids);
                assert_eq!(spikes("spike_types").items().len(), times.len());
                assert_eq!(class(&spikes("spike_types").items()[0]), "numpy.str_");
            }
        }
    }
}

#[test]
fn plain_files_hold_the_same_numbers_without_objects() {
    let (dir, loader) = sweep();
    let report = export::npz(&loader, &target(dir.path(), false), 100, true).unwrap();
    assert_eq!(names(&report), ["sim_run_0-6.npz"]);
    let members: BTreeMap<String, Vec<u8>> = members(&report.files[0]).into_iter().collect();
    for (name, bytes) in &members {
        assert!(!npy(bytes).0.contains("O'"), "{name}");
    }
    let of = |name: &str| npy(&members[&format!("{name}.npy")]);
    let (header, data) = of("dpl");
    assert!(
        header.contains("'<f8'") && header.contains("(6, 2, 3, 41)"),
        "{header}"
    );
    let dipoles = floats(data);
    let stored = stored(&loader);
    let expected: Vec<f64> = stored
        .iter()
        .flat_map(|simulation| &simulation.trials)
        .flat_map(|trial| {
            let dipole = &trial.result.dipole;
            [&dipole.agg, &dipole.l2, &dipole.l5]
                .into_iter()
                .flatten()
                .copied()
        })
        .collect();
    assert_eq!(dipoles, expected);
    assert_eq!(
        floats(of("param_weight").1),
        [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]
    );
    assert_eq!(floats(of("dt").1), [0.5]);
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    for (row, simulation) in (0..).zip(&stored) {
        for spike in simulation
            .trials
            .iter()
            .flat_map(|trial| &trial.result.spikes)
        {
            rows.push(row);
            times.push(spike.time);
        }
    }
    assert_eq!(ints(of("spike_rows").1), rows);
    assert_eq!(floats(of("spike_times").1), times);
}

#[test]
fn nothing_is_written_where_a_file_must_not_be_replaced() {
    let (dir, loader) = sweep();
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("sim_run_4-6.npz"), "mine").unwrap();
    let error = export::npz(&loader, &target(dir.path(), false), 4, false).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("out/sim_run_4-6.npz is there already"),
        "{error}"
    );
    assert_eq!(listed(&out), ["sim_run_4-6.npz"]);
    assert_eq!(std::fs::read(out.join("sim_run_4-6.npz")).unwrap(), b"mine");

    export::npz(&loader, &target(dir.path(), true), 4, false).unwrap();
    assert_eq!(listed(&out), ["sim_run_0-4.npz", "sim_run_4-6.npz"]);
    assert_ne!(std::fs::read(out.join("sim_run_4-6.npz")).unwrap(), b"mine");
}

#[test]
fn files_of_another_sweep_cannot_mix_in() {
    let (dir, loader) = sweep();
    let out = dir.path().join("out");
    export::npz(&loader, &target(dir.path(), true), 4, false).unwrap();
    // Our own files of another batch size give way.
    export::npz(&loader, &target(dir.path(), true), 5, false).unwrap();
    assert_eq!(listed(&out), ["sim_run_0-5.npz", "sim_run_5-6.npz"]);
    // Those of somebody else do not.
    std::fs::write(out.join("sim_run_0-100.npz"), "of somebody else").unwrap();
    let error = export::npz(&loader, &target(dir.path(), true), 5, false).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("sim_run_0-100.npz is not of this export"),
        "{error}"
    );
}

#[test]
fn failed_simulations_are_left_out_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake {
        fail: |network, trial| {
            let weight = network.connectivity.last().unwrap().weight;
            let bad = weight == 0.002 && trial.trial == 1;
            bad.then(|| SolverError::InvalidNetwork("bad luck".into()))
        },
        ..Fake::default()
    };
    let text = text("a", "weight = [0.001, 0.002, 0.003]", 2, OUTPUTS);
    run_with(&text, &options(&dir.path().join("results"), 1), &fake).unwrap();
    let loader = Loader::open(&dir.path().join("results"), None).unwrap();
    let report = export::npz(&loader, &target(dir.path(), true), 100, true).unwrap();
    assert!(report.incomplete);
    assert_eq!(report.left_out.len(), 1);
    assert!(report.left_out[0].starts_with("point 1 (sim 1) trial 1 failed: invalid:"));
    assert!(report.left_out[0].contains("bad luck"));
    let members: BTreeMap<String, Vec<u8>> = members(&report.files[0]).into_iter().collect();
    assert_eq!(floats(npy(&members["param_weight.npy"]).1), [0.001, 0.003]);
    assert_eq!(ints(npy(&members["points.npy"]).1), [0, 2]);

    let report = export::sbi(&loader, &target(dir.path(), true), &[], &[]).unwrap();
    let theta = std::fs::read(dir.path().join("out/sbi_theta.npy")).unwrap();
    assert_eq!(floats(npy(&theta).1), [0.001, 0.001, 0.003, 0.003]);
    assert!(report.incomplete);
}

#[test]
fn priors_are_known_without_the_pipeline_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = text("a", "k = [1.0, 2.0]", 1, OUTPUTS).replace(
        "[grid]",
        "[samples]\nn = 3\nprior = { weight = { log_uniform = [1e-4, 1e-2] }, m = { normal = [3.0, 0.5] }, u = { uniform = [-1.0, 1.0] } }\n[grid]",
    );
    let results = dir.path().join("results");
    run(&text, &results);
    let loader = Loader::open(&results, None).unwrap();
    export::sbi(&loader, &target(dir.path(), true), &[], &[]).unwrap();
    let archive: BTreeMap<String, Vec<u8>> = members(&dir.path().join("out/sbi.npz"))
        .into_iter()
        .collect();
    let texts = |name: &str| -> Vec<String> {
        let (header, bytes) = npy(&archive[name]);
        let width = header.split("<U").nth(1).unwrap();
        let width: usize = width.split('\'').next().unwrap().parse().unwrap();
        let text = |cell: &[u8]| {
            let units = cell.chunks(4).map(|c| char::from(c[0]));
            units.filter(|c| *c != '\0').collect()
        };
        bytes.chunks(4 * width).map(text).collect()
    };
    let names = texts("theta_names.npy");
    let kinds = texts("priors.npy");
    let (bounds, numbers) = (
        floats(npy(&archive["bounds.npy"]).1),
        floats(npy(&archive["prior_numbers.npy"]).1),
    );
    for (i, name) in names.iter().enumerate() {
        let (kind, own, ends) = match name.as_str() {
            "weight" => ("log_uniform", [1e-4, 1e-2], [1e-4, 1e-2]),
            "m" => ("normal", [3.0, 0.5], [f64::NEG_INFINITY, f64::INFINITY]),
            "u" => ("uniform", [-1.0, 1.0], [-1.0, 1.0]),
            _ => ("", [f64::NAN; 2], [1.0, 2.0]),
        };
        assert_eq!(kinds[i], kind);
        assert_eq!(bounds[2 * i..2 * i + 2], ends);
        assert_eq!(
            format!("{:?}", &numbers[2 * i..2 * i + 2]),
            format!("{own:?}")
        );
    }
    assert_eq!(names.len(), 4);
}

#[test]
fn theta_and_x_are_of_the_same_simulations() {
    let dir = tempfile::tempdir().unwrap();
    // Numbers of simulations differ from places in the grid.
    let grid = |values: &str| format!("weight = {values}\nseed = [1, 2]\nkind = [\"a\", \"b\"]");
    let drive = "[[drive]]\ntype = \"poisson\"\nname = \"noise\"\nlocation = \"distal\"\nrate_constant = 10.0\n\
                 weights_ampa = { L2_basket = 1e-3 }\nsynaptic_delays = 0.1\nevent_seed = \"seed\"\n";
    let more = format!("{drive}{OUTPUTS}");
    let results = dir.path().join("results");
    run(&text("a", &grid("[0.003]"), 2, &more), &results);
    run(
        &text("a", &grid("[0.001, 0.002, 0.003]"), 2, &more),
        &results,
    );
    let loader = Loader::open(&results, None).unwrap();
    let known = [Prior {
        parameter: "weight".into(),
        kind: "uniform".into(),
        numbers: [0.0, 1.0],
    }];
    let report = export::sbi(&loader, &target(dir.path(), true), &["seed".into()], &known).unwrap();
    assert_eq!(
        report.left_out,
        [
            "parameter `seed` is not in theta: it is a seed",
            "parameter `kind` is not in theta: its values are texts"
        ]
    );
    let array = |name: &str| std::fs::read(dir.path().join(format!("out/sbi_{name}.npy"))).unwrap();
    let (theta, x) = (array("theta"), array("x"));
    assert!(npy(&theta).0.contains("(24, 1)") && npy(&x).0.contains("(24, 2)"));
    let (theta, x) = (floats(npy(&theta).1), floats(npy(&x).1));
    let mut row = 0;
    for simulation in stored(&loader) {
        for trial in &simulation.trials {
            assert_eq!(Some(theta[row]), simulation.parameters[0].1.as_f64());
            let top = trial
                .result
                .dipole
                .agg
                .iter()
                .copied()
                .fold(f64::MIN, f64::max);
            assert_eq!(
                x[2 * row..2 * row + 2],
                [top, trial.result.spikes.len() as f64]
            );
            row += 1;
        }
    }
    assert_eq!(row, 24);
    assert_eq!(floats(npy(&array("bounds")).1), [0.0, 1.0]);
    let archive: BTreeMap<String, Vec<u8>> = members(&dir.path().join("out/sbi.npz"))
        .into_iter()
        .collect();
    assert_eq!(archive["x.npy"], array("x"));
    let names: Vec<u32> = npy(&archive["x_names.npy"])
        .1
        .chunks(4)
        .map(|c| u32::from(c[0]))
        .collect();
    assert_eq!(names, [b't', b'o', b'p', b'n', 0, 0].map(u32::from));
}

#[test]
fn text_files_have_the_digits_of_hnn_core_or_all_of_them() {
    let (dir, loader) = sweep();
    let report = export::dipole_txt(&loader, &target(dir.path(), true), Digits::Fixed).unwrap();
    assert_eq!(
        names(&report)[..3],
        ["dpl_0_0.txt", "dpl_0_1.txt", "dpl_1_0.txt"]
    );
    export::spikes_txt(&loader, &target(dir.path(), true), Digits::All).unwrap();
    let result = &stored(&loader)[1].trials[0].result;
    let text = std::fs::read_to_string(dir.path().join("out/dpl_1_0.txt")).unwrap();
    assert_eq!(text.lines().count(), 41);
    let (agg, l2, l5) = (
        result.dipole.agg[1],
        result.dipole.l2[1],
        result.dipole.l5[1],
    );
    assert_eq!(
        text.lines().nth(1),
        Some(format!("0.500\t{agg:.4}\t{l2:.4}\t{l5:.4}").as_str())
    );
    let text = std::fs::read_to_string(dir.path().join("out/spk_1_0.txt")).unwrap();
    let times: Vec<f64> = text
        .lines()
        .map(|l| l.split('\t').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(
        times,
        result.spikes.iter().map(|s| s.time).collect::<Vec<_>>()
    );
}

#[test]
fn principal_components_give_the_dipoles_back() {
    let (dir, loader) = sweep();
    export::pca(&loader, &target(dir.path(), true), Signal::L2, 10).unwrap();
    let arrays: BTreeMap<String, Vec<u8>> = members(&dir.path().join("out/pca.npz"))
        .into_iter()
        .collect();
    let of = |name: &str| npy(&arrays[&format!("{name}.npy")]);
    // Six centred waveforms span five directions.
    assert!(of("scores").0.contains("(6, 5)") && of("components").0.contains("(5, 41)"));
    let array = |name: &str| floats(of(name).1);
    let (scores, components, mean) = (array("scores"), array("components"), array("mean"));
    for (row, simulation) in stored(&loader).iter().enumerate() {
        for sample in 0..41 {
            let l2 = simulation
                .trials
                .iter()
                .map(|trial| trial.result.dipole.l2[sample]);
            let expected = l2.sum::<f64>() / 2.0;
            let parts = (0..5).map(|k| scores[5 * row + k] * components[41 * k + sample]);
            let found = mean[sample] + parts.sum::<f64>();
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let components: Vec<&[f64]> = components.chunks(41).collect();
    for (i, a) in components.iter().enumerate() {
        for (j, b) in components.iter().enumerate() {
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!((product(a, b) - expected).abs() < 1e-12);
        }
        let largest = a
            .iter()
            .copied()
            .fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
        assert!(largest > 0.0);
    }
    let variance = array("explained_variance");
    assert!(variance.is_sorted_by(|a, b| a > b));
    assert!((array("explained_variance_ratio").iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let first: f64 = scores.iter().step_by(5).map(|s| s * s).sum();
    assert!((variance[0] - first / 5.0).abs() < 1e-12 * variance[0]);

    let one = tempfile::tempdir().unwrap();
    run(
        &text("a", "weight = [0.001]", 1, OUTPUTS),
        &one.path().join("results"),
    );
    let loader = Loader::open(&one.path().join("results"), None).unwrap();
    let error = export::pca(&loader, &target(one.path(), true), Signal::Agg, 5).unwrap_err();
    assert!(
        error.to_string().contains("has 1 complete simulations"),
        "{error}"
    );
}

#[test]
fn a_damaged_table_is_an_error_and_not_an_export() {
    let (dir, loader) = sweep();
    let file = &files(&dir.path().join("results"), "dipole")[0];
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let error = export::npz(&loader, &target(dir.path(), true), 100, false).unwrap_err();
    assert!(
        error.to_string().contains("part.parquet is damaged"),
        "{error}"
    );
    assert!(listed(&dir.path().join("out")).is_empty());
}

fn program(folder: &Path, words: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    command.current_dir(folder).args(words).assert()
}

#[test]
fn the_program_exports_by_folder_or_by_pipeline_file() {
    let (dir, _) = sweep();
    let pipeline =
        text("a", GRID, 2, OUTPUTS).replace("batch_size = 4", "batch_size = 5\noverwrite = false");
    let pipeline = pipeline.replacen("name =", "save_folder = \"results\"\nname =", 1);
    std::fs::write(dir.path().join("a.toml"), pipeline).unwrap();
    program(dir.path(), &["export", "npz", "results"]).success();
    let default = dir.path().join("results/exports/npz");
    assert_eq!(listed(&default), ["sim_run_0-4.npz", "sim_run_4-6.npz"]);
    program(dir.path(), &["export", "npz", "a.toml", "-o", "five"]).success();
    assert_eq!(
        listed(&dir.path().join("five")),
        ["sim_run_0-5.npz", "sim_run_5-6.npz"]
    );
    let again = program(dir.path(), &["export", "npz", "a.toml", "-o", "five"])
        .failure()
        .code(1);
    let words = String::from_utf8(again.get_output().stderr.clone()).unwrap();
    assert!(words.contains("sim_run_0-5.npz"), "{words}");
    program(
        dir.path(),
        &["export", "npz", "a.toml", "-o", "five", "--overwrite"],
    )
    .success();
    // A run and a check of the folder do not mind.
    program(dir.path(), &["verify", "results"]).success();
    let misspelt = program(dir.path(), &["export", "sbi", "results", "--sweep", "b"])
        .failure()
        .code(1);
    let words = String::from_utf8(misspelt.get_output().stderr.clone()).unwrap();
    assert!(words.contains("no sweep `b`"), "{words}");
}

#[test]
fn tables_and_answers_are_exported() {
    let (dir, _) = sweep();
    let words = [
        "export",
        "csv",
        "results",
        "--sql",
        "SELECT weight, n FROM summary ORDER BY weight",
        "-o",
        "a.csv",
    ];
    if !cfg!(feature = "query") {
        let answer = program(dir.path(), &words).failure().code(1);
        let text = String::from_utf8(answer.get_output().stdout.clone()).unwrap();
        assert!(
            text.contains("COPY (SELECT weight, n FROM summary ORDER BY weight) TO 'a.csv'"),
            "{text}"
        );
        return;
    }
    program(dir.path(), &words).success();
    let csv = std::fs::read_to_string(dir.path().join("a.csv")).unwrap();
    assert_eq!(csv.lines().next(), Some("weight,n"));
    assert_eq!(csv.lines().count(), 13);
    program(
        dir.path(),
        &["export", "parquet", "results", "summary", "-o", "a.parquet"],
    )
    .success();
    let file = std::fs::File::open(dir.path().join("a.parquet")).unwrap();
    let metadata = SerializedFileReader::new(file).unwrap();
    assert_eq!(metadata.metadata().file_metadata().num_rows(), 12);
    let misspelt = program(
        dir.path(),
        &["export", "csv", "results", "sumary", "-o", "b.csv"],
    )
    .failure()
    .code(1);
    let words = String::from_utf8(misspelt.get_output().stderr.clone()).unwrap();
    assert!(words.contains("did you mean `summary`?"), "{words}");
}

/// With the real hnn-core: see `scripts/check_exports.py`.
#[test]
fn hnn_core_loads_the_exports() {
    let Ok(python) = std::env::var("HNN_ORACLE_PYTHON") else {
        eprintln!("skipped: set HNN_ORACLE_PYTHON to an interpreter with hnn_core==0.6.1");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check_exports.py");
    let mut command = Command::new(python);
    command
        .arg("-B")
        .arg(script)
        .args(["--binary", env!("CARGO_BIN_EXE_hnn-sweep")]);
    let done = command.assert().success();
    let words = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    for kind in ["npz:", "plain:", "text:", "sbi:", "pca:"] {
        assert!(words.contains(kind), "{words}");
    }
}
