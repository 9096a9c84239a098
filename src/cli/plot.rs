//! `hnn-sweep plot`.

use super::exit::{INPUT, SUCCESS};
use super::output::say;
use crate::figure::Style;
use crate::pipeline::Target;
use crate::report::plot::Condition;
use crate::report::waves::Layer;
use crate::report::{Kind, PlotOptions, plot};
use crate::stages::{Loader, RunError};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep plot sim_results dipoles                        every dipole, coloured by the last parameter: dipoles.svg
  hnn-sweep plot sim_results map --statistic max_peak -o map.svg
  hnn-sweep plot sim_results simulation --sim 309 --smooth 0
  hnn-sweep plot sim_results dipoles --where 'max_peak>0.015' --colour weight_pyr
  hnn-sweep plot sim_results target --target measured.txt")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// What to draw
    #[arg(value_enum)]
    kind: Drawn,
    /// File to write, by default KIND.svg
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sweep, if the folder holds several
    #[arg(long, value_name = "NAME")]
    sweep: Option<String>,
    /// Statistic of `map`, `cells` and `against`; by default the first
    #[arg(long, value_name = "NAME")]
    statistic: Option<String>,
    /// Parameter across; by default the first that varies
    #[arg(long, value_name = "NAME")]
    x: Option<String>,
    /// Parameter up; by default the second that varies
    #[arg(long, value_name = "NAME")]
    y: Option<String>,
    /// Parameter or statistic that colours lines and dots
    #[arg(long, value_name = "NAME")]
    colour: Option<String>,
    /// Layer of dipoles
    #[arg(long, value_enum, default_value = "agg", ignore_case = true)]
    layer: Drawable,
    /// Width of hnn-core's smoothing window; 0 for none
    #[arg(long, value_name = "MS", default_value_t = 30.0)]
    smooth: f64,
    /// Simulation of `simulation` and `csd`, by its number in the tables; by default the one with the greatest statistic
    #[arg(long, value_name = "N")]
    sim: Option<u32>,
    /// Draw only simulations for which this holds, such as 'max_peak>0.01'; may be repeated
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
    /// Measured waveform of `target`: hnn-core's dipole text, or a CSV with the columns time and agg
    #[arg(long, value_name = "FILE")]
    target: Option<PathBuf>,
    /// Width and height in pixels, 96 to an inch, such as 640x400
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    size: Option<(f64, f64)>,
    /// Black on white, or light and dark as the reader's screen is
    #[arg(long, value_enum, default_value = "paper")]
    style: Background,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Drawn {
    /// Dipoles over each other, coloured by a parameter
    Dipoles,
    /// A statistic over two parameters
    Map,
    /// A statistic against a parameter
    Against,
    /// One simulation: dipoles, spike histogram and raster
    Simulation,
    /// Waveforms over the grid of two parameters
    Cells,
    /// The simulations nearest to a measured waveform
    Target,
    /// Power spectral densities of dipoles
    Psd,
    /// Current source density over depth of one simulation
    Csd,
    /// Parameters and statistics side by side
    Coordinates,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Drawable {
    Agg,
    #[value(name = "L2")]
    L2,
    #[value(name = "L5")]
    L5,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Background {
    Paper,
    Screen,
}

fn size(text: &str) -> Result<(f64, f64), String> {
    let sides = text.split_once(['x', '×', ',']);
    let side = |text: &str| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|v| (240.0..=10_000.0).contains(v))
    };
    sides
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "two numbers of 240 to 10000, such as 640x400".into())
}

impl From<Drawn> for Kind {
    fn from(kind: Drawn) -> Self {
        match kind {
            Drawn::Dipoles => Kind::Dipoles,
            Drawn::Map => Kind::Map,
            Drawn::Against => Kind::Against,
            Drawn::Simulation => Kind::Simulation,
            Drawn::Cells => Kind::Cells,
            Drawn::Target => Kind::Target,
            Drawn::Psd => Kind::Psd,
            Drawn::Csd => Kind::Csd,
            Drawn::Coordinates => Kind::Coordinates,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let name = arguments
        .kind
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned());
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name}.svg")));
    let extension = output
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    if extension.as_deref() != Some("svg") {
        super::output::complain!(
            "error: {} does not end in .svg, the format that figures are written in",
            output.display()
        );
        return Ok(INPUT);
    }
    let layer = match arguments.layer {
        Drawable::Agg => Layer::Agg,
        Drawable::L2 => Layer::L2,
        Drawable::L5 => Layer::L5,
    };
    let options = PlotOptions {
        statistic: arguments.statistic.clone(),
        x: arguments.x.clone(),
        y: arguments.y.clone(),
        colour: arguments.colour.clone(),
        layer,
        smooth: arguments.smooth,
        sim: arguments.sim,
        conditions: arguments.conditions.clone(),
        target: arguments
            .target
            .as_deref()
            .map(|path| read_target(path, layer))
            .transpose()?,
        size: arguments.size,
        style: match arguments.style {
            Background::Paper => Style::Paper,
            Background::Screen => Style::Screen,
        },
    };
    let (store, _hold) = super::folder::hold(&super::folder::folder_of(&arguments.path)?)?;
    let loader = Loader::new(store, arguments.sweep.as_deref())?;
    let drawn = plot(&loader, arguments.kind.into(), &options)?;
    super::folder::write_whole(&output, drawn.svg.as_bytes())?;
    say!("{}", output.display());
    for note in &drawn.notes {
        super::output::complain!("{note}");
    }
    Ok(SUCCESS)
}

fn read_target(path: &Path, layer: Layer) -> Result<(String, Target), RunError> {
    let target = Target::read(path, &layer.signal()).map_err(|problem| RunError::Input {
        what: format!("{}: {problem}", path.display()),
        help: problem.help.unwrap_or_default(),
    })?;
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok((name, target))
}
