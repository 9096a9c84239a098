//! `[network]`: which network a sweep starts from.

use super::error::{PipelineError, did_you_mean};
use super::reader::{Item, Place, Table};
use super::setting::{Env, Flag, Number, Scope, Text};
use crate::network::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys of `[network]`.
pub(super) const NETWORK_KEYS: &[&str] = &["model", "mesh_shape", "legacy_mode"];

/// Names of the models.
pub(super) const MODELS: &[&str] = &["neymotin_2020", "jones_2009", "law_2021", "calcium"];

/// Most pyramidal cells of one layer.
const MAX_CELLS: i64 = 10_000;
/// Most networks that are kept where `[network]` depends on parameters.
const MAX_BUILT: usize = 16;

/// `[network]`; `None` stands for hnn-core's default.
#[derive(Debug)]
pub(super) struct NetworkSpec {
    model: Option<Text>,
    mesh_shape: Option<(Place, [Number; 2])>,
    legacy_mode: Option<Flag>,
    /// Networks that have been built, so that a point costs a clone.
    built: Mutex<HashMap<Key, Arc<Network>>>,
}

/// What a base network depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    model: String,
    mesh_shape: [u32; 2],
    legacy_mode: bool,
}

impl NetworkSpec {
    pub(super) fn read(item: Option<&Item>, scope: &Scope) -> Result<Self, PipelineError> {
        let mut spec = Self {
            model: None,
            mesh_shape: None,
            legacy_mode: None,
            built: Mutex::default(),
        };
        let Some(item) = item else {
            return Ok(spec);
        };
        let table = Table::new(item, NETWORK_KEYS)?;
        spec.model = table
            .get("model")
            .map(|i| {
                let model = Text::read(&i, scope)?;
                if model.constant().is_some() {
                    i.word(MODELS)?;
                }
                Ok(model)
            })
            .transpose()?;
        spec.mesh_shape = table
            .get("mesh_shape")
            .map(|i| {
                let elements = i.array()?;
                let [x, y] = elements.as_slice() else {
                    return Err(i.error(format!(
                        "{} must have two numbers, the pyramidal cells along x and y",
                        i.describe()
                    )));
                };
                let shape = [Number::read(x, scope)?, Number::read(y, scope)?];
                Ok((i.place.clone(), shape))
            })
            .transpose()?;
        spec.legacy_mode = table
            .get("legacy_mode")
            .map(|i| Flag::read(&i, scope))
            .transpose()?;
        Ok(spec)
    }

    /// The network at a point, without the file's drives.
    pub(super) fn base(&self, env: &Env) -> Result<Arc<Network>, PipelineError> {
        let key = Key {
            model: self
                .model
                .as_ref()
                .map_or("jones_2009", |m| m.evaluate(env))
                .to_owned(),
            mesh_shape: self.mesh_shape(env)?,
            legacy_mode: self.legacy_mode.as_ref().is_some_and(|f| f.evaluate(env)),
        };
        // A lock that a panicking thread has left is as good as any: entries are only ever added whole.
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = built.get(&key) {
            return Ok(network.clone());
        }
        let mut network = match key.model.as_str() {
            "jones_2009" | "neymotin_2020" => Network::neymotin_2020(key.mesh_shape),
            "law_2021" => Network::law_2021(key.mesh_shape),
            "calcium" => Network::calcium(key.mesh_shape),
            unknown => {
                let message = format!("is `{unknown}`, which is no model");
                return Err(match &self.model {
                    Some(model) => env.error(&model.place, &message),
                    None => env.error(&Place::default(), &message),
                }
                .with_help(did_you_mean(unknown, MODELS)));
            }
        };
        network.legacy_mode = key.legacy_mode;
        let network = Arc::new(network);
        if built.len() >= MAX_BUILT {
            built.clear();
        }
        built.insert(key, network.clone());
        Ok(network)
    }

    /// The shape at a point.
    fn mesh_shape(&self, env: &Env) -> Result<[u32; 2], PipelineError> {
        let Some((place, [x, y])) = &self.mesh_shape else {
            return Ok([10, 10]);
        };
        let (nx, ny) = (x.whole(env, 1..i64::MAX)?, y.whole(env, 1..i64::MAX)?);
        match nx.checked_mul(ny) {
            Some(n) if n <= MAX_CELLS => {
                Ok([nx, ny].map(|n| u32::try_from(n).unwrap_or(u32::MAX)))
            }
            _ => Err(env.error(
                place,
                &format!("asks for {nx} x {ny} pyramidal cells per layer; at most {MAX_CELLS} are possible"),
            )),
        }
    }
}
