//! The order of the spike list: that in which NEURON processes spikes.
//!
//! At the start of a step cells that crossed their threshold are listed, by gid; then drive events until the middle
//! of the step, and at its end those until then. Where drive events coincide, their order is that of NEURON's event
//! queue, which is replayed here: first in, first out among equal times, but the earliest item is kept apart, and
//! goes behind its equals when an earlier one arrives.

use super::Spike;
use super::clock::Clock;
use super::wiring::Wiring;
use crate::network::Gid;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

/// Interval (ms) of the events by which hnn-core shows progress. They do nothing but take part in the queue.
const PROGRESS: usize = 10;

/// NEURON reports a spike this much after the sample it was seen at.
pub fn spike_time(clock: &Clock, sample: u32) -> f64 {
    clock.times[sample as usize] + 1e-10
}

/// Spikes of cells, given as (sample, gid) in that order, and of drives, given as (time, gid) in that order.
pub fn spikes(
    clock: &Clock,
    cells: &[(u32, Gid)],
    drives: &[(f64, Gid)],
    wiring: &Wiring,
) -> Vec<Spike> {
    // Without coinciding events the queue has no say, and merging by time is cheaper.
    if drives.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        replay(clock, cells, drives, |gid| delays(wiring, gid))
    } else {
        merge(clock, cells, drives)
    }
}

/// Time (ms) of an event that was asked for at `time`: NEURON puts those at a multiple of the step a quarter of it
/// earlier.
fn progress_time(time: f64, dt: f64) -> f64 {
    let steps = time / dt;
    if steps > 1.0 && ((steps + 1e-6).floor() - steps).abs() < 1e-6 {
        time - dt / 4.0
    } else {
        time
    }
}

/// Distinct delays (ms) of the connections of a source. Several arrivals at a time act on the queue like one.
fn delays(wiring: &Wiring, src: Gid) -> Vec<f64> {
    let mut delays = Vec::new();
    for wire in &wiring.wires {
        wire.fan_out(src, |_, delay, _| delays.push(delay));
    }
    delays.sort_unstable_by(f64::total_cmp);
    delays.dedup();
    delays
}

/// The order where no two drive events coincide.
fn merge(clock: &Clock, cells: &[(u32, Gid)], drives: &[(f64, Gid)]) -> Vec<Spike> {
    let last = clock.times.last().copied().unwrap_or(0.0);
    let mut spikes = Vec::with_capacity(cells.len() + drives.len());
    let mut drives = drives
        .iter()
        .filter(|(t, _)| *t <= last)
        .map(|&(time, gid)| Spike { time, gid })
        .peekable();
    for &(sample, gid) in cells {
        // Events until the end of the step before are ahead of a sample's crossings.
        let before = clock.times[sample as usize];
        while let Some(event) = drives.next_if(|e| e.time <= before) {
            spikes.push(event);
        }
        spikes.push(Spike {
            time: spike_time(clock, sample),
            gid,
        });
    }
    spikes.extend(drives);
    spikes
}

/// What waits in the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// The next event of a drive cell.
    Drive(Gid),
    /// Anything else.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    time: f64,
    number: u64,
    event: Event,
}

impl Eq for Item {}

impl Ord for Item {
    /// The earliest item is the greatest; of equally early ones that which came first.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .time
            .total_cmp(&self.time)
            .then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// NEURON's event queue.
#[derive(Default)]
struct Queue {
    least: Option<Item>,
    rest: BinaryHeap<Item>,
    count: u64,
}

impl Queue {
    fn insert(&mut self, time: f64, event: Event) {
        let mut item = self.numbered(time, event);
        match self.least {
            Some(least) if time >= least.time => self.rest.push(item),
            Some(least) => {
                // sptbinq.cpp puts the old least item back behind its equals: a new number does
                // that.
                item = self.numbered(least.time, least.event);
                self.rest.push(item);
                self.least = Some(Item {
                    time,
                    event,
                    ..least
                });
            }
            None => self.least = Some(item),
        }
    }

    fn numbered(&mut self, time: f64, event: Event) -> Item {
        self.count += 1;
        let number = self.count;
        Item {
            time,
            number,
            event,
        }
    }

    /// Takes the earliest item, if it is due by `until`.
    fn next(&mut self, until: f64) -> Option<Item> {
        let due = self.least.filter(|item| item.time <= until)?;
        self.least = self.rest.pop();
        Some(due)
    }
}

/// The order of any spikes.
fn replay(
    clock: &Clock,
    cells: &[(u32, Gid)],
    drives: &[(f64, Gid)],
    delays: impl Fn(Gid) -> Vec<f64>,
) -> Vec<Spike> {
    let last = clock.times.last().copied().unwrap_or(0.0);
    let mut trains: HashMap<Gid, std::vec::IntoIter<f64>> = HashMap::new();
    let mut by_gid = drives.to_vec();
    by_gid.sort_by_key(|(_, gid)| *gid); // stable: each train stays in order
    let mut queue = Queue::default();
    for train in by_gid.chunk_by(|a, b| a.1 == b.1) {
        let times: Vec<f64> = train.iter().map(|(time, _)| *time).collect();
        let (gid, mut times) = (train[0].1, times.into_iter());
        if let Some(first) = times.next() {
            queue.insert(first, Event::Drive(gid));
        }
        trains.insert(gid, times);
    }

    // Drive cells fire many times, with the same delays.
    let mut known: HashMap<Gid, Vec<f64>> = HashMap::new();
    let mut send = |queue: &mut Queue, time: f64, gid: Gid| {
        for delay in known.entry(gid).or_insert_with(|| delays(gid)) {
            // What arrives after the end never comes to the front of the queue.
            if time + *delay <= last {
                queue.insert(time + *delay, Event::Other);
            }
        }
    };
    let mut spikes = Vec::with_capacity(cells.len() + drives.len());
    let mut deliver = |queue: &mut Queue,
                       spikes: &mut Vec<Spike>,
                       until: f64,
                       send: &mut dyn FnMut(&mut Queue, f64, Gid)| {
        while let Some(item) = queue.next(until) {
            if let Event::Drive(gid) = item.event {
                spikes.push(Spike {
                    time: item.time,
                    gid,
                });
                send(queue, item.time, gid);
                if let Some(next) = trains.get_mut(&gid).and_then(Iterator::next) {
                    queue.insert(next, item.event);
                }
            }
        }
    };

    // Events at 0.0 are delivered within NEURON's initialisation, before hnn-core queues its own.
    deliver(&mut queue, &mut spikes, 0.0, &mut send);
    for time in (0..clock.tstop as usize).step_by(PROGRESS) {
        queue.insert(progress_time(time as f64, clock.dt), Event::Other);
    }
    let mut cells = cells.iter().peekable();
    for (step, mid) in clock.mids.iter().enumerate() {
        // One fixed step: thresholds, arrivals until its middle, then those until its end.
        while let Some((sample, gid)) = cells.next_if(|(sample, _)| *sample as usize == step) {
            let time = spike_time(clock, *sample);
            spikes.push(Spike { time, gid: *gid });
            send(&mut queue, time, *gid);
        }
        deliver(&mut queue, &mut spikes, *mid, &mut send);
        deliver(&mut queue, &mut spikes, clock.times[step + 1], &mut send);
    }
    spikes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drive cells with a delay of 0, in 8 ms: (time, cell) as listed.
    fn listed<T: AsRef<[f64]>>(trains: &[T]) -> Vec<(f64, Gid)> {
        let clock = Clock::new(8.0, 0.025);
        let mut drives: Vec<(f64, Gid)> = Vec::new();
        for (gid, train) in trains.iter().enumerate() {
            drives.extend(train.as_ref().iter().map(|time| (*time, gid as Gid)));
        }
        drives.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        replay(&clock, &[], &drives, |_| vec![0.0])
            .into_iter()
            .map(|spike| (spike.time, spike.gid))
            .collect()
    }

    // The lists are hnn-core's: `tests/reference/probes.py d`.

    #[test]
    fn coinciding_events_come_in_order_after_the_one_that_was_first_in_the_queue() {
        let expected = [(1.0, 1), (1.0, 2), (1.0, 3), (1.0, 4), (1.0, 0)];
        assert_eq!(listed(&[[1.0]; 5]), expected);
    }

    #[test]
    fn their_next_events_keep_the_order() {
        let expected = [
            (1.0, 1),
            (1.0, 2),
            (1.0, 3),
            (1.0, 0),
            (2.0, 1),
            (2.0, 2),
            (2.0, 3),
            (2.0, 0),
        ];
        assert_eq!(listed(&[[1.0, 2.0]; 4]), expected);
    }

    #[test]
    fn an_earlier_event_changes_which_one_is_first() {
        let trains: [&[f64]; 6] = [&[0.5], &[1.0], &[1.0], &[1.0], &[0.7], &[1.0]];
        let expected = [(0.5, 0), (0.7, 4), (1.0, 2), (1.0, 3), (1.0, 5), (1.0, 1)];
        assert_eq!(listed(&trains), expected);
    }

    #[test]
    fn events_at_0_come_in_order() {
        assert_eq!(listed(&[[0.0]; 3]), [(0.0, 0), (0.0, 1), (0.0, 2)]);
    }

    #[test]
    fn repeated_events_of_a_cell_alternate_with_those_of_others() {
        let trains: [&[f64]; 2] = [&[1.0, 1.0, 1.0], &[1.0, 1.0]];
        let expected = [(1.0, 1), (1.0, 0), (1.0, 1), (1.0, 0), (1.0, 0)];
        assert_eq!(listed(&trains), expected);
    }

    #[test]
    fn two_times_are_shuffled_apart() {
        let trains: [&[f64]; 5] = [&[2.0], &[1.0], &[2.0], &[1.0], &[2.0]];
        let expected = [(1.0, 3), (1.0, 1), (2.0, 0), (2.0, 2), (2.0, 4)];
        assert_eq!(listed(&trains), expected);
    }

    #[test]
    fn without_coincidences_the_replay_equals_the_merge() {
        let clock = Clock::new(20.0, 0.025);
        let cells = [(0, 3), (40, 1), (40, 2), (41, 0), (799, 2)];
        let drives = [
            (0.5, 9),
            (0.99, 7),
            (1.0, 8),
            (1.01, 7),
            (1.02, 9),
            (15.0, 8),
        ];
        let replayed = replay(&clock, &cells, &drives, |gid| vec![0.1, f64::from(gid)]);
        assert_eq!(replayed, merge(&clock, &cells, &drives));
    }
}
