//! `[[connection]]`: connections that a network has in addition.

use super::error::PipelineError;
use super::keys::CONNECTION_KEYS;
use super::located::located;
use super::reader::{Place, TomlItem, TomlTable};
use super::scope::{Env, Scope};
use super::setting::{Flag, Number, Text};
use crate::network::{Gid, Network, NewConnection, Sources, Targets};

/// A connection as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConnectionSpec {
    src_gids: Cells,
    target_gids: Cells,
    loc: Text,
    receptor: Text,
    weight: Number,
    delay: Number,
    lamtha: Number,
    threshold: Option<Number>,
    gain: Option<Number>,
    allow_autapses: Option<Flag>,
    probability: Option<Number>,
    conn_seed: Option<Number>,
    place: Place,
    places: Vec<Place>,
}

/// A cell type, or gids.
#[derive(Debug, Clone, PartialEq)]
enum Cells {
    Type(Text),
    Gids(Vec<Gid>),
    /// Targets of each source.
    Lists(Vec<Vec<Gid>>),
}

impl ConnectionSpec {
    /// Reads a connection; `None` after its mistakes have been noted.
    pub(super) fn read(item: &TomlItem, scope: &Scope) -> Result<Option<Self>, PipelineError> {
        let table = TomlTable::new(item, CONNECTION_KEYS)?;
        let table = table.called("a connection");
        let number = |key: &str| table.optional(key, |i| Number::read(i, scope));
        let required = |key: &str| table.required(key, |i| Number::read(i, scope));
        let text = |key: &str| table.required(key, |i| Text::read(i, scope));
        // All keys are read before any is missed, so that each mistake is told.
        let src_gids = table.required("src_gids", |i| {
            Ok((i.place.clone(), Cells::read(i, scope, false)?))
        });
        let target_gids = table.required("target_gids", |i| Cells::read(i, scope, true));
        let (loc, receptor) = (text("loc"), text("receptor"));
        let (weight, delay) = (required("weight"), required("delay"));
        let lamtha = table.required("lamtha", |i| Number::read_infinite(i, scope));
        let (threshold, gain) = (number("threshold"), number("gain"));
        let allow_autapses = table.optional("allow_autapses", |i| Flag::read(i, scope));
        let (probability, conn_seed) = (number("probability"), number("conn_seed"));
        let read = || {
            let (place, src_gids) = src_gids?;
            Some(Self {
                place,
                src_gids,
                target_gids: target_gids?,
                loc: loc?,
                receptor: receptor?,
                weight: weight?,
                delay: delay?,
                lamtha: lamtha?,
                threshold,
                gain,
                allow_autapses,
                probability,
                conn_seed,
                places: table.iter().map(|(.., i)| i.place).collect(),
            })
        };
        Ok(read())
    }

    pub(super) fn add_to(&self, network: &mut Network, env: &Env) -> Result<(), PipelineError> {
        let or = |number: &Option<Number>, default: f64| {
            number.as_ref().map_or(Ok(default), |n| n.evaluate(env))
        };
        let maybe = |number: &Option<Number>| number.as_ref().map(|n| n.evaluate(env)).transpose();
        let sources = match &self.src_gids {
            Cells::Type(name) => Sources::from(name.evaluate(env)),
            Cells::Gids(gids) => Sources::Gids(gids.clone()),
            // The reader below never gives lists for sources.
            Cells::Lists(_) => Sources::Gids(Vec::new()),
        };
        let targets = match &self.target_gids {
            Cells::Type(name) => Targets::from(name.evaluate(env)),
            Cells::Gids(gids) => Targets::Gids(gids.clone()),
            Cells::Lists(lists) => Targets::Each(lists.clone()),
        };
        let conn_seed = match &self.conn_seed {
            None => None,
            Some(number) => Some(number.whole(env, 0..i64::MAX)?.unsigned_abs()),
        };
        let new = NewConnection {
            src_gids: sources,
            target_gids: targets,
            loc: self.loc.evaluate(env).to_owned(),
            receptor: self.receptor.evaluate(env).to_owned(),
            weight: self.weight.evaluate(env)?,
            delay: self.delay.evaluate(env)?,
            lamtha: self.lamtha.evaluate(env)?,
            threshold: maybe(&self.threshold)?,
            gain: or(&self.gain, 1.0)?,
            allow_autapses: self.allow_autapses.as_ref().is_none_or(|f| f.evaluate(env)),
            probability: or(&self.probability, 1.0)?,
            conn_seed,
        };
        network
            .add_connection(new)
            .map_err(|e| located(e, &self.place, &self.places, env))
    }
}

impl Cells {
    fn read(item: &TomlItem, scope: &Scope, lists: bool) -> Result<Self, PipelineError> {
        if item.is_string() {
            return Text::read(item, scope).map(Self::Type);
        }
        let gids = |item: &TomlItem| -> Result<Vec<Gid>, PipelineError> {
            item.array()?.iter().map(read_gid).collect()
        };
        if item.is_integer() {
            return Ok(Self::Gids(vec![read_gid(item)?]));
        }
        if !item.is_array() {
            return Err(item.wrong_type("the name of a cell type, or gids"));
        }
        let elements = item.array()?;
        if lists && elements.first().is_some_and(TomlItem::is_array) {
            let lists = elements.iter().map(gids).collect::<Result<_, _>>()?;
            return Ok(Self::Lists(lists));
        }
        gids(item).map(Self::Gids)
    }
}

fn read_gid(item: &TomlItem) -> Result<Gid, PipelineError> {
    let gid = item.integer_in(0..1 << 32)?;
    Ok(Gid::try_from(gid).unwrap_or(Gid::MAX))
}
