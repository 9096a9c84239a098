//! Scales, ticks, colour maps and SVG: what figures and the report are drawn with. No biology, no files.
//!
//! Everything is computed from its arguments alone, with numbers rounded before they are written: the same data give
//! the same bytes.

mod colour;
mod line;
mod panel;
#[cfg(feature = "png-pdf")]
mod picture;
mod scale;
mod svg;

pub use colour::{Colour, ColourMap};
pub use line::simplify;
pub use panel::{ColourBar, Panel};
#[cfg(feature = "png-pdf")]
pub use picture::{SVG_DPI, pdf, png, sixel};
pub use scale::{Scale, is_geometric, label};
pub use svg::{Anchor, Style, Svg, escape};
