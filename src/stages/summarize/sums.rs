//! Sums and means in NumPy's order, and rates of samples.

/// `numpy.mean`, with its pairwise summation.
pub fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len() as f64
}

/// NumPy's order of summation: eight partial sums in blocks of at most 128, halves above.
///
/// ```
/// use hnn_sweep::stages::summarize::pairwise_sum;
///
/// // np.full(1000, 0.1).sum(); one sum after the other would give 99.9999999999986.
/// assert_eq!(pairwise_sum(&[0.1; 1000]), 100.00000000000001);
/// ```
pub fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    // -0.0 is the neutral element: 0.0 would turn a sum of -0.0 around.
    if n < 8 {
        return values.iter().fold(-0.0, |sum, v| sum + v);
    }
    if n > 128 {
        let half = n / 2;
        // At a multiple of eight, as NumPy cuts.
        let (a, b) = values.split_at(half - half % 8);
        return pairwise_sum(a) + pairwise_sum(b);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut r = [-0.0_f64; 8];
    for block in blocks {
        r.iter_mut().zip(block).for_each(|(r, v)| *r += v);
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, v| sum + v)
}

/// hnn-core's `sfreq` (Hz): from the first two sample times.
pub fn sfreq(times: &[f64]) -> Option<f64> {
    match times {
        [first, second, ..] if second > first => Some(1000.0 / (second - first)),
        _ => None,
    }
}
