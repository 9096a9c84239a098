//! A point of the grid → the network that is simulated there.

use super::bound::Bound;
use super::content::{Content, Pipeline, Recipe};
use super::drive::{Adds, ArraySpec, Attachment, BiasSpec, DriveCellsSpec, DriveSpec, PerType};
use super::error::{PipelineError, SourceFile};
use super::located::located;
use super::scope::Env;
use super::setting::Number;
use super::summary::PostProc;
use super::value::ParamValue;
use crate::network::{
    ArgumentMut, DriveAttachment, Dynamics, ElectrodeArray, ElectrodeMethod, InputName, Network,
    NetworkError, NewTonicBias, PerCellType, RateConstant, SpikeData,
};
use indexmap::IndexMap;

/// Most cells of a drive.
const MAX_DRIVE_CELLS: i64 = 1_000_000;
/// Most events of an evoked drive's cell, or of a burst.
const MAX_NUMSPIKES: i64 = 100_000;

impl Pipeline {
    /// The network that is simulated where the grid's parameters have the given values.
    ///
    /// # Errors
    /// [`PipelineError`] at the key whose value is not allowed there; values that do not fit
    /// [`parameters`](Self::parameters).
    pub fn bind(&self, point: &[ParamValue]) -> Result<Bound, PipelineError> {
        let env = self.scope.at(&self.source, point)?;
        let bound = match &self.recipe {
            Recipe::File(content) => content.bind(&env)?,
            Recipe::Code(maker) => maker.bind(&env)?,
        };
        let Bound { network, tstop, dt } = &bound;
        let mut mistakes: Vec<PipelineError> = Vec::new();
        // Only once the network is made can it be said what of it cannot be recorded.
        if let Some((key, message, help)) = self.output.impossible(network) {
            let error = match self.output.place(key) {
                Some(place) => env.error(place, message),
                None => env.error_of(&format!("`{key}`"), message),
            };
            let help = match (key, self.text()) {
                ("save_lfp", None) => "add one with `Network::add_electrode_array`",
                _ => help,
            };
            mistakes.push(error.with_help(help));
        }
        for summary in &self.summaries {
            if let Some(problem) = summary.impossible(network, *tstop, *dt) {
                let place = summary.place(problem.key);
                mistakes.push(env.error(place, &problem.what).with_help(problem.help));
            }
        }
        if let Some(problem) = self.postproc_problem(network, *tstop) {
            mistakes.push(
                env.error(&self.output.postproc_place(), &problem)
                    .with_help("remove the key, and use `smooth` and `scale` of a [[summary]]"),
            );
        }
        PipelineError::all(mistakes).map_or(Ok(bound), Err)
    }

    /// Why a network cannot have hnn-core's `postproc`, where the file asks for it.
    fn postproc_problem(&self, network: &Network, tstop: f64) -> Option<String> {
        if !self.output.postproc {
            return None;
        }
        let own = of_network(network);
        if own.smooth_win > tstop {
            return Some(format!(
                "smooths with the network's dipole_smooth_win = {} ms, which is longer than tstop = {tstop} ms",
                own.smooth_win
            ));
        }
        // Statistics carry the first point's window and factor: all points must have the same.
        self.postproc.is_some_and(|first| first != own).then(|| {
            "needs one dipole_smooth_win and one dipole_scalefctr, and networks of this sweep differ in them".to_owned()
        })
    }

    /// Binds the first and the last point, so that a bad file fails before anything runs.
    pub(super) fn check_ends(&mut self) -> Result<(), PipelineError> {
        // First and last point: most mistakes of a grid are at one of its ends, and the rest waits
        // for `plan`.
        let last = self.n_points().saturating_sub(1);
        let first = self.bind(&self.point(0))?;
        if self.output.postproc {
            let postproc = of_network(&first.network);
            self.postproc = Some(postproc);
            self.summaries
                .iter_mut()
                // Statistics are told apart by it, so they must know it before anything is keyed.
                .for_each(|s| s.set_postproc(postproc));
        }
        if last > 0 {
            self.bind(&self.point(last))?;
        }
        Ok(())
    }
}

impl Content {
    fn bind(&self, env: &Env) -> Result<Bound, PipelineError> {
        let mut mistakes = Vec::new();
        let mut note = |done: Result<(), PipelineError>| mistakes.extend(done.err());
        // Both are read before either ends the reading: one run shows all mistakes.
        let times = self.simulation.evaluate(env);
        let (mut network, (tstop, dt)) = match (self.network.base(env), times) {
            (Ok(network), Ok(times)) => (network, times),
            (network, times) => {
                note(network.map(drop));
                note(times.map(drop));
                return Err(all_of(mistakes, env));
            }
        };
        // Connections before drives: the order is part of the network, and of its key.
        for connection in &self.connections {
            note(connection.add_to(&mut network, env));
        }
        for drive in &self.drives {
            note(drive.add_to(&mut network, env));
        }
        for bias in &self.biases {
            note(bias.add_to(&mut network, env));
        }
        for array in &self.arrays {
            note(array.add_to(&mut network, env));
        }
        // [set] on a network that lacks a drive would only say again what is wrong above.
        if !mistakes.is_empty() {
            return Err(all_of(mistakes, env));
        }
        for set in &self.set {
            mistakes.extend(set.apply(&mut network, env).err());
        }
        if !mistakes.is_empty() {
            return Err(all_of(mistakes, env));
        }
        // tstop and n_trials are known here for the first time.
        network
            .check_inputs(tstop, self.simulation.n_trials)
            .map_err(|wrong| self.blame(&wrong.0, wrong.1, env))?;
        Ok(Bound { network, tstop, dt })
    }

    /// An error of a drive or bias where the file says it: in [set], in its own table, or as a part of a network's
    /// file.
    fn blame(&self, input: &InputName, error: NetworkError, env: &Env) -> PipelineError {
        let (path, own) = match input {
            InputName::Drive(name) => {
                let of_name = self.drives.iter().find(|drive| drive.name == *name);
                (
                    format!("drives.{name}."),
                    of_name.map(|drive| (&drive.place, &drive.places)),
                )
            }
            InputName::Bias { name, cell_type } => {
                let acts = |bias: &&BiasSpec| {
                    bias.bias_name == *name && bias.amplitude.iter().any(|(t, _)| t == cell_type)
                };
                let of_name = self.biases.iter().find(acts);
                (
                    format!("biases.{name}.{cell_type}."),
                    of_name.map(|bias| (&bias.place, &bias.places)),
                )
            }
        };
        // The last line of [set] that changes the input is the likelier culprit, before the table
        // that made it.
        let changed = self.set.iter().rev().find(|line| line.is_below(&path));
        match (own, changed) {
            (_, Some(line)) => env.source.error(
                &line.place().span,
                format!("{}: {error}{}", line.place().describe(), env.where_clause()),
            ),
            (Some((place, places)), None) => located(error, place, places, env),
            (None, None) => {
                let message = format!("{input}: {error}{}", env.where_clause());
                match self.network.place() {
                    Some(place) => env.source.error(&place.span, message),
                    None => SourceFile::error_of_file(&env.source.path, message),
                }
            }
        }
    }
}

/// All mistakes of a point as one error.
fn all_of(mistakes: Vec<PipelineError>, env: &Env) -> PipelineError {
    PipelineError::all(mistakes).unwrap_or_else(|| {
        SourceFile::error_of_file(&env.source.path, "the pipeline has a mistake")
    })
}

fn of_network(network: &Network) -> PostProc {
    PostProc {
        scalefctr: network.dipole_scalefctr,
        smooth_win: network.dipole_smooth_win,
    }
}

impl DriveSpec {
    fn add_to(&self, network: &mut Network, env: &Env) -> Result<(), PipelineError> {
        let added = match &self.adds {
            Adds::Drive {
                defaults,
                arguments,
                events,
                attachment,
            } => {
                let mut dynamics = defaults.clone();
                for (name, given) in arguments {
                    set_argument(&mut dynamics, name, given, env)?;
                }
                let attach = attachment.evaluate(env, &dynamics)?;
                if let Dynamics::SpikeTrain { .. } = dynamics {
                    let mut sources = IndexMap::new();
                    // Sources are named by their place: a table's own names have no meaning in
                    // hnn-core either.
                    for (source, times) in events.iter().enumerate() {
                        let times: Result<_, _> = times.iter().map(|t| t.evaluate(env)).collect();
                        sources.insert(source.to_string(), times?);
                    }
                    let spike_data = SpikeData::Sources(sources);
                    network.add_spike_train_drive(&self.name, spike_data, attach)
                } else {
                    network.add_drive(&self.name, dynamics, attach)
                }
            }
            Adds::Erp { tstart } => {
                // hnn-core's default.
                let tstart = tstart.as_ref().map_or(Ok(0.0), |n| n.evaluate(env))?;
                network.add_erp_drives(tstart)
            }
        };
        added.map_err(|e| located(e, &self.place, &self.places, env))
    }
}

/// Puts the value that an argument has at a point into its place.
fn set_argument(
    dynamics: &mut Dynamics,
    name: &str,
    given: &PerType,
    env: &Env,
) -> Result<(), PipelineError> {
    match (dynamics.argument_mut(name), given) {
        (Some(ArgumentMut::Number(place)), PerType::All(number)) => {
            *place = number.evaluate(env)?
        }
        (Some(ArgumentMut::End(place)), PerType::All(number)) => {
            *place = Some(number.evaluate(env)?);
        }
        (Some(ArgumentMut::Count(place)), PerType::All(number)) => {
            *place = count(number, env, MAX_NUMSPIKES)?;
        }
        (Some(ArgumentMut::Rate(place)), given) => {
            *place = match given.evaluate(env)? {
                PerCellType::All(rate) => RateConstant::All(rate),
                PerCellType::Each(rates) => RateConstant::Each(rates),
            };
        }
        // Only rates are read by cell type, and only arguments that the dynamics have.
        (Some(_), PerType::Each(_)) | (None, _) => {}
    }
    Ok(())
}

/// A whole number of 0 to `most`; that 0 may make no sense is the network's to say.
fn count(number: &Number, env: &Env, most: i64) -> Result<u32, PipelineError> {
    let value = number.whole(env, 0..most + 1)?;
    Ok(u32::try_from(value).unwrap_or(u32::MAX))
}

impl Attachment {
    /// The arguments at a point, with hnn-core's defaults for what the file does not give.
    fn evaluate(&self, env: &Env, dynamics: &Dynamics) -> Result<DriveAttachment, PipelineError> {
        let mut attach = DriveAttachment::of_kind(dynamics, self.location.evaluate(env));
        let weights = |weights: &Option<Vec<(String, Number)>>| {
            weights.as_ref().map(|w| by_type(w, env)).transpose()
        };
        attach.weights_ampa = weights(&self.weights_ampa)?;
        attach.weights_nmda = weights(&self.weights_nmda)?;
        match &self.n_drive_cells {
            None => {}
            Some(DriveCellsSpec::NCells) => {
                attach.n_drive_cells = crate::network::DriveCells::NCells;
            }
            Some(DriveCellsSpec::Number(number)) => {
                let n = count(number, env, MAX_DRIVE_CELLS)?;
                attach.n_drive_cells = crate::network::DriveCells::Count(n);
            }
        }
        if let Some(flag) = &self.cell_specific {
            attach.cell_specific = flag.evaluate(env);
        }
        if let Some(number) = &self.space_constant {
            attach.space_constant = number.evaluate(env)?;
        }
        if let Some(per_type) = &self.synaptic_delays {
            attach.synaptic_delays = per_type.evaluate(env)?;
        }
        if let Some(per_type) = &self.probability {
            attach.probability = per_type.evaluate(env)?;
        }
        let seed = |number: &Number, end: i64| -> Result<u64, PipelineError> {
            Ok(number.whole(env, 0..end)?.unsigned_abs())
        };
        if let Some(number) = &self.event_seed {
            // NumPy's seeds have 32 bits, with which trials and cells are counted up.
            attach.event_seed = seed(number, 1 << 32)?;
        }
        if let Some(number) = &self.conn_seed {
            attach.conn_seed = Some(seed(number, i64::MAX)?);
        }
        Ok(attach)
    }
}

impl PerType {
    fn evaluate(&self, env: &Env) -> Result<PerCellType, PipelineError> {
        Ok(match self {
            PerType::All(number) => PerCellType::All(number.evaluate(env)?),
            PerType::Each(numbers) => PerCellType::Each(by_type(numbers, env)?),
        })
    }
}

fn by_type(
    numbers: &[(String, Number)],
    env: &Env,
) -> Result<IndexMap<String, f64>, PipelineError> {
    numbers
        .iter()
        .map(|(cell_type, number)| Ok((cell_type.clone(), number.evaluate(env)?)))
        .collect()
}

impl BiasSpec {
    fn add_to(&self, network: &mut Network, env: &Env) -> Result<(), PipelineError> {
        let mut bias = NewTonicBias::new(by_type(&self.amplitude, env)?);
        bias.bias_name.clone_from(&self.bias_name);
        if let Some(section) = &self.section {
            section.evaluate(env).clone_into(&mut bias.section);
        }
        if let Some(t0) = &self.t0 {
            bias.t0 = t0.evaluate(env)?;
        }
        bias.tstop = self.tstop.as_ref().map(|n| n.evaluate(env)).transpose()?;
        network
            .add_tonic_bias(bias)
            .map_err(|e| located(e, &self.place, &self.places, env))
    }
}

impl ArraySpec {
    fn add_to(&self, network: &mut Network, env: &Env) -> Result<(), PipelineError> {
        let positions: Result<Vec<[f64; 3]>, PipelineError> = self
            .electrode_pos
            .iter()
            .map(|[x, y, z]| Ok([x.evaluate(env)?, y.evaluate(env)?, z.evaluate(env)?]))
            .collect();
        let mut array = ElectrodeArray::new(positions?);
        if let Some(conductivity) = &self.conductivity {
            array.conductivity = conductivity.evaluate(env)?;
        }
        if let Some(min_distance) = &self.min_distance {
            array.min_distance = min_distance.evaluate(env)?;
        }
        match self.method {
            Some("lsa") => array.method = Some(ElectrodeMethod::Lsa),
            Some(_) => array.method = Some(ElectrodeMethod::Psa),
            None => {}
        }
        network
            .add_electrode_array(&self.name, array)
            .map_err(|e| located(e, &self.place, &self.places, env))
    }
}
