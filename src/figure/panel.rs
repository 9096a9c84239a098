//! A rectangle with axes.

use super::{Anchor, ColourMap, Scale, Svg};

/// Size of labels at ticks.
const SMALL: f64 = 11.0;
/// Size of an axis's name.
const MEDIUM: f64 = 12.0;

/// A rectangle of a picture with a scale along each side.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Left side.
    pub left: f64,
    /// Upper side.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Scale across.
    pub x: Scale,
    /// Scale up.
    pub y: Scale,
}

impl Panel {
    /// Place of a value across.
    pub fn x(&self, value: f64) -> f64 {
        self.left + self.x.unit(value) * self.width
    }

    /// Place of a value up.
    pub fn y(&self, value: f64) -> f64 {
        self.top + (1.0 - self.y.unit(value)) * self.height
    }

    /// Right side.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Lower side.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Places of values at x and y.
    pub fn places(&self, x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
        x.iter()
            .zip(y)
            .map(|(x, y)| (self.x(*x), self.y(*y)))
            .collect()
    }

    /// Draws the lower axis; without labels if it has no name.
    pub fn x_axis(&self, svg: &mut Svg, name: &str) {
        // A label has about 50 pixels of room.
        let n = (self.width / 50.0).clamp(2.0, 10.0) as usize;
        let ticks = self
            .x
            .labelled(n)
            .into_iter()
            .map(|(tick, label)| (self.x.unit(tick), label));
        self.x_axis_at(svg, name, &ticks.collect::<Vec<_>>());
    }

    /// Draws the lower axis with labels at shares of its length.
    pub fn x_axis_at(&self, svg: &mut Svg, name: &str, ticks: &[(f64, String)]) {
        let y = self.bottom();
        svg.ink_line(&[(self.left, y), (self.right(), y)], "ink", 1.0);
        for (unit, label) in ticks {
            let x = self.left + unit * self.width;
            svg.ink_line(&[(x, y), (x, y + 4.0)], "ink", 1.0);
            if !name.is_empty() {
                svg.text((x, y + 17.0), Anchor::Middle, SMALL, label);
            }
        }
        svg.text(
            (self.left + self.width / 2.0, y + 36.0),
            Anchor::Middle,
            MEDIUM,
            name,
        );
    }

    /// Draws the left axis.
    pub fn y_axis(&self, svg: &mut Svg, name: &str) {
        let n = (self.height / 50.0).clamp(2.0, 10.0) as usize;
        let ticks = self
            .y
            .labelled(n)
            .into_iter()
            .map(|(tick, label)| (self.y.unit(tick), label));
        self.y_axis_at(svg, name, &ticks.collect::<Vec<_>>());
    }

    /// Draws the left axis with labels at shares of its length.
    pub fn y_axis_at(&self, svg: &mut Svg, name: &str, ticks: &[(f64, String)]) {
        let x = self.left;
        svg.ink_line(&[(x, self.top), (x, self.bottom())], "ink", 1.0);
        let mut widest = 0;
        for (unit, label) in ticks {
            let y = self.bottom() - unit * self.height;
            svg.ink_line(&[(x - 4.0, y), (x, y)], "ink", 1.0);
            svg.text((x - 7.0, y + 4.0), Anchor::End, SMALL, label);
            widest = widest.max(label.chars().count());
        }
        // 6.6 pixels are the mean width of a digit at this size; no font is at hand to measure.
        let x = (x - 20.0 - 6.6 * widest as f64).max(10.0);
        svg.upright((x, self.top + self.height / 2.0), MEDIUM, name);
    }
}

/// A bar that says which colour is which value.
#[derive(Clone, Copy, Debug)]
pub struct ColourBar {
    /// Values.
    pub scale: Scale,
    /// Colours.
    pub map: ColourMap,
    /// Whether colours run the other way: the least is brightest.
    pub reversed: bool,
}

impl ColourBar {
    /// Colour of a value.
    pub fn at(&self, value: f64) -> super::Colour {
        let unit = self.scale.unit(value);
        self.map.at(if self.reversed { 1.0 - unit } else { unit })
    }

    /// Draws it at the right of a panel.
    pub fn draw(&self, svg: &mut Svg, beside: &Panel, name: &str, ticks: Option<&[(f64, String)]>) {
        const STEPS: usize = 64;
        let (left, width) = (beside.right() + 16.0, 12.0);
        let step = beside.height / STEPS as f64;
        for i in 0..STEPS {
            let unit = (i as f64 + 0.5) / STEPS as f64;
            let colour = self.map.at(if self.reversed { 1.0 - unit } else { unit });
            // A little higher than a step, so that no seam is seen.
            let top = beside.bottom() - (i + 1) as f64 * step;
            let more = if i == 0 { 0.0 } else { 0.6 };
            svg.rect((left, top), (width, step + more), colour);
        }
        let n = (beside.height / 50.0).clamp(2.0, 10.0) as usize;
        let own = || {
            self.scale
                .labelled(n)
                .into_iter()
                .map(|(t, label)| (self.scale.unit(t), label))
                .collect()
        };
        let ticks: Vec<(f64, String)> = ticks.map_or_else(own, <[_]>::to_vec);
        let mut widest = 0;
        for (unit, label) in &ticks {
            let y = beside.bottom() - unit * beside.height;
            svg.ink_line(&[(left + width, y), (left + width + 4.0, y)], "ink", 1.0);
            svg.text((left + width + 7.0, y + 4.0), Anchor::Start, SMALL, label);
            widest = widest.max(label.chars().count());
        }
        let x = (left + width + 22.0 + 6.6 * widest as f64).min(svg.width() - 6.0);
        svg.upright((x, beside.top + beside.height / 2.0), MEDIUM, name);
    }
}
