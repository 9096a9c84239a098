//! `hnn-sweep plot`.

use super::exit::SUCCESS;
use super::folder::{folder_of, hold, write_whole};
use super::output::{complain, say};
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
  hnn-sweep plot sim_results map --statistic max_peak -o map.pdf
  hnn-sweep plot sim_results simulation --sim 309 --smooth 0
  hnn-sweep plot sim_results dipoles --where 'max_peak>0.015' --colour weight_pyr
  hnn-sweep plot sim_results target --target measured.txt")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// What to draw
    #[arg(value_enum)]
    kind: Drawn,
    /// File to write: .svg, .png or .pdf. By default the terminal shows the figure if it can, else it is KIND.svg
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
    /// Simulation of `simulation` and `csd`, by its number in the tables; by default the one with the greatest
    /// statistic
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
    /// Dots per inch of a PNG, by default 300, and of a terminal, by default 96
    #[arg(long, value_name = "N", value_parser = dpi)]
    dpi: Option<f64>,
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

fn dpi(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok();
    number
        .filter(|dpi| (20.0..=2400.0).contains(dpi))
        .ok_or_else(|| "a number of 20 to 2400, such as 300".into())
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
    let place = Destination::of(arguments)?;
    // Before the folder is read: a wrong option answers at once.
    let options = options(arguments)?;
    // Held until the figure is drawn: waveforms are read while a run may publish new files.
    let (store, _hold) = hold(&folder_of(&arguments.path)?)?;
    let loader = Loader::new(store, arguments.sweep.as_deref())?;
    let drawn = plot(&loader, arguments.kind.into(), &options)?;
    place.put(&drawn.svg)?;
    // To standard error, so that a picture in a terminal or a path for a script stands alone.
    for note in &drawn.notes {
        complain!("{note}");
    }
    Ok(SUCCESS)
}

fn options(arguments: &Arguments) -> Result<PlotOptions, RunError> {
    let layer = match arguments.layer {
        Drawable::Agg => Layer::Agg,
        Drawable::L2 => Layer::L2,
        Drawable::L5 => Layer::L5,
    };
    let target = arguments.target.as_deref();
    Ok(PlotOptions {
        statistic: arguments.statistic.clone(),
        x: arguments.x.clone(),
        y: arguments.y.clone(),
        colour: arguments.colour.clone(),
        layer,
        smooth: arguments.smooth,
        sim: arguments.sim,
        conditions: arguments.conditions.clone(),
        target: target.map(|path| read_target(path, layer)).transpose()?,
        size: arguments.size,
        style: match arguments.style {
            Background::Paper => Style::Paper,
            Background::Screen => Style::Screen,
        },
    })
}

/// Where a figure goes, and how finely it is drawn where that has to be said.
enum Destination {
    Svg(PathBuf),
    #[cfg(feature = "png-pdf")]
    Png(PathBuf, f64),
    #[cfg(feature = "png-pdf")]
    Pdf(PathBuf),
    #[cfg(feature = "png-pdf")]
    Terminal(super::terminal::Protocol, f64),
}

impl Destination {
    fn of(arguments: &Arguments) -> Result<Self, RunError> {
        let place = Self::chosen(arguments)?;
        // Refused rather than ignored, as a figure for a journal depends on it.
        if arguments.dpi.is_some() && !place.has_dots() {
            return Err(input(
                "--dpi is for a PNG or a picture in a terminal".into(),
                "leave it out: SVG and PDF are sharp at every size, and --size sets theirs",
            ));
        }
        Ok(place)
    }

    fn chosen(arguments: &Arguments) -> Result<Self, RunError> {
        let Some(output) = &arguments.output else {
            return Ok(Self::unnamed(arguments));
        };
        let extension = output.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Ok(Self::Svg(output.into())),
            #[cfg(feature = "png-pdf")]
            "png" => Ok(Self::Png(output.into(), arguments.dpi.unwrap_or(300.0))),
            #[cfg(feature = "png-pdf")]
            "pdf" => Ok(Self::Pdf(output.into())),
            #[cfg(not(feature = "png-pdf"))]
            "png" | "pdf" => Err(input(
                format!(
                    "this build writes figures as .svg, not {}",
                    output.display()
                ),
                "install hnn-sweep with `--features png-pdf`, or write an .svg",
            )),
            _ => Err(input(
                format!("{} does not end in .svg, .png or .pdf", output.display()),
                "the ending says in which format the figure is written",
            )),
        }
    }

    /// The terminal, if it can show a picture, else a file that is named after the kind.
    /// A terminal that shows pictures gets one; otherwise a file in the working folder, named after the kind.
    fn unnamed(arguments: &Arguments) -> Self {
        #[cfg(feature = "png-pdf")]
        if std::io::IsTerminal::is_terminal(&std::io::stdout())
            && let Some(protocol) = super::terminal::protocol(|name| std::env::var(name).ok())
        {
            let dpi = arguments.dpi.unwrap_or(crate::figure::SVG_DPI);
            return Self::Terminal(protocol, dpi);
        }
        let kind = arguments.kind.to_possible_value();
        let kind = kind.map_or_else(String::new, |value| value.get_name().to_owned());
        Self::Svg(PathBuf::from(format!("{kind}.svg")))
    }

    fn has_dots(&self) -> bool {
        match self {
            Self::Svg(_) => false,
            #[cfg(feature = "png-pdf")]
            Self::Pdf(_) => false,
            #[cfg(feature = "png-pdf")]
            Self::Png(..) | Self::Terminal(..) => true,
        }
    }

    fn put(&self, svg: &str) -> Result<(), RunError> {
        match self {
            Self::Svg(path) => write(path, svg.as_bytes()),
            #[cfg(feature = "png-pdf")]
            Self::Png(path, dpi) => {
                let bytes = crate::figure::png(svg, *dpi).map_err(cannot)?;
                write(path, &bytes)
            }
            #[cfg(feature = "png-pdf")]
            Self::Pdf(path) => write(path, &crate::figure::pdf(svg).map_err(cannot)?),
            #[cfg(feature = "png-pdf")]
            Self::Terminal(protocol, dpi) => {
                let bytes = super::terminal::shown(svg, *protocol, *dpi).map_err(cannot)?;
                say!("{bytes}");
                Ok(())
            }
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    write_whole(path, bytes)?;
    say!("{}", path.display());
    Ok(())
}

#[cfg(feature = "png-pdf")]
fn cannot(what: String) -> RunError {
    input(
        format!("the figure cannot be drawn: {what}"),
        "give another --size or --dpi, or write an .svg",
    )
}

fn input(what: String, help: &str) -> RunError {
    RunError::Input {
        what,
        help: help.into(),
    }
}

fn read_target(path: &Path, layer: Layer) -> Result<(String, Target), RunError> {
    let target = Target::read(path, &layer.signal()).map_err(|problem| RunError::Input {
        what: format!("{}: {problem}", path.display()),
        help: format!(
            "{}; a target is hnn-core's dipole text, or a table with the columns time and agg",
            problem.help.as_deref().unwrap_or("look at the file")
        ),
    })?;
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok((name, target))
}
