//! `hnn-sweep network`.

use super::dynamics::{counted, in_words, interval};
use super::exit::SUCCESS;
use super::json;
use super::output::{complain, say};
use crate::network::{Model, Network, NetworkError, Params, SettablePath};
use crate::stages::RunError;
use crate::store::StoreError;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hnn-sweep network law_2021 --mesh-shape 3,3\n  hnn-sweep network net.json\n  hnn-sweep network calcium --erp -o calcium.json      a file that hnn-core reads, too\n  hnn-sweep network law_2021 --paths 'L5_pyramidal*soma'    what [set] can change"
)]
pub(super) struct Arguments {
    /// A network file or parameter file of hnn-core (.json, .param), or a model: neymotin_2020, law_2021, calcium
    network: String,
    /// Pyramidal cells of one layer along x and y, for a model or parameter file
    #[arg(long, value_delimiter = ',', default_values_t = [10, 10])]
    mesh_shape: Vec<u32>,
    /// Add the drives of an event-related potential
    #[arg(long)]
    erp: bool,
    /// Print every number that [set] can change, with its unit, ready to paste; only paths that contain PATTERN (`*`
    /// stands for anything)
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, default_missing_value = "*")]
    paths: Option<String>,
    /// Print one JSON object, for scripts: docs/json.md
    #[arg(long)]
    json: bool,
    /// Write the network file here
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Largest network or parameter file (bytes).
const MAX_FILE_SIZE: u64 = 1 << 30;
/// Largest mesh that is built at all.
const MAX_CELLS: u64 = 10_000;

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let mut network = read(arguments)?;
    if arguments.erp {
        network
            .add_erp_drives(0.0)
            .map_err(|e| input(&arguments.network, &e))?;
    }
    match &arguments.paths {
        Some(pattern) => print_paths(&network, pattern, arguments.json)?,
        None if arguments.json => json::print("network", json::network(&network)),
        None => describe(&network),
    }
    // With the drives of --erp, as a pipeline's `base` can name the file.
    if let Some(path) = &arguments.output {
        std::fs::write(path, network.to_json()).map_err(|e| disk("write", path, e))?;
        // Beside JSON nothing else stands on standard output.
        let tell = |text: String| match arguments.json {
            true => complain!("{text}"),
            false => say!("{text}"),
        };
        tell(format!("written to {}", path.display()));
        for caveat in network.json_caveats() {
            tell(format!(
                "hnn-core would read this file differently: {caveat}"
            ));
        }
    }
    Ok(SUCCESS)
}

fn read(arguments: &Arguments) -> Result<Network, RunError> {
    let name = &arguments.network;
    let path = Path::new(name);
    // A mesh of millions of cells would end the program for lack of memory before it is described.
    let mesh = match arguments.mesh_shape.as_slice() {
        &[x, y] if x > 0 && y > 0 && u64::from(x) * u64::from(y) <= MAX_CELLS => [x, y],
        other => {
            return Err(RunError::Input {
                what: format!("--mesh-shape {other:?} is not a mesh"),
                help: format!(
                    "give two positive numbers, at most {MAX_CELLS} cells in all, for example --mesh-shape 10,10"
                ),
            });
        }
    };
    // A name with a dot or slash is meant as a file, so that a mistyped one is not called an
    // unknown model.
    let is_file = path.exists() || name.contains(['/', '.']);
    if !is_file {
        let model = Model::from_name(name).map_err(|e| input(name, &e))?;
        return Ok(model.network(mesh));
    }
    let size = std::fs::metadata(path)
        .map_err(|e| disk("read", path, e))?
        .len();
    if size > MAX_FILE_SIZE {
        return Err(RunError::Input {
            what: format!("{name} has {size} bytes"),
            help: format!("a network file has at most {MAX_FILE_SIZE} bytes"),
        });
    }
    let text = std::fs::read_to_string(path).map_err(|e| disk("read", path, e))?;
    if path.extension().is_some_and(|e| e == "param") {
        let params = Params::from_param(&text).map_err(|e| input(name, &e))?;
        return from_params(name, &params, mesh);
    }
    // Both kinds of file are JSON; only a network file says what it is.
    if text.contains("\"object_type\"") {
        return Network::from_json(&text).map_err(|e| input(name, &e));
    }
    let params = Params::from_json(&text).map_err(|e| input(name, &e))?;
    from_params(name, &params, mesh)
}

fn from_params(name: &str, params: &Params, mesh: [u32; 2]) -> Result<Network, RunError> {
    Network::from_params(Model::Neymotin2020, params, mesh, true, false)
        .map_err(|e| input(name, &e))
}

fn input(file: &str, error: &NetworkError) -> RunError {
    RunError::Input {
        what: format!("{file}: {error}"),
        help: "give a file that hnn-core's Network.write_configuration wrote, a parameter file, or a model".into(),
    }
}

fn disk(action: &'static str, path: &Path, source: std::io::Error) -> RunError {
    if source.kind() == std::io::ErrorKind::NotFound {
        return RunError::Input {
            what: format!("{} does not exist", path.display()),
            help: format!(
                "give an existing file, or a model: {}",
                Model::NAMES.join(", ")
            ),
        };
    }
    RunError::Store(StoreError::Io {
        action,
        path: path.to_path_buf(),
        source,
        help: None,
    })
}

/// Lines of [set], one for each path that the pattern is in.
fn print_paths(network: &Network, pattern: &str, as_json: bool) -> Result<(), RunError> {
    // `*` stands for anything, as in a shell; unlike there, a pattern may begin and end anywhere.
    let pieces: Vec<String> = pattern.split('*').map(str::to_lowercase).collect();
    let is_wanted = |path: &str| {
        let path = path.to_lowercase();
        let mut rest = path.as_str();
        pieces.iter().all(|piece| {
            rest.find(piece.as_str())
                // Each piece is looked for behind the one before, so that their order counts.
                .map(|at| rest = rest.get(at + piece.len()..).unwrap_or_default())
                .is_some()
        })
    };
    let all = network.paths();
    let wanted: Vec<&SettablePath> = all.iter().filter(|place| is_wanted(&place.path)).collect();
    if as_json {
        let path = |place: &&SettablePath| json!({ "path": place.path, "values": place.values, "unit": place.unit });
        let paths: Vec<_> = wanted.iter().map(path).collect();
        json::print("network", json!({ "paths": paths }));
        return Ok(());
    }
    for place in &wanted {
        // TOML's bare keys know neither brackets nor stars.
        let key = match place.path.contains(['[', '*']) {
            true => format!("\"{}\"", place.path),
            false => place.path.clone(),
        };
        let unit = match place.unit {
            "" => String::new(),
            unit => format!("  # {unit}"),
        };
        match place.values.as_slice() {
            [value] => say!("{key} = {value}{unit}"),
            values => {
                let along = values
                    .iter()
                    .fold((f64::MAX, f64::MIN), |(least, most), value| {
                        (least.min(*value), most.max(*value))
                    });
                // Several values change along a section (conductances with distance), so only a
                // factor keeps their course.
                say!(
                    "{key} = \"value * 1.0\"{unit}; {} to {} along the section",
                    along.0,
                    along.1
                );
            }
        }
    }
    if !wanted.is_empty() {
        return Ok(());
    }
    Err(RunError::Input {
        what: format!(
            "none of the network's {} paths has \"{pattern}\" in it",
            all.len()
        ),
        help:
            "`--paths` alone prints all of them; `*` stands for anything, as in --paths 'soma*gbar'"
                .into(),
    })
}

fn describe(network: &Network) {
    say!("{}", counted(network.n_cells() as usize, "real cell"));
    for (name, cell_type) in &network.cell_types {
        let sections = &cell_type.cell.sections;
        let n_segments: u32 = sections.values().map(|s| s.nseg).sum();
        let n_cells = network.gid_ranges.get(name).map_or(0, |r| r.len());
        say!(
            "  {name}: {} of {}, {}{}",
            counted(n_cells, "cell"),
            counted(sections.len(), "section"),
            counted(n_segments as usize, "segment"),
            if cell_type.metadata.measure_dipole {
                ", measures a dipole"
            } else {
                ""
            }
        );
    }
    say!("{}", counted(network.connectivity.len(), "connection"));
    for c in &network.connectivity {
        say!(
            "  {} -> {} {} {}: {}, weight {} uS, delay {} ms, lamtha {}{}",
            c.src_type,
            c.target_type,
            c.loc,
            c.receptor,
            counted(c.gid_pairs.n_pairs(), "pair"),
            c.weight,
            c.delay,
            c.lamtha,
            if c.gain == 1.0 {
                String::new()
            } else {
                format!(", gain {}", c.gain)
            }
        );
    }
    say!("{}", counted(network.external_drives.len(), "drive"));
    for (name, drive) in &network.external_drives {
        say!(
            "  {name}: {} on {} of {}, {}",
            counted(drive.n_drive_cells as usize, "cell"),
            drive.location,
            drive.target_types.join(", "),
            in_words(&drive.dynamics)
        );
    }
    for (name, bias) in &network.external_biases {
        for (cell_type, b) in bias {
            say!(
                "bias {name}: {} nA on {} of {cell_type} {}",
                b.amplitude,
                b.section,
                interval(b.t0, b.tstop)
            );
        }
    }
    for (name, array) in &network.rec_arrays {
        let contacts = counted(array.positions.len(), "contact");
        say!("electrode array {name}: {contacts}");
    }
    say!(
        "mesh {} x {}, in-plane distance {} um, layer separation {} um, {} degC, threshold {} mV",
        network.mesh_shape[0],
        network.mesh_shape[1],
        network.inplane_distance,
        network.layer_separation,
        network.celsius,
        network.threshold
    );
}
