//! Cell types of a document.

use super::Node;
use crate::network::error::nearest;
use crate::network::mechanisms::{MECHANISMS, SYNAPSE_MECHANISM, choice, mechanism};
use crate::network::templates::metadata;
use crate::network::{
    Cell, CellMetadata, CellNode, CellType, MechValue, NetworkError, Section, SegmentValues,
    Synapse, nseg_of_length,
};
use indexmap::IndexMap;
use serde_json::Value;

/// More sections than any cell has; a chain of them is walked recursively.
const MOST_SECTIONS: usize = 500;
const SECTION_KEYS: &[&str] = &[
    "L", "diam", "Ra", "cm", "v0", "nseg", "end_pts", "mechs", "syns",
];

pub(super) fn read_cell_type(name: &str, node: &Node) -> Result<CellType, NetworkError> {
    // Files of older hnn-core have the cell itself here, without metadata.
    let cell = match node.optional("cell_object") {
        Some(cell) => {
            node.only(&["cell_object", "cell_metadata"], &[])?;
            read_cell(&cell)?
        }
        None => read_cell(node)?,
    };
    let metadata = match node.optional("cell_metadata") {
        Some(metadata) => read_metadata(&metadata)?,
        // Files of before there were metadata know these four types by their names.
        None => match name {
            "L2_basket" => metadata("basket", "inhibitory", "2", false),
            "L2_pyramidal" => metadata("pyramidal", "excitatory", "2", true),
            "L5_basket" => metadata("basket", "inhibitory", "5", false),
            "L5_pyramidal" => metadata("pyramidal", "excitatory", "5", true),
            _ => CellMetadata::default(),
        },
    };
    // The dipole is measured along that section.
    if metadata.measure_dipole && !cell.sections.contains_key("apical_trunk") {
        return Err(node.error("measures a dipole and needs a section apical_trunk"));
    }
    Ok(CellType { cell, metadata })
}

fn read_metadata(node: &Node) -> Result<CellMetadata, NetworkError> {
    let known = [
        "morpho_type",
        "electro_type",
        "layer",
        "measure_dipole",
        "reference",
    ];
    // People keep notes here, which have no effect; but a misspelt key would lose one.
    let keys = node.value.as_object().into_iter().flatten();
    for (key, value) in keys.filter(|(key, _)| !known.contains(&key.as_str())) {
        let names = known.map(String::from);
        if let Some(near) = nearest(key, &names).filter(|near| strsim::osa_distance(near, key) <= 2)
        {
            let problem = format!("is a key that nothing reads; did you mean {near}?");
            return Err(node.child(key, value).error(problem));
        }
    }
    let word = |key: &str| {
        node.optional(key)
            .map(|value| match value.value {
                // Layers are words, and some programs write them as numbers.
                Value::Number(number) => Ok(number.to_string()),
                _ => value.text().map(String::from),
            })
            .transpose()
    };
    Ok(CellMetadata {
        morpho_type: word("morpho_type")?,
        electro_type: word("electro_type")?,
        layer: word("layer")?,
        measure_dipole: node
            .optional("measure_dipole")
            .map_or(Ok(false), |flag| flag.flag())?,
        reference: word("reference")?,
    })
}

fn read_cell(node: &Node) -> Result<Cell, NetworkError> {
    // What hnn-core keeps in a cell while it simulates.
    const STATE: &[&str] = &[
        "gid",
        "dipole_pp",
        "vsec",
        "isec",
        "ca",
        "tonic_biases",
        "cell_metadata",
    ];
    let known = [
        "name",
        "pos",
        "sections",
        "synapses",
        "sect_loc",
        "cell_tree",
    ];
    node.only(&known, STATE)?;
    let mut sections = IndexMap::new();
    let section_nodes = node.get("sections")?;
    for (name, section) in section_nodes.entries()? {
        sections.insert(name.clone(), read_section(&section)?);
    }
    if !sections.contains_key("soma") || sections.len() > MOST_SECTIONS {
        return Err(section_nodes.error(format!(
            "must have a soma, and at most {MOST_SECTIONS} sections"
        )));
    }
    let mut synapses = IndexMap::new();
    for (name, synapse) in node.get("synapses")?.entries()? {
        synapses.insert(name.clone(), read_synapse(&synapse)?);
    }
    for (name, section) in &sections {
        if let Some(syn) = section.syns.iter().find(|syn| !synapses.contains_key(*syn)) {
            let problem = format!("has a synapse {syn} without an entry in synapses");
            return Err(section_nodes
                .child(name, section_nodes.value)
                .error(problem));
        }
    }
    let mut sect_loc = IndexMap::new();
    for (name, group) in node.get("sect_loc")?.entries()? {
        let members = group.texts()?;
        if let Some(unknown) = members
            .iter()
            .find(|member| !sections.contains_key(*member))
        {
            return Err(group.error(format!(
                "names a section {unknown} that the cell does not have"
            )));
        }
        sect_loc.insert(name.clone(), members);
    }
    let cell_tree = node
        .optional("cell_tree")
        .map(|tree| read_tree(&tree, &sections))
        .transpose()?;
    Ok(Cell {
        name: node.get("name")?.text()?.into(),
        pos: node.get("pos")?.point()?,
        sections,
        synapses,
        sect_loc,
        cell_tree,
    })
}

/// hnn-core since 0.6.2 writes a synapse's mechanism; before, all are Exp2Syn.
fn read_synapse(node: &Node) -> Result<Synapse, NetworkError> {
    if let Some(mechanism) = node.optional("mechname")
        && mechanism.text()? != SYNAPSE_MECHANISM
    {
        return Err(mechanism.error(format!(
            "is \"{}\", a synapse that is not simulated; known: {SYNAPSE_MECHANISM}",
            mechanism.text()?
        )));
    }
    node.only(&["e", "tau1", "tau2", "mechname"], &[])?;
    Ok(Synapse {
        e: node.get("e")?.float()?,
        tau1: node.get("tau1")?.float()?,
        tau2: node.get("tau2")?.float()?,
    })
}

fn read_section(node: &Node) -> Result<Section, NetworkError> {
    node.only(SECTION_KEYS, &[])?;
    let positive = |key: &str| {
        let value = node.get(key)?;
        let number = value.float()?;
        if number > 0.0 {
            Ok(number)
        } else {
            Err(value.expected("greater than 0"))
        }
    };
    let length = positive("L")?;
    // As in memory, also where a changed length would give another number now.
    let nseg = match node.optional("nseg") {
        Some(nseg) => nseg.whole_u32()?,
        None => nseg_of_length(length),
    };
    if nseg == 0 || nseg > 32_767 {
        return Err(node.get("nseg")?.expected("between 1 and 32767"));
    }
    let end_pts: Vec<[f64; 3]> = node
        .get("end_pts")?
        .items()?
        .map(|point| point.point())
        .collect::<Result<_, _>>()?;
    if end_pts.len() < 2 {
        return Err(node.get("end_pts")?.error("must have a start and an end"));
    }
    let mut mechs = IndexMap::new();
    for (mech, parameters) in node.get("mechs")?.entries()? {
        let names: Vec<&str> = MECHANISMS.iter().map(|m| m.name).collect();
        let Ok(known) = mechanism(mech) else {
            return Err(parameters.error(format!(
                "is a channel that is not simulated; {}",
                choice(mech, &names)
            )));
        };
        let mut values = IndexMap::new();
        for (parameter, value) in parameters.entries()? {
            if !known.parameters.contains(&parameter.as_str()) {
                return Err(value.error(format!(
                    "is no parameter of {mech}; {}",
                    choice(parameter, known.parameters)
                )));
            }
            values.insert(parameter.clone(), read_mech_value(&value)?);
        }
        mechs.insert(mech.clone(), values);
    }
    Ok(Section {
        L: length,
        diam: positive("diam")?,
        Ra: positive("Ra")?,
        cm: positive("cm")?,
        v0: node.optional("v0").map_or(Ok(-65.0), |v0| v0.float())?, // older files have none
        nseg,
        end_pts,
        syns: node.get("syns")?.texts()?,
        mechs,
    })
}

fn read_mech_value(node: &Node) -> Result<MechValue, NetworkError> {
    if !node.value.is_array() {
        return Ok(MechValue::Uniform(node.float()?));
    }
    let lists: Vec<Vec<f64>> = node
        .items()?
        .map(|list| list.floats())
        .collect::<Result<_, _>>()?;
    match <[Vec<f64>; 2]>::try_from(lists) {
        Ok([x, values]) => Ok(MechValue::PerSegment(SegmentValues { x, values })),
        Err(_) => Err(node.expected("a number, or a list of positions and a list of values")),
    }
}

/// The tree must be one, since lengths are propagated along it.
fn read_tree(
    node: &Node,
    sections: &IndexMap<String, Section>,
) -> Result<Vec<(CellNode, Vec<CellNode>)>, NetworkError> {
    let parse = |at: &Node, text: &str| {
        // From the right, as a name may hold a comma and an end may not.
        let end = text.rsplit_once(',').and_then(|(section, end)| {
            let end: u8 = end.trim().parse().ok().filter(|end| *end <= 1)?;
            sections
                .contains_key(section)
                .then(|| CellNode::new(section, end))
        });
        end.ok_or_else(|| {
            at.error(format!(
                "\"{text}\" is no end of a section, such as \"soma,1\""
            ))
        })
    };
    let mut tree = Vec::new();
    let mut seen = vec![CellNode::new("soma", 0)];
    for (parent, children) in node.entries()? {
        let parent = parse(&children, parent)?;
        let mut ends = Vec::new();
        for child in children.items()? {
            let end = parse(&child, child.text()?)?;
            // Each end once: a second way to it would be a loop.
            if seen.contains(&end) {
                return Err(
                    child.error("hangs on two ends, or on itself: the sections must form a tree")
                );
            }
            seen.push(end.clone());
            ends.push(end);
        }
        tree.push((parent, ends));
    }
    Ok(tree)
}
