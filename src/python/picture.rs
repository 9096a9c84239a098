//! Figures of a sweep, and the page that holds all of it.

use super::error::Error;
use super::folder::Folder;
use crate::figure::Style;
use crate::pipeline::Target;
use crate::report::plot::Condition;
use crate::report::waves::Layer;
use crate::report::{Kind, PageOptions, PlotOptions};
use crate::stages::Loader;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// How a figure is drawn, from a dictionary.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Drawing {
    sweep: Option<String>,
    statistic: Option<String>,
    x: Option<String>,
    y: Option<String>,
    colour: Option<String>,
    layer: String,
    smooth: f64,
    sim: Option<u32>,
    conditions: Vec<String>,
    target: Option<PathBuf>,
    size: Option<(f64, f64)>,
    screen: bool,
}

impl Drawing {
    fn options(self) -> Result<PlotOptions, Error> {
        let layers = [Layer::Agg, Layer::L2, Layer::L5];
        let layer = layers.into_iter().find(|layer| layer.name() == self.layer);
        let layer = layer.ok_or_else(|| {
            Error::Argument(format!("layer is agg, L2 or L5, not {:?}", self.layer))
        })?;
        let condition = |text: &String| {
            let read: Result<Condition, _> = text.parse();
            read.map_err(|what| Error::Argument(format!("where {text:?}: {what}")))
        };
        Ok(PlotOptions {
            statistic: self.statistic,
            x: self.x,
            y: self.y,
            colour: self.colour,
            layer,
            smooth: self.smooth,
            sim: self.sim,
            conditions: self
                .conditions
                .iter()
                .map(condition)
                .collect::<Result<_, _>>()?,
            target: self
                .target
                .map(|path| read_target(&path, layer))
                .transpose()?,
            size: self.size,
            style: match self.screen {
                true => Style::Screen,
                false => Style::Paper,
            },
        })
    }
}

fn read_target(path: &Path, layer: Layer) -> Result<(String, Target), Error> {
    let target = Target::read(path, &layer.signal())
        .map_err(|what| Error::Argument(format!("{}: {what}", path.display())))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), target))
}

/// Draws a figure: `(svg, notes)`.
#[pyfunction]
pub fn plot(
    py: Python<'_>,
    folder: &Folder,
    kind: &str,
    drawing: Drawing,
) -> PyResult<(String, Vec<String>)> {
    let Some((_, kind)) = Kind::ALL.into_iter().find(|(name, _)| *name == kind) else {
        let known = Kind::ALL.map(|(name, _)| name).join(", ");
        let what = format!("there is no figure {kind:?}; there are {known}");
        return Err(Error::Argument(what).into());
    };
    let sweep = drawing.sweep.clone();
    let options = drawing.options()?;
    let drawn = py.detach(|| -> Result<_, Error> {
        // Held while it reads, so that no run replaces a file under it.
        let (store, _hold) = folder.hold()?;
        let loader = Loader::new(store, sweep.as_deref())?;
        Ok(crate::report::plot(&loader, kind, &options)?)
    })?;
    Ok((drawn.svg, drawn.notes))
}

/// An SVG as the bytes of a PNG with `dpi` dots per inch, or of a PDF.
#[pyfunction]
pub fn convert(py: Python<'_>, svg: &str, format: &str, dpi: f64) -> PyResult<Vec<u8>> {
    py.detach(|| converted(svg, format, dpi))
        .map_err(|what| Error::Argument(what).into())
}

#[cfg(feature = "png-pdf")]
fn converted(svg: &str, format: &str, dpi: f64) -> Result<Vec<u8>, String> {
    match format {
        "png" if (20.0..=2400.0).contains(&dpi) => crate::figure::png(svg, dpi),
        "png" => Err(format!("dpi is 20 to 2400, not {dpi}")),
        "pdf" => crate::figure::pdf(svg),
        _ => Err(format!("a figure is .svg, .png or .pdf, not .{format}")),
    }
}

#[cfg(not(feature = "png-pdf"))]
fn converted(_: &str, format: &str, _: f64) -> Result<Vec<u8>, String> {
    Err(format!(
        "this build of hnn_sweep writes figures as .svg, not as .{format}"
    ))
}

/// Makes the page of a sweep: `(html, notes)`.
#[pyfunction]
#[pyo3(signature = (folder, sweep, max_size))]
pub fn page(
    py: Python<'_>,
    folder: &Folder,
    sweep: Option<&str>,
    max_size: usize,
) -> PyResult<(String, Vec<String>)> {
    let page = py.detach(|| -> Result<_, Error> {
        let (store, _hold) = folder.hold()?;
        let loader = Loader::new(store, sweep)?.passing_unpublished();
        let options = PageOptions {
            max_size,
            folder: folder.path().display().to_string(),
            live: None,
        };
        Ok(crate::report::page(&loader, &options)?)
    })?;
    Ok((page.html, page.notes))
}
