//! Colours, and maps from numbers to them. The maps are perceptually uniform and read by people with any common
//! colour blindness.

/// A colour, red, green and blue from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    const fn of(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Colour(r, g, b)
    }

    /// As `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// From numbers between 0 and 1 to colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// Viridis: dark violet to yellow, for what grows from least to most.
    Viridis,
    /// Viridis without its brightest tenth, for thin lines on white.
    Lines,
    /// Blue, white, red: for what has a sign, with 0 at 0.5.
    Diverging,
}

/// Viridis at 33 equal steps; between them, lines are within 3/255 of the original.
const VIRIDIS: [u32; 33] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b,
    0x375b8d, 0x33638d, 0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f988b,
    0x1fa088, 0x22a785, 0x28ae80, 0x32b67a, 0x3fbc73, 0x4ec36b, 0x5ec962, 0x70cf57, 0x84d44b,
    0x98d83e, 0xaddc30, 0xc2df23, 0xd8e219, 0xece51b, 0xfde725,
];

/// ColorBrewer's RdBu, reversed, at 33 equal steps.
const DIVERGING: [u32; 33] = [
    0x053061, 0x0e4179, 0x175290, 0x1f63a8, 0x2a71b2, 0x3480b9, 0x3f8ec0, 0x529dc8, 0x6bacd1,
    0x84bcd9, 0x9bc9e0, 0xaed3e6, 0xc2ddec, 0xd4e6f1, 0xe0ecf3, 0xecf2f5, 0xf7f6f6, 0xf9eee7,
    0xfbe5d8, 0xfddcc9, 0xfbccb4, 0xf8bb9e, 0xf5aa89, 0xee9677, 0xe48066, 0xdb6b55, 0xd05548,
    0xc53e3d, 0xba2832, 0xab162a, 0x930e26, 0x7c0722, 0x67001f,
];

/// Share of viridis that thin lines use.
const OF_LINES: f64 = 0.9;

impl ColourMap {
    /// Colours at equal steps from 0 to 1.
    pub fn anchors(self) -> [Colour; 33] {
        match self {
            ColourMap::Viridis | ColourMap::Lines => VIRIDIS.map(Colour::of),
            ColourMap::Diverging => DIVERGING.map(Colour::of),
        }
    }

    /// Colour of a number, which is brought between 0 and 1; grey if it is none.
    pub fn at(self, t: f64) -> Colour {
        if t.is_nan() {
            return Colour(0xbb, 0xbb, 0xbb);
        }
        let t = t.clamp(0.0, 1.0)
            // The brightest yellow is not seen on white paper.
            * if self == ColourMap::Lines {
                OF_LINES
            } else {
                1.0
            };
        let anchors = self.anchors();
        let place = t * (anchors.len() - 1) as f64;
        let below = (place.floor() as usize).min(anchors.len() - 2);
        let (a, b) = (anchors[below], anchors[below + 1]);
        let part = place - below as f64;
        let mix =
            |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
        Colour(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB.
    fn luminance(colour: Colour) -> f64 {
        let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
        0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
    }

    #[test]
    fn viridis_grows_brighter_all_the_way() {
        let steps = (0..=100).map(|i| luminance(ColourMap::Viridis.at(f64::from(i) / 100.0)));
        let steps: Vec<f64> = steps.collect();
        assert!(steps.windows(2).all(|w| w[0] < w[1]), "{steps:?}");
    }

    #[test]
    fn the_diverging_map_is_brightest_in_its_middle() {
        let at = |t| luminance(ColourMap::Diverging.at(t));
        assert!(at(0.5) > at(0.45) && at(0.5) > at(0.55));
        assert!((at(0.2) - at(0.8)).abs() < 0.12);
    }

    #[test]
    fn ends_are_those_of_the_map_and_no_number_is_grey() {
        assert_eq!(ColourMap::Viridis.at(-1.0).hex(), "#440154");
        assert_eq!(ColourMap::Viridis.at(7.0).hex(), "#fde725");
        assert_eq!(ColourMap::Viridis.at(f64::NAN).hex(), "#bbbbbb");
        assert_eq!(ColourMap::Lines.at(1.0), ColourMap::Viridis.at(OF_LINES));
    }
}
