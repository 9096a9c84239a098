//! `[network]`: which network a sweep starts from.

use super::error::{PipelineError, did_you_mean};
use super::keys::NETWORK_KEYS;
use super::reader::{Place, TomlItem, TomlTable};
use super::scope::{Env, Scope};
use super::setting::{Flag, Number, Text};
use crate::input::read_text;
use crate::network::{Model, Network, NetworkError, Params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Most pyramidal cells of one layer.
const MAX_CELLS: i64 = 10_000;
/// Most networks that are kept where `[network]` depends on parameters.
const MAX_BUILT: usize = 16;
/// Largest network or parameter file (bytes).
const MAX_FILE_SIZE: u64 = 1 << 30;

/// `[network]`; `None` stands for hnn-core's default.
#[derive(Debug, Default)]
pub(super) struct NetworkSpec {
    model: Option<Text>,
    file: Option<Text>,
    params: Option<Text>,
    add_drives_from_params: Option<Flag>,
    mesh_shape: Option<(Place, [Number; 2])>,
    legacy_mode: Option<Flag>,
    clear_connectivity: Option<Flag>,
    clear_drives: Option<Flag>,
    /// Networks that have been built, so that a point costs a clone.
    built: Mutex<HashMap<NetworkKey, Arc<Network>>>,
}

/// What a base network depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum NetworkKey {
    File(PathBuf),
    Model {
        model: Model,
        params: Option<PathBuf>,
        add_drives_from_params: bool,
        mesh_shape: [u32; 2],
        legacy_mode: bool,
    },
}

impl NetworkSpec {
    pub(super) fn read(item: Option<&TomlItem>, scope: &Scope) -> Result<Self, PipelineError> {
        let mut spec = Self::default();
        let Some(item) = item else {
            return Ok(spec);
        };
        let table = TomlTable::new(item, NETWORK_KEYS)?;
        let text = |key: &str| table.optional(key, |i| Text::read(i, scope));
        let flag = |key: &str| table.optional(key, |i| Flag::read(i, scope));
        spec.model = text("model");
        spec.file = text("file");
        spec.params = text("params");
        spec.add_drives_from_params = flag("add_drives_from_params");
        spec.legacy_mode = flag("legacy_mode");
        spec.clear_connectivity = flag("clear_connectivity");
        spec.clear_drives = flag("clear_drives");
        spec.mesh_shape = table.optional("mesh_shape", |i| {
            let elements = i.array()?;
            let [x, y] = elements.as_slice() else {
                return Err(i.error(format!(
                    "{} must have two numbers, the pyramidal cells along x and y",
                    i.describe()
                )));
            };
            let shape = [Number::read(x, scope)?, Number::read(y, scope)?];
            Ok((i.place.clone(), shape))
        });
        // A file says all the rest of the network itself.
        if spec.file.is_some()
            && let Some(other) = NETWORK_KEYS
                .iter()
                .filter(|key| !["file", "clear_connectivity", "clear_drives"].contains(key))
                .find_map(|key| table.get(key))
        {
            return Err(other
                .error(format!(
                    "{} has no meaning with `file`: a network file says it itself",
                    other.describe()
                ))
                .with_help("remove one of the two keys"));
        }
        if let (None, Some(item)) = (&spec.params, table.get("add_drives_from_params")) {
            return Err(item
                .error(format!("{} needs a parameter file", item.describe()))
                .with_help("add `params = \"….json\"`, or use a [[drive]] of type \"erp\""));
        }
        Ok(spec)
    }

    /// The network at a point, without the file's drives.
    pub(super) fn base(&self, env: &Env) -> Result<Network, PipelineError> {
        let cached = self.cached(env)?;
        let mut network = Network::clone(&cached);
        let set = |flag: &Option<Flag>| flag.as_ref().is_some_and(|f| f.evaluate(env));
        if set(&self.clear_connectivity) {
            network.clear_connectivity();
        }
        if set(&self.clear_drives) {
            network.clear_drives();
        }
        Ok(network)
    }

    fn cached(&self, env: &Env) -> Result<Arc<Network>, PipelineError> {
        let key = self.key(env)?;
        // A lock that a panicking thread has left is as good as any: entries are only ever added whole.
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = built.get(&key) {
            return Ok(network.clone());
        }
        let network = Arc::new(self.build(&key, env)?);
        // All at once: a sweep over so many files reads each once in any case.
        if built.len() >= MAX_BUILT {
            built.clear();
        }
        built.insert(key, network.clone());
        Ok(network)
    }

    fn key(&self, env: &Env) -> Result<NetworkKey, PipelineError> {
        let path = |text: &Option<Text>| text.as_ref().map(|t| env.beside(t.evaluate(env)));
        // Path and shape, not content: a file is read once, and a change meanwhile is found by its
        // key.
        if let Some(file) = path(&self.file) {
            return Ok(NetworkKey::File(file));
        }
        let model = match &self.model {
            None => Model::Neymotin2020,
            Some(text) => {
                let name = text.evaluate(env);
                Model::from_name(name).map_err(|_| {
                    env.error(&text.place, &format!("is \"{name}\", which is no model"))
                        .with_help(did_you_mean(name, &Model::NAMES))
                })?
            }
        };
        let flag = |flag: &Option<Flag>| flag.as_ref().is_some_and(|f| f.evaluate(env));
        Ok(NetworkKey::Model {
            model,
            params: path(&self.params),
            add_drives_from_params: flag(&self.add_drives_from_params),
            mesh_shape: self.mesh_shape(env)?,
            legacy_mode: flag(&self.legacy_mode),
        })
    }

    fn build(&self, key: &NetworkKey, env: &Env) -> Result<Network, PipelineError> {
        match key {
            NetworkKey::File(path) => {
                let text = self.read_file(&self.file, path, env)?;
                Network::from_json(&text).map_err(|e| self.in_file(&self.file, path, &e, env))
            }
            NetworkKey::Model {
                model,
                params: None,
                mesh_shape,
                legacy_mode,
                ..
            } => {
                let mut network = model.network(*mesh_shape);
                network.legacy_mode = *legacy_mode;
                Ok(network)
            }
            NetworkKey::Model {
                model,
                params: Some(path),
                add_drives_from_params,
                mesh_shape,
                legacy_mode,
            } => {
                let text = self.read_file(&self.params, path, env)?;
                // By the name's ending, as hnn-core tells them apart.
                let older = path
                    .extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("param"));
                let params = if older {
                    Params::from_param(&text)
                } else {
                    Params::from_json(&text)
                };
                params
                    .and_then(|params| {
                        Network::from_params(
                            *model,
                            &params,
                            *mesh_shape,
                            *add_drives_from_params,
                            *legacy_mode,
                        )
                    })
                    .map_err(|e| self.in_file(&self.params, path, &e, env))
            }
        }
    }

    fn read_file(
        &self,
        key: &Option<Text>,
        path: &Path,
        env: &Env,
    ) -> Result<String, PipelineError> {
        read_text(&env.source.files.place(path), MAX_FILE_SIZE).map_err(|problem| {
            Self::at(key, &format!("{}: {problem}", path.display()), env)
                .with_optional_help(problem.help)
        })
    }

    fn in_file(
        &self,
        key: &Option<Text>,
        path: &Path,
        error: &NetworkError,
        env: &Env,
    ) -> PipelineError {
        Self::at(key, &format!("{}: {error}", path.display()), env)
    }

    /// Where the file names what the network is read from; nowhere where it is a model.
    pub(super) fn place(&self) -> Option<&Place> {
        let file = self.file.as_ref().or(self.params.as_ref());
        file.map(|text| &text.place)
    }

    fn at(key: &Option<Text>, problem: &str, env: &Env) -> PipelineError {
        let place = key.as_ref().map(|t| t.place.clone()).unwrap_or_default();
        env.source
            .error(&place.span, format!("{}: {problem}", place.describe()))
    }

    /// The shape at a point.
    fn mesh_shape(&self, env: &Env) -> Result<[u32; 2], PipelineError> {
        let Some((place, [x, y])) = &self.mesh_shape else {
            return Ok([10, 10]);
        };
        let (nx, ny) = (x.whole(env, 1..i64::MAX)?, y.whole(env, 1..i64::MAX)?);
        // Two sizes that are possible may not be so together.
        match nx.checked_mul(ny) {
            Some(n) if n <= MAX_CELLS => {
                Ok([nx, ny].map(|n| u32::try_from(n).unwrap_or(u32::MAX)))
            }
            _ => Err(env.error(
                place,
                &format!(
                    "asks for {nx} x {ny} pyramidal cells per layer; at most {MAX_CELLS} are possible"
                ),
            )),
        }
    }
}
