//! Tasks are cut into shards of equal cost.

/// Shard of each task, counted from 0 without gaps. `points` are the tasks' points, in order; trials of a
/// point, and at least `gang` tasks that are best simulated side by side, stay together.
pub fn split(points: &[usize], costs: &[f64], gang: usize, n: u32) -> Vec<u32> {
    let total: f64 = costs.iter().sum();
    let mut shards = Vec::with_capacity(points.len());
    let (mut before, mut last, mut next) = (0.0, None, 0);
    let mut begin = 0;
    while begin < points.len() {
        let mut end = begin + 1;
        while end < points.len() && (points[end] == points[end - 1] || end - begin < gang) {
            end += 1;
        }
        let cost: f64 = costs[begin..end].iter().sum();
        let middle = (before + cost / 2.0) / total.max(f64::MIN_POSITIVE);
        let place = ((middle * f64::from(n)) as u32).min(n.saturating_sub(1));
        if last.is_some_and(|last| last != place) {
            next += 1;
        }
        last = Some(place);
        shards.extend(std::iter::repeat_n(next, end - begin));
        before += cost;
        begin = end;
    }
    shards
}

#[cfg(test)]
mod tests {
    use super::split;

    fn sizes(shards: &[u32]) -> Vec<usize> {
        let chunks = shards.chunk_by(|a, b| a == b);
        chunks.map(<[u32]>::len).collect()
    }

    #[test]
    fn shards_cost_the_same_and_trials_stay_together() {
        let points: Vec<usize> = (0..12).map(|task| task / 3).collect();
        assert_eq!(sizes(&split(&points, &[1.0; 12], 1, 2)), [6, 6]);
        assert_eq!(sizes(&split(&points, &[1.0; 12], 1, 3)), [3, 6, 3]);
        assert_eq!(sizes(&split(&points, &[1.0; 12], 4, 4)), [6, 6]);
        // More shards than points: one each.
        let shards = split(&points, &[1.0; 12], 1, 100);
        assert_eq!(shards, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        let apart: Vec<usize> = (0..8).collect();
        let costs = [7.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(sizes(&split(&apart, &costs, 1, 2)), [1, 7]);
        assert_eq!(sizes(&split(&apart, &[0.0; 8], 1, 2)), [8]);
        assert!(split(&[], &[], 1, 5).is_empty());
    }
}
