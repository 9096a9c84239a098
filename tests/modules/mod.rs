//! Which module of a source tree names which: read from the text, without a compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Paths of a module's names: `["stages", "plan"]`.
pub type Name = Vec<String>;

/// A module's source, without comments and unit tests.
struct Module {
    text: String,
    /// What it takes from other modules, by the name that it has here: its children can take that from it.
    given_on: BTreeMap<String, Name>,
    /// Paths that it names otherwise.
    named: BTreeSet<Name>,
}

/// Modules and those that each names, itself aside.
pub struct Graph(pub BTreeMap<Name, BTreeSet<Name>>);

impl Graph {
    /// Of a source tree, given as relative paths of its files and their texts.
    pub fn of<'t>(files: impl IntoIterator<Item = (String, &'t str)>) -> Self {
        let mut modules: BTreeMap<Name, Module> = files
            .into_iter()
            .map(|(path, text)| (name_of(&path), Module::new(text)))
            .collect();
        let names: BTreeSet<Name> = modules.keys().cloned().collect();
        for (name, module) in &mut modules {
            module.read(name, &names);
        }
        let edges = modules.iter().map(|(name, module)| {
            let targets = module
                .named
                .iter()
                .filter_map(|path| owner(path, &modules, 0));
            (
                name.clone(),
                targets.filter(|target| target != name).collect(),
            )
        });
        Self(edges.collect())
    }

    /// Of the files below `src/`.
    pub fn of_tree(src: &Path) -> Self {
        let mut files = Vec::new();
        collect(src, src, &mut files);
        Self::of(
            files
                .iter()
                .map(|(path, text)| (path.clone(), text.as_str())),
        )
    }

    /// Modules that name each other, directly or over others of the same room. A room is a folder of `src/`.
    pub fn circles(&self) -> Vec<BTreeSet<String>> {
        let mut circles = BTreeSet::new();
        for name in self.0.keys() {
            let ahead = self.reachable(name);
            let circle: BTreeSet<String> = ahead
                .iter()
                .filter(|other| self.reachable(other).contains(name))
                .map(|other| other.join("::"))
                .collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn reachable(&self, from: &Name) -> BTreeSet<Name> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.clone()];
        while let Some(name) = next.pop() {
            for other in self.0.get(&name).into_iter().flatten() {
                if other.first() == from.first() && seen.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        seen
    }
}

fn collect(src: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(src, &path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path
                .strip_prefix(src)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn name_of(path: &str) -> Name {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut words: Name = path.split('/').map(str::to_string).collect();
    if words
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        words.pop();
    }
    words
}

/// The module that a path leads to: the one that defines what it names, not one that only gives it on.
fn owner(path: &Name, modules: &BTreeMap<Name, Module>, depth: usize) -> Option<Name> {
    let length = (0..=path.len())
        .rev()
        .find(|n| modules.contains_key(&path[..*n]))?;
    let (module, rest) = path.split_at(length);
    let given_on = rest
        .first()
        .and_then(|item| modules[module].given_on.get(item));
    match given_on {
        Some(further) if depth < 8 => {
            let mut further = further.clone();
            further.extend(rest[1..].iter().cloned());
            owner(&further, modules, depth + 1)
        }
        _ => Some(module.to_vec()),
    }
}

impl Module {
    fn new(text: &str) -> Self {
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
        let lines = code
            .lines()
            .map(|line| line.split("//").next().unwrap_or(""));
        Self {
            text: lines.collect::<Vec<_>>().join("\n"),
            given_on: BTreeMap::new(),
            named: BTreeSet::new(),
        }
    }

    /// Reads its `use` declarations, and the paths that it spells out elsewhere.
    fn read(&mut self, name: &Name, modules: &BTreeSet<Name>) {
        let text = std::mem::take(&mut self.text);
        let mut rest = text.as_str();
        let mut code = String::new();
        while let Some((before, is_public, tree, after)) = next_use(rest) {
            code.push_str(before);
            for (path, alias) in leaves(tree, &[]) {
                let Some(path) = resolve(&path, name, modules) else {
                    continue;
                };
                // `pub use` only gives on.
                if !is_public {
                    self.named.insert(path.clone());
                }
                if !modules.contains(&path) {
                    self.given_on.insert(alias, path);
                }
            }
            rest = after;
        }
        code.push_str(rest);
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let boundary = code[..at].chars().next_back();
                if boundary.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let end = code[at..]
                    .find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
                    .map_or(code.len(), |n| at + n);
                let path: Name = code[at..end]
                    .split("::")
                    .filter(|word| !word.is_empty())
                    .map(str::to_string)
                    .collect();
                // `pub(in super::super)` says who may look, and needs nothing.
                let declares = code[..at].ends_with("in ") && code[..at].ends_with("(in ");
                if !declares && path.len() > 1 {
                    self.named.extend(resolve(&path, name, modules));
                }
            }
        }
        // A child that is named by its path, `child::function()`.
        for child in modules
            .iter()
            .filter(|m| m.len() == name.len() + 1 && m.starts_with(name))
        {
            let word = format!("{}::", child[name.len()]);
            let spelt = code.match_indices(&word).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if spelt {
                self.named.insert(child.clone());
            }
        }
    }
}

/// The next `use` declaration: what stands before it, whether it gives on, its tree, and what follows.
fn next_use(text: &str) -> Option<(&str, bool, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find("use ")?;
        let before = &text[..at];
        let line = before.rsplit('\n').next().unwrap_or("").trim();
        if line.is_empty() || line.starts_with("pub") {
            let end = at + text[at..].find(';')?;
            return Some((
                before,
                line.starts_with("pub"),
                &text[at + 4..end],
                &text[end + 1..],
            ));
        }
        from = at + 4;
    }
}

/// Paths of a `use` tree, with the names that they get.
fn leaves(tree: &str, before: &[String]) -> Vec<(Name, String)> {
    let tree = tree.trim();
    let mut path = before.to_vec();
    if let Some((head, inner)) = tree.split_once('{') {
        path.extend(words(head));
        let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
        return split(inner)
            .iter()
            .flat_map(|leaf| leaves(leaf, &path))
            .collect();
    }
    let (tree, alias) = tree
        .split_once(" as ")
        .map_or((tree, None), |(t, a)| (t, Some(a.trim())));
    path.extend(words(tree));
    if path
        .last()
        .is_some_and(|last| last == "self" || last == "*")
        && path.len() > 1
    {
        path.pop();
    }
    let name = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_string);
    vec![(path, name)]
}

fn words(path: &str) -> impl Iterator<Item = String> {
    path.split("::")
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_string)
}

/// The parts of a list, at the commas that stand in no inner braces.
fn split(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in list.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A path from the crate's root; `None` for one that leads to another crate.
fn resolve(path: &Name, module: &Name, modules: &BTreeSet<Name>) -> Option<Name> {
    let (mut base, mut rest) = (module.clone(), path.as_slice());
    match rest.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        first => {
            let mut child = base.clone();
            child.push(first.to_string());
            if !modules.contains(&child) {
                return None;
            }
        }
    }
    base.extend(rest.iter().cloned());
    Some(base)
}
