//! `[samples]`: parameter sets from a file, or drawn from a prior.
//!
//! Sample `i` depends on the seed, on the parameter's name and on `i` alone, never on how many samples there are:
//! raising `n` adds samples to those that have been simulated.

mod prior;
mod sobol;

pub use prior::Prior;

use super::error::{PipelineError, did_you_mean, one_of};
use super::grid::{MAX_POINTS, Values};
use super::keys::{PRIOR_KEYS, SAMPLES_KEYS};
use super::limits::MAX_PARAMETERS;
use super::reader::{TomlItem, TomlTable};
use super::scope::check_name;
use crate::input::{self, Column};

/// Most values of all parameters together.
const MAX_VALUES: u64 = 50_000_000;

/// How points are spread over the unit cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// Independently.
    Random,
    /// One point in each of `strata` equal parts of every parameter, again and again.
    LatinHypercube { strata: u64 },
    /// Sobol's sequence, shifted by the seed.
    Sobol,
}

/// Samples: parameters with their values, and the priors they were drawn from (none for a file).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Samples {
    pub(super) axes: Vec<(String, Values)>,
    pub(super) priors: Vec<(String, Prior)>,
}

impl Samples {
    pub(super) fn read(item: Option<&TomlItem>) -> Result<Self, PipelineError> {
        let Some(item) = item else {
            return Ok(Self::default());
        };
        let table = TomlTable::new(item, SAMPLES_KEYS)?;
        match (table.get("file"), table.get("prior")) {
            (Some(file), None) => Self::of_file(&table, &file),
            (None, Some(prior)) => Self::of_prior(&table, &prior),
            (Some(file), Some(_)) => Err(file
                .error("[samples] has both `file` and `prior`")
                .with_help("samples come from one of them; use [grid] to combine them with other values")),
            (None, None) => Err(table
                .error("[samples] needs `file` or `prior`")
                .with_help("`file = \"theta.csv\"`, or `prior = { weight = { uniform = [0.0, 0.1] } }` with `n`")),
        }
    }

    fn of_file(table: &TomlTable, file: &TomlItem) -> Result<Self, PipelineError> {
        // Keys that would be ignored silently are refused.
        for key in ["n", "seed", "method", "strata"] {
            if let Some(item) = table.get(key) {
                return Err(item
                    .error(format!(
                        "{} has no meaning for samples of a file",
                        item.describe()
                    ))
                    .with_help("remove the key"));
            }
        }
        let columns = table
            .get("columns")
            .map(|i| {
                i.array()?
                    .iter()
                    .map(TomlItem::string)
                    .collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        let axes = read_file(file, columns.as_deref())?;
        check_names(table, file, axes.iter().map(|(name, _)| name.as_str()))?;
        Ok(Self {
            axes,
            priors: Vec::new(),
        })
    }

    fn of_prior(table: &TomlTable, item: &TomlItem) -> Result<Self, PipelineError> {
        if let Some(item) = table.get("columns") {
            return Err(item
                .error("`columns` chooses columns of a file, and there is none")
                .with_help("remove the key"));
        }
        // No default: how many simulations one gets should not be a surprise.
        let n = table.require("n")?;
        let count = n.integer_in(1..MAX_POINTS as i64 + 1)?.unsigned_abs();
        let seed = table.get("seed").map_or(Ok(0), |i| i.integer())?;
        let method = read_method(table, &n, count)?;
        let mut priors = Vec::new();
        let entries = TomlTable::open(item)?;
        let n_parameters = entries.iter().count();
        if n_parameters > MAX_PARAMETERS {
            return Err(item.error(format!(
                "{} names {n_parameters} parameters; at most {MAX_PARAMETERS} are possible",
                item.describe()
            )));
        }
        for (name, span, item) in entries.iter() {
            let taken: Vec<&str> = priors
                .iter()
                .map(|(n, _): &(String, Prior)| n.as_str())
                .collect();
            // Within [samples]; against the grid it is checked where both are known.
            check_name(table.source, &span, "parameter", name, &taken)?;
            priors.push((name.to_owned(), read_prior(&item)?));
        }
        if priors.is_empty() {
            return Err(item.error(format!("{} names no parameter", item.describe())));
        }
        if method == Method::Sobol && priors.len() > sobol::MAX_DIMENSIONS {
            return Err(item.error(format!(
                "a Sobol sequence has at most {} parameters, not {}",
                sobol::MAX_DIMENSIONS,
                priors.len()
            )));
        }
        if count.saturating_mul(priors.len() as u64) > MAX_VALUES {
            return Err(n.error(format!(
                "{} asks for {count} samples of {} parameters; at most {MAX_VALUES} values are possible",
                n.describe(),
                priors.len()
            )));
        }
        let axes = priors
            .iter()
            .enumerate()
            .map(|(dimension, (name, prior))| {
                // Each parameter has a stream of its own, by its name: adding one changes no other.
                let values = shares(method, seed, name, dimension, count);
                let values = values.into_iter().map(|u| prior.quantile(u)).collect();
                (name.clone(), Values::Float(values))
            })
            .collect();
        Ok(Self { axes, priors })
    }
}

/// The columns (all, if none are named) of the file that `item` names.
fn read_file(
    item: &TomlItem,
    columns: Option<&[String]>,
) -> Result<Vec<(String, Values)>, PipelineError> {
    let path = item.source.beside(&item.string()?);
    let fail = |problem| item.error_in(&path, problem);
    let table = input::InputTable::read(&item.source.files.place(&path)).map_err(fail)?;
    if table.n_rows() == 0 {
        return Err(item.error(format!("{}: has no rows", path.display())));
    }
    if !table.has_names() {
        return Err(item
            .error(format!("{}: names no parameters", path.display()))
            .with_help("write their names into the first line, such as `weight,mu`, or into a comment above the values"));
    }
    let wanted: Vec<usize> = match columns {
        // A first column without a name is pandas' index, not a parameter.
        None => (0..table.n_columns())
            .filter(|&column| !table.is_index(column))
            .collect(),
        Some(names) => names
            .iter()
            .map(|name| {
                let found = (0..table.n_columns()).find(|&column| table.name(column) == name);
                found.ok_or_else(|| {
                    let known: Vec<&str> = (0..table.n_columns()).map(|c| table.name(c)).collect();
                    item.error(format!("{}: has no column `{name}`", path.display()))
                        .with_help(did_you_mean(name, &known))
                })
            })
            .collect::<Result<_, _>>()?,
    };
    if (table.n_rows() as u64).saturating_mul(wanted.len() as u64) > MAX_VALUES {
        return Err(item.error(format!(
            "{}: has {} rows of {} parameters; at most {MAX_VALUES} values are possible",
            path.display(),
            table.n_rows(),
            wanted.len()
        )));
    }
    wanted
        .into_iter()
        .map(|column| {
            let values = match table.values(column).map_err(fail)? {
                Column::Float(values) => Values::Float(values),
                Column::Int(values) => Values::Int(values),
                Column::Str(values) => Values::Str(values),
                Column::Bool(values) => Values::Bool(values),
            };
            Ok((table.name(column).to_owned(), values))
        })
        .collect()
}

fn check_names<'n>(
    table: &TomlTable,
    file: &TomlItem,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), PipelineError> {
    let mut taken = Vec::new();
    for name in names {
        check_name(table.source, &file.place.span, "parameter", name, &taken).map_err(|e| {
            let help = e.help().unwrap_or_default().to_owned();
            e.with_help(format!(
                "{help}; or leave the column out: `columns = [\"…\"]`"
            ))
        })?;
        taken.push(name);
    }
    Ok(())
}

fn read_method(table: &TomlTable, n: &TomlItem, count: u64) -> Result<Method, PipelineError> {
    let method = match table.get("method") {
        None => "random",
        Some(item) => item.word(&["random", "latin_hypercube", "sobol"])?,
    };
    let strata = table.get("strata");
    if let (Some(item), true) = (&strata, method != "latin_hypercube") {
        return Err(item
            .error(format!("{} has no meaning for `{method}`", item.describe()))
            .with_help("remove the key"));
    }
    match method {
        "latin_hypercube" => {
            let Some(item) = strata else {
                return Err(table.error("a Latin hypercube lacks `strata`").with_help(format!(
                    "the number of samples that make one hypercube, such as `strata = {count}`; raise `n` later by multiples of it"
                )));
            };
            let strata = item.integer_in(1..MAX_POINTS as i64 + 1)?.unsigned_abs();
            // Half a hypercube is not evenly spread.
            if !count.is_multiple_of(strata) {
                return Err(n
                    .error(format!(
                        "{} = {count} must be a multiple of strata = {strata}",
                        n.describe()
                    ))
                    .with_help("only whole hypercubes are evenly spread"));
            }
            Ok(Method::LatinHypercube { strata })
        }
        "sobol" => Ok(Method::Sobol),
        _ => Ok(Method::Random),
    }
}

fn read_prior(item: &TomlItem) -> Result<Prior, PipelineError> {
    let table = TomlTable::new(item, PRIOR_KEYS)?;
    let mut kinds = table.iter();
    let (Some((kind, _, numbers)), None) = (kinds.next(), kinds.next()) else {
        return Err(item.error(format!(
            "{} needs exactly one of {}",
            item.describe(),
            one_of(PRIOR_KEYS)
        )));
    };
    let elements = numbers.array()?;
    let [first, second] = elements.as_slice() else {
        return Err(numbers.error(format!("{} needs two numbers", numbers.describe())));
    };
    let (a, b) = (first.float()?, second.float()?);
    let wrong = |allowed: &str| {
        Err(numbers.error(format!(
            "{} must be {allowed}, not [{a}, {b}]",
            numbers.describe()
        )))
    };
    match kind {
        // A deviation of 0 is allowed: it holds the parameter at its mean.
        "normal" if b < 0.0 => {
            wrong("[mean, standard deviation] with a standard deviation of at least 0")
        }
        "normal" => Ok(Prior::Normal { mean: a, sd: b }),
        "log_uniform" if a <= 0.0 || b < a => wrong("[low, high] with 0 < low <= high"),
        "log_uniform" => Ok(Prior::LogUniform { low: a, high: b }),
        _ if b < a => wrong("[low, high] with low <= high"),
        _ => Ok(Prior::Uniform { low: a, high: b }),
    }
}

/// For each sample the share of the distribution that lies below it.
fn shares(method: Method, seed: i64, name: &str, dimension: usize, count: u64) -> Vec<f64> {
    // By hashing and not by a generator with a state, so that sample `index` needs none before it.
    let jitter = |index: u64| unit(random(seed, name, "sample", index));
    match method {
        Method::Random => (0..count).map(jitter).collect(),
        Method::LatinHypercube { strata } => {
            let mut values = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
            for block in 0..count / strata {
                for (place, stratum) in permutation(seed, name, block, strata)
                    .into_iter()
                    .enumerate()
                {
                    let within = jitter(block * strata + place as u64);
                    values.push((stratum as f64 + within) / strata as f64);
                }
            }
            values
        }
        Method::Sobol => {
            let directions = sobol::directions(dimension).unwrap_or([0; 32]);
            // A random digital shift: points stay evenly spread, and seeds differ.
            let shift = random(seed, name, "shift", 0) >> 32;
            (0..count)
                .map(|index| {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    let point = u64::from(sobol::point(&directions, index)) ^ shift;
                    // Never 0 or 1, where a normal prior is infinite.
                    (point as f64 + 0.5) / 4_294_967_296.0
                })
                .collect()
        }
    }
}

/// 0 to `n - 1` in random order.
fn permutation(seed: i64, name: &str, block: u64, n: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..n).collect();
    let mut stream = hasher(seed, name, "order", block).finalize_xof();
    // Fisher and Yates; the product takes a number below i + 1 without a division.
    for i in (1..order.len()).rev() {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        let product = u128::from(u64::from_le_bytes(bytes)) * (i as u128 + 1);
        order.swap(i, (product >> 64) as usize);
    }
    order
}

/// 64 random bits that depend on nothing but the arguments.
fn random(seed: i64, name: &str, purpose: &str, index: u64) -> u64 {
    let mut bytes = [0; 8];
    hasher(seed, name, purpose, index)
        .finalize_xof()
        .fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn hasher(seed: i64, name: &str, purpose: &str, index: u64) -> blake3::Hasher {
    // Seed, name, purpose and index: draws are the same whatever else the file has.
    let mut hasher = blake3::Hasher::new_derive_key("hnn-sweep 2025 samples of a prior");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&index.to_le_bytes());
    hasher.update(purpose.as_bytes());
    hasher.update(&[0]);
    hasher.update(name.as_bytes());
    hasher
}

/// A number between 0 and 1, never either.
fn unit(bits: u64) -> f64 {
    // 53 bits and a half, so that the ends of the interval never come.
    ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}
