//! NumPy's random streams, bit for bit.
//!
//! hnn-core draws event times from `np.random.RandomState(seed)` and prunes connections with
//! `np.random.default_rng(seed).choice(..., replace=False)`. Both generators are reproduced here, with the
//! conversions that NumPy's legacy code keeps frozen: 53-bit doubles, polar normals that come in pairs, `-ln(1 - u)`.

use super::NetworkError;
use rand_pcg::Lcg128Xsl64;
use rand_pcg::rand_core::Rng;

const N: usize = 624;
const M: usize = 397;

/// `np.random.RandomState(seed)`: MT19937 and the legacy distributions.
///
/// The state is seeded and twisted word by word as draws ask for it: a drive cell draws two to a few hundred words,
/// not the 624 of a whole block.
///
/// ```
/// use hnn_sweep::network::random::RandomState;
///
/// // np.random.RandomState(0).random_sample(), np.random.RandomState(2).normal(26.61, 2.47)
/// assert_eq!(RandomState::new(0)?.random_double(), 0.5488135039273248);
/// assert_eq!(RandomState::new(2)?.normal(26.61, 2.47), 25.580608116908486);
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone)]
pub struct RandomState {
    state: [u32; N],
    /// Words of the state that the seeding has filled.
    seeded: usize,
    /// The next word to twist.
    next: usize,
    /// The second normal of a pair.
    spare_normal: Option<f64>,
}

impl RandomState {
    /// The stream of a seed.
    ///
    /// # Errors
    /// NumPy accepts 0 to 2**32 - 1 only.
    pub fn new(seed: u64) -> Result<Self, NetworkError> {
        let seed32 = u32::try_from(seed).map_err(|_| {
            NetworkError::argument(
                "event_seed",
                seed,
                "event_seed + trial * (number of gids) + (index of the drive cell) must be between 0 and 4294967295",
            )
        })?;
        let mut state = [0; N];
        state[0] = seed32;
        Ok(Self {
            state,
            seeded: 1,
            next: 0,
            spare_normal: None,
        })
    }

    fn seed_up_to(&mut self, n: usize) {
        while self.seeded < n {
            let i = self.seeded;
            let previous = self.state[i - 1];
            self.state[i] = (previous ^ (previous >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
            self.seeded += 1;
        }
    }

    /// The next 32 bits of MT19937.
    pub fn next_u32(&mut self) -> u32 {
        let i = self.next;
        // Word i is made from itself, the next, and the one M further: those must be seeded.
        self.seed_up_to((i + M + 1).min(N));
        let (successor, partner) = ((i + 1) % N, (i + M) % N);
        let y = (self.state[i] & 0x8000_0000) | (self.state[successor] & 0x7fff_ffff);
        let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
        self.state[i] = self.state[partner] ^ (y >> 1) ^ twist;
        self.next = successor;

        // Tempering.
        let mut y = self.state[i];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Uniform in [0, 1) with 53 bits.
    pub fn random_double(&mut self) -> f64 {
        // 27 bits above 26: the double that legacy NumPy makes of two words.
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// Standard normal by Marsaglia's polar method; every second call returns the other half of a pair.
    pub fn gauss(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        loop {
            let x1 = 2.0 * self.random_double() - 1.0;
            let x2 = 2.0 * self.random_double() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                // The legacy order: the second of the pair is returned first.
                self.spare_normal = Some(f * x1);
                return f * x2;
            }
        }
    }

    /// Normal with mean `loc` and standard deviation `scale`.
    pub fn normal(&mut self, loc: f64, scale: f64) -> f64 {
        loc + scale * self.gauss()
    }

    /// Exponential with mean `scale`.
    pub fn exponential(&mut self, scale: f64) -> f64 {
        // The argument is in (0, 1], so the logarithm is finite.
        scale * -(1.0 - self.random_double()).ln()
    }
}

/// `np.random.default_rng(seed)`: `SeedSequence` and PCG64, of which hnn-core uses `choice` without replacement.
///
/// ```
/// use hnn_sweep::network::random::DefaultRng;
///
/// // sorted(np.random.default_rng(3).choice(range(10), 4, replace=False))
/// let chosen = DefaultRng::new(3).choose(10, 4);
/// let chosen: Vec<usize> = (0..10).filter(|k| chosen[*k]).collect();
/// assert_eq!(chosen, [0, 1, 2, 5]);
/// ```
pub struct DefaultRng {
    pcg: Lcg128Xsl64,
    /// The upper half of a 64-bit draw that a 32-bit draw left over.
    spare_u32: Option<u32>,
}

impl DefaultRng {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        let [s0, s1, i0, i1] = seed_sequence(seed);
        let join = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        Self {
            pcg: Lcg128Xsl64::new(join(s0, s1), join(i0, i1)),
            spare_u32: None,
        }
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(high) = self.spare_u32.take() {
            return high;
        }
        let draw = self.pcg.next_u64();
        self.spare_u32 = Some((draw >> 32) as u32);
        draw as u32
    }

    /// Uniform in 0..=`max` by Lemire's method, as NumPy draws bounded integers that fit into 32 bits.
    fn bounded(&mut self, max: u32) -> u32 {
        if max == 0 {
            return 0; // NumPy draws nothing here
        }
        if max == u32::MAX {
            return self.next_u32();
        }
        let n = max + 1;
        let mut product = u64::from(self.next_u32()) * u64::from(n);
        // Rejects the few draws that would make some numbers likelier.
        if (product as u32) < n {
            let threshold = (u32::MAX - max) % n;
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    /// Which of `0..population` the call `choice(range(population), n, replace=False)` picks: one flag for each.
    ///
    /// `n` is at most `population`.
    pub fn choose(&mut self, population: u32, n: u32) -> Vec<bool> {
        let mut chosen = vec![false; population as usize];
        let n = n.min(population);
        // NumPy's own limits: which method it takes decides what is picked.
        if population > 10_000 && n > population / 50 {
            // Shuffles the tail and takes it.
            let mut indices: Vec<u32> = (0..population).collect();
            for i in ((population - n).max(1)..population).rev() {
                let j = self.bounded(i);
                indices.swap(i as usize, j as usize);
            }
            for &index in &indices[(population - n) as usize..] {
                chosen[index as usize] = true;
            }
        } else {
            // Floyd's set method; the shuffle that follows it in NumPy does not change the set.
            for last in (population - n)..population {
                let pick = self.bounded(last) as usize;
                let pick = if chosen[pick] { last as usize } else { pick };
                chosen[pick] = true;
            }
        }
        chosen
    }
}

/// `SeedSequence(seed).generate_state(4, np.uint64)` (M. E. O'Neill's `seed_seq` as NumPy fixed it).
fn seed_sequence(seed: u64) -> [u64; 4] {
    let mut hash_const: u32 = 0x43b0_d7e5;
    let mut hash = |value: u32| {
        let mut value = value ^ hash_const;
        hash_const = hash_const.wrapping_mul(0x931e_8875);
        value = value.wrapping_mul(hash_const);
        value ^ (value >> 16)
    };
    // A missing second word of entropy and a zero one are hashed alike.
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(&mut hash);
    for source in 0..4 {
        for target in 0..4 {
            if source != target {
                let mixed = pool[target]
                    .wrapping_mul(0xca01_f9dd)
                    .wrapping_sub(hash(pool[source]).wrapping_mul(0x4973_f715));
                pool[target] = mixed ^ (mixed >> 16);
            }
        }
    }

    let mut hash_const: u32 = 0x8b51_f9dd;
    let mut word = |i: usize| {
        let mut value = pool[i % 4] ^ hash_const;
        hash_const = hash_const.wrapping_mul(0x58f3_8ded);
        value = value.wrapping_mul(hash_const);
        u64::from(value ^ (value >> 16))
    };
    std::array::from_fn(|i| word(2 * i) | (word(2 * i + 1) << 32))
}
