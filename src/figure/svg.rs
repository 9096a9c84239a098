//! SVG text. Whatever comes from outside passes through [`escape`].

use super::Colour;
use std::fmt::Write;

/// Fonts that are there on most machines; the first is the one that PNG and PDF carry.
const FONTS: &str = "DejaVu Sans, Helvetica, Arial, sans-serif";

/// What a figure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// Black on white.
    #[default]
    Paper,
    /// As the reader's screen is, light or dark.
    Screen,
}

/// Where text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// Ends there.
    End,
}

/// A picture that is being drawn. Lengths are pixels, 96 to an inch.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    title: String,
    description: String,
    style: Style,
    body: String,
}

impl Svg {
    /// An empty picture with the words that are read to those who do not see it.
    pub fn new((width, height): (f64, f64), style: Style, title: &str, description: &str) -> Self {
        Self {
            width,
            height,
            title: escape(title),
            description: escape(description),
            style,
            body: String::new(),
        }
    }

    /// Width.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Height.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// A line of ink through points.
    pub fn ink_line(&mut self, points: &[(f64, f64)], class: &str, width: f64) {
        let stroke = match class {
            "grid" => "#e3e5e7",
            "dim" => "#5d6268",
            _ => "#1a1c1e",
        };
        let path = path(points);
        self.element(format_args!(
            r#"<path class="{class}-line" d="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"/>"#
        ));
    }

    /// A coloured line through points.
    pub fn line(&mut self, points: &[(f64, f64)], colour: Colour, width: f64, opacity: f64) {
        let (path, colour) = (path(points), colour.hex());
        self.element(format_args!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{}" stroke-linejoin="round"/>"#,
            number(opacity)
        ));
    }

    /// A dashed line of ink.
    pub fn dashed(&mut self, points: &[(f64, f64)], width: f64) {
        let path = path(points);
        self.element(format_args!(
            r##"<path class="ink-line" d="{path}" fill="none" stroke="#1a1c1e" stroke-width="{width}" stroke-dasharray="5 3"/>"##
        ));
    }

    /// A filled rectangle.
    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), colour: Colour) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.element(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{}" shape-rendering="crispEdges"/>"#,
            colour.hex()
        ));
    }

    /// A dot.
    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, colour: Colour) {
        let [x, y] = [x, y].map(number);
        self.element(format_args!(
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{}"/>"#,
            colour.hex()
        ));
    }

    /// Many small upright marks of one colour.
    pub fn marks(&mut self, places: &[(f64, f64)], height: f64, colour: Colour) {
        let mut path = String::new();
        // One path for all: viewers are slow with tens of thousands of elements.
        for (x, y) in places {
            let _ = write!(path, "M{} {}v{}", number(*x), number(*y), number(height));
        }
        self.element(format_args!(
            r#"<path d="{path}" stroke="{}" stroke-width="1"/>"#,
            colour.hex()
        ));
    }

    /// Text of ink.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, text: &str) {
        self.words(
            (x, y),
            anchor,
            size,
            text,
            "",
            r##"class="ink" fill="#1a1c1e""##,
        );
    }

    /// Text of a colour.
    pub fn coloured(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        size: f64,
        text: &str,
        colour: Colour,
    ) {
        let fill = format!(r#"fill="{}""#, colour.hex());
        self.words((x, y), anchor, size, text, "", &fill);
    }

    /// Text of ink in front of other things, with a rim of the paper's colour.
    pub fn halo(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, text: &str) {
        self.words(
            (x, y),
            anchor,
            size,
            text,
            "",
            // The rim by itself and first, as its stroke would eat into the letters.
            r##"class="rim" fill="#ffffff" stroke="#ffffff" stroke-width="3""##,
        );
        self.text((x, y), anchor, size, text);
    }

    /// Text of ink that is read from below to above; its middle is at the place.
    pub fn upright(&mut self, (x, y): (f64, f64), size: f64, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {} {})""#, number(x), number(y));
        self.words(
            (x, y),
            Anchor::Middle,
            size,
            text,
            &turn,
            r##"class="ink" fill="#1a1c1e""##,
        );
    }

    fn words(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        size: f64,
        text: &str,
        turn: &str,
        fill: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let [x, y] = [x, y].map(number);
        let text = escape(text);
        self.element(format_args!(
            r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{turn} {fill}>{text}</text>"#
        ));
    }

    fn element(&mut self, element: std::fmt::Arguments) {
        let _ = writeln!(self.body, "{element}");
    }

    /// The file.
    pub fn finish(self) -> String {
        let Self {
            width,
            height,
            title,
            description,
            style,
            body,
        } = self;
        let dark = match style {
            Style::Paper => "",
            Style::Screen => {
                "<style>@media (prefers-color-scheme:dark){.paper{fill:#15171a}.rim{fill:#15171a;stroke:#15171a}.ink{fill:#e6e8ea}.ink-line{stroke:#e6e8ea}\
                 .dim-line{stroke:#9aa1a9}.grid-line{stroke:#2f343a}}</style>\n"
            }
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-labelledby=\"title description\" font-family=\"{FONTS}\">\n\
             <title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n{dark}\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

/// Text for XML and HTML, as content or within quotes. Characters that XML does not have become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut pen_is_down = false;
    for (x, y) in points {
        if !(x.is_finite() && y.is_finite()) {
            pen_is_down = false;
            continue;
        }
        let command = if pen_is_down { 'L' } else { 'M' };
        // A tenth of a pixel is a thousandth of an inch; files of many lines are a third smaller.
        let tenth = |value: f64| number((value * 10.0).round() / 10.0);
        let _ = write!(path, "{command}{} {}", tenth(*x), tenth(*y));
        pen_is_down = true;
    }
    path
}

/// A hundredth of a pixel is enough.
fn number(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_and_nothing_else() {
        let mut svg = Svg::new((10.0, 10.0), Style::Paper, "</title><script>", "\"'&\u{1}");
        svg.text(
            (0.0, 0.0),
            Anchor::Start,
            10.0,
            "<img src=x onerror=alert(1)>",
        );
        let text = svg.finish();
        assert!(
            !text.contains("<script") && !text.contains("<img"),
            "{text}"
        );
        assert!(text.contains("&quot;&#39;&amp;\u{fffd}"), "{text}");
    }

    #[test]
    fn a_line_is_interrupted_where_there_is_no_number() {
        assert_eq!(
            path(&[(0.0, 1.0), (1.0, 2.004), (2.0, f64::NAN), (3.0, 1.5)]),
            "M0 1L1 2M3 1.5"
        );
    }
}
