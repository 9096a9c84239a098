//! The sequence of I. M. Sobol with the direction numbers of S. Joe and F. Y. Kuo,
//! SIAM J Sci Comput 30:2635 (2008).

/// Most dimensions.
pub(super) const MAX_DIMENSIONS: usize = DIMENSIONS.len();

/// Primitive polynomial (as bits) and first direction numbers of each dimension.
#[rustfmt::skip]
const DIMENSIONS: [(u32, &[u32]); 40] = [
    (1, &[1]),
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
];

/// Direction numbers of a dimension, aligned to the highest bit; `None` beyond the last dimension.
pub(super) fn directions(dimension: usize) -> Option<[u32; 32]> {
    let (polynomial, first) = *DIMENSIONS.get(dimension)?;
    let mut numbers = [0_u32; 32];
    if dimension == 0 {
        // The van der Corput sequence.
        for (bit, number) in numbers.iter_mut().enumerate() {
            *number = 1 << (31 - bit);
        }
        return Some(numbers);
    }
    let degree = first.len();
    // Sobol's recurrence: the polynomial's coefficients say which earlier numbers are combined.
    for bit in 0..32 {
        let number = match first.get(bit) {
            Some(&given) => given << (31 - bit),
            None => {
                let back = |by: usize| bit.checked_sub(by).map_or(0, |at| numbers[at]);
                let oldest = back(degree);
                (1..degree)
                    .filter(|by| polynomial >> (degree - by) & 1 == 1)
                    .fold(oldest ^ (oldest >> degree), |sum, by| sum ^ back(by))
            }
        };
        numbers[bit] = number;
    }
    Some(numbers)
}

/// The point at an index of the sequence in one dimension, as a fraction of 2^32; in Gray code order.
pub(super) fn point(directions: &[u32; 32], index: u32) -> u32 {
    let gray = index ^ (index >> 1);
    directions
        .iter()
        .enumerate()
        .filter(|(bit, _)| gray >> bit & 1 == 1)
        .fold(0, |sum, (_, number)| sum ^ number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_equal_scipys_unscrambled_sequence() {
        // scipy.stats.qmc.Sobol(40, scramble=False, bits=32).random(1024)[index, dimension] * 2**32
        for (index, dimension, wanted) in [
            (1, 39, 2147483648),
            (5, 3, 1610612736),
            (100, 20, 3254779904),
            (777, 39, 1539309568),
            (1023, 7, 2654994432),
        ] {
            let directions = directions(dimension).unwrap();
            assert_eq!(point(&directions, index), wanted, "{index} {dimension}");
        }
    }

    #[test]
    fn every_dimension_fills_all_intervals_once() {
        for dimension in 0..MAX_DIMENSIONS {
            let directions = directions(dimension).unwrap();
            let mut seen = [false; 256];
            for index in 0..256 {
                seen[(point(&directions, index) >> 24) as usize] = true;
            }
            assert!(seen.iter().all(|s| *s), "{dimension}");
        }
        assert_eq!(directions(MAX_DIMENSIONS), None);
    }
}
