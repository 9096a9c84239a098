//! A pipeline file → [`Pipeline`].

use super::cluster::Cluster;
use super::connection::ConnectionSpec;
use super::content::{Content, Pipeline, Recipe};
use super::drive::{ArraySpec, BiasSpec, DriveSpec};
use super::edit;
use super::error::{PipelineError, SourceFile, did_you_mean};
use super::files::Files;
use super::grid::{self, Design, GridError, Values};
use super::keys::{ROOT_KEYS, SWEEP_KEYS};
use super::limits::{
    BATCH_SIZES, MAX_ELEMENTS, MAX_PARAMETERS, WRONG_FOLDER, WRONG_NAME, is_folder, is_name,
};
use super::network::NetworkSpec;
use super::output::Output;
use super::reader::{TomlItem, TomlTable};
use super::samples::Samples;
use super::scope::{Scope, check_name};
use super::set::SetSpec;
use super::simulation::Simulation;
use super::summary::Summary;
use super::value::{Parameter, ParameterKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Largest pipeline file (bytes).
const MAX_FILE_SIZE: u64 = 16 << 20;

impl Pipeline {
    /// Reads and checks a pipeline file.
    ///
    /// # Errors
    /// [`PipelineError`] for all that is wrong, each with its place in the file.
    pub fn load(path: &Path) -> Result<Self, PipelineError> {
        Self::load_with(path, &[])
    }

    /// Reads and checks a pipeline file with other values for some of its keys, as if they stood in it: `KEY=VALUE`
    /// each, such as `simulation.tstop=60` or `drive.evprox.mu=30`.
    ///
    /// # Errors
    /// As [`Pipeline::load`], or if a key cannot be set.
    pub fn load_with(path: &Path, set: &[String]) -> Result<Self, PipelineError> {
        let text = crate::input::read_text(path, MAX_FILE_SIZE).map_err(|problem| {
            let what = format!(
                "cannot read the pipeline file {}: {problem}",
                path.display()
            );
            SourceFile::error_of_file(path, what).with_optional_help(problem.help)
        })?;
        // Before the text is read, so that what is set is checked like everything else.
        let text = set
            .iter()
            .try_fold(text, |text, assignment| edit::set(&text, assignment))?;
        Self::parse(&text, path)
    }

    /// Checks the text of a pipeline file; `path` is where it stands, for messages and for files that it names.
    ///
    /// # Errors
    /// [`PipelineError`] for all that is wrong, each with its place in the text.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PipelineError> {
        Self::parse_with(text, path, Files::default())
    }

    /// As [`Pipeline::parse`], and whatever files it names are read from copies: by the path that it names, as
    /// [`Pipeline::files`] gives it, the path of the copy.
    ///
    /// # Errors
    /// As [`Pipeline::parse`].
    pub fn parse_frozen(
        text: &str,
        path: &Path,
        copies: BTreeMap<PathBuf, PathBuf>,
    ) -> Result<Self, PipelineError> {
        Self::parse_with(text, path, Files::copies(copies))
    }

    fn parse_with(text: &str, path: &Path, files: Files) -> Result<Self, PipelineError> {
        let mut source = SourceFile::new(path.to_owned(), Some(text.into()));
        source.files = files;
        let document = DeTable::parse(text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            let message = e.message().trim().replace('\n', ", ");
            source
                .error(&span, format!("not valid TOML: {message}"))
                .with_label(message)
        })?;
        let root = TomlTable::root(&source, &document, ROOT_KEYS);
        // An empty file is mostly the wrong one.
        if root.iter().next().is_none() {
            return Err(SourceFile::error_of_file(
                path,
                format!("{} is empty: it says nothing to simulate", path.display()),
            )
            .with_help(
                "a pipeline has at least a [network] or a [[drive]]; docs/pipeline.md has examples",
            ));
        }
        let name = source.keep(read_name(&root, path)).unwrap_or_default();
        let save_folder = root.optional("save_folder", read_folder);
        let sweep = source.keep(SweepKeys::read(root.get("sweep").as_ref()));
        let sweep = sweep.unwrap_or_default();
        let samples = source.keep(Samples::read(root.get("samples").as_ref()));
        let is_incomplete = samples.is_none();
        let samples = samples.unwrap_or_default();
        let priors = samples.priors;
        // Parameters before all else: expressions are read against their names.
        let (grid, parameters) = read_grid(&root, samples.axes, sweep.combinations);
        let seed_parameters = root.optional("sweep", |i| read_seed_parameters(i, &parameters));
        let derived = root.optional("derived", TomlTable::open);
        let mut scope = Scope::new(parameters, derived.as_ref())?;
        if is_incomplete {
            scope = scope.incomplete();
        }
        let network = source.keep(NetworkSpec::read(root.get("network").as_ref(), &scope));
        let simulation = source.keep(Simulation::read(root.get("simulation").as_ref(), &scope));
        let drives = read_each(&root, "drive", |i| DriveSpec::read(i, &scope));
        let biases = read_each(&root, "bias", |i| BiasSpec::read(i, &scope).map(Some));
        let arrays = read_each(&root, "electrode_array", |i| ArraySpec::read(i, &scope));
        let connections = read_each(&root, "connection", |i| ConnectionSpec::read(i, &scope));
        let set = source.keep(SetSpec::read(root.get("set").as_ref(), &scope));
        let output = source.keep(Output::read(root.get("output").as_ref()));
        let summaries = read_summaries(&root, &scope);
        let cluster = source.keep(Cluster::read(root.get("cluster").as_ref()));
        // Here all mistakes of the file are told at once; what follows needs a whole pipeline.
        source.check()?;
        let (Some(grid), Some(network), Some(simulation), Some(set), Some(output)) =
            (grid, network, simulation, set, output)
        else {
            // Each of them has noted why.
            return Err(root.error("the pipeline has a mistake"));
        };
        let mut pipeline = Self {
            name,
            save_folder: PathBuf::from(save_folder.unwrap_or_else(|| "sim_results".to_owned())),
            batch_size: sweep.batch_size,
            combinations: sweep.combinations,
            overwrite: sweep.overwrite,
            clear_cache: sweep.clear_cache,
            seed_parameters: seed_parameters.unwrap_or_default(),
            n_trials: simulation.n_trials,
            output,
            summaries,
            cluster: cluster.unwrap_or_default(),
            grid,
            priors,
            postproc: None,
            scope,
            source,
            recipe: Recipe::File(Box::new(Content {
                simulation,
                network,
                drives,
                biases,
                arrays,
                connections,
                set,
            })),
        };
        // Binding finds what only a network can tell.
        pipeline.check_ends()?;
        Ok(pipeline)
    }

    /// The same pipeline at other points: for each parameter of the grid as many values as there are points. Its name
    /// becomes `NAME.fit`, since the grid of the file is another sweep.
    ///
    /// # Errors
    /// If a parameter is missing, unknown or of another kind, or the lists are not equally long.
    pub fn at_points(mut self, mut points: Vec<(String, Values)>) -> Result<Self, PipelineError> {
        let source = self.source.clone();
        let wrong = |message: String| SourceFile::error_of_file(&source.path, message);
        let mut axes = Vec::new();
        for parameter in self.grid.parameters() {
            let name = &parameter.name;
            let Some(index) = points.iter().position(|(own, _)| own == name) else {
                return Err(wrong(format!(
                    "there is no value for the parameter `{name}`"
                )));
            };
            let (_, values) = points.swap_remove(index);
            let values = match (parameter.kind, values) {
                // Python hands whole numbers over for floats.
                (ParameterKind::Float, Values::Int(whole)) => {
                    Values::Float(whole.into_iter().map(|x| x as f64).collect())
                }
                (ParameterKind::Int, Values::Float(numbers))
                    // Below 2^53, where each whole number is a double.
                    if numbers.iter().all(|x| x.fract() == 0.0 && x.abs() < 9e15) =>
                {
                    Values::Int(numbers.into_iter().map(|x| x as i64).collect())
                }
                (_, values) => values,
            };
            axes.push((name.clone(), values));
        }
        if let Some((name, _)) = points.first() {
            let known: Vec<&str> = axes.iter().map(|(name, _)| name.as_str()).collect();
            return Err(wrong(format!("the pipeline has no parameter `{name}`"))
                .with_help(did_you_mean(name, &known)));
        }
        let grid =
            Design::with_samples(axes, Vec::new(), true).map_err(|e| wrong(e.to_string()))?;
        if let Some((own, asked)) = (self.grid.parameters().iter().zip(grid.parameters()))
            .find(|(own, asked)| own.kind != asked.kind)
        {
            let (name, own, asked) = (&own.name, own.kind, asked.kind);
            return Err(wrong(format!(
                "the parameter `{name}` is {own}, not {asked}"
            )));
        }
        self.grid = grid;
        // Not the sweep itself: its points must not count as those of the grid.
        self.name = format!("{}.fit", self.name);
        Ok(self)
    }
}

fn read_name(root: &TomlTable, path: &Path) -> Result<String, PipelineError> {
    let Some(item) = root.get("name") else {
        // The file's name is what people call the sweep anyway.
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        return Ok(stem
            .filter(|s| !s.is_empty())
            .unwrap_or_else(|| "pipeline".to_owned()));
    };
    let name = item.string()?;
    match is_name(&name) {
        true => Ok(name),
        false => Err(item.error(WRONG_NAME)),
    }
}

fn read_folder(item: &TomlItem) -> Result<String, PipelineError> {
    let name = item.string()?;
    match is_folder(&name) {
        true => Ok(name),
        false => Err(item.error(WRONG_FOLDER)),
    }
}

/// All elements of `[[key]]` that can be read; what is wrong with the others has been noted.
fn read_each<'a, T>(
    root: &TomlTable<'a>,
    key: &str,
    mut read: impl FnMut(&TomlItem<'a>) -> Result<Option<T>, PipelineError>,
) -> Vec<T> {
    let items = root.optional(key, |item| {
        let items = item
            .array()
            .map_err(|e| e.with_help(format!("write [[{key}]], with two brackets, for each")))?;
        match items.get(MAX_ELEMENTS) {
            None => Ok(items),
            Some(first) => Err(first.error(format!(
                "the file has {} of [[{key}]]; at most {MAX_ELEMENTS} are possible",
                items.len()
            ))),
        }
    });
    let items = items.unwrap_or_default();
    let read = items
        .iter()
        .filter_map(|item| root.source.keep(read(item)).flatten());
    read.collect()
}

/// `[[summary]]`, each of which may use those above it.
fn read_summaries(root: &TomlTable, scope: &Scope) -> Vec<Summary> {
    let mut taken: Vec<String> = scope.names().iter().map(|&n| n.to_owned()).collect();
    let mut summaries: Vec<Summary> = Vec::new();
    // Summaries that could not be read are known by name, so that expressions over them are no mistakes of their own.
    let mut unread: Vec<String> = Vec::new();
    read_each(root, "summary", |item| {
        let names: Vec<&str> = taken.iter().map(String::as_str).collect();
        match Summary::read(item, &summaries, &unread, &names) {
            Ok(Some(summary)) => {
                taken.push(summary.name.clone());
                summaries.push(summary);
            }
            failed => {
                let name = TomlTable::open(item).ok().and_then(|t| t.get("name"));
                unread.extend(name.and_then(|name| name.string().ok()));
                failed?;
            }
        }
        Ok(None::<()>)
    });
    summaries
}

/// `[sweep]`.
struct SweepKeys {
    combinations: bool,
    batch_size: u32,
    overwrite: bool,
    clear_cache: bool,
}

impl Default for SweepKeys {
    fn default() -> Self {
        Self {
            combinations: true,
            batch_size: 100,
            overwrite: true,
            clear_cache: false,
        }
    }
}

impl SweepKeys {
    fn read(item: Option<&TomlItem>) -> Result<Self, PipelineError> {
        let mut sweep = Self::default();
        let Some(item) = item else {
            return Ok(sweep);
        };
        let table = TomlTable::new(item, SWEEP_KEYS)?;
        let flag = |key: &str, value: &mut bool| {
            *value = table.optional(key, TomlItem::bool).unwrap_or(*value);
        };
        flag("combinations", &mut sweep.combinations);
        flag("overwrite", &mut sweep.overwrite);
        flag("clear_cache", &mut sweep.clear_cache);
        if let Some(n) = table.optional("batch_size", |i| i.integer_in(BATCH_SIZES)) {
            sweep.batch_size = u32::try_from(n).unwrap_or(100);
        }
        Ok(sweep)
    }
}

/// `[sweep] seed_parameters`: names of parameters.
fn read_seed_parameters(
    sweep: &TomlItem,
    parameters: &[Parameter],
) -> Result<Vec<String>, PipelineError> {
    // Another kind of value has been noted already.
    let Some(item) = TomlTable::open(sweep)
        .ok()
        .and_then(|t| t.get("seed_parameters"))
    else {
        return Ok(Vec::new());
    };
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    item.array()?
        .iter()
        .map(|element| {
            let name = element.string()?;
            if names.contains(&name.as_str()) {
                return Ok(name);
            }
            Err(element
                .error(format!(
                    "{}: there is no parameter `{name}`",
                    element.describe()
                ))
                .with_help(did_you_mean(&name, &names)))
        })
        .collect()
}

/// The grid, or `None` after mistakes have been noted; and its parameters, also those whose values could not be read.
fn read_grid(
    root: &TomlTable,
    samples: Vec<(String, Values)>,
    combinations: bool,
) -> (Option<Design>, Vec<Parameter>) {
    let source = root.source;
    let mut axes: Vec<(String, Values)> = Vec::new();
    let mut is_whole = true;
    let table = root.optional("grid", TomlTable::open);
    if let Some(table) = &table {
        if table.iter().count() > MAX_PARAMETERS {
            source.note(table.error(format!(
                "[grid] has {} parameters; at most {MAX_PARAMETERS} are possible",
                table.iter().count()
            )));
            return (None, Vec::new());
        }
        for (name, span, item) in table.iter() {
            // Names are one space, for samples and grid alike.
            let names = samples.iter().chain(&axes);
            let taken: Vec<&str> = names.map(|(n, _)| n.as_str()).collect();
            source.keep(check_name(source, &span, "parameter", name, &taken));
            // After a mistake the name is known all the same, so that what uses it is not a mistake, too.
            let values = source.keep(grid::read_axis(&item));
            is_whole &= values.is_some();
            axes.push((name.to_owned(), values.unwrap_or(Values::Float(vec![1.0]))));
        }
    }
    let of_axis = |(name, values): &(String, Values)| Parameter {
        name: name.clone(),
        kind: values.kind(),
    };
    let parameters = samples.iter().chain(&axes).map(of_axis).collect();
    let grid = Design::with_samples(samples, axes, combinations).map_err(|e| {
        let help = match e {
            GridError::UnequalLengths(_) => {
                "make the lists equally long, or set combinations = true for all combinations"
            }
            GridError::TooManyPoints(_) => "take fewer values per parameter, or fewer parameters",
            GridError::Empty(_) => "give at least one value",
            GridError::NotFinite(..) => "give finite values",
        };
        let table = table.as_ref().unwrap_or(root);
        table.error(e.to_string()).with_help(help)
    });
    let grid = match is_whole {
        // Its mistakes have been noted.
        true => source.keep(grid),
        // Lists of other lengths than meant say nothing.
        false => grid.ok(),
    };
    (grid, parameters)
}
