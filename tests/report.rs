//! Figures and the report: what they show equals what the tables hold, and nothing that comes from outside is more than text.

#![cfg(unix)]

mod fake;

use assert_cmd::Command;
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
        let mut arguments = vec!["plot", "results", kind, "--smooth", "2"];
        if kind == "target" {
            arguments.extend(["--target", "measured.txt"]);
        }
        arguments.extend(more);
        self.program(&arguments).assert().success();
        std::fs::read_to_string(self.path(&format!("{kind}.svg"))).unwrap()
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
