//! Waveforms at the contacts of electrode arrays.

use super::TrialData;
use crate::pipeline::Contact;
use crate::solver::Lfp;

fn array<'a>(trial: &TrialData<'a>, contact: &Contact) -> Option<&'a Lfp> {
    match &contact.array {
        Some(name) => trial.lfp.iter().find(|lfp| lfp.array == *name),
        None => trial.lfp.first(),
    }
}

/// Potential (uV) at a contact.
pub(super) fn potential(trial: &TrialData, contact: &Contact) -> Option<Vec<f64>> {
    let array = array(trial, contact)?;
    array.potential.get(contact.contact as usize).cloned()
}

/// Current source density (uV/um^2) at a contact: hnn-core's `calculate_csd2d` with the contacts' distance along z.
pub(super) fn source_density(trial: &TrialData, contact: &Contact) -> Option<Vec<f64>> {
    let lfp = array(trial, contact)?;
    let spacing = trial
        .network
        .rec_arrays
        .get(&lfp.array)?
        .laminar_spacing()?;
    density_at(&lfp.potential, spacing, contact.contact as usize)
}

/// Current source density (uV/um^2) at one of several contacts that are `spacing` um apart, of their potentials (uV);
/// `None` with fewer than three of them, or four at the ends.
///
/// ```
/// use hnn_sweep::stages::summarize::density_at;
///
/// // One sample at each of three contacts, 100 um apart: a dip of 1 uV is a sink, so negative.
/// let potential = vec![vec![0.0], vec![-1.0], vec![0.0]];
/// assert_eq!(density_at(&potential, 100.0, 1), Some(vec![-2e-4]));
/// ```
pub fn density_at(potential: &[Vec<f64>], spacing: f64, k: usize) -> Option<Vec<f64>> {
    let n = potential.len();
    // Of inner contacts; the ends continue the line through the two next to them.
    let inner = |k: usize| -> Option<Vec<f64>> {
        let [a, b, c] = potential.get(k.checked_sub(1)?..k + 2)? else {
            return None;
        };
        let triples = a.iter().zip(b).zip(c);
        Some(
            triples
                // Minus the second difference over the square of the spacing.
                .map(|((a, b), c)| -((c - b) - (b - a)) / (spacing * spacing))
                .collect(),
        )
    };
    let (near, next) = match k {
        0 => (inner(1)?, inner(2)?),
        _ if k + 1 == n => (inner(n.checked_sub(2)?)?, inner(n.checked_sub(3)?)?),
        _ => return inner(k),
    };
    Some(near.iter().zip(next).map(|(a, b)| a * 2.0 - b).collect())
}
