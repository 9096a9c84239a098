//! Lines with no more points than the eye can tell.

/// The points of a line without those that are nearer than `tolerance` to what remains (Douglas and Peucker's method).
pub fn simplify(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let Some(last) = points.len().checked_sub(1).filter(|n| *n > 1) else {
        return points.to_vec();
    };
    let mut keep = vec![false; points.len()];
    (keep[0], keep[last]) = (true, true);
    // A stack instead of recursion: a waveform has ten thousand samples.
    let mut spans = vec![(0, last)];
    // Douglas and Peucker: the farthest point stays, and both sides are looked at.
    while let Some((from, to)) = spans.pop() {
        let far = (from + 1..to).map(|i| (i, distance(points[i], points[from], points[to])));
        let farthest = far.fold(
            (from, tolerance),
            |best, next| if next.1 > best.1 { next } else { best },
        );
        if farthest.0 != from {
            keep[farthest.0] = true;
            spans.extend([(from, farthest.0), (farthest.0, to)]);
        }
    }
    points
        .iter()
        .zip(keep)
        .filter_map(|(point, keep)| keep.then_some(*point))
        .collect()
}

/// Distance of a point from the line through two others.
fn distance(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = (dx * dx + dy * dy).sqrt();
    if length == 0.0 {
        // Both ends at one place: the distance to it.
        return ((p.0 - a.0) * (p.0 - a.0) + (p.1 - a.1) * (p.1 - a.1)).sqrt();
    }
    ((p.0 - a.0) * dy - (p.1 - a.1) * dx).abs() / length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_its_ends_and_a_peak_stays() {
        let straight: Vec<(f64, f64)> = (0..100)
            .map(|i| (f64::from(i), 2.0 * f64::from(i)))
            .collect();
        assert_eq!(simplify(&straight, 0.1), [(0.0, 0.0), (99.0, 198.0)]);
        let mut peak = straight;
        peak[40].1 += 1.0;
        assert!(simplify(&peak, 0.1).contains(&peak[40]));
        assert_eq!(simplify(&[(1.0, 1.0)], 0.1), [(1.0, 1.0)]);
    }
}
