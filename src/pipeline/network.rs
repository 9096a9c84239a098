//! `[network]`: which network a sweep starts from.

use super::error::PipelineError;
use super::reader::{Item, Place, Table};
use super::setting::{Env, Flag, Number, Scope, Text};

/// Keys of `[network]`.
pub(super) const NETWORK_KEYS: &[&str] = &["model", "mesh_shape", "legacy_mode"];

/// Names of the models.
pub(super) const MODELS: &[&str] = &["neymotin_2020", "jones_2009"];

/// Most pyramidal cells of one layer.
const MAX_CELLS: i64 = 10_000;

/// `[network]`; `None` stands for hnn-core's default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NetworkSpec {
    model: Option<Text>,
    mesh_shape: Option<(Place, [Number; 2])>,
    legacy_mode: Option<Flag>,
}

impl NetworkSpec {
    pub(super) fn read(item: Option<&Item>, scope: &Scope) -> Result<Self, PipelineError> {
        let mut spec = Self {
            model: None,
            mesh_shape: None,
            legacy_mode: None,
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

    /// The shape at a point.
    pub(super) fn mesh_shape(&self, env: &Env) -> Result<[u32; 2], PipelineError> {
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
