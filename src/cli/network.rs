//! `hnn-sweep network`.

use super::exit::SUCCESS;
use super::output::say;
use crate::network::{Model, Network, NetworkError, Params};
use crate::stages::RunError;
use crate::store::StoreError;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hnn-sweep network law_2021 --mesh-shape 3,3\n  hnn-sweep network net.json\n  hnn-sweep network calcium --erp -o calcium.json      a file that hnn-core reads, too"
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
    describe(&network);
    if let Some(path) = &arguments.output {
        std::fs::write(path, network.to_json()).map_err(|e| disk("write", path, e))?;
        say!("written to {}", path.display());
        for caveat in network.json_caveats() {
            say!("hnn-core would read this file differently: {caveat}");
        }
    }
    Ok(SUCCESS)
}

fn read(arguments: &Arguments) -> Result<Network, RunError> {
    let name = &arguments.network;
    let path = Path::new(name);
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

fn describe(network: &Network) {
    say!("{} real cells", network.n_cells());
    for (name, cell_type) in &network.cell_types {
        let sections = &cell_type.cell.sections;
        let n_segments: u32 = sections.values().map(|s| s.nseg).sum();
        let n_cells = network.gid_ranges.get(name).map_or(0, |r| r.len());
        say!(
            "  {name}: {n_cells} cells of {} sections, {n_segments} segments{}",
            sections.len(),
            if cell_type.metadata.measure_dipole {
                ", measures a dipole"
            } else {
                ""
            }
        );
    }
    say!("{} connections", network.connectivity.len());
    for c in &network.connectivity {
        say!(
            "  {} -> {} {} {}: {} pairs, weight {} uS, delay {} ms, lamtha {}{}",
            c.src_type,
            c.target_type,
            c.loc,
            c.receptor,
            c.gid_pairs.n_pairs(),
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
    say!("{} drives", network.external_drives.len());
    for (name, drive) in &network.external_drives {
        say!(
            "  {name}: {} cells on {} of {}, {:?}",
            drive.n_drive_cells,
            drive.location,
            drive.target_types.join(", "),
            drive.dynamics
        );
    }
    for (name, bias) in &network.external_biases {
        for (cell_type, b) in bias {
            say!(
                "bias {name}: {} nA on {} of {cell_type} from {} ms",
                b.amplitude,
                b.section,
                b.t0
            );
        }
    }
    for (name, array) in &network.rec_arrays {
        say!("electrode array {name}: {} contacts", array.positions.len());
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
