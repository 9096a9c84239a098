//! Making, finding and changing connections.

use super::error::{finite, non_negative};
use super::random::DefaultRng;
use super::{Cell, Connection, Gid, GidPairs, Gids, Network, NetworkError};
use std::ops::Range;

/// Sources of a connection: a cell type or drive by name, or gids of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Sources {
    /// All cells of a cell type or drive.
    Type(String),
    /// A range of gids.
    Range(Range<Gid>),
    /// Single gids.
    Gids(Vec<Gid>),
}

/// Targets of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// All cells of a cell type, for every source.
    Type(String),
    /// A range of gids of one cell type, for every source.
    Range(Range<Gid>),
    /// Single gids of one cell type, for every source.
    Gids(Vec<Gid>),
    /// Gids for each source in turn.
    Each(Vec<Vec<Gid>>),
    /// The k-th gid of a range for the k-th source.
    OneToOne(Range<Gid>),
}

macro_rules! selections {
    ($($selection:ident),*) => {$(
        impl From<&str> for $selection {
            fn from(name: &str) -> Self {
                Self::Type(name.into())
            }
        }
        impl From<Gid> for $selection {
            fn from(gid: Gid) -> Self {
                Self::Range(gid..gid.saturating_add(1))
            }
        }
        impl From<Range<Gid>> for $selection {
            fn from(gids: Range<Gid>) -> Self {
                Self::Range(gids)
            }
        }
        impl From<Vec<Gid>> for $selection {
            fn from(gids: Vec<Gid>) -> Self {
                Self::Gids(gids)
            }
        }
    )*};
}
selections!(Sources, Targets);

impl From<Vec<Vec<Gid>>> for Targets {
    fn from(gids: Vec<Vec<Gid>>) -> Self {
        Self::Each(gids)
    }
}

/// Arguments of [`Network::add_connection`].
#[derive(Clone, Debug, PartialEq)]
pub struct NewConnection {
    /// Sources.
    pub src_gids: Sources,
    /// Targets.
    pub target_gids: Targets,
    /// A section of the target cells, or a group of sections such as `proximal`.
    pub loc: String,
    /// `ampa`, `nmda`, `gabaa` or `gabab`.
    pub receptor: String,
    /// Weight (uS) at distance 0.
    pub weight: f64,
    /// Delay (ms) at distance 0.
    pub delay: f64,
    /// Space constant, in units of the in-plane distance.
    pub lamtha: f64,
    /// Threshold (mV) that the connection sets on its source cells; `None` is the network's.
    pub threshold: Option<f64>,
    /// Factor on the weight.
    pub gain: f64,
    /// Whether a cell may connect to itself.
    pub allow_autapses: bool,
    /// Probability of each pair, in (0, 1].
    pub probability: f64,
    /// Seed of the choice of pairs; needed where `probability` is below 1.
    pub conn_seed: Option<u64>,
}

impl NewConnection {
    /// A connection with hnn-core's defaults: the network's threshold, gain 1, autapses, probability 1.
    pub fn new(
        src_gids: impl Into<Sources>,
        target_gids: impl Into<Targets>,
        loc: &str,
        receptor: &str,
        weight: f64,
        delay: f64,
        lamtha: f64,
    ) -> Self {
        Self {
            src_gids: src_gids.into(),
            target_gids: target_gids.into(),
            loc: loc.into(),
            receptor: receptor.into(),
            weight,
            delay,
            lamtha,
            threshold: None,
            gain: 1.0,
            allow_autapses: true,
            probability: 1.0,
            conn_seed: None,
        }
    }
}

/// What [`Network::pick_connection`] looks for. An empty field matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionFilter {
    /// Sources: connections of any of their gids.
    pub src_gids: Option<Sources>,
    /// Targets: connections of any of their gids.
    pub target_gids: Option<Sources>,
    /// Any of these locations.
    pub loc: Vec<String>,
    /// Any of these receptors.
    pub receptor: Vec<String>,
}

impl Network {
    /// Appends a connection to `connectivity`.
    ///
    /// ```
    /// use hnn_sweep::network::{Network, NewConnection};
    ///
    /// let mut network = Network::neymotin_2020([3, 3]);
    /// // Inhibition from layer 5 to layer 2: 0.02 uS after 1 ms, falling off over 20 columns.
    /// let new = NewConnection::new("L5_basket", "L2_pyramidal", "soma", "gabaa", 0.02, 1.0, 20.0);
    /// network.add_connection(new)?;
    /// let made = network.connectivity.last().unwrap();
    /// assert_eq!((made.src_type.as_str(), made.gain), ("L5_basket", 1.0));
    /// # Ok::<(), hnn_sweep::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// Unknown names, gids of several types, a location or receptor that the target cells lack, numbers out of range.
    pub fn add_connection(&mut self, new: NewConnection) -> Result<(), NetworkError> {
        let connection = self.make_connection(new)?;
        self.connectivity.push(connection);
        Ok(())
    }

    /// Checks the arguments and makes the connection, which the caller keeps.
    pub(crate) fn make_connection(&self, new: NewConnection) -> Result<Connection, NetworkError> {
        let (src_type, src_gids) = self.resolve_sources("src_gids", &new.src_gids, true)?;
        self.finish_connection(src_type, src_gids, new)
    }

    /// The same for sources that the network does not know yet; they must be a range.
    pub(crate) fn make_connection_from(
        &self,
        src_type: &str,
        new: NewConnection,
    ) -> Result<Connection, NetworkError> {
        let src_gids = match &new.src_gids {
            Sources::Range(range) => Gids::Range(range.clone()),
            Sources::Gids(gids) => Gids::from_gids(gids.iter().copied()),
            Sources::Type(_) => return self.make_connection(new),
        };
        self.finish_connection(src_type.into(), src_gids, new)
    }

    fn finish_connection(
        &self,
        src_type: String,
        src_gids: Gids,
        new: NewConnection,
    ) -> Result<Connection, NetworkError> {
        let (target_type, target_gids, pairs) = self.resolve_targets(&new, &src_gids)?;
        let target_cell = &self.cell_type("target_gids", &target_type)?.cell;
        check_synapse(target_cell, &target_type, &new.loc, &new.receptor)?;

        let threshold = new.threshold.unwrap_or(self.threshold);
        finite("weight", new.weight)?;
        non_negative("delay", new.delay)?;
        check_lamtha("lamtha", new.lamtha)?;
        finite("threshold", threshold)?;
        non_negative("gain", new.gain)?;
        // Pruned before they take their canonical form: the draw counts pairs in the order given.
        let gid_pairs = match pairs {
            Pairs::Listed(pairs) if new.probability != 1.0 => {
                GidPairs::from_explicit(prune(pairs, new.probability, new.conn_seed)?)
            }
            Pairs::Compact(pairs) if new.probability != 1.0 => {
                pairs.pruned(new.probability, new.conn_seed)?
            }
            Pairs::Listed(pairs) => GidPairs::from_explicit(pairs),
            Pairs::Compact(pairs) => pairs,
        };

        Ok(Connection {
            src_type: src_type.into(),
            target_type: target_type.into(),
            src_gids,
            target_gids,
            gid_pairs,
            loc: new.loc.into(),
            receptor: new.receptor.into(),
            weight: new.weight,
            delay: new.delay,
            lamtha: new.lamtha,
            threshold,
            gain: new.gain,
            allow_autapses: new.allow_autapses,
            probability: new.probability,
        })
    }

    /// Name of the type (the first gid's) and the gids of a selection.
    fn resolve_sources(
        &self,
        argument: &str,
        selection: &Sources,
        same_type: bool,
    ) -> Result<(String, Gids), NetworkError> {
        let gids = match selection {
            Sources::Type(name) => {
                let range = self
                    .gid_ranges
                    .get(name)
                    .ok_or_else(|| NetworkError::unknown(argument, name, self.gid_ranges.keys()))?;
                return Ok((name.clone(), Gids::Range(range.clone())));
            }
            Sources::Range(range) => Gids::Range(range.clone()),
            Sources::Gids(gids) => Gids::from_gids(gids.iter().copied()),
        };
        let name = self.type_of_gids(argument, &gids, same_type)?;
        Ok((name, gids))
    }

    /// The one type that all gids belong to (or, if not `same_type`, the first's).
    fn type_of_gids(
        &self,
        argument: &str,
        gids: &Gids,
        same_type: bool,
    ) -> Result<String, NetworkError> {
        let mut found: Option<(&str, &Range<Gid>)> = None;
        // Of a range both ends tell: types are ranges themselves.
        let ends: Vec<Gid> = match gids {
            Gids::Range(range) if same_type && !range.is_empty() => {
                vec![range.start, range.end - 1]
            }
            _ => gids.iter().collect(),
        };
        for gid in ends {
            if found.is_some_and(|(_, range)| range.contains(&gid)) {
                // Gids mostly come type by type; the look-up is for the first of each.
                continue;
            }
            let Some((name, range)) = self.range_of(gid) else {
                return Err(NetworkError::argument(
                    argument,
                    gid,
                    format!(
                        "the network has gids 0 to {}",
                        self.n_gids().saturating_sub(1)
                    ),
                ));
            };
            match found {
                None => found = Some((name, range)),
                Some((first, _)) if same_type => {
                    return Err(NetworkError::argument(
                        argument,
                        gid,
                        format!(
                            "all of them must be of the same type, but this is {name} and others are {first}"
                        ),
                    ));
                }
                Some(_) => {}
            }
        }
        match found {
            Some((name, _)) => Ok(name.to_string()),
            None => Err(NetworkError::argument(
                argument,
                "[]",
                "it must name at least one cell",
            )),
        }
    }

    fn resolve_targets(
        &self,
        new: &NewConnection,
        src_gids: &Gids,
    ) -> Result<(String, Gids, Pairs), NetworkError> {
        const ARGUMENT: &str = "target_gids";
        let autapses = new.allow_autapses;
        // In the order given, in which pruning counts the pairs.
        let sources: Vec<Gid> = match &new.src_gids {
            Sources::Gids(gids) => gids.clone(),
            _ => src_gids.iter().collect(),
        };
        let range = match &new.target_gids {
            Targets::Type(name) => {
                self.cell_type(ARGUMENT, name)?;
                self.gid_ranges.get(name).cloned().unwrap_or_default()
            }
            Targets::Range(range) => range.clone(),
            Targets::OneToOne(targets) => {
                let all = Gids::Range(targets.clone());
                let name = self.type_of_gids(ARGUMENT, &all, true)?;
                let pairs = match src_gids {
                    Gids::Range(src) if src.len() == targets.len() => {
                        GidPairs::one_to_one(src.clone(), targets.clone())
                    }
                    _ => {
                        // Pairs by position have no meaning between sets of different size.
                        return Err(NetworkError::argument(
                            ARGUMENT,
                            format!("{} gids", targets.len()),
                            "there must be a range of as many sources",
                        ));
                    }
                };
                return Ok((name, all, Pairs::Compact(pairs)));
            }
            Targets::Gids(gids) => {
                let all = Gids::from_gids(gids.iter().copied());
                let name = self.type_of_gids(ARGUMENT, &all, true)?;
                let of = |s: Gid| gids.iter().copied().filter(move |t| autapses || *t != s);
                let pairs = sources.into_iter().map(|s| (s, of(s).collect())).collect();
                return Ok((name, all, Pairs::Listed(pairs)));
            }
            Targets::Each(lists) => {
                if sources.len() != lists.len() {
                    return Err(NetworkError::argument(
                        ARGUMENT,
                        format!("{} lists", lists.len()),
                        format!(
                            "there must be one list for each of the {} sources",
                            sources.len()
                        ),
                    ));
                }
                let all = Gids::from_gids(lists.iter().flatten().copied());
                let name = self.type_of_gids(ARGUMENT, &all, true)?;
                let pairs = sources.into_iter().zip(lists).map(|(s, targets)| {
                    let kept = targets.iter().copied().filter(|t| autapses || *t != s);
                    (s, kept.collect())
                });
                return Ok((name, all, Pairs::Listed(pairs.collect())));
            }
        };
        let all = Gids::Range(range.clone());
        let name = match &new.target_gids {
            Targets::Type(name) => name.clone(),
            _ => self.type_of_gids(ARGUMENT, &all, true)?,
        };
        let pairs = match src_gids {
            Gids::Range(src) if !matches!(new.src_gids, Sources::Gids(_)) => {
                Pairs::Compact(GidPairs::all_to_all(src.clone(), range, autapses))
            }
            _ => Pairs::Listed(
                sources
                    .into_iter()
                    .map(|s| (s, range.clone().filter(|t| autapses || *t != s).collect()))
                    .collect(),
            ),
        };
        Ok((name, all, pairs))
    }

    /// Indices of the connections that match every field of the filter (any entry of a field).
    ///
    /// Gids are compared with the sources and targets before pruning, as hnn-core does. Unlike hnn-core, `loc` may also
    /// be a section.
    ///
    /// ```
    /// use hnn_sweep::network::{ConnectionFilter, Network};
    ///
    /// let mut network = Network::neymotin_2020([3, 3]);
    /// let filter = ConnectionFilter {
    ///     src_gids: Some("L2_basket".into()),
    ///     receptor: vec!["gabaa".into()],
    ///     ..Default::default()
    /// };
    /// for index in network.pick_connection(&filter)? {
    ///     network.connectivity[index].weight *= 2.0;
    /// }
    /// # Ok::<(), hnn_sweep::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// A name or gid that the network does not have.
    pub fn pick_connection(&self, filter: &ConnectionFilter) -> Result<Vec<usize>, NetworkError> {
        let select = |argument: &str, selection: &Option<Sources>| match selection {
            None => Ok(None),
            Some(selection) => self
                .resolve_sources(argument, selection, false)
                .map(|(_, gids)| Some(gids)),
        };
        let src = select("src_gids", &filter.src_gids)?;
        let target = select("target_gids", &filter.target_gids)?;
        if let Some(Sources::Type(name)) = &filter.target_gids {
            self.cell_type("target_gids", name)?;
        }
        let hits = |wanted: &Option<Gids>, has: &Gids| match wanted {
            None => true,
            // One common gid is enough: hnn-core picks connections, not pairs.
            Some(wanted) => wanted.iter().any(|gid| has.contains(gid)),
        };
        let named = |wanted: &[String], has: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == has)
        };
        let picked = self.connectivity.iter().enumerate().filter(|(_, conn)| {
            named(&filter.loc, &conn.loc)
                && named(&filter.receptor, &conn.receptor)
                && hits(&src, &conn.src_gids)
                && hits(&target, &conn.target_gids)
        });
        Ok(picked.map(|(index, _)| index).collect())
    }

    /// Removes all connections between cells; those of drives stay.
    pub fn clear_connectivity(&mut self) {
        let drives = &self.external_drives;
        self.connectivity
            .retain(|conn| drives.contains_key(conn.src_type.as_str()));
    }

    /// Sets the gain of all connections from excitatory (e) or inhibitory (i) cells to such cells; `None` leaves a kind
    /// as it is. Drives are not touched.
    ///
    /// ```
    /// use hnn_sweep::network::Network;
    ///
    /// let mut network = Network::neymotin_2020([3, 3]);
    /// network.set_global_synaptic_gains(None, None, Some(0.5), None)?; // half the inhibition of pyramidal cells
    /// let inhibition = network.connectivity.iter().filter(|c| c.gain == 0.5);
    /// assert!(inhibition.clone().count() > 0);
    /// assert!(inhibition.into_iter().all(|c| c.receptor.starts_with("gaba")));
    /// # Ok::<(), hnn_sweep::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// A gain that is negative or not finite.
    pub fn set_global_synaptic_gains(
        &mut self,
        e_e: Option<f64>,
        e_i: Option<f64>,
        i_e: Option<f64>,
        i_i: Option<f64>,
    ) -> Result<(), NetworkError> {
        const E: &str = "excitatory";
        const I: &str = "inhibitory";
        let kinds = [
            ("e_e", e_e, E, E),
            ("e_i", e_i, E, I),
            ("i_e", i_e, I, E),
            ("i_i", i_i, I, I),
        ];
        for (name, gain, _, _) in kinds {
            if let Some(gain) = gain {
                non_negative(name, gain)?;
            }
        }
        let cell_types = &self.cell_types;
        let is = |name: &str, electro_type: &str| {
            cell_types
                .get(name)
                .and_then(|cell_type| cell_type.metadata.electro_type.as_deref())
                == Some(electro_type)
        };
        for conn in &mut self.connectivity {
            for (_, gain, src, target) in kinds {
                if let Some(gain) = gain
                    && is(&conn.src_type, src)
                    && is(&conn.target_type, target)
                {
                    conn.gain = gain;
                }
            }
        }
        Ok(())
    }
}

impl GidPairs {
    /// Keeps a random subset, as hnn-core does: `round(n_pairs * probability)` pairs drawn without replacement from the
    /// pairs in source order. Sources that lose all targets disappear.
    ///
    /// # Errors
    /// A probability outside (0, 1); no seed, since the choice could not be repeated.
    pub fn pruned(&self, probability: f64, conn_seed: Option<u64>) -> Result<Self, NetworkError> {
        let listed = self.sources().map(|src| (src, self.targets(src).collect()));
        Ok(Self::from_explicit(prune(
            listed.collect(),
            probability,
            conn_seed,
        )?))
    }
}

/// Pairs on their way to their canonical form.
enum Pairs {
    Compact(GidPairs),
    Listed(Vec<(Gid, Vec<Gid>)>),
}

/// See [`GidPairs::pruned`]; the pairs are counted in the order given.
fn prune(
    pairs: Vec<(Gid, Vec<Gid>)>,
    probability: f64,
    conn_seed: Option<u64>,
) -> Result<Vec<(Gid, Vec<Gid>)>, NetworkError> {
    if !(probability > 0.0 && probability < 1.0) {
        return Err(NetworkError::argument(
            "probability",
            probability,
            "it must be greater than 0 and at most 1",
        ));
    }
    let Some(seed) = conn_seed else {
        return Err(NetworkError::argument(
            "conn_seed",
            "None",
            format!(
                "a probability below 1 (here {probability}) needs a seed to be reproducible; set conn_seed"
            ),
        ));
    };
    let n_pairs: usize = pairs.iter().map(|(_, targets)| targets.len()).sum();
    let n_pairs = u32::try_from(n_pairs).map_err(|_| {
        NetworkError::argument(
            "probability",
            probability,
            "there are too many pairs to choose from",
        )
    })?;
    // NumPy rounds halves to even.
    let n_kept = (f64::from(n_pairs) * probability).round_ties_even() as u32;
    let mut kept = DefaultRng::new(seed).choose(n_pairs, n_kept).into_iter();
    Ok(pairs
        .into_iter()
        .filter_map(|(src, mut targets)| {
            // One flag for each pair, in the order in which they were counted.
            targets.retain(|_| kept.next() == Some(true));
            (!targets.is_empty()).then_some((src, targets))
        })
        .collect())
}

/// That distances can be divided by a space constant; where it is infinite, distance plays no part.
pub(crate) fn check_lamtha(argument: &str, lamtha: f64) -> Result<(), NetworkError> {
    if lamtha != f64::INFINITY {
        finite(argument, lamtha)?;
    }
    if lamtha == 0.0 {
        return Err(NetworkError::argument(argument, lamtha, "it cannot be 0"));
    }
    Ok(())
}

/// The sections that a location of a cell stands for.
pub(crate) fn sections_at<'a>(cell: &'a Cell, loc: &'a str) -> Option<Vec<&'a str>> {
    if let Some(group) = cell.sect_loc.get(loc) {
        return Some(group.iter().map(String::as_str).collect());
    }
    cell.sections.contains_key(loc).then(|| vec![loc])
}

/// That a location exists in a cell and has the receptor in all of its sections.
fn check_synapse(
    cell: &Cell,
    cell_type: &str,
    loc: &str,
    receptor: &str,
) -> Result<(), NetworkError> {
    let Some(sections) = sections_at(cell, loc) else {
        let known: Vec<String> = cell
            .sect_loc
            .keys()
            .chain(cell.sections.keys())
            .cloned()
            .collect();
        return Err(NetworkError::unknown("loc", loc, &known).of(cell_type));
    };
    for name in sections {
        let syns = cell
            .sections
            .get(name)
            .map(|section| &section.syns[..])
            .unwrap_or_default();
        if !syns.iter().any(|syn| syn == receptor) {
            let error = NetworkError::unknown("receptor", receptor, syns);
            return Err(error.of(name).of(cell_type));
        }
    }
    Ok(())
}
