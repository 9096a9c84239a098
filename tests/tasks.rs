//! What people do with the program, task by task, as they type it: commands with what they say. On networks of a few
//! cells.

#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder to work in.
struct Place(tempfile::TempDir);

impl Place {
    fn new(pipeline: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sweep.toml"), pipeline).unwrap();
        Self(dir)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command, with words in quotes as a shell reads them.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hnn-sweep"));
        command
            .args(shlex::split(words).unwrap())
            .current_dir(self.0.path());
        command
    }

    fn output(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn say(&self, words: &str) -> String {
        let output = self.output(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.say(words)).unwrap()
    }

    /// What a command prints that ends with a code.
    fn fail(&self, words: &str, code: i32) -> String {
        let output = self.output(words);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {error}");
        error
    }

    /// Simulates what is missing; how many simulations that were.
    fn run(&self, words: &str) -> u64 {
        self.json(&format!("run sweep.toml --json {words}"))["simulated"]
            .as_u64()
            .unwrap()
    }

    /// Rows of a table as `hnn-sweep table` writes them.
    fn rows(&self, words: &str) -> Vec<Value> {
        let lines = self.say(&format!("table results --format json {words}"));
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.file("sweep.toml")).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(self.file("sweep.toml"), text.replace(from, to)).unwrap();
    }
}

/// A small network with a proximal input; `more` stands between.
fn evoked(grid: &str, mu: &str, weight: &str, more: &str) -> String {
    format!(
        "name = \"sweep\"\nsave_folder = \"results\"\n[network]\nmesh_shape = [1, 1]\n[simulation]\ntstop = 20.0\n{grid}\n\
         [[drive]]\ntype = \"evoked\"\nname = \"evprox\"\nmu = {mu}\nsigma = 1.0\nnumspikes = 1\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = {weight}, L5_pyramidal = {weight} }}\nsynaptic_delays = 0.1\n{more}\n\
         [[summary]]\nname = \"top\"\nstatistic = \"max\"\n"
    )
}

fn weights() -> String {
    evoked(
        "[grid]\nweight = [0.001, 0.01, 0.1]",
        "8.0",
        "\"weight\"",
        "[output]\nsave_spiking = true",
    )
}

#[test]
fn the_batch_example_of_hnn_core_runs_on_a_small_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("pipelines/erp_weights.toml")).unwrap();
    let place = Place::new(&text);
    let small = "--set network.mesh_shape=[3,3] --set simulation.tstop=60 --set grid.weight_pyr=[0.001,0.01] --set grid.weight_basket=[0.001,0.01]";
    let said = place.say(&format!("run sweep.toml {small}"));
    assert!(
        said.starts_with("erp_weights → sim_results: 4 points × 1 trial, 4 tasks\n"),
        "{said}"
    );
    assert!(
        said.contains("4 simulated; results are in sim_results"),
        "{said}"
    );
    let best = place.say(
        "table sim_results --sort -max_peak --head 1 --columns weight_pyr,max_peak --format csv",
    );
    assert_eq!(best.lines().count(), 2);
}

#[test]
fn times_and_widths_of_an_input_are_varied_with_three_trials_each() {
    let text = evoked(
        "n_trials = 3\n[grid]\nmu = [6.0, 8.0]\nsigma = [1.0, 2.0]",
        "\"mu\"",
        "0.05",
        "",
    );
    let place = Place::new(&text.replace("sigma = 1.0\n", "sigma = \"sigma\"\n"));
    assert_eq!(place.run(""), 12);
    let tops = place.rows("summary --where 'mu == 6'");
    assert_eq!(tops.len(), 6);
    // Trials have other random numbers.
    let mut of_trials: Vec<String> = tops.iter().map(|row| row["top"].to_string()).collect();
    of_trials.sort();
    of_trials.dedup();
    assert_eq!(of_trials.len(), 6);
}

#[test]
fn more_trials_and_one_more_value_simulate_only_what_is_new() {
    let place = Place::new(&weights());
    assert_eq!(place.run(""), 3);
    place.edit("tstop = 20.0", "tstop = 20.0\nn_trials = 2");
    assert!(place.say("plan sweep.toml").contains("3: n_trials 1 → 2"));
    assert_eq!(place.run(""), 3);
    place.edit("0.01, 0.1]", "0.01, 0.02, 0.1]");
    assert!(
        place
            .say("plan sweep.toml")
            .contains("2: new parameter value weight = 0.02")
    );
    assert_eq!(place.run(""), 2);
    assert_eq!(place.run(""), 0);
}

#[test]
fn a_local_weight_is_scaled_with_set() {
    let set = "[set]\n\"connections[src=L5_basket,target=L5_pyramidal,receptor=gabaa].weight\" = \"value * g\"";
    let place = Place::new(&evoked("[grid]\ng = [0.5, 1.0]", "8.0", "0.05", set));
    let plan = place.say("plan sweep.toml");
    let line = "  g: 2 values, 0.5 to 1, in connections[src=L5_basket,target=L5_pyramidal,receptor=gabaa].weight\n";
    assert!(plan.contains(line), "{plan}");
    assert_eq!(place.run(""), 2);
    let why = place.say("why 0:0 1:0 --folder results");
    assert!(why.contains("weight"), "{why}");
    // Which paths there are, with their numbers.
    let paths = place.say("network jones_2009 --mesh-shape 1,1 --paths 'connections*L5_basket*L5_pyramidal*gabaa*weight'");
    assert!(paths.contains("# uS"), "{paths}");
}

#[test]
fn beta_events_of_law_2021_are_swept() {
    let place = Place::new("");
    place.say("init beta.toml --example beta");
    let small = "--set network.mesh_shape=[1,1] --set save_folder=results --only 'distal_lag == 0' --set simulation.tstop=110";
    let said = place.json(&format!("run beta.toml --json {small}"));
    assert_eq!(said["simulated"], 3);
    let rows = place.rows("summary --where 'distal_lag == 0' --columns distal_weight,beta_power");
    assert_eq!(rows.len(), 3);
}

#[test]
fn traces_of_calcium_are_recorded_in_all_sections() {
    let place = Place::new("");
    place.say("init calcium.toml --example calcium");
    place.say("run calcium.toml --quiet --limit 1 --set network.mesh_shape=[1,1] --set save_folder=results --set simulation.tstop=20");
    let sections = place.rows("calcium --columns section,values");
    assert!(sections.iter().any(|row| row["section"] == "apical_tuft"));
    assert_eq!(sections[0]["values"].as_array().unwrap().len(), 201);
    let somata = place.rows("voltages --columns section");
    assert!(somata.iter().all(|row| row["section"] == "soma"));
}

#[test]
fn field_potentials_and_current_sources_come_from_a_laminar_probe() {
    let place = Place::new("");
    place.say("init lfp.toml --example lfp");
    place.say("run lfp.toml --quiet --limit 1 --set network.mesh_shape=[1,1] --set save_folder=results --set simulation.tstop=20");
    let contacts = place.rows("lfp --where 'abs(time - 10) < 0.01' --columns contact");
    assert_eq!(contacts.len(), 16);
    let sink = place.rows("summary --columns sink,deepest");
    assert!(sink[0]["sink"].as_f64().unwrap() < 0.0);
    // The density at all contacts.
    let density = place.rows("csd --where 'abs(time - 10) < 0.01' --columns array,contact,csd");
    assert_eq!(density.len(), 16);
    let least = place.rows("csd --where 'contact == 4' --sort csd --head 1 --columns csd");
    assert_eq!(least[0]["csd"], sink[0]["sink"]);
}

#[test]
fn a_network_that_python_wrote_is_swept() {
    let place = Place::new("");
    place.say("init net.toml --example network-file");
    let said =
        place.json("run net.toml --json --set save_folder=results --set simulation.tstop=40");
    assert_eq!(said["simulated"], 3);
    assert!(place.say("network network.json").contains("evprox1"));
}

#[test]
fn a_parameter_file_gives_weights_and_drives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = Place::new(
        "save_folder = \"results\"\n[network]\nparams = \"p.param\"\nadd_drives_from_params = true\nmesh_shape = [1, 1]\n\
         [simulation]\ntstop = 20.0\n[[summary]]\nname = \"top\"\nstatistic = \"max\"\n",
    );
    fs::copy(
        root.join("tests/data/network_params.param"),
        place.file("p.param"),
    )
    .unwrap();
    assert_eq!(place.run(""), 1);
    assert_eq!(place.rows("summary").len(), 1);
}

#[test]
fn samples_of_a_prior_become_arrays_for_inference() {
    let place = Place::new("");
    place.say("init prior.toml --example sbi");
    let small =
        "--set network.mesh_shape=[1,1] --set simulation.tstop=20 --set save_folder=results";
    let plan = place.say(&format!("plan prior.toml {small}"));
    assert!(
        plan.contains("  weight_prox: 64 samples of log_uniform [0.001, 0.1], "),
        "{plan}"
    );
    place.say(&format!("run prior.toml --quiet {small}"));
    let said = place.say("export sbi results");
    assert!(said.contains("sbi.npz"), "{said}");
    let theta = fs::read(place.file("results/exports/sbi/sbi_theta.npy")).unwrap();
    let header = String::from_utf8_lossy(&theta[..128]).into_owned();
    assert!(header.contains("'shape': (64, 3)"), "{header}");
}

#[test]
fn a_fit_finds_the_parameters_that_made_the_data() {
    let place = Place::new(&weights());
    place.run("");
    place.say("table results dipole --where 'weight == 0.1' --columns time,agg -o data.csv");
    place.edit(
        "statistic = \"max\"",
        "statistic = \"max\"\n[[summary]]\nname = \"distance\"\nstatistic = \"rmse\"\ntarget = \"data.csv\"",
    );
    assert_eq!(place.run(""), 0);
    let best = place.rows("summary --sort distance --head 1");
    assert_eq!(
        (best[0]["weight"].as_f64(), best[0]["distance"].as_f64()),
        (Some(0.1), Some(0.0))
    );
}

#[test]
fn a_sweep_that_was_stopped_goes_on_where_it_was() {
    let many: Vec<String> = (1..=60).map(|i| format!("{i}e-4")).collect();
    let grid = format!("[grid]\nweight = [{}]", many.join(", "));
    let place = Place::new(
        &evoked(&grid, "8.0", "\"weight\"", "").replace("tstop = 20.0", "tstop = 100.0"),
    );
    let child = place
        .command("run sweep.toml --jobs 1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let journal = || {
        let files = fs::read_dir(place.file("results/.state/journal"))
            .into_iter()
            .flatten()
            .flatten();
        let bytes = files.filter(|file| file.path().extension().is_some_and(|e| e == "journal"));
        bytes
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum::<u64>()
    };
    while journal() == 0 && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("go on with `hnn-sweep run sweep.toml`"),
        "{said}"
    );
    let done = place.json("status results --json")["done"]
        .as_u64()
        .unwrap();
    assert!((1..60).contains(&done), "{done}");
    assert_eq!(place.run(""), 60 - done);
}

#[test]
fn results_are_exported_for_hnn_core() {
    let place = Place::new(&weights());
    place.run("");
    place.say("export npz results");
    assert!(place.file("results/exports/npz/sim_run_0-3.npz").exists());
    place.say("export npz results --plain -o arrays");
    assert!(place.file("arrays/sim_run_0-3.npz").exists());
    place.say("export dipole-txt results -o text");
    let dipole = fs::read_to_string(place.file("text/dpl_0_0.txt")).unwrap();
    assert_eq!(dipole.lines().count(), 801);
    place.say("export spikes-txt results -o text");
    assert!(place.file("text/spk_0_0.txt").exists());
}

#[test]
fn principal_components_of_the_dipoles_are_computed() {
    let place = Place::new(&weights());
    place.run("");
    let said = place.say("export pca results --components 2 -o pca");
    assert_eq!(said, "pca/pca.npz\n");
}

#[test]
fn a_table_becomes_csv_for_a_spreadsheet() {
    let place = Place::new(&weights());
    place.run("");
    place.say("export csv results summary -o summary.csv");
    let csv = fs::read_to_string(place.file("summary.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "sweep,sim,point,trial,weight,top");
    assert!(
        lines.len() == 4 && lines[1].starts_with("sweep,0,0,0,0.001,"),
        "{csv}"
    );
}

#[test]
fn tables_are_read_while_a_run_goes_on() {
    let many: Vec<String> = (1..=60).map(|i| format!("{i}e-4")).collect();
    let grid = format!("[grid]\nweight = [{}]", many.join(", "));
    let place = Place::new(
        &evoked(&grid, "8.0", "\"weight\"", "").replace("tstop = 20.0", "tstop = 100.0"),
    );
    assert_eq!(place.run("--limit 5"), 5);
    let mut child = place
        .command("run sweep.toml --quiet --jobs 1")
        .spawn()
        .unwrap();
    let mut seen = 0;
    while child.try_wait().unwrap().is_none() {
        // All that was there before, and what is committed meanwhile.
        let n = place.rows("simulations").len();
        assert!(n >= seen.max(5), "{n} after {seen}");
        seen = n;
        assert!(place.rows("dipole --where 'time == 0'").len() >= 5);
        if let Some(python) = std::env::var_os("HNN_PYTHON") {
            let read = "import polars, duckdb\nprint(polars.scan_parquet('results/dipole/', hive_partitioning=True).collect().height,\
                        duckdb.sql(\"SELECT count(*) FROM read_parquet('results/dipole/*/*.parquet')\").fetchall())";
            let read = Command::new(python)
                .args(["-c", read])
                .current_dir(place.0.path())
                .output()
                .unwrap();
            assert!(
                read.status.success(),
                "{}",
                String::from_utf8_lossy(&read.stderr)
            );
        }
    }
    assert_eq!(place.rows("simulations").len(), 60);
}

#[test]
fn the_waveforms_of_an_overlay_are_one_command() {
    let place = Place::new(&weights());
    place.run("");
    let said = place.say(
        "table results dipole --where 'weight >= 0.01' --columns weight,time,agg -o overlay.csv",
    );
    assert_eq!(said, "1602 rows in overlay.csv\n");
    place.say("plot results dipoles -o overlay.svg");
    assert!(
        fs::read_to_string(place.file("overlay.svg"))
            .unwrap()
            .starts_with("<svg")
    );
}

#[test]
fn a_time_limit_makes_failures_which_are_listed_and_retried_and_former_points_are_dropped() {
    let place = Place::new(&weights());
    let said = place.fail("run sweep.toml --time-limit 1e-9", 3);
    assert!(
        said.contains("3 of 3 simulations failed") && said.contains("--retry-failed"),
        "{said}"
    );
    let failures = place.json("failures results --json");
    assert_eq!(failures["failures"][0]["class"], "time_limit");
    assert_eq!(
        failures["failures"][2]["points"][0]["parameters"]["weight"],
        0.1
    );
    assert_eq!(place.json("retry sweep.toml --json")["simulated"], 3);
    assert_eq!(place.say("failures results"), "no simulation has failed\n");
    place.edit("0.01, 0.1]", "0.01]");
    assert_eq!(place.run(""), 0);
    assert_eq!(
        place.say("gc results"),
        "1 of 3 simulations are in no present grid\ndrop their results with --apply\n"
    );
    assert!(place.say("gc results --apply").ends_with("dropped\n"));
    assert_eq!(place.json("status results --json")["simulations"], 2);
    assert_eq!(place.json("verify results --json")["intact"], true);
}

#[test]
fn a_script_proposes_generation_after_generation() {
    let text = evoked("[samples]\nfile = \"theta.csv\"", "8.0", "\"weight\"", "");
    let place = Place::new(&text);
    let mut simulated = Vec::new();
    for generation in [
        "weight\n0.001\n0.002\n",
        "weight\n0.002\n0.003\n",
        "weight\n0.001\n0.003\n",
    ] {
        fs::write(place.file("theta.csv"), generation).unwrap();
        simulated.push(place.run(""));
        assert_eq!(place.rows("summary").len(), 2);
    }
    // What was proposed before is not simulated again.
    assert_eq!(simulated, [2, 1, 0]);
}

#[test]
fn a_sweep_is_tried_before_it_is_run() {
    let place = Place::new(&weights());
    let plan = place.say("plan sweep.toml --only 'weight > 0.005' --set simulation.tstop=5");
    assert!(plan.contains("2 of them in this run"), "{plan}");
    assert_eq!(place.run("--limit 1"), 1);
    assert_eq!(place.run("--only 'weight > 0.005'"), 2);
    assert_eq!(place.run(""), 0);
}

#[test]
fn sweeps_of_one_folder_are_compared_renamed_and_taken_out() {
    let place = Place::new(&weights());
    place.run("");
    place.run("--set name=fine --set grid.weight=[0.01,0.1,0.2]");
    assert_eq!(
        place.say("diff sweep fine --folder results"),
        "sweep: 3 points × 1 trial\nfine: 3 points × 1 trial\n  parameter weight: 3 values, 0.001 to 0.1 in sweep, 3 values, 0.01 to 0.2 in fine\n  \
         statistic top: in both\n2 simulations are in both, 1 only in sweep, 1 only in fine\n"
    );
    place.say("rename fine finer --folder results");
    assert_eq!(place.rows("summary --sweep finer").len(), 3);
    assert!(
        place
            .fail("rename sweep finer --folder results", 1)
            .contains("has a sweep `finer` already")
    );
    let said = place.say("drop finer --folder results");
    assert!(
        said.contains(
            "1 simulations are in no other sweep; `hnn-sweep gc results --apply` drops them"
        ),
        "{said}"
    );
    assert_eq!(place.rows("summary").len(), 3);
    // Its simulations are there until then.
    assert_eq!(
        place.run("--set name=fine --set grid.weight=[0.01,0.1,0.2]"),
        0
    );
    place.say("drop fine --folder results");
    place.say("gc results --apply");
    assert_eq!(
        place.run("--set name=fine --set grid.weight=[0.01,0.1,0.2]"),
        1
    );
    assert!(
        place
            .fail("drop fin --folder results", 1)
            .contains("did you mean `fine`?")
    );
    assert_eq!(place.json("verify results --json")["intact"], true);
}

/// Mistakes (but for files that are missing, whose messages name this machine's folders) with their messages, as
/// tests/data/mistakes.txt has them: the changed line of the file, then what `plan` says. `HNN_BLESS=1` writes it
/// anew.
#[test]
fn mistakes_are_told_with_what_to_write_instead() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes.txt");
    let known = fs::read_to_string(&path).unwrap_or_default();
    let mut told = String::new();
    let mut n = 0;
    for (from, to) in MISTAKES {
        let base = weights();
        assert!(base.contains(from), "{from}");
        let place = Place::new(&base.replacen(from, to, 1));
        let mut command = place.command("plan sweep.toml");
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code().unwrap();
        told.push_str(&format!(
            "=== {}\nexit {code}\n{}\n",
            to.trim().replace('\n', " ⏎ "),
            said.trim_end()
        ));
        n += u32::from(code == 1);
        assert!(code == 1 || to.contains("logspace"), "{to}: {said}");
    }
    assert!(n >= 50, "{n}");
    if std::env::var_os("HNN_BLESS").is_some() {
        fs::write(&path, &told).unwrap();
        return;
    }
    for (was, is) in known.split("=== ").zip(told.split("=== ")) {
        assert_eq!(was, is);
    }
    assert_eq!(known, told);
}

/// What stands in the file, and what is written instead.
const MISTAKES: &[(&str, &str)] = &[
    ("mesh_shape", "mesh_shap"),
    ("[network]", "[netwrok]"),
    ("mesh_shape = [1, 1]", "mesh_shape = 3"),
    ("mesh_shape = [1, 1]", "mesh_shape = [0, 1]"),
    ("mesh_shape = [1, 1]", "model = \"jones\""),
    ("tstop = 20.0", "tstop = -5"),
    ("tstop = 20.0", "tstop = \"20 ms\""),
    ("tstop = 20.0", "tstop = \"0.2 s\""),
    ("tstop = 20.0", "tstop = 20.0\ndt = 0"),
    ("tstop = 20.0", "tstop = 20.0\nn_trials = 0"),
    ("tstop = 20.0", "tstop = 20.0\nn_trials = 1.5"),
    ("tstop = 20.0", "tstop = true"),
    ("[grid]", "[gird]"),
    ("weight = [0.001, 0.01, 0.1]", "weight = []"),
    ("weight = [0.001, 0.01, 0.1]", "weight = 0.1"),
    ("weight = [0.001, 0.01, 0.1]", "weight = [0.1, \"a\"]"),
    (
        "weight = [0.001, 0.01, 0.1]",
        "weight = { linspace = [0, 1] }",
    ),
    (
        "weight = [0.001, 0.01, 0.1]",
        "weight = { linspce = [0, 1, 3] }",
    ),
    (
        "weight = [0.001, 0.01, 0.1]",
        "weight = { geomspace = [0, 1, 3] }",
    ),
    (
        "weight = [0.001, 0.01, 0.1]",
        "weight = { logspace = [0.001, 0.1, 5] }",
    ),
    ("weight = [0.001, 0.01, 0.1]", "wieght = [0.001, 0.01]"),
    ("weight = [0.001, 0.01, 0.1]", "time = [0.001, 0.01]"),
    ("weight = [0.001, 0.01, 0.1]", "max = [0.001, 0.01]"),
    ("type = \"evoked\"", "type = \"evokd\""),
    ("type = \"evoked\"", "type = \"poisson\""),
    ("name = \"evprox\"", ""),
    ("mu = 8.0", ""),
    ("mu = 8.0", "mu = \"8 * \""),
    ("mu = 8.0", "mu = \"2weight\""),
    ("mu = 8.0", "mu = \"weight^2\""),
    ("mu = 8.0", "mu = \"sqr(weight)\""),
    ("mu = 8.0", "mu = \"1 / (weight - 0.01)\""),
    ("mu = 8.0", "mu = [1, 2]"),
    ("sigma = 1.0", "sigma = -1.0"),
    ("numspikes = 1", "numspikes = 1.5"),
    ("location = \"proximal\"", "location = \"proximl\""),
    ("L2_pyramidal = \"weight\"", "L2_pyramidl = \"weight\""),
    ("L2_pyramidal = \"weight\"", "L2_pyramidal = \"5 nS\""),
    ("synaptic_delays = 0.1", "synaptic_delays = \"100 us\""),
    ("synaptic_delays = 0.1", "seedcore = 4"),
    ("synaptic_delays = 0.1", "probability = 1.5"),
    (
        "[output]",
        "[set]\ncells.L5_pyramidl.synapses.gabaa.tau2 = 5\n[output]",
    ),
    (
        "[output]",
        "[set]\ncells.L5_pyramidal.synapses.gabaa.tau = 5\n[output]",
    ),
    (
        "[output]",
        "[set]\n\"connections[src=L5_basket,target=L2_basket].weight\" = 0\n[output]",
    ),
    ("save_spiking = true", "save_spikes = true"),
    ("save_spiking = true", "save_lfp = true"),
    (
        "save_spiking = true",
        "save_calcium = true\nrecord_ca = false",
    ),
    ("save_spiking = true", "record_vsec = \"dendrites\""),
    (
        "save_spiking = true",
        "save_outputs = false\nsave_dpl = true",
    ),
    ("statistic = \"max\"", "statistic = \"maximum\""),
    ("statistic = \"max\"", "statistic = \"max\"\nsmooth = 0.5"),
    ("statistic = \"max\"", "statistic = \"rmse\""),
    ("statistic = \"max\"", "statistic = \"max\"\ntmin = 100.0"),
    ("statistic = \"max\"", "statistic = \"max\"\nfmin = 10"),
    ("name = \"top\"", "name = \"weight\""),
    ("name = \"top\"", "name = \"the peak\""),
    ("save_folder = \"results\"", "save_folder = \"\""),
    ("save_folder = \"results\"", "save_folder = \"results"),
];
