//! Reading of `[[summary]]`.

use super::{
    Band, Contact, Formula, Measure, Peak, Signal, SpikeMeasure, Statistic, Summary, Target,
    Trials, Window,
};
use crate::pipeline::error::{PipelineError, did_you_mean};
use crate::pipeline::expr::Expr;
use crate::pipeline::keys::{COMMON, STATISTICS, SUMMARY_KEYS, TARGET_KEYS};
use crate::pipeline::reader::{Place, TomlItem, TomlTable};
use crate::pipeline::scope::{check_name, in_expression};
use std::sync::Arc;

impl Summary {
    /// Reads one summary, or `None` after its mistakes have been noted. `above` are those before it, `unread` the
    /// names of those that could not be read, `taken` the names that it must not have.
    pub(in crate::pipeline) fn read(
        item: &TomlItem,
        above: &[Summary],
        unread: &[String],
        taken: &[&str],
    ) -> Result<Option<Self>, PipelineError> {
        let table = TomlTable::new(item, SUMMARY_KEYS)?;
        // The name first, as every other mistake is told with it.
        let name_item = table.require("name")?;
        let name = name_item.string()?;
        let named = check_name(table.source, &name_item.place.span, "summary", &name, taken);
        let named = table.source.keep(named);
        let table = table.called(format!("summary `{name}`"));
        let words = STATISTICS.map(|(word, ..)| word);
        let word = table.required("statistic", |i| i.word(&words));
        let trials = table.optional("trials", |i| {
            Ok(match i.word(&["each", "mean"])? {
                "mean" => Trials::Mean,
                _ => Trials::Each,
            })
        });
        let trials = trials.unwrap_or_default();
        let Some(word) = word else {
            return Ok(None);
        };
        // Needs the word: a key is right or wrong by the statistic it stands at.
        check_keys(&table, word);
        let statistic = match word {
            "expression" => read_formula(&table, trials, above, unread)?.map(Statistic::Formula),
            // What it selects shows only when it is run: before that there are no tables.
            "sql" => Some(Statistic::Sql(read_query(&table)?)),
            _ => match spike_measure(word) {
                Some(measure) => Some(Statistic::Spikes {
                    cell_type: table.optional("cell_type", TomlItem::string),
                    window: read_window(&table),
                    measure,
                }),
                None => read_waveform(&table, word),
            },
        };
        let read = || {
            named?;
            Some(Self {
                statistic: statistic?,
                trials,
                places: [Place {
                    name: "name".to_owned(),
                    owner: table.owner.clone(),
                    span: name_item.place.span,
                }]
                .into_iter()
                .chain(table.iter().map(|(.., item)| item.place))
                .collect(),
                name,
            })
        };
        Ok(read())
    }
}

/// Takes note of keys that other statistics have.
fn check_keys(table: &TomlTable, word: &str) {
    let (kind, own) = STATISTICS
        .iter()
        .find(|(w, ..)| *w == word)
        .map_or((COMMON, COMMON), |(_, kind, own)| (*kind, *own));
    let known = |key: &&&str| [COMMON, kind, own].iter().any(|keys| keys.contains(key));
    let others = SUMMARY_KEYS.iter().filter(|key| !known(key));
    for item in others.filter_map(|key| table.get(key)) {
        let mistake = item.error(format!("{} has no meaning for `{word}`", item.describe()));
        table.source.note(mistake.with_help("remove the key"));
    }
}

fn spike_measure(word: &str) -> Option<SpikeMeasure> {
    match word {
        "spike_count" => Some(SpikeMeasure::Count),
        "mean_rate" => Some(SpikeMeasure::MeanRate),
        "first_spike" => Some(SpikeMeasure::First),
        "isi_mean" => Some(SpikeMeasure::IsiMean),
        "isi_std" => Some(SpikeMeasure::IsiStd),
        "isi_cv" => Some(SpikeMeasure::IsiCv),
        _ => None,
    }
}

/// Reads a statistic of a waveform; `None` after its mistakes have been noted.
fn read_waveform(table: &TomlTable, word: &str) -> Option<Statistic> {
    let signal = table.source.keep(read_signal(table));
    // Even with a wrong signal the rest is read, so that all mistakes are told at once.
    let of_signal = signal.clone().unwrap_or_default();
    let measure = table.source.keep(read_measure(table, word, &of_signal));
    let smooth = table.optional("smooth", read_smooth);
    let scale = table.optional("scale", TomlItem::float).unwrap_or(1.0);
    let window = read_window(table);
    Some(Statistic::Waveform {
        signal: signal?,
        // Set for all waveforms alike, once [output] and the network have been read.
        postproc: None,
        smooth,
        scale,
        window,
        measure: measure?,
    })
}

fn read_measure(table: &TomlTable, word: &str, signal: &Signal) -> Result<Measure, PipelineError> {
    Ok(match word {
        "min" => Measure::Min,
        "max" => Measure::Max,
        "peak_to_peak" => Measure::PeakToPeak,
        "mean" => Measure::Mean,
        "rms" => Measure::Rms,
        "time_of_min" => Measure::TimeOfMin,
        "time_of_max" => Measure::TimeOfMax,
        "peak_amplitude" => Measure::PeakAmplitude(read_peak(table)),
        "peak_time" => Measure::PeakTime(read_peak(table)),
        "band_power" => Measure::BandPower(read_band(table)?),
        "peak_frequency" => Measure::PeakFrequency(read_band(table)?),
        _ => {
            let target = read_target(&table.require("target")?, signal)?;
            match word {
                // Shared, as a recording is long and every copy of the statistic has it.
                "rmse" => Measure::Rmse(Arc::new(target)),
                _ => Measure::Correlation(Arc::new(target)),
            }
        }
    })
}

/// Reads `target`: a file, or a table that says what is done with its waveform.
fn read_target(item: &TomlItem, signal: &Signal) -> Result<Target, PipelineError> {
    if item.is_string() {
        let path = item.source.beside(&item.string()?);
        let place = item.source.files.place(&path);
        return Target::read(&place, signal).map_err(|e| item.error_in(&path, e));
    }
    let table = TomlTable::new(item, TARGET_KEYS)?;
    let file = table.require("file")?;
    let path = file.source.beside(&file.string()?);
    let place = file.source.files.place(&path);
    let target = Target::read(&place, signal).map_err(|e| file.error_in(&path, e))?;
    let number = |key: &str, default| table.get(key).map_or(Ok(default), |i| i.float());
    let target = target.transformed(number("scale", 1.0)?, number("shift", 0.0)?);
    let Some(item) = table.get("smooth") else {
        return Ok(target);
    };
    let width = read_smooth(&item)?;
    target.smoothed(width).map_err(|e| item.error_in(&path, e))
}

fn read_signal(table: &TomlTable) -> Result<Signal, PipelineError> {
    let word = match table.get("signal") {
        None => "agg",
        Some(item) => item.word(&["agg", "L2", "L5", "lfp", "csd"])?,
    };
    let at_contact = matches!(word, "lfp" | "csd");
    if let Some(item) = ["array", "contact"].iter().find_map(|key| table.get(key))
        && !at_contact
    {
        return Err(item
            .error(format!("{} has no meaning for a dipole", item.describe()))
            .with_help("remove the key, or set signal = \"lfp\""));
    }
    let contact = || -> Result<Contact, PipelineError> {
        // The array is known only with the network, which checks its contacts.
        let number = table.require("contact")?.integer_in(0..1_000_001)?;
        Ok(Contact {
            array: table.get("array").map(|i| i.string()).transpose()?,
            contact: u32::try_from(number).unwrap_or_default(),
        })
    };
    Ok(match word {
        "L2" => Signal::L2,
        "L5" => Signal::L5,
        "lfp" => Signal::Lfp(contact()?),
        "csd" => Signal::Csd(contact()?),
        _ => Signal::Agg,
    })
}

fn read_peak(table: &TomlTable) -> Peak {
    let n = table.optional("n", |i| i.integer_in(1..1_000_001));
    let polarity = table.optional("polarity", |i| i.word(&["positive", "negative"]));
    Peak {
        n: n.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        negative: polarity == Some("negative"),
        prominence: at_least(table, "prominence", 0.0).unwrap_or(0.0),
    }
}

fn read_band(table: &TomlTable) -> Result<Band, PipelineError> {
    table.require("fmin")?;
    let fmax_item = table.require("fmax")?;
    let fmin = at_least(table, "fmin", 0.0).unwrap_or(0.0);
    let fmax = fmax_item.float()?;
    if fmax < fmin {
        return Err(fmax_item.error(format!(
            "{} must be at least fmin = {fmin}, not {fmax}",
            fmax_item.describe()
        )));
    }
    Ok(Band {
        fmin,
        fmax,
        segment: at_least(table, "segment", 1.0),
    })
}

fn at_least(table: &TomlTable, key: &str, least: f64) -> Option<f64> {
    table.optional(key, |item| {
        let value = item.float()?;
        if value < least {
            return Err(item.error(format!(
                "{} must be at least {least}, not {value}",
                item.describe()
            )));
        }
        Ok(value)
    })
}

fn read_query(table: &TomlTable) -> Result<String, PipelineError> {
    let item = table.require("query")?;
    let query = item.string()?;
    if query.trim().is_empty() {
        return Err(item
            .error(format!("{} is empty", item.describe()))
            .with_help("write SQL, such as \"SELECT sim, trial, MAX(agg) FROM dipole GROUP BY sim, trial\""));
    }
    Ok(query)
}

/// `None` where a summary that it needs could not be read.
fn read_formula(
    table: &TomlTable,
    trials: Trials,
    above: &[Summary],
    unread: &[String],
) -> Result<Option<Formula>, PipelineError> {
    let item = table.require("expression")?;
    let text = item.string()?;
    let mut operands: Vec<(&str, Statistic)> = Vec::new();
    let names: Vec<&str> = above.iter().map(|s| s.name.as_str()).collect();
    let mut is_whole = true;
    let expr = Expr::parse(&text, &mut |name| {
        if let Some(index) = operands.iter().position(|(n, _)| *n == name) {
            return Ok(index);
        }
        let Some(summary) = above.iter().find(|s| s.name == name) else {
            if unread.iter().any(|other| other == name) {
                is_whole = false;
                // Its mistakes are noted already; the rest of this expression is still worth
                // reading.
                return Ok(usize::MAX);
            }
            let help = if names.is_empty() {
                "an expression is over summaries that stand above it".to_owned()
            } else {
                did_you_mean(name, &names)
            };
            return Err((format!("there is no summary `{name}` above"), Some(help)));
        };
        // Queries see the tables, and so run when all simulations of a sweep are stored.
        if matches!(summary.statistic, Statistic::Sql(_)) {
            return Err((
                format!("`{name}` is a query, which is computed after all expressions"),
                Some("compute it in the query".to_owned()),
            ));
        }
        if summary.trials != trials {
            return Err((
                format!("`{name}` is of other trials than the expression"),
                Some("give both the same `trials`".to_owned()),
            ));
        }
        // A copy of the statistic and not its name: what the value means must not change with a
        // rename.
        operands.push((&summary.name, summary.statistic.clone()));
        Ok(operands.len() - 1)
    })
    .map_err(|e| in_expression(&item, &text, e))?;
    let operands = operands.into_iter().map(|(_, statistic)| statistic);
    let formula = Formula {
        expr,
        operands: operands.collect(),
    };
    Ok(is_whole.then_some(formula))
}

/// hnn-core's rule for the width of a smoothing window.
fn read_smooth(item: &TomlItem) -> Result<f64, PipelineError> {
    let width = item.float()?;
    if width < 1.0 {
        return Err(item
            .error(format!(
                "{} must be at least 1 ms, not {width}",
                item.describe()
            ))
            .with_help("remove the key for an unsmoothed waveform"));
    }
    Ok(width)
}

fn read_window(table: &TomlTable) -> Window {
    let window = Window {
        tmin: at_least(table, "tmin", 0.0),
        tmax: at_least(table, "tmax", 0.0),
    };
    if let (Some(tmin), Some(tmax), Some(item)) = (window.tmin, window.tmax, table.get("tmax"))
        && tmax <= tmin
    {
        table.source.note(item.error(format!(
            "{} must be greater than tmin = {tmin}, not {tmax}",
            item.describe()
        )));
    }
    window
}
