//! Numbers with a unit, which people write where a plain number is read: refused, with the conversion.

/// Units by what they measure, each with its size.
const UNITS: [(&str, &[(&str, f64)]); 6] = [
    (
        "time",
        &[
            ("s", 1e3),
            ("sec", 1e3),
            ("ms", 1.0),
            ("us", 1e-3),
            ("min", 6e4),
        ],
    ),
    ("frequency", &[("Hz", 1.0), ("kHz", 1e3), ("1/s", 1.0)]),
    (
        "conductance",
        &[
            ("S", 1e6),
            ("mS", 1e3),
            ("uS", 1.0),
            ("nS", 1e-3),
            ("pS", 1e-6),
        ],
    ),
    (
        "current",
        &[
            ("A", 1e9),
            ("mA", 1e6),
            ("uA", 1e3),
            ("nA", 1.0),
            ("pA", 1e-3),
        ],
    ),
    ("voltage", &[("V", 1e3), ("mV", 1.0), ("uV", 1e-3)]),
    (
        "length",
        &[
            ("m", 1e6),
            ("cm", 1e4),
            ("mm", 1e3),
            ("um", 1.0),
            ("nm", 1e-3),
        ],
    ),
];

/// Keys whose numbers have a unit.
const KEYS: [(&str, &[&str]); 6] = [
    (
        "ms",
        &[
            "tstop",
            "dt",
            "mu",
            "sigma",
            "tstart",
            "tstart_std",
            "burst_std",
            "spike_isi",
            "t0",
            "delay",
            "synaptic_delays",
            "spike_data",
            "smooth",
            "tmin",
            "tmax",
            "segment",
            "tau1",
            "tau2",
            "shift",
            "dipole_smooth_win",
        ],
    ),
    ("Hz", &["rate_constant", "burst_rate", "fmin", "fmax"]),
    ("uS", &["weights_ampa", "weights_nmda", "weight"]),
    ("nA", &["amplitude"]),
    ("mV", &["threshold", "v0", "e"]),
    (
        "um",
        &[
            "electrode_pos",
            "min_distance",
            "L",
            "diam",
            "inplane_distance",
            "layer_separation",
        ],
    ),
];

/// What is wrong with a text that is a number with a unit where `key` (`described` in messages) is a plain number,
/// and a help; `None` of any other text.
pub(super) fn with_unit(key: &str, described: &str, text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let digits = text
        // A number ends with its last digit or point: what stands behind is the unit.
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map(|last| last + 1)?;
    // `1/s` ends the number before its own digit.
    let digits = text
        .strip_suffix("1/s")
        .map_or(digits, |rest| rest.trim_end().len());
    let (number, unit) = text.split_at_checked(digits)?;
    // Two characters look like a micro sign.
    let unit = unit.trim().replace(['\u{b5}', '\u{3bc}'], "u");
    let value: f64 = number.trim().replace('_', "").parse().ok()?;
    let (measured, size) = find(&unit)?;
    let what = format!("{described} must be a number without a unit, not {text}");
    let Some(wanted) = unit_of(key) else {
        return Some((what, format!("write {value}")));
    };
    let help = match find(wanted) {
        Some((same, _)) if same == measured && wanted == unit => {
            format!("it is in {wanted}: write {value}")
        }
        Some((same, one)) if same == measured => {
            let converted = rounded(value * size / one);
            format!("it is in {wanted}: write {converted} ({text} = {converted} {wanted})")
        }
        _ => format!("it is in {wanted}, and {unit} is a unit of {measured}"),
    };
    Some((what, help))
}

/// Unit of the numbers behind a key, or a path in the network.
pub(super) fn unit_of(key: &str) -> Option<&'static str> {
    // Below a drive's `weights_ampa` stand cell types, in a path of [set] the last name counts.
    let names = key.split(['.', '[']);
    let own = |part| KEYS.iter().find(|(_, keys)| keys.contains(&part));
    names.filter_map(own).map(|(unit, _)| *unit).next_back()
}

fn find(unit: &str) -> Option<(&'static str, f64)> {
    UNITS.iter().find_map(|(measured, units)| {
        let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
        Some((*measured, *size))
    })
}

/// A number to 12 digits, for messages: sums of time steps are 6 ms, not 6.0000000000000515 ms.
pub(crate) fn rounded(value: f64) -> f64 {
    // Twelve digits: 0.1 s is 100 ms, not 100.00000000000001.
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_numbers_without_the_noise_of_arithmetic() {
        assert_eq!(rounded(6.0000000000000515), 6.0);
        assert_eq!(rounded(0.1 + 0.2), 0.3);
        assert_eq!(rounded(1.0 / 3.0), 0.333333333333);
        assert!(rounded(f64::NAN).is_nan());
    }
}
