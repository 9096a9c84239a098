//! Synaptic arrivals, kept by epoch and delivered by lane group and step.
//!
//! An epoch is as many steps as the shortest delay between cells allows: all that arrives in it is known when it
//! begins.

use super::simd::LANES;

/// An arrival at the synapses of one connection on one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// The cell: lane group times [`LANES`], plus lane.
    pub lane: u32,
    /// Which synapses: number of a list that the run keeps.
    pub synapses: u32,
    /// Step in which it acts.
    pub step: u32,
    /// What A and B rise by (uS).
    pub weight: f64,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    arrival: Arrival,
    next: u32,
}

const END: u32 = u32::MAX;

/// Arrivals of epochs to come. Memory is reused, so it grows with what is pending and not with what was.
#[derive(Debug)]
pub struct Calendar {
    epoch: usize,
    n_groups: usize,
    pool: Vec<Link>,
    free: u32,
    /// First and last arrival of each epoch.
    lists: Vec<(u32, u32)>,
}

impl Calendar {
    /// An empty calendar for `n_steps` steps in epochs of `epoch` steps.
    pub fn new(n_steps: usize, epoch: usize, n_groups: usize) -> Self {
        Self {
            epoch,
            n_groups,
            pool: Vec::new(),
            free: END,
            lists: vec![(END, END); n_steps.div_ceil(epoch)],
        }
    }

    /// Adds an arrival. Those of the same synapse and step are delivered in the order in which they were added.
    #[inline]
    pub fn push(&mut self, arrival: Arrival) {
        // A linked list through one pool: epochs fill and empty out of order, and memory is reused.
        let link = Link { arrival, next: END };
        let i = if self.free == END {
            self.pool.push(link);
            self.pool.len() as u32 - 1
        } else {
            let i = self.free;
            self.free = self.pool[i as usize].next;
            self.pool[i as usize] = link;
            i
        };
        let (first, last) = &mut self.lists[arrival.step as usize / self.epoch];
        if *first == END {
            *first = i;
        } else {
            self.pool[*last as usize].next = i;
        }
        *last = i;
    }

    /// Counts the arrivals of epoch `index` by group and step.
    fn count(&self, index: usize, counts: &mut [u32]) {
        let mut i = self.lists[index].0;
        while i != END {
            let Link { arrival, next } = self.pool[i as usize];
            counts[self.key(&arrival)] += 1;
            i = next;
        }
    }

    fn key(&self, arrival: &Arrival) -> usize {
        arrival.lane as usize / LANES * self.epoch + arrival.step as usize % self.epoch
    }

    /// Moves the arrivals of epoch `index` to where `ends` points, which is advanced.
    fn take(&mut self, index: usize, ends: &mut [u32], sorted: &mut [Delivery]) {
        let (mut i, last) = self.lists[index];
        if i == END {
            return;
        }
        let head = i;
        while i != END {
            let Link { arrival, next } = self.pool[i as usize];
            let end = &mut ends[self.key(&arrival)];
            sorted[*end as usize] = Delivery {
                lane: arrival.lane % LANES as u32,
                synapses: arrival.synapses,
                weight: arrival.weight,
            };
            *end += 1;
            i = next;
        }
        // The whole list is free at once.
        self.pool[last as usize].next = self.free;
        self.free = head;
        self.lists[index] = (END, END);
    }
}

/// An arrival, once its group and step are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Lane in the group.
    pub lane: u32,
    /// Number of the list of synapses.
    pub synapses: u32,
    /// What A and B rise by (uS).
    pub weight: f64,
}

/// The arrivals of one epoch, by group and step.
#[derive(Debug, Default)]
pub struct Deliveries {
    epoch: usize,
    ends: Vec<u32>,
    sorted: Vec<Delivery>,
}

impl Deliveries {
    /// Takes epoch `index` out of several calendars: of the same synapse and step, those of the first come first.
    pub fn fill(&mut self, calendars: &mut [&mut Calendar], index: usize) {
        let Some(first) = calendars.first() else {
            return;
        };
        self.epoch = first.epoch;
        self.ends.clear();
        self.ends.resize(first.n_groups * first.epoch, 0);
        for calendar in calendars.iter() {
            calendar.count(index, &mut self.ends);
        }
        let mut total = 0;
        // A counting sort, stable: counts become starts here, and ends when `take` has moved them
        // on.
        for end in &mut self.ends {
            total += std::mem::replace(end, total);
        }
        self.sorted.resize(total as usize, Delivery::default());
        for calendar in calendars.iter_mut() {
            calendar.take(index, &mut self.ends, &mut self.sorted);
        }
    }

    /// Arrivals at a group in step `step` of the epoch.
    #[inline]
    pub fn of(&self, group: usize, step: usize) -> &[Delivery] {
        let key = group * self.epoch + step;
        let start = if key == 0 { 0 } else { self.ends[key - 1] };
        &self.sorted[start as usize..self.ends[key] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(lane: u32, step: u32, weight: f64) -> Arrival {
        Arrival {
            lane,
            synapses: 0,
            step,
            weight,
        }
    }

    #[test]
    fn arrivals_come_by_group_and_step_in_the_order_in_which_they_were_added() {
        // Epochs of 4 steps, 2 groups; steps 4 to 7 are epoch 1.
        let mut drives = Calendar::new(12, 4, 2);
        let mut cells = Calendar::new(12, 4, 2);
        cells.push(arrival(9, 5, 1.0));
        drives.push(arrival(9, 5, 2.0));
        cells.push(arrival(9, 5, 3.0));
        cells.push(arrival(3, 5, 4.0));
        cells.push(arrival(9, 7, 5.0));
        cells.push(arrival(9, 8, 6.0));
        let mut deliveries = Deliveries::default();
        deliveries.fill(&mut [&mut drives, &mut cells], 1);
        let weights = |group, step| -> Vec<f64> {
            deliveries
                .of(group, step)
                .iter()
                .map(|d| d.weight)
                .collect()
        };
        assert_eq!(weights(1, 1), [2.0, 1.0, 3.0]);
        assert_eq!(weights(0, 1), [4.0]);
        assert_eq!(weights(1, 3), [5.0]);
        assert!(weights(1, 0).is_empty() && weights(0, 0).is_empty());
        assert_eq!(deliveries.of(1, 1)[0].lane, 1);
    }

    #[test]
    fn memory_of_delivered_arrivals_is_used_again() {
        let mut calendar = Calendar::new(1000, 1, 1);
        let mut deliveries = Deliveries::default();
        for step in 0..1000 {
            calendar.push(arrival(0, step, 1.0));
            deliveries.fill(&mut [&mut calendar], step as usize);
            assert_eq!(deliveries.of(0, 0).len(), 1);
        }
        assert_eq!(calendar.pool.len(), 1);
    }
}
