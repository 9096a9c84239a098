//! An SVG as PNG, PDF and sixels. The font is in the program: without one, text would vanish and nothing would say so.

use icy_sixel::{EncodeOptions, sixel_encode};
use resvg::tiny_skia::{Pixmap, Transform};
use std::sync::Arc;
use svg2pdf::usvg::{self, Options, Tree, fontdb};

/// Pixels of an SVG to an inch.
pub const SVG_DPI: f64 = 96.0;
/// Most pixels of a picture: 800 MB in memory.
const MOST_PIXELS: f64 = 2e8;

/// Reads an SVG, with DejaVu Sans for every family that it names.
fn read(svg: &str) -> Result<Tree, String> {
    let mut fonts = fontdb::Database::new();
    // The font comes along: texts must have the same width on every machine.
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options {
        font_family: "DejaVu Sans".into(),
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|error| error.to_string())
}

fn pixels(tree: &usvg::Tree, dpi: f64) -> Result<Pixmap, String> {
    let scale = dpi / SVG_DPI;
    let side = |length: f32| (f64::from(length) * scale).round().max(1.0);
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let too_large = || {
        format!(
            "{width} × {height} pixels are too many: take a smaller size or fewer dots per inch"
        )
    };
    // Before the memory is asked for.
    if width * height > MOST_PIXELS {
        return Err(too_large());
    }
    let mut pixels = Pixmap::new(width as u32, height as u32).ok_or_else(too_large)?;
    let scale = Transform::from_scale(scale as f32, scale as f32);
    resvg::render(tree, scale, &mut pixels.as_mut());
    Ok(pixels)
}

/// A PNG with `dpi` dots per inch, which it states, so that text processors give it the size of the SVG.
///
/// # Errors
/// If the picture has too many pixels.
pub fn png(svg: &str, dpi: f64) -> Result<Vec<u8>, String> {
    let bytes = pixels(&read(svg)?, dpi)?.encode_png();
    Ok(with_density(
        &bytes.map_err(|error| error.to_string())?,
        dpi,
    ))
}

/// A PDF of the same size, with its text as text.
///
/// # Errors
/// If the font cannot be embedded.
pub fn pdf(svg: &str) -> Result<Vec<u8>, String> {
    let page = svg2pdf::PageOptions {
        dpi: SVG_DPI as f32,
    };
    let options = svg2pdf::ConversionOptions::default();
    svg2pdf::to_pdf(&read(svg)?, options, page).map_err(|error| error.to_string())
}

/// Sixels, as some terminals draw them, with `dpi` dots per inch.
///
/// # Errors
/// If the picture has too many pixels.
pub fn sixel(svg: &str, dpi: f64) -> Result<String, String> {
    let pixels = pixels(&read(svg)?, dpi)?;
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    // The paper is opaque, so colours are not multiplied by anything.
    sixel_encode(pixels.data(), width, height, &EncodeOptions::default())
        .map_err(|error| error.to_string())
}

/// Length of a PNG's signature and its first chunk, IHDR.
const PNG_HEAD: usize = 33;

/// A PNG with a pHYs chunk: dots per metre.
fn with_density(png: &[u8], dpi: f64) -> Vec<u8> {
    let dots = ((dpi / 0.0254).round() as u32).to_be_bytes();
    let mut chunk = b"pHYs".to_vec();
    chunk.extend([dots, dots].concat());
    chunk.push(1);
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    // Right behind the header, where PNG wants it.
    let (head, rest) = png.split_at(PNG_HEAD.min(png.len()));
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    [head, &length, &chunk, &crc.sum().to_be_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Anchor, Style, Svg};

    fn svg(text: &str) -> String {
        let mut svg = Svg::new((240.0, 96.0), Style::Paper, "title", "description");
        svg.text((20.0, 50.0), Anchor::Start, 14.0, text);
        svg.finish()
    }

    fn dark_pixels(text: &str) -> usize {
        let pixels = pixels(&read(&svg(text)).unwrap(), 4.0 * SVG_DPI).unwrap();
        pixels.pixels().iter().filter(|p| p.red() < 128).count()
    }

    #[test]
    fn text_is_drawn_without_any_font_of_the_machine() {
        assert_eq!(dark_pixels(""), 0);
        // Signs of figures, each of which has a glyph of its own and not the box of those that are missing.
        let missing = dark_pixels("\u{e000}");
        for sign in ["µ", "⁻", "²", "−", "▲", "×", "·", "Ω"] {
            let drawn = dark_pixels(sign);
            assert!(drawn > 0 && drawn != missing, "{sign}: {drawn}");
        }
        assert!(dark_pixels("weight_pyr (µS)") > 100);
    }

    #[test]
    fn a_png_has_the_size_and_density_that_were_asked_for() {
        let png = png(&svg("10⁻³"), 192.0).unwrap();
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!(&png[..4], b"\x89PNG");
        assert_eq!((number(16), number(20)), (480, 192));
        assert_eq!(&png[PNG_HEAD + 4..PNG_HEAD + 8], b"pHYs");
        assert_eq!(number(PNG_HEAD + 8), 7559);
        // tiny-skia reads it back, so every chunk's checksum is right.
        assert_eq!(Pixmap::decode_png(&png).unwrap().width(), 480);
    }

    #[test]
    fn a_pdf_is_as_large_as_the_svg_and_carries_its_font() {
        let pdf = pdf(&svg("weight")).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        // 240 × 96 pixels are 180 × 72 points.
        assert!(
            text.starts_with("%PDF-") && text.contains("[0 0 180 72]"),
            "{text}"
        );
        assert!(text.contains("DejaVuSans"), "{text}");
    }

    #[test]
    fn a_picture_that_no_machine_can_hold_is_refused() {
        let error = png(&svg(""), 1e6).unwrap_err();
        assert!(error.contains("too many"), "{error}");
    }

    #[test]
    fn sixels_begin_and_end_as_terminals_expect() {
        let sixels = sixel(&svg("sixel"), SVG_DPI).unwrap();
        assert!(sixels.starts_with("\x1bP") && sixels.ends_with("\x1b\\"));
    }
}
