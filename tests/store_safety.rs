//! Nothing outside its folder, nothing damaged that goes unsaid: links and crafted names, folders of others, modes of
//! files, single flipped bits.

#![cfg(unix)]

mod fake;

use fake::{OUTPUTS, everything, options, pipeline, rows, run, text};
use hnn_sweep::stages;
use hnn_sweep::store::{Session, Store};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FEW: &str = "weight = [0.001, 0.002]";
const MORE: &str = "weight = [0.001, 0.002, 0.003]";

/// A folder of results of two simulations.
fn stored() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    run(&text("a", FEW, 1, OUTPUTS), &dir.path().join("results"));
    dir
}

/// Bytes of all files below a folder, by path. Links are not followed.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(bytes(&entry.path()));
        } else if kind.is_file() {
            found.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// Everything that writes to a folder, one after the other; it may be refused.
fn write_everything(folder: &Path) {
    let pipeline = pipeline(&text("a", MORE, 1, OUTPUTS));
    let fake = fake::Fake::default();
    let stop = AtomicBool::new(false);
    let _ = stages::run(&pipeline, &options(folder, 1), &fake, &stop, &mut ());
    if let Ok(mut session) = Session::begin(folder) {
        let _ = session.compact(&|_| Vec::new());
        let _ = session.collect_garbage();
        let _ = session.finish();
    }
    if let Ok(Some(store)) = Store::open(folder) {
        let _ = store.verify();
    }
}

/// A folder of somebody else, with files of every name that we give.
fn victim(parent: &Path) -> PathBuf {
    let victim = parent.join("victim");
    std::fs::create_dir(&victim).unwrap();
    for name in [
        "new-0123456789abcdef",
        "run-0123456789abcdef.journal",
        "run-0123456789abcdef.length",
        "pack-000000.parquet",
        "pack-000001.parquet",
        "part.parquet",
        "sim-000000-trial-0000.parquet",
        "dipole-batch=0-part.parquet",
        "state",
        "thesis.tex",
    ] {
        std::fs::write(victim.join(name), format!("{name}: years of work")).unwrap();
    }
    std::fs::create_dir(victim.join("batch=0")).unwrap();
    std::fs::write(victim.join("batch=0/part.parquet"), "years of work").unwrap();
    victim
}

#[test]
fn a_link_in_the_place_of_a_folder_of_ours_leads_nobody_to_what_it_points_to() {
    let folders = [
        ".state",
        ".state/tmp",
        ".state/journal",
        ".state/pieces",
        ".state/specs",
        ".state/damaged",
        "dipole",
        "dipole/batch=0",
        "simulations",
        ".state/increments",
        "spikes/batch=0",
    ];
    for name in folders {
        let dir = stored();
        let victim = victim(dir.path());
        let before = bytes(&victim);
        let place = dir.path().join("results").join(name);
        let _ = std::fs::remove_dir_all(&place);
        symlink(&victim, &place).unwrap();
        write_everything(&dir.path().join("results"));
        assert_eq!(bytes(&victim), before, "{name}");
        assert!(place.is_symlink(), "{name} is left as it is");
    }
}

#[test]
fn a_link_in_the_place_of_a_file_of_ours_is_neither_written_through_nor_read() {
    let files = [
        ".state/state",
        ".state/state.before",
        ".state/increments/000000000002",
        ".state/intent",
        ".state/damage",
        ".state/lock",
        ".state/tmp/new-0123456789abcdef",
        ".state/journal/run-0123456789abcdef.journal",
        ".state/journal/run-0123456789abcdef.length",
        ".state/pieces/new-0123456789abcdef",
        ".state/specs/pack-000001.parquet",
        "dipole/batch=0/part.parquet",
        "simulations/batch=0/part.parquet",
    ];
    for name in files {
        let dir = stored();
        let victim = dir.path().join("thesis.tex");
        std::fs::write(&victim, "years of work").unwrap();
        let place = dir.path().join("results").join(name);
        let _ = std::fs::remove_file(&place);
        symlink(&victim, &place).unwrap();
        write_everything(&dir.path().join("results"));
        let left = std::fs::read_to_string(&victim).unwrap();
        assert_eq!(left, "years of work", "{name}");
    }
}

/// Replaces a text of the index by another of the same length.
fn forge_index(results: &Path, from: &str, to: &str) {
    let increments = std::fs::read_dir(results.join(".state/increments")).unwrap();
    let increments = increments.map(|entry| entry.unwrap().path());
    let files = increments.chain([results.join(".state/state")]);
    let has_name = |file: &PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        bytes
            .windows(from.len())
            .any(|some| some == from.as_bytes())
    };
    let forged: Vec<PathBuf> = files.filter(has_name).collect();
    assert!(!forged.is_empty(), "{from}");
    forged.iter().for_each(|file| forge(file, from, to));
}

/// Replaces a text of a sealed file by another of the same length, with a right checksum.
fn forge(file: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "{from} is not in {}", file.display());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    let body = bytes.len() - 32;
    let hash = blake3::hash(&bytes[..body]);
    bytes[body..].copy_from_slice(hash.as_bytes());
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn names_in_a_crafted_index_that_lead_out_of_the_folder_are_refused() {
    let name = "dipole/batch=0/part.parquet";
    for forged in [
        "dipole/batch=0/../../../v/f",
        "dipole/../../../victim/part",
        "../../../../../../victim/ff",
        "/tmp/hnn-sweep-victim-file0",
        "dipole/batch=0/part.parquef",
        "dipole/batch=7/sim-1.parque",
        "nobody/batch=0/part.parquet",
    ] {
        let dir = stored();
        let victim = dir.path().join("v/f");
        std::fs::create_dir(dir.path().join("v")).unwrap();
        std::fs::write(&victim, "years of work").unwrap();
        let results = dir.path().join("results");
        forge_index(&results, name, forged);
        let before = bytes(&results);
        let opened = Store::open(&results).map(drop).unwrap_err().to_string();
        assert!(opened.contains("state"), "{opened}");
        let begun = Session::begin(&results).map(drop).unwrap_err().to_string();
        assert!(begun.contains("no file of hnn-sweep"), "{begun}");
        write_everything(&results);
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "years of work");
        let untouched = |files: &BTreeMap<PathBuf, Vec<u8>>| -> Vec<PathBuf> {
            files.keys().cloned().collect()
        };
        assert_eq!(untouched(&bytes(&results)), untouched(&before), "{forged}");
    }
}

/// A pipeline with the real solver, of so many points.
fn small(n_points: usize, tstop: f64) -> String {
    let weights: Vec<String> = (1..=n_points).map(|i| format!("{i}e-5")).collect();
    format!(
        "name = \"small\"\nsave_folder = \"results\"\n[network]\nmodel = \"neymotin_2020\"\nmesh_shape = [2, 2]\n\
         [simulation]\ntstop = {tstop:?}\n[grid]\nweight = [{}]\n\
         [[drive]]\ntype = \"evoked\"\nname = \"evprox\"\nmu = 5.0\nsigma = 1.0\nnumspikes = 1\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = \"weight\", L5_pyramidal = \"weight\" }}\nsynaptic_delays = 0.1\n\
         [output]\nsave_dpl = true\nsave_spiking = true\n",
        weights.join(", ")
    )
}

fn place(pipeline: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("small.toml"), pipeline).unwrap();
    dir
}

/// A line of a POSIX shell, in which `$HNN` is the program.
fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .env("HNN", env!("CARGO_BIN_EXE_hnn-sweep"))
        .current_dir(folder);
    command
}

fn output(folder: &Path, line: &str) -> Output {
    shell(folder, line).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_folder_that_holds_other_things_is_refused_unless_asked_for() {
    let dir = place(&small(1, 10.0));
    let results = dir.path().join("results");
    std::fs::create_dir(&results).unwrap();
    std::fs::write(results.join("thesis.tex"), "years of work").unwrap();
    let before = bytes(&results);
    let refused = output(dir.path(), "$HNN run small.toml");
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let said = stderr(&refused);
    assert!(
        said.contains("thesis.tex") && said.contains("--among-other-files"),
        "{said}"
    );
    assert_eq!(bytes(&results), before);
    let asked = output(dir.path(), "$HNN run small.toml --among-other-files");
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    // Now it is a folder of results.
    let again = output(dir.path(), "$HNN run small.toml");
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert_eq!(
        std::fs::read_to_string(results.join("thesis.tex")).unwrap(),
        "years of work"
    );
}

#[test]
fn a_folder_that_is_empty_but_for_what_systems_put_there_is_taken() {
    let dir = place(&small(1, 10.0));
    let results = dir.path().join("results");
    std::fs::create_dir(&results).unwrap();
    std::fs::write(results.join(".gitignore"), "*").unwrap();
    std::fs::write(results.join("README.md"), "results of …").unwrap();
    let taken = output(dir.path(), "$HNN run small.toml");
    assert_eq!(taken.status.code(), Some(0), "{}", stderr(&taken));
}

/// Modes of all files and folders below a folder, by path.
fn modes(folder: &Path) -> BTreeMap<PathBuf, (bool, u32)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        found.insert(entry.path(), (metadata.is_dir(), mode));
        if metadata.is_dir() {
            found.extend(modes(&entry.path()));
        }
    }
    found
}

/// Starts a run on one core, and kills it once its journal holds something.
fn killed(folder: &Path, umask: &str) {
    let mut child: Child = shell(
        folder,
        &format!("umask {umask}; exec $HNN run small.toml --jobs 1"),
    )
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let begun = Instant::now();
    // What is durable, not what is being written.
    let full = || {
        let journals = std::fs::read_dir(folder.join("results/.state/journal"));
        let files = journals.into_iter().flatten().flatten();
        let mut lengths =
            files.filter(|file| file.path().extension().is_some_and(|e| e == "length"));
        lengths.any(|file| durable(&file.path()) > 60_000)
    };
    while !full() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no journal");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What was just being written has not reached the disk.
    let files = std::fs::read_dir(folder.join("results/.state/journal")).unwrap();
    for journal in files.map(|file| file.unwrap().path()) {
        if journal.extension().is_some_and(|e| e == "journal") {
            let file = std::fs::OpenOptions::new().write(true).open(&journal);
            let length = durable(&journal.with_extension("length"));
            file.unwrap().set_len(length).unwrap();
        }
    }
}

/// The length up to which a journal is durable, from the file beside it.
fn durable(file: &Path) -> u64 {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[test]
fn the_umask_decides_who_may_read_and_write_also_after_a_kill() {
    for (umask, mask) in [("002", 0o002), ("027", 0o027), ("077", 0o077)] {
        let dir = place(&small(60, 100.0));
        killed(dir.path(), umask);
        for (path, (is_dir, mode)) in modes(&dir.path().join("results")) {
            let all = if is_dir { 0o777 } else { 0o666 };
            assert_eq!(mode, all & !mask, "umask {umask}: {}", path.display());
        }
        let line = format!("umask {umask}; exec $HNN run small.toml");
        assert_eq!(output(dir.path(), &line).status.code(), Some(0));
        for (path, (is_dir, mode)) in modes(&dir.path().join("results")) {
            let all = if is_dir { 0o777 } else { 0o666 };
            assert_eq!(mode, all & !mask, "umask {umask}: {}", path.display());
        }
    }
}

/// Whether this is the superuser, whom no mode stops.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}

#[test]
fn who_may_only_read_can_look_at_everything_after_a_kill() {
    let dir = place(&small(60, 100.0));
    killed(dir.path(), "022");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::set_permissions(&out, PermissionsExt::from_mode(0o777)).unwrap();
    // Somebody else where that is possible, else the owner without leave to write.
    let become_other = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let prefix = match is_root() {
        true if output(dir.path(), &format!("{become_other} true"))
            .status
            .success() =>
        {
            become_other
        }
        true => return eprintln!("skipped: setpriv is missing, and nothing stops the superuser"),
        false => {
            for (path, (is_dir, _)) in modes(&dir.path().join("results")) {
                let mode = if is_dir { 0o555 } else { 0o444 };
                std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
            }
            ""
        }
    };
    let program = dir.path().join("hnn-sweep");
    std::fs::copy(env!("CARGO_BIN_EXE_hnn-sweep"), &program).unwrap();
    let before = bytes(&dir.path().join("results"));
    for (line, code) in [
        ("verify results", 0),
        ("plan small.toml", 0),
        ("status results", 0),
        ("failures results", 0),
        ("why 0:0 --folder results", 0),
        // Not everything is in the tables: it says so.
        ("export dipole-txt results -o out/dipoles", 1),
        ("report results -o out/page.html", 0),
    ] {
        let asked = output(dir.path(), &format!("{prefix} ./hnn-sweep {line}"));
        let said = stderr(&asked);
        assert!(!said.contains("ermission denied"), "{line}: {said}");
        assert_eq!(asked.status.code(), Some(code), "{line}: {said}");
    }
    assert_eq!(bytes(&dir.path().join("results")), before);
    if !is_root() {
        for (path, (is_dir, _)) in modes(&dir.path().join("results")) {
            let mode = if is_dir { 0o755 } else { 0o644 };
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for (name, content) in bytes(from) {
        let path = to.join(name.strip_prefix(from).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    for folder in ["tmp", "journal", "pieces", "specs"] {
        std::fs::create_dir_all(to.join(".state").join(folder)).unwrap();
    }
}

/// Files whose content matters: neither the lock nor what was still being written, nor what a dead run had taken and
/// not finished, which is free whatever the file of claims says.
fn matters(name: &Path) -> bool {
    let name = name.to_string_lossy();
    let of_no_matter = [".state/lock", ".state/claims"];
    !of_no_matter.iter().any(|file| name.ends_with(file)) && !name.contains(".state/tmp/")
}

#[test]
fn a_flipped_bit_or_a_cut_in_any_file_beside_a_live_journal_is_found_and_named() {
    let dir = place(&small(60, 100.0));
    // Some are in the tables, others in a journal.
    assert_eq!(
        output(dir.path(), "$HNN run small.toml --quiet")
            .status
            .code(),
        Some(0)
    );
    std::fs::write(dir.path().join("small.toml"), small(160, 100.0)).unwrap();
    killed(dir.path(), "022");
    let results = dir.path().join("results");
    let whole = bytes(&results);
    let files: Vec<&PathBuf> = whole
        .iter()
        .filter(|(name, content)| matters(name) && !content.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert!(
        files
            .iter()
            .any(|f| f.to_string_lossy().ends_with(".journal"))
    );
    let clean = Store::open(&results).unwrap().unwrap().verify().unwrap();
    assert!(clean.problems.is_empty(), "{:?}", clean.problems);

    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    for case in 0..200 {
        let file = files[random(files.len())];
        let content = &whole[file];
        let at = random(content.len());
        let (changed, what) = match case % 4 {
            0 => (content[..at].to_vec(), format!("cut to {at} bytes")),
            _ => {
                let mut changed = content.clone();
                changed[at] ^= 1 << random(8);
                (changed, format!("byte {at} changed"))
            }
        };
        let copied = tempfile::tempdir().unwrap();
        copy(&results, copied.path());
        let name = file.strip_prefix(&results).unwrap();
        std::fs::write(copied.path().join(name), changed).unwrap();
        let found = match Store::open(copied.path()) {
            Err(error) => format!("{error:?}"),
            Ok(None) => "no store".into(),
            Ok(Some(store)) => match store.verify() {
                Err(error) => format!("{error:?}"),
                Ok(verdict) => {
                    let problems: Vec<String> =
                        verdict.problems.iter().map(ToString::to_string).collect();
                    problems.join("\n")
                }
            },
        };
        let stem = name.file_stem().unwrap().to_string_lossy().into_owned();
        let said = found.contains(&*name.to_string_lossy())
            // Beside a journal stands its length.
            || (stem.starts_with("run-") && found.contains(&stem));
        assert!(
            said,
            "case {case}: {} of {} bytes, {what}: {found:?}",
            name.display(),
            content.len()
        );
    }
}

#[test]
fn a_run_says_what_a_damaged_journal_has_cost_and_simulates_it_again() {
    let dir = place(&small(60, 100.0));
    killed(dir.path(), "022");
    let journals = dir.path().join("results/.state/journal");
    let journal = std::fs::read_dir(journals)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "journal"))
        .unwrap();
    let mut content = std::fs::read(&journal).unwrap();
    content[5_000] ^= 4;
    std::fs::write(&journal, content).unwrap();
    let name = journal.file_name().unwrap().to_string_lossy().into_owned();

    let verified = output(dir.path(), "$HNN verify results");
    assert_eq!(verified.status.code(), Some(2));
    let said = stderr(&verified);
    assert!(
        said.contains(&name) && said.contains("1 of its results"),
        "{said}"
    );

    let ran = output(dir.path(), "$HNN run small.toml");
    let said = stderr(&ran);
    assert!(
        said.contains(&name) && said.contains("done again"),
        "{said}"
    );
    assert_eq!(rows(&dir.path().join("results"), "simulations").len(), 60);
    assert_eq!(
        output(dir.path(), "$HNN verify results").status.code(),
        Some(0)
    );
    // What was damaged is put aside, not deleted.
    assert!(
        dir.path()
            .join("results/.state/damaged")
            .join(&name)
            .exists()
    );

    // The tables are those of a run that nobody disturbed.
    let calm = place(&small(60, 100.0));
    output(calm.path(), "$HNN run small.toml");
    let of = |dir: &TempDir| {
        let mut tables = everything(&dir.path().join("results"));
        tables.retain(|_, rows| !rows.is_empty());
        tables
    };
    assert_eq!(of(&dir), of(&calm));
}

#[test]
fn results_in_a_journal_whose_sweep_is_unknown_are_kept_and_used_once_it_is_known() {
    let dir = place(&small(60, 100.0));
    killed(dir.path(), "022");
    // The folder forgets its sweep, as when a state is put back that is older than the journal.
    let state = dir.path().join("results/.state");
    std::fs::remove_file(state.join("state")).unwrap();
    let _ = std::fs::remove_file(state.join("state.before"));
    for table in ["simulations", "summary", "dipole", "spikes"] {
        let _ = std::fs::remove_dir_all(dir.path().join("results").join(table));
    }
    // Another pipeline runs here in between.
    let other = small(1, 50.0).replace("\"small\"", "\"other\"");
    std::fs::write(dir.path().join("other.toml"), other).unwrap();
    let ran = output(dir.path(), "$HNN run other.toml");
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let status = output(dir.path(), "$HNN status results");
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("no sweep here has"), "{said}");
    let verified = output(dir.path(), "$HNN verify results");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    assert!(said.contains("no sweep of this folder has"), "{said}");
    // Its own pipeline finds them again.
    let ran = output(dir.path(), "$HNN run small.toml");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let simulated: usize = said
        .lines()
        .find_map(|line| line.split_once(" simulated"))
        .and_then(|(n, _)| n.trim().parse().ok())
        .unwrap_or_else(|| panic!("{said}"));
    assert!(simulated < 60, "what the journal held was simulated again");
}

#[test]
fn a_file_that_is_damaged_twice_is_put_aside_twice_and_compact_says_what_it_removes() {
    let dir = place(&small(3, 20.0));
    assert_eq!(
        output(dir.path(), "$HNN run small.toml").status.code(),
        Some(0)
    );
    let part = dir.path().join("results/dipole/batch=0/part.parquet");
    for n in [1, 2] {
        let mut content = std::fs::read(&part).unwrap();
        content.truncate(content.len() / 2);
        content.push(n);
        std::fs::write(&part, content).unwrap();
        output(dir.path(), "$HNN run small.toml");
        assert_eq!(
            output(dir.path(), "$HNN verify results").status.code(),
            Some(0)
        );
    }
    let aside = bytes(&dir.path().join("results/.state/damaged"));
    assert_eq!(aside.len(), 2, "{:?}", aside.keys());
    let compacted = output(dir.path(), "$HNN compact results");
    let said = String::from_utf8_lossy(&compacted.stdout).into_owned();
    assert_eq!(
        said.matches("removed .state/damaged/dipole-batch=0-part.parquet")
            .count(),
        2,
        "{said}"
    );
    assert!(bytes(&dir.path().join("results/.state/damaged")).is_empty());
}
