//! Whatever is read may be damaged or absurd: that is an error in words, never a panic, and memory stays small.
//!
//! Inputs are mutated at random from a fixed seed. `FUZZ_CASES` (mutations of each input) and `FUZZ_SEED` make a
//! longer or another run.

mod fake;

use fake::{Fake, OUTPUTS, everything, options, run_with, text};
use hnn_sweep::network::{Model, Network, Params};
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::solver::{Record, Solver, Trial};
use hnn_sweep::stages::load::Loader;
use hnn_sweep::store::Store;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// More than any of these inputs needs (bytes).
const MOST_MEMORY: u64 = 1 << 30;

fn cases(default: u64) -> u64 {
    from_environment("FUZZ_CASES").unwrap_or(default)
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn new(case: u64) -> Self {
        Self(from_environment("FUZZ_SEED").unwrap_or(1) << 32 | case)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

/// What people and broken programs write.
const TOKENS: &[&str] = &[
    "0",
    "-1",
    "1e308",
    "-1e-308",
    "NaN",
    "inf",
    "1000000000000",
    "18446744073709551616",
    "0.1",
    "null",
    "true",
    "[]",
    "{}",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    ",",
    "=",
    ":",
    "\n",
    "#",
    "\\",
    "\u{1f600}",
    "../../../../etc/passwd",
    "/dev/zero",
    "weight",
    "soma",
    "L5_pyramidal",
    "1/0",
    "((((((((((",
    "**",
    "{ logspace = [-4, 308, 1000000000000] }",
];

/// A text with some pieces cut out, doubled, exchanged or replaced.
fn mutated_text(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
            3 => {
                let token = TOKENS[random.below(TOKENS.len())].bytes();
                bytes.splice(at..at, token);
            }
            _ => {
                // A word or number in the place of another.
                let inside = |b: &u8| b.is_ascii_alphanumeric() || b"._-+".contains(b);
                let begin = bytes[..at]
                    .iter()
                    .rposition(|b| !inside(b))
                    .map_or(0, |i| i + 1);
                let stop = bytes[at..]
                    .iter()
                    .position(|b| !inside(b))
                    .map_or(bytes.len(), |i| at + i);
                let token = TOKENS[random.below(TOKENS.len())].bytes();
                bytes.splice(begin..stop, token);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Bytes with some flipped, cleared, cut off or added.
fn mutated_bytes(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len());
    match random.below(6) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes.truncate(at),
        3 => {
            let end = (at + 1 + random.below(64)).min(bytes.len());
            bytes[at..end].fill(if random.below(2) == 0 { 0 } else { 255 });
        }
        4 => bytes.extend((0..1 + random.below(64)).map(|i| i as u8)),
        // The last bytes say where everything is.
        _ => {
            let near_end = bytes.len().saturating_sub(1 + random.below(64));
            bytes[near_end] = random.below(256) as u8;
        }
    }
    bytes
}

/// Runs a case; a panic is reported with what it takes to see it again.
fn case<T>(what: &str, number: u64, input: &dyn Fn() -> String, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| panic!("{what}, case {number}, panics on:\n{}", input()))
}

fn check_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(peak) = peak.and_then(|p| p.trim().trim_end_matches(" kB").parse::<u64>().ok()) {
        assert!(peak * 1024 < MOST_MEMORY, "{peak} kB were needed");
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A moment of a network that could be read; results do not matter.
fn simulate_briefly(network: &Network) {
    if network.n_cells() > 100 {
        return;
    }
    let trial = Trial {
        tstop: 0.5,
        dt: 0.025,
        trial: 0,
        record_vsec: Record::Soma,
        record_isec: Record::Off,
        record_ca: Record::Off,
        record_lfp: false,
    };
    let _ = Solver::new().simulate(network, &trial, &|| false);
}

#[test]
fn pipeline_files() {
    let small = read("pipelines/smoke.toml");
    let set = "[set]\n\"connections[src=L2_basket,target=L5_pyramidal,receptor=gabab].weight\" = \"2*w\"\n\
        cells.L5_pyramidal.sections.apical_1.L = 600.0\ngains.e_e = 1.5\ndrives.d.tstart = 3\n";
    let wide = format!(
        "[network]\nmodel = \"law_2021\"\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n[grid]\nw = {{ linspace = [0, 1, 3] }}\n\
         [samples]\nn = 8\nseed = 1\nmethod = \"sobol\"\n[samples.prior]\nv = {{ log_uniform = [1e-4, 1e-1] }}\n\
         [[drive]]\ntype = \"bursty\"\nname = \"d\"\nlocation = \"distal\"\nburst_rate = 10\nburst_std = 1\nnumspikes = 2\nweights_ampa = {{ L2_basket = \"v\" }}\n\
         [[electrode_array]]\nname = \"a\"\nelectrode_pos = [[1, 2, 3]]\n{set}\
         [[summary]]\nname = \"s\"\nstatistic = \"band_power\"\nfmin = 1\nfmax = 200\n\
         [[summary]]\nname = \"t\"\nstatistic = \"expression\"\nexpression = \"s/2\"\n"
    );
    // Both are read as they stand.
    for text in [&small, &wide] {
        Pipeline::parse(text, Path::new("fuzz.toml")).unwrap_or_else(|e| panic!("{e:?}"));
    }
    let mut refused = 0;
    let n = cases(400);
    for number in 0..n {
        let mut random = Random::new(number);
        let text = mutated_text([&small, &wide][random.below(2)], &mut random);
        let input = || text.clone();
        case("a pipeline", number, &input, || {
            match Pipeline::parse(&text, Path::new("fuzz.toml")) {
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                    // What is shown to people has spans into the text.
                    let _ = format!("{:?}", miette::Report::new(error));
                }
                Ok(pipeline) if pipeline.n_points() > 0 => {
                    let middle = pipeline.point(pipeline.n_points() / 2);
                    let _ = pipeline.bind(&middle);
                }
                Ok(_) => {}
            }
        });
    }
    assert!(refused > n / 4, "only {refused} of {n} were refused");
    check_memory();
}

#[test]
fn tables_of_samples_targets_and_spikes() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    let drive = "[[drive]]\ntype = \"spike_train\"\nname = \"d\"\nlocation = \"soma\"\nconn_seed = 1\nspike_data = \"table\"\n";
    let uses = [
        "[samples]\nfile = \"table\"\n".to_owned(),
        "[[summary]]\nname = \"a\"\nstatistic = \"rmse\"\ntarget = { file = \"table\", smooth = 5.0 }\n".to_owned(),
        drive.to_owned(),
    ];
    // A text, and what it is read for.
    let texts = [
        ("# w,mu\n8.6e-02,29\n8.7e-02,28\n", 0),
        ("sep=;\n;a;b\n0;1;x\n1;2;y\n", 0),
        (
            "\u{feff}\"time\";\"agg\"\r\n0,5;1,5\r\n1,5;-2\r\n2,5;0\r\n3,5;0\r\n4,5;0\r\n5,5;1\r\n",
            1,
        ),
        ("0\t1\t2\t3\n2.5\t1\t2\t3\n5\t1\t2\t3\n", 1),
        (
            "0.0 10.0 L2_basket\n1.5 3 L5_pyramidal # second\n\n2.25 3 L5_pyramidal\n",
            2,
        ),
    ];
    let columns: [(&str, arrow_array::ArrayRef); 2] = [
        (
            "time",
            std::sync::Arc::new(arrow_array::Float64Array::from(vec![0.0, 1.0, 2.0])),
        ),
        (
            "agg",
            std::sync::Arc::new(arrow_array::Float64Array::from(vec![0.5, 1.0, 2.0])),
        ),
    ];
    let batch = arrow_array::RecordBatch::try_from_iter(columns).unwrap();
    let mut of_parquet = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut of_parquet, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (mut read, mut refused) = (0, 0);
    for number in 0..cases(600) {
        let mut random = Random::new(number);
        let (text, fits) = texts[random.below(texts.len())];
        let (bytes, usage) = match random.below(4) {
            0 => (mutated_bytes(&of_parquet, &mut random), random.below(2)),
            1 => (mutated_bytes(text.as_bytes(), &mut random), fits),
            _ => (mutated_text(text, &mut random).into_bytes(), fits),
        };
        std::fs::write(folder.path().join("table"), &bytes).unwrap();
        let text = &uses[usage];
        let input = || String::from_utf8_lossy(&bytes).into_owned();
        case("a table", number, &input, || {
            match Pipeline::parse(text, &sweep) {
                Ok(_) => read += 1,
                Err(error) => {
                    refused += 1;
                    let words = format!("{error}");
                    assert!(words.len() < 2000, "{words}");
                    let _ = format!("{:?}", miette::Report::new(error));
                }
            }
        });
    }
    assert!(read > 20 && refused > 20, "{read} read, {refused} refused");
    check_memory();
}

#[test]
fn network_files() {
    let text = read("tests/data/network_file.json");
    simulate_briefly(&Network::from_json(&text).unwrap());
    for number in 0..cases(300) {
        let text = mutated_text(&text, &mut Random::new(number));
        case("a network file", number, &|| text.clone(), || {
            if let Ok(network) = Network::from_json(&text) {
                simulate_briefly(&network);
                let _ = network.to_json();
            }
        });
    }
    check_memory();
}

#[test]
fn parameter_files() {
    let (json, param) = (
        read("tests/data/network_params.json"),
        read("tests/data/network_params.param"),
    );
    for number in 0..cases(300) {
        let mut random = Random::new(number);
        let as_json = random.below(2) == 0;
        let text = mutated_text(if as_json { &json } else { &param }, &mut random);
        case("a parameter file", number, &|| text.clone(), || {
            let params = match as_json {
                true => Params::from_json(&text),
                false => Params::from_param(&text),
            };
            if let Ok(network) = params
                .and_then(|p| Network::from_params(Model::Neymotin2020, &p, [2, 2], true, false))
            {
                simulate_briefly(&network);
            }
        });
    }
    check_memory();
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// Everything that reads a folder; what cannot be read is an error.
fn read_folder(folder: &Path) -> Result<(), String> {
    let store = Store::open(folder).map_err(|e| e.to_string())?;
    if let Some(store) = store {
        store.verify().map_err(|e| e.to_string())?;
        let loader = Loader::new(store, None).map_err(|e| e.to_string())?;
        for point in 0..loader.n_points() {
            loader
                .load(point..point + 1, &loader.tables())
                .map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}

/// SQL over a folder, in builds that have it.
fn ask(folder: &Path) {
    #[cfg(feature = "query")]
    if let Ok(Some(store)) = Store::open(folder) {
        for table in ["simulations", "summary", "dipole", "spikes"] {
            let sql = format!("SELECT * FROM {table}");
            let _ = hnn_sweep::query::ask(folder, store.state(), &sql);
        }
    }
    let _ = folder;
}

#[test]
fn files_of_a_folder_of_results() {
    let sweep = text(
        "a",
        "weight = [0.001, 0.002, 0.003, 0.004, 0.005]",
        2,
        OUTPUTS,
    );
    let run = |folder: &Path| run_with(&sweep, &options(folder, 1), &Fake::default());
    let whole = tempfile::tempdir().unwrap();
    run(whole.path()).unwrap();
    read_folder(whole.path()).unwrap();
    let right = everything(whole.path());
    let files = files_below(whole.path());
    let (mut named, mut healed) = (0, 0);
    for number in 0..cases(150) {
        let mut random = Random::new(number);
        let dir = tempfile::tempdir().unwrap();
        for file in &files {
            let to = dir.path().join(file.strip_prefix(whole.path()).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(file, to).unwrap();
        }
        let victims: Vec<&PathBuf> = files
            .iter()
            .filter(|f| f.metadata().unwrap().len() > 0)
            .collect();
        let victim = victims[random.below(victims.len())]
            .strip_prefix(whole.path())
            .unwrap();
        let path = dir.path().join(victim);
        let bytes = std::fs::read(&path).unwrap();
        let damaged = mutated_bytes(&bytes, &mut random);
        std::fs::write(&path, &damaged).unwrap();
        if damaged == bytes {
            continue;
        }
        let input = || format!("{} of {} bytes", victim.display(), damaged.len());
        case("a damaged file", number, &input, || {
            if read_folder(dir.path()).is_err() {
                named += 1;
            }
            ask(dir.path());
            // A run heals what was found, or says that it cannot; it never goes on with other results.
            if run(dir.path()).is_ok() {
                healed += 1;
                assert!(everything(dir.path()) == right, "the tables differ");
            }
        });
    }
    assert!(named > 0 && healed > 0, "{named} named, {healed} healed");
    check_memory();
}

#[test]
fn absurd_grids_are_refused_early() {
    for (grid, words) in [
        (
            "weight = { linspace = [0, 1, 1000000000000] }",
            "1000000000000",
        ),
        ("weight = { arange = [0, 1e12, 0.001] }", "weight"),
        (
            "weight = { linspace = [0, 1, 100000] }\nmu = { linspace = [0, 1, 100000] }\nsigma = { linspace = [0, 1, 100] }",
            "grid",
        ),
    ] {
        let text = text("a", grid, 1, OUTPUTS).replace("mu = 10.0", "mu = 10");
        let refused = Pipeline::parse(&text, Path::new("t.toml"));
        let error = refused.map(|p| p.n_points()).expect_err(grid).to_string();
        assert!(error.contains(words), "{grid}: {error}");
    }
    for mesh in ["[100000, 100000]", "[4294967296, 1]", "[0, 1]", "[-1, 3]"] {
        let text = text("a", "weight = [1.0]", 1, OUTPUTS).replace("[2, 2]", mesh);
        let error = Pipeline::parse(&text, Path::new("t.toml"))
            .map(|_| ())
            .expect_err(mesh);
        assert!(error.to_string().contains("mesh_shape"), "{error}");
    }
    check_memory();
}
