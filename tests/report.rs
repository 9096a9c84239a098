//! Figures and the report: what they show equals what the tables hold, and nothing that comes from outside is more
//! than text.

#![cfg(unix)]

mod fake;

use assert_cmd::Command;
use base64::Engine;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};

/// Twelve points of a small network, two trials, contacts; names that would do harm if they were not text.
const PIPELINE: &str = r#"
name = "<img src=x onerror=alert(1)>"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = 20.0
dt = 0.025
n_trials = 2
[grid]
weight = [0.0005, 0.001, 0.002, 0.004]
mu = [4.0, 5.0, 6.0]
[[drive]]
type = "evoked"
name = "</script><script>alert(2)</script>"
mu = "mu"
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_pyramidal = "weight" }
synaptic_delays = 0.1
[[electrode_array]]
name = "shank"
electrode_pos = [[1.0, 1.0, 0.0], [1.0, 1.0, 400.0], [1.0, 1.0, 800.0], [1.0, 1.0, 1200.0]]
[output]
save_dpl = true
save_spiking = true
save_lfp = true
[[summary]]
name = "top"
statistic = "max"
[[summary]]
name = "mean_top"
statistic = "max"
trials = "mean"
[[summary]]
name = "spikes"
statistic = "spike_count"
"#;

const KINDS: [&str; 9] = [
    "dipoles",
    "map",
    "against",
    "simulation",
    "cells",
    "psd",
    "csd",
    "coordinates",
    "target",
];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("small.toml"), PIPELINE).unwrap();
        let measured: String = (0..20).map(|t| format!("{t}.0\t0.00{t:02}\n")).collect();
        std::fs::write(dir.path().join("measured.txt"), measured).unwrap();
        let place = Self(dir);
        place
            .program(&["run", "small.toml", "--quiet"])
            .assert()
            .success();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("hnn-sweep").unwrap();
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn plot(&self, kind: &str, more: &[&str]) -> String {
        let file = format!("{kind}.svg");
        self.draw(kind, more);
        std::fs::read_to_string(self.path(&file)).unwrap()
    }

    fn draw(&self, kind: &str, more: &[&str]) {
        let mut arguments = vec!["plot", "results", kind, "--smooth", "2"];
        if kind == "target" {
            arguments.extend(["--target", "measured.txt"]);
        }
        arguments.extend(more);
        self.program(&arguments).assert().success();
    }
}

/// Names of files of a folder that are being written, or were left behind.
fn left_behind(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("new-")).collect()
}

#[test]
fn every_kind_is_drawn_with_the_same_bytes_each_time_and_names_are_text() {
    let place = Place::new();
    for kind in KINDS {
        let svg = place.plot(kind, &[]);
        assert!(
            svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
            "{kind}"
        );
        assert!(svg.contains("<title") && svg.contains("<desc"), "{kind}");
        for harm in ["<img", "<script", "NaN", "inf"] {
            assert!(!svg.contains(harm), "{kind} contains {harm}");
        }
        assert_eq!(
            svg.matches("<text").count(),
            svg.matches("</text>").count(),
            "{kind}"
        );
        assert_eq!(svg, place.plot(kind, &[]), "{kind}");
        let dark = place.plot(kind, &["--style", "screen", "--size", "500x500"]);
        assert!(
            dark.contains("prefers-color-scheme:dark") && dark.contains("width=\"500\""),
            "{kind}"
        );
    }
    assert_eq!(left_behind(place.0.path()), Vec::<String>::new());
}

#[test]
fn a_figure_draws_the_simulations_that_fulfil_the_conditions() {
    let place = Place::new();
    let lines = |svg: &str| svg.matches("stroke-linejoin").count();
    assert_eq!(lines(&place.plot("dipoles", &[])), 12);
    assert_eq!(
        lines(&place.plot("dipoles", &["--where", "weight>=0.002", "--where", "mu!=5"])),
        4
    );
    assert_eq!(place.plot("map", &[]).matches("<rect").count(), 1 + 64 + 12);
    // One dot for each simulation with a value.
    assert_eq!(
        place
            .plot("against", &["--statistic", "mean_top"])
            .matches("<circle")
            .count(),
        12
    );
    let none = place
        .program(&["plot", "results", "dipoles", "--where", "weight>1"])
        .assert()
        .code(1);
    none.stderr(contains("no simulation fulfils"));
}

#[cfg(feature = "png-pdf")]
#[test]
fn every_kind_is_written_as_png_and_pdf_too() {
    let place = Place::new();
    for kind in KINDS {
        let png = format!("{kind}.png");
        place.draw(kind, &["-o", &png, "--dpi", "96", "--size", "500x400"]);
        let png = std::fs::read(place.path(&png)).unwrap();
        assert_eq!(&png[..4], b"\x89PNG", "{kind}");
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((side(16), side(20)), (500, 400), "{kind}");
        let pdf = format!("{kind}.pdf");
        place.draw(kind, &["-o", &pdf]);
        let pdf = std::fs::read(place.path(&pdf)).unwrap();
        assert!(pdf.starts_with(b"%PDF-"), "{kind}");
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("DejaVuSans"), "{kind} has lost its text");
    }
    assert_eq!(left_behind(place.0.path()), Vec::<String>::new());
}

#[test]
fn what_cannot_be_drawn_is_exit_code_1_with_the_next_step_and_no_file() {
    let place = Place::new();
    let refused = |arguments: &[&str], words: &str, help: &str| {
        let mut all = vec!["plot", "results"];
        all.extend(arguments);
        let output = place
            .program(&all)
            .assert()
            .code(1)
            .get_output()
            .stderr
            .clone();
        let words_of_error = String::from_utf8(output)
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            words_of_error.contains(words) && words_of_error.contains(help),
            "{words_of_error}"
        );
    };
    refused(&["map", "--statistic", "tpo"], "`tpo`", "`top`");
    refused(
        &["map", "--x", "mu", "--y", "mu"],
        "both axes",
        "--x and --y",
    );
    refused(
        &["simulation", "--sim", "99"],
        "no simulation 99",
        "simulations",
    );
    refused(&["target"], "no target", "--target");
    refused(
        &["target", "--target", "small.toml"],
        "small.toml",
        "dipole text",
    );
    refused(
        &["dipoles", "--where", "mu>many"],
        "not a number",
        "numbers",
    );
    refused(&["dipoles", "-o", "figure.bmp"], "figure.bmp", ".svg");
    refused(&["dipoles", "--size", "3x4"], "640x400", "");
    refused(&["dipoles", "--dpi", "300"], "--dpi is for", "leave it out");
    refused(&["dipoles", "-o", "a.png", "--dpi", "3"], "300", "");
    #[cfg(not(feature = "png-pdf"))]
    refused(&["dipoles", "-o", "a.pdf"], "a.pdf", "--features png-pdf");
    place
        .program(&["plot", "nowhere", "map"])
        .assert()
        .code(1)
        .stderr(contains("no results").and(contains("run FILE")));
    assert!(
        !KINDS
            .iter()
            .any(|kind| place.path(&format!("{kind}.svg")).exists())
    );
}

/// A page's packed array, as its program unpacks it.
fn unpacked<const WIDTH: usize>(html: &str, name: &str) -> Vec<[u8; WIDTH]> {
    let text = between(html, &format!("id=\"blob-{name}\">"), "</script>");
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let mut raw = Vec::new();
    std::io::copy(
        &mut flate2::read::GzDecoder::new(bytes.as_slice()),
        &mut raw,
    )
    .unwrap();
    assert!(raw.len() <= 65_536 * WIDTH, "one block");
    let n = raw.len() / WIDTH;
    (0..n)
        .map(|i| std::array::from_fn(|place| raw[place * n + i]))
        .collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}"))
        .1;
    rest.split_once(after).unwrap().0
}

fn meta(html: &str) -> serde_json::Value {
    serde_json::from_str(between(html, "id=\"meta\">", "</script>")).unwrap()
}

impl Place {
    fn report(&self, more: &[&str]) -> String {
        let mut arguments = vec!["report", "results", "-o", "page.html"];
        arguments.extend(more);
        self.program(&arguments).assert().success();
        std::fs::read_to_string(self.path("page.html")).unwrap()
    }

    /// Numbers of a table's column, in the order of `sim`, `trial` and what follows.
    fn numbers(
        &self,
        table: &str,
        name: &str,
        is_one: impl Fn(&std::collections::BTreeMap<String, String>) -> bool,
    ) -> Vec<f64> {
        let rows = fake::rows(&self.path("results"), table);
        rows.iter()
            .filter(|row| is_one(row))
            .map(|row| row[name].parse().unwrap_or(f64::NAN))
            .collect()
    }
}

#[test]
fn the_page_is_one_file_that_fetches_nothing_and_is_the_same_each_time() {
    let place = Place::new();
    let html = place.report(&[]);
    assert_eq!(html, place.report(&[]));
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for forbidden in [
        "http:",
        "https:",
        "connect-src",
        "unsafe-eval",
        "script-src 'unsafe",
    ] {
        assert!(!policy.contains(forbidden), "{policy}");
    }
    assert!(!html.contains("//cdn") && !html.contains(" src=\"") && !html.contains("@import"));
    // Names are text: only the page's own program is a script, and no element comes from outside.
    assert!(!html.contains("<img") && !html.contains("alert(2)</script>"));
    assert_eq!(html.matches("<script>").count(), 1);
    assert_eq!(meta(&html)["name"], "<img src=x onerror=alert(1)>");
    assert_eq!(left_behind(place.0.path()), Vec::<String>::new());
}

#[test]
fn parameters_and_statistics_of_the_page_are_those_of_the_tables() {
    let place = Place::new();
    let html = place.report(&[]);
    let meta = meta(&html);
    let values: Vec<f64> = unpacked::<8>(&html, "columns")
        .into_iter()
        .map(f64::from_le_bytes)
        .collect();
    let n = 12;
    let column = |name: &str| {
        let columns = meta["columns"].as_array().unwrap();
        let place = columns
            .iter()
            .position(|column| column["name"] == name)
            .unwrap();
        values[place * n..(place + 1) * n].to_vec()
    };
    let first_trial = |row: &std::collections::BTreeMap<String, String>| row["trial"] == "0";
    for name in ["weight", "mu"] {
        assert_eq!(
            column(name),
            place.numbers("summary", name, first_trial),
            "{name}"
        );
    }
    assert_eq!(
        column("mean_top"),
        place.numbers("summary", "mean_top", first_trial)
    );
    let trials = [0, 1]
        .map(|trial| place.numbers("summary", "top", |row| row["trial"] == trial.to_string()));
    let mean: Vec<f64> = trials[0]
        .iter()
        .zip(&trials[1])
        .map(|(a, b)| (a + b) / 2.0)
        .collect();
    assert_eq!(column("top"), mean);
    assert_eq!(meta["columns"][2]["unit"], "nAm");
    assert_eq!(meta["columns"][2]["note"], "mean of 2 trials");
}

#[test]
fn waveforms_and_spikes_of_the_page_are_those_of_the_tables_to_the_stated_precision() {
    let place = Place::new();
    let html = place.report(&[]);
    let meta = meta(&html);
    let (m, step) = (
        meta["samples"].as_u64().unwrap() as usize,
        meta["step"].as_f64().unwrap(),
    );
    let first = meta["first"].as_f64().unwrap();
    assert!((step - 0.5).abs() < 1e-9);
    let deltas: Vec<i16> = unpacked::<2>(&html, "waves")
        .into_iter()
        .map(i16::from_le_bytes)
        .collect();
    let scales: Vec<f32> = unpacked::<4>(&html, "wave_scale")
        .into_iter()
        .map(f32::from_le_bytes)
        .collect();
    assert_eq!(deltas.len(), 12 * 2 * 2 * m);
    let stored = fake::rows(&place.path("results"), "dipole");
    for (series, deltas) in deltas.chunks(m).enumerate() {
        let (sim, trial, layer) = (series / 4, series / 2 % 2, ["L2", "L5"][series % 2]);
        let of_task = stored
            .iter()
            .filter(|row| row["sim"] == sim.to_string() && row["trial"] == trial.to_string());
        let of_task: Vec<(f64, f64)> = of_task
            .map(|row| (row["time"].parse().unwrap(), row[layer].parse().unwrap()))
            .collect();
        let peak = of_task.iter().map(|(_, v)| v.abs()).fold(0.0, f64::max);
        let mut sum = 0_i16;
        for (k, delta) in deltas.iter().enumerate().take(m - 1) {
            sum = sum.wrapping_add(*delta);
            let packed = f64::from(sum) * f64::from(scales[sim]);
            let time = first + k as f64 * step;
            let window: Vec<f64> = of_task
                .iter()
                .filter(|(t, _)| (t - time).abs() < step / 2.0)
                .map(|(_, v)| *v)
                .collect();
            let mean = window.iter().sum::<f64>() / window.len() as f64;
            assert!(
                (packed - mean).abs() <= 0.01 * peak + f64::from(scales[sim]),
                "sim {sim} at {time}: {packed}, {mean}"
            );
        }
    }
    let unit = meta["spike_unit"].as_f64().unwrap();
    let counts: Vec<u32> = unpacked::<4>(&html, "spike_counts")
        .into_iter()
        .map(u32::from_le_bytes)
        .collect();
    let mut packed = unpacked::<4>(&html, "spike_times")
        .into_iter()
        .map(u32::from_le_bytes);
    for (task, count) in counts.iter().enumerate() {
        let (sim, trial) = ((task / 2).to_string(), (task % 2).to_string());
        let mut times = place.numbers("spikes", "time", |row| {
            row["sim"] == sim && row["trial"] == trial
        });
        times.sort_by(f64::total_cmp);
        assert_eq!(times.len(), *count as usize);
        let mut sum = 0;
        for time in times {
            sum += packed.next().unwrap();
            assert!((f64::from(sum) * unit - time).abs() < 0.05);
        }
    }
    assert_eq!(packed.next(), None);
}

#[test]
fn a_small_page_leaves_waveforms_out_and_says_so() {
    let place = Place::new();
    let (whole, small) = (place.report(&[]), place.report(&["--max-size", "200kB"]));
    assert!(
        small.len() <= 200_000 && whole.len() <= 20_000_000,
        "{}",
        small.len()
    );
    place
        .program(&["report", "results", "--max-size", "3"])
        .assert()
        .code(1)
        .stderr(contains("200kB"));
    assert!(!place.path("report.html").exists());
}

#[test]
fn run_writes_the_page_and_a_folder_that_lacks_simulations_has_one_too() {
    let place = Place::new();
    let more = PIPELINE.replace("mu = [4.0, 5.0, 6.0]", "mu = [4.0, 5.0, 6.0, 7.0]");
    std::fs::write(place.path("small.toml"), more).unwrap();
    place
        .program(&["run", "small.toml", "--quiet", "--report", "run.html"])
        .assert()
        .success();
    let html = std::fs::read_to_string(place.path("run.html")).unwrap();
    assert_eq!(
        (meta(&html)["n"].as_u64(), &meta(&html)["live"]),
        (Some(16), &serde_json::Value::Null)
    );
    // A simulation that fails is a point without values.
    let failing = PIPELINE.replace("tstop = 20.0", "tstop = 21.0");
    std::fs::write(place.path("small.toml"), failing).unwrap();
    place
        .program(&["run", "small.toml", "--quiet", "--time-limit", "0.0000001"])
        .assert()
        .code(3);
    let html = place.report(&[]);
    assert!(
        unpacked::<1>(&html, "states")
            .iter()
            .all(|state| *state == [1])
    );
    place
        .program(&["plot", "results", "dipoles"])
        .assert()
        .code(1)
        .stderr(contains("no simulation has results"));
}
