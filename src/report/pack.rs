//! Numbers as text that a page carries: differences, bytes of equal weight together, gzip, base64.

use crate::stages::RunError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Values whose bytes are kept together; as in `data.js`. No more than these are in memory uncompressed.
const BLOCK: usize = 65_536;

/// Numbers of `WIDTH` bytes that are being packed.
pub struct Packer<const WIDTH: usize> {
    block: Vec<[u8; WIDTH]>,
    encoder: GzEncoder<Vec<u8>>,
}

impl<const WIDTH: usize> Packer<WIDTH> {
    pub fn new() -> Self {
        Self {
            block: Vec::new(),
            encoder: GzEncoder::new(Vec::new(), Compression::new(6)),
        }
    }

    pub fn push(&mut self, bytes: [u8; WIDTH]) -> Result<(), RunError> {
        self.block.push(bytes);
        if self.block.len() == BLOCK {
            self.end_block()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), RunError> {
        // All first bytes, then all second ones: those of high weight are nearly constant, which
        // gzip finds only side by side.
        let shuffled: Vec<u8> = (0..WIDTH)
            .flat_map(|place| {
                self.block
                    .iter()
                    .filter_map(move |bytes| bytes.get(place).copied())
            })
            .collect();
        self.block.clear();
        self.encoder.write_all(&shuffled).map_err(in_memory)
    }

    /// The text.
    pub fn finish(mut self) -> Result<String, RunError> {
        self.end_block()?;
        let bytes = self.encoder.finish().map_err(in_memory)?;
        Ok(STANDARD.encode(bytes))
    }
}

/// Packs numbers that are all there.
pub fn pack<const WIDTH: usize>(
    numbers: impl IntoIterator<Item = [u8; WIDTH]>,
) -> Result<String, RunError> {
    let mut packer = Packer::new();
    for bytes in numbers {
        packer.push(bytes)?;
    }
    packer.finish()
}

fn in_memory(error: std::io::Error) -> RunError {
    RunError::Input {
        what: format!("cannot pack the report's data: {error}"),
        help: "give fewer data with --max-size".into(),
    }
}

/// Differences of a series that is rounded to steps of `scale`.
pub fn deltas(values: &[f64], scale: f64) -> impl Iterator<Item = [u8; 2]> {
    let mut last = 0_i16;
    values.iter().map(move |value| {
        // Rounded before the differences are taken: errors would add up the other way round.
        let now = (value / scale).round().clamp(-32767.0, 32767.0) as i16;
        // May wrap; the page's `Int16Array` wraps back.
        let delta = now.wrapping_sub(last);
        last = now;
        delta.to_le_bytes()
    })
}

/// The size of a step with which 16 bits hold all values.
pub fn scale_of<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let peak = values
        .into_iter()
        .fold(0.0, |peak: f64, v| peak.max(v.abs()));
    // As the page has it, in 32 bits, and never too small to divide by.
    f64::from((peak / 32767.0).max(1e-30) as f32 * (1.0 + f32::EPSILON))
}

/// Means over windows of `every` samples; the last may be of fewer.
pub fn means(values: &[f64], every: usize) -> Vec<f64> {
    values
        .chunks(every.max(1))
        .map(|window| window.iter().sum::<f64>() / window.len() as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn unpack<const WIDTH: usize>(text: &str) -> Vec<[u8; WIDTH]> {
        let bytes = STANDARD.decode(text).unwrap();
        let mut raw = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut raw)
            .unwrap();
        let mut numbers = Vec::new();
        for block in raw.chunks(BLOCK * WIDTH) {
            let n = block.len() / WIDTH;
            numbers.extend((0..n).map(|i| std::array::from_fn(|place| block[place * n + i])));
        }
        numbers
    }

    #[test]
    fn numbers_come_back_from_several_blocks() {
        let numbers: Vec<[u8; 4]> = (0..150_000_u32)
            .map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        assert_eq!(unpack::<4>(&pack(numbers.clone()).unwrap()), numbers);
        assert_eq!(unpack::<8>(&pack::<8>([]).unwrap()), Vec::<[u8; 8]>::new());
    }

    #[test]
    fn a_waveform_comes_back_within_half_a_step() {
        let wave: Vec<f64> = (0..500)
            .map(|k| (f64::from(k) / 20.0).sin() * 0.0123)
            .collect();
        let scale = scale_of(&wave);
        let mut sum = 0_i16;
        for (delta, value) in deltas(&wave, scale).zip(&wave) {
            sum = sum.wrapping_add(i16::from_le_bytes(delta));
            assert!((f64::from(sum) * scale - value).abs() <= 0.501 * scale);
        }
        assert!(scale_of(&[0.0]) > 0.0);
    }

    #[test]
    fn means_are_of_whole_windows_but_for_the_last() {
        assert_eq!(means(&[1.0, 3.0, 5.0, 7.0, 9.0], 2), [2.0, 6.0, 9.0]);
    }
}
