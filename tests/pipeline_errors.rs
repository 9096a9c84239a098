//! Wrong pipeline files: each error says what is wrong, where, and what to do.

use hnn_sweep::pipeline::{Pipeline, PipelineError};
use std::path::Path;

fn error(text: &str) -> PipelineError {
    match Pipeline::parse(text, Path::new("pipelines/test.toml")) {
        Ok(_) => panic!("this should be refused:\n{text}"),
        Err(e) => e,
    }
}

/// Checks a file's error: its message contains `message`, it marks the text `marked`, its help contains `help`.
fn refused(text: &str, message: &str, marked: &str, help: &str) {
    let e = error(text);
    let shown = format!("{e}\n{:?}\n{text}", e.help());
    assert!(e.to_string().contains(message), "message: {shown}");
    let span = e.span().unwrap_or_else(|| panic!("no place: {shown}"));
    assert_eq!(&text[span.clone()], marked, "{shown}");
    assert_eq!(e.line(), Some(text[..span.start].matches('\n').count() + 1));
    assert!(e.help().unwrap_or_default().contains(help), "help: {shown}");
}

/// A small network with an evoked drive; `line` replaces the drive's line of the same key or is added.
fn drive(line: &str) -> String {
    with("", line)
}

fn with(head: &str, line: &str) -> String {
    let mut lines = vec![
        "type = \"evoked\"",
        "name = \"evprox\"",
        "mu = 40.0",
        "sigma = 5.0",
        "numspikes = 1",
        "location = \"proximal\"",
        "weights_ampa = { L2_pyramidal = 0.5 }",
    ];
    let key = line.split('=').next().unwrap_or_default();
    lines.retain(|l| l.split('=').next() != Some(key));
    lines.push(line);
    format!(
        "{head}\n[network]\nmesh_shape = [2, 2]\n[[drive]]\n{}\n",
        lines.join("\n")
    )
}

#[test]
fn the_report_shows_file_line_and_help() {
    let e = error("[simulation]\ntstpo = 170.0\n");
    let mut report = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none());
    handler.render_report(&mut report, &e).unwrap();
    for part in [
        "`tstpo` is not a key of [simulation]",
        "pipelines/test.toml:2:1",
        "tstpo = 170.0",
        "did you mean `tstop`?",
    ] {
        assert!(report.contains(part), "{part:?} in\n{report}");
    }
}

#[test]
fn misspelt_keys_get_a_suggestion() {
    refused(
        "naem = \"x\"",
        "`naem` is not a key of the pipeline",
        "naem",
        "did you mean `name`?",
    );
    refused(
        "[sweep]\nbatchsize = 1",
        "not a key of [sweep]",
        "batchsize",
        "`batch_size`",
    );
    refused(
        "[network]\nmodle = \"jones_2009\"",
        "not a key of [network]",
        "modle",
        "`model`",
    );
    refused(
        &drive("sigmaa = 1"),
        "not a key of drive `evprox`",
        "sigmaa",
        "`sigma`",
    );
    refused(
        "[output]\nsave_dipole = true",
        "not a key of [output]",
        "save_dipole",
        "`save_dpl`",
    );
    refused(
        "[[summary]]\nname = \"m\"\nstatistic = \"max\"\nsmoth = 3",
        "`smoth`",
        "smoth",
        "`smooth`",
    );
}

#[test]
fn keys_in_the_wrong_table_are_sent_to_the_right_one() {
    refused(
        "[sweep]\nn_trials = 2",
        "`n_trials` is not a key of [sweep]",
        "n_trials",
        "belongs in [simulation]",
    );
    refused(
        "[simulation]\nrecord_vsec = \"all\"",
        "",
        "record_vsec",
        "belongs in [output]",
    );
    refused(
        "[network]\nsave_folder = \"x\"",
        "",
        "save_folder",
        "belongs at the top of the file",
    );
    refused(
        &drive("burst_rate = 10"),
        "`burst_rate` is not a key of drive `evprox`",
        "burst_rate",
        "allowed: ",
    );
}

#[test]
fn wrong_types_are_named() {
    refused(
        "name = 3",
        "`name` must be a string, not a whole number",
        "3",
        "",
    );
    refused(
        "[simulation]\ntstop = true",
        "`tstop` of [simulation] must be a number",
        "true",
        "",
    );
    refused(
        "[simulation]\nn_trials = 2.5",
        "must be a whole number, not a number",
        "2.5",
        "",
    );
    refused(
        "[output]\nsave_dpl = \"yes\"",
        "`save_dpl` of [output] must be true or false, not a string",
        "\"yes\"",
        "",
    );
    refused("[network]\nmesh_shape = 10", "must be a list", "10", "");
    refused(
        "[network]\nmesh_shape = [10]",
        "must have two numbers",
        "[10]",
        "",
    );
    refused(
        "[grid]\nw = 0.5",
        "`w` of [grid] must be a list of values",
        "0.5",
        "write `w = [0.5]`",
    );
    refused(
        "[grid]\nw = [0.5, \"x\"]",
        "`w[1]` of [grid] must be a number, not a string",
        "\"x\"",
        "",
    );
    refused(
        "[drive]\nname = \"x\"",
        "`drive` must be a list",
        "[drive]",
        "[[drive]]",
    );
    refused("[grid]\nd = [1979-05-27]", "not a date", "1979-05-27", "");
    refused("grid = 3", "`grid` must be a table", "3", "");
    refused(
        &drive("weights_ampa = 0.5"),
        "`weights_ampa` of drive `evprox` must be a table",
        "0.5",
        "",
    );
    refused(
        &drive("weights_ampa = { L2_pyramidal = [1] }"),
        "`weights_ampa.L2_pyramidal` of drive `evprox` must be a number",
        "[1]",
        "",
    );
}

#[test]
fn syntax_errors_show_the_place() {
    let e = error("[grid\nw = 1");
    assert!(e.to_string().starts_with("not valid TOML"), "{e}");
    assert_eq!(e.line(), Some(1));
    assert!(
        error("[grid]\nw = [1]\nw = [2]")
            .to_string()
            .contains("duplicate key")
    );
}

#[test]
fn unknown_names_in_expressions_are_marked_within_the_expression() {
    refused(
        &drive("mu = \"40 + shft\""),
        "there is no parameter `shft`",
        "shft",
        "no parameters; add them in [grid]",
    );
    refused(
        &with("[grid]\nshift = [1]", "mu = \"40 + shft\""),
        "`mu` of drive `evprox`: there is no parameter `shft`",
        "shft",
        "did you mean `shift`?",
    );
    refused(
        &with(
            "[grid]\nlog_w = [1]",
            "weights_ampa = { L2_pyramidal = \"10^log_w\" }",
        ),
        "`^` means nothing",
        "^",
        "a power is written `**`",
    );
    refused(
        &with("[grid]\nloc = [\"soma\"]", "mu = \"loc\""),
        "parameter `loc` is a string, not a number",
        "loc",
        "",
    );
    refused(
        &with("[grid]\nloc = [1]", "location = \"$loc\""),
        "must be a string, and parameter `loc` is not",
        "\"$loc\"",
        "",
    );
    refused(
        &drive("location = \"$loc\""),
        "there is no parameter `loc`",
        "\"$loc\"",
        "[grid] has no parameter",
    );
}

#[test]
fn derived_parameters_must_not_go_in_circles() {
    refused(
        "[derived]\na = \"b + 1\"\nb = \"2*c\"\nc = \"a\"\nd = \"a\"",
        "in a circle: a -> b -> c -> a",
        "\"b + 1\"",
        "[grid]",
    );
    refused("[derived]\na = \"a\"", "in a circle: a -> a", "\"a\"", "");
}

#[test]
fn results_that_are_not_finite_name_the_point() {
    refused(
        &with("[grid]\nw = [1, 0]", "mu = \"1/w\""),
        "`mu` of drive `evprox` (\"1/w\") is inf where w = 0",
        "\"1/w\"",
        "",
    );
    refused(
        "[grid]\nx = [-1]\n[derived]\ny = \"log(x)\"",
        "`y` of [derived] (\"log(x)\") is NaN where x = -1",
        "\"log(x)\"",
        "",
    );
    refused(
        "[grid]\nw = [1.0, nan]",
        "must be finite, not nan",
        "nan",
        "",
    );
    refused(
        &drive("mu = inf"),
        "`mu` of drive `evprox` must be finite",
        "inf",
        "",
    );
    refused(&drive("mu = 1e999"), "", "1e999", "");
    refused(
        "[grid]\nw = { logspace = [0, 400, 3] }",
        "contains inf",
        "[0, 400, 3]",
        "",
    );
}

#[test]
fn whole_numbers_must_be_whole_and_in_range() {
    refused(
        &drive("numspikes = 1.5"),
        "must be a whole number, not 1.5",
        "1.5",
        "",
    );
    refused(&drive("numspikes = 0"), "numspikes", "0", "");
    refused(
        &drive("event_seed = -1"),
        "must be 0 to 4294967295, not -1",
        "-1",
        "",
    );
    refused(
        &drive("event_seed = 9223372036854775808"),
        "too large",
        "9223372036854775808",
        "",
    );
    refused("[simulation]\nn_trials = 0", "must be 1 to", "0", "");
    refused("[sweep]\nbatch_size = 0", "must be 1 to", "0", "");
    refused("[output]\ndecimate = 0", "must be 1 to", "0", "");
}

#[test]
fn grids_that_make_no_sense_are_refused_early() {
    refused(
        "[grid]\nw = []",
        "`w` of [grid] has no values",
        "[]",
        "at least one value",
    );
    refused(
        "[grid]\nw = { arange = [5, 5] }",
        "has no values",
        "[5, 5]",
        "",
    );
    refused(
        "[grid]\nw = { linspace = [0, 1] }",
        "needs three numbers",
        "[0, 1]",
        "",
    );
    refused(
        "[grid]\nw = { linspace = [0, 1, 0] }",
        "must be at least 1",
        "0",
        "",
    );
    refused(
        "[grid]\nw = { arange = [0, 1, 0] }",
        "the step",
        "[0, 1, 0]",
        "",
    );
    refused(
        "[grid]\nw = { linspce = [0, 1, 3] }",
        "`linspce` is not a key of `w` of [grid]",
        "linspce",
        "`linspace`",
    );
    refused("[grid]\nw = {}", "exactly one of", "{}", "");
    refused(
        "[grid]\nw = { linspace = [0, 1, 1000000000000] }",
        "asks for 1000000000000 values",
        "1000000000000",
        "",
    );
    refused(
        "[grid]\nw = { arange = [0, 1e300, 1e-300] }",
        "asks for inf values",
        "[0, 1e300, 1e-300]",
        "",
    );
    let axis = "{ linspace = [0, 1, 10000] }";
    refused(
        &format!("[grid]\na = {axis}\nb = {axis}\nc = {axis}"),
        "the grid has 10000 x 10000 x 10000 = 1000000000000 points; at most",
        "[grid]",
        "fewer values",
    );
    refused(
        "[sweep]\ncombinations = false\n[grid]\na = [1, 2]\nb = [1, 2, 3]",
        "a has 2, b has 3",
        "[grid]",
        "equally long",
    );
}

#[test]
fn parameter_names_must_not_clash() {
    for name in ["sim", "trial", "key", "status", "L2", "Time"] {
        refused(
            &format!("[grid]\n{name} = [1]"),
            "the tables have a column of that name",
            name,
            "choose",
        );
    }
    refused(
        "[grid]\nexp = [1]",
        "function or constant",
        "exp",
        "another name",
    );
    refused(
        "[grid]\nw = [1]\nW = [2]",
        "already the name of a parameter",
        "W",
        "differ only in case",
    );
    refused(
        "[grid]\nw = [1]\n[derived]\nw = \"2\"",
        "already the name",
        "w",
        "",
    );
    refused(
        "[grid]\n\"a b\" = [1]",
        "cannot name a parameter",
        "\"a b\"",
        "a letter first",
    );
    refused(
        "[grid]\nw = [1]\n[[summary]]\nname = \"w\"\nstatistic = \"max\"",
        "already the name",
        "\"w\"",
        "",
    );
}

#[test]
fn seed_parameters_are_parameters() {
    refused(
        "[sweep]\nseed_parameters = [\"sed\"]\n[grid]\nseed = [1, 2]",
        "there is no parameter `sed`",
        "\"sed\"",
        "did you mean `seed`?",
    );
    refused(
        "[sweep]\nseed_parameters = \"seed\"\n[grid]\nseed = [1, 2]",
        "must be a list",
        "\"seed\"",
        "",
    );
}

#[test]
fn simulations_that_make_no_sense_are_refused_early() {
    let simulation = |text: &str| format!("[network]\nmesh_shape = [2, 2]\n[simulation]\n{text}\n");
    refused(
        &simulation("dt = 0"),
        "must be greater than 0 ms, not 0",
        "0",
        "",
    );
    refused(
        &simulation("dt = -0.1"),
        "must be greater than 0 ms",
        "-0.1",
        "",
    );
    refused(
        &simulation("tstop = -5"),
        "`tstop` of [simulation] must be greater than 0 ms",
        "-5",
        "",
    );
    refused(
        &simulation("tstop = 1\ndt = 2"),
        "dt = 2 ms is longer than the whole simulation",
        "2",
        "",
    );
    refused(
        &simulation("tstop = 1e12"),
        "asks for 40000000000001 samples",
        "1e12",
        "",
    );
    refused(
        "[network]\nmesh_shape = [1000000, 1000000]",
        "asks for 1000000 x 1000000 pyramidal cells",
        "[1000000, 1000000]",
        "",
    );
    refused(
        "[network]\nmesh_shape = [0, 3]",
        "must be at least 1, not 0",
        "0",
        "",
    );
    refused(
        &simulation("n_trials = 1000000000"),
        "must be 1 to",
        "1000000000",
        "",
    );
    refused(
        &drive("type = \"poisson\"\nrate_constant = 1e12")
            .replace("mu = 40.0\nsigma = 5.0\nnumspikes = 1\n", ""),
        "events in a trial, and at most 20000000 are possible: lower its rate",
        "1e12",
        "",
    );
}

#[test]
fn what_the_network_refuses_is_marked_in_the_file() {
    refused(
        &drive("sigma = -1"),
        "drive `evprox`: sigma is -1: it cannot be negative",
        "-1",
        "",
    );
    refused(
        &drive("weights_ampa = { L2_pyramidale = 0.5 }"),
        "there is no \"L2_pyramidale\"",
        "L2_pyramidale = 0.5",
        "did you mean `L2_pyramidal`?",
    );
    refused(
        &drive("location = \"proximl\""),
        "there is no \"proximl\"",
        "\"proximl\"",
        "did you mean `proximal`?",
    );
    refused(
        &drive("location = \"soma\""),
        "receptor of soma of L2_pyramidal: there is no \"ampa\"",
        "\"soma\"",
        "`gabaa`",
    );
    refused(&drive("probability = 1.5"), "probability is 1.5", "1.5", "");
    refused(
        &drive("synaptic_delays = { L2_pyramidal = -1 }"),
        "synaptic_delays",
        "L2_pyramidal = -1",
        "",
    );
    refused(&drive("n_drive_cells = 3"), "n_drive_cells is 3", "3", "");
    refused(
        &drive("cell_specific = false"),
        "n_drive_cells",
        "\"evprox\"",
        "",
    );
    refused(&drive("weights_ampa = {}"), "give a weight", "{}", "");
    refused(
        &drive("name = \"L2_basket\""),
        "cannot be named like a cell type",
        "\"L2_basket\"",
        "",
    );
    refused(
        "[network]\nmodel = \"jones_2010\"",
        "is \"jones_2010\", which is no model",
        "\"jones_2010\"",
        "did you mean `jones_2009`?",
    );
    refused(
        "[[bias]]\namplitude = { L2_pyramidal = 1 }\nsection = \"axon\"",
        "there is no \"axon\"",
        "\"axon\"",
        "allowed",
    );
    refused(
        "[[bias]]\namplitude = { L3 = 1 }",
        "there is no \"L3\"",
        "{ L3 = 1 }",
        "",
    );
    refused(
        "[[bias]]\namplitude = 1",
        "does not say for which cell type",
        "1",
        "L2_pyramidal = 1.0",
    );
    refused(
        "[[electrode_array]]\nname = \"a\"\nelectrode_pos = [[0, 0, 0]]\nconductivity = -1",
        "conductivity is -1",
        "-1",
        "",
    );
    refused(
        "[[electrode_array]]\nname = \"a\"\nelectrode_pos = [[0, 0]]",
        "must be a position [x, y, z]",
        "[0, 0]",
        "",
    );
    refused(
        "[[electrode_array]]\nname = \"a\"\nelectrode_pos = [[0, 0, 0]]\nmethod = \"csd\"",
        "must be `psa` or `lsa`",
        "\"csd\"",
        "",
    );
    refused(
        "[[drive]]\ntype = \"evokd\"",
        "must be `evoked`, ",
        "\"evokd\"",
        "did you mean `evoked`?",
    );
    refused(
        "[[drive]]\ntype = \"evoked\"",
        "lacks `name`",
        "[[drive]]",
        "",
    );
}

#[test]
fn a_network_comes_from_one_place() {
    refused(
        "[network]\nfile = \"net.json\"\nmodel = \"law_2021\"",
        "`model` of [network] has no meaning with `file`",
        "\"law_2021\"",
        "remove one",
    );
    refused(
        "[network]\nadd_drives_from_params = true",
        "needs a parameter file",
        "true",
        "\"erp\"",
    );
    refused(
        "[network]\nparams = \"none.json\"",
        "pipelines/none.json",
        "\"none.json\"",
        "",
    );
}

#[test]
fn duplicate_names_are_refused() {
    let twice = format!(
        "{}[[drive]]\ntype = \"erp\"\n[[drive]]\ntype = \"erp\"\n",
        drive("numspikes = 1")
    );
    assert!(
        error(&twice)
            .to_string()
            .contains("the drive \"evdist1\" is already defined")
    );
    let text = drive("mu = 1");
    let block = &text[text.find("[[drive]]").unwrap()..];
    refused(
        &format!("{text}{block}"),
        "\"evprox\" is already defined",
        "\"evprox\"",
        "",
    );
    let summary = "[[summary]]\nname = \"m\"\nstatistic = \"max\"\n";
    refused(&summary.repeat(2), "`m` is already the name", "\"m\"", "");
    let array = "[[electrode_array]]\nname = \"a\"\nelectrode_pos = [0, 0, 0]\n";
    refused(&array.repeat(2), "\"a\" is already defined", "\"a\"", "");
}

#[test]
fn a_value_is_refused_where_only_the_last_point_is_wrong() {
    refused(
        &with("[grid]\ns = [1, 2, -3]", "sigma = \"s\""),
        "sigma is -3 where s = -3: it cannot be negative",
        "\"s\"",
        "",
    );
}

#[test]
fn outputs_that_cannot_exist_are_refused() {
    refused(
        "[output]\nsave_lfp = true",
        "needs an electrode array",
        "true",
        "[[electrode_array]]",
    );
    refused(
        "[output]\nsave_voltages = true\nrecord_vsec = false",
        "records nothing",
        "true",
        "record_vsec",
    );
    refused(
        "[output]\nrecord_vsec = true",
        "not true",
        "true",
        "\"soma\" or \"all\"",
    );
    refused(
        "[output]\nrecord_ca = \"al\"",
        "must be `soma` or `all`",
        "\"al\"",
        "`all`",
    );
    refused(
        "[output]\nsave_outputs = false\nsave_spiking = true",
        "keeps summaries only",
        "true",
        "save_outputs",
    );
}

#[test]
fn summaries_that_cannot_be_computed_are_refused() {
    let summary = |text: &str| {
        format!(
            "[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n[[summary]]\nname = \"m\"\n{text}\n"
        )
    };
    refused(
        &summary("statistic = \"maximum\""),
        "must be `min`, `max`",
        "\"maximum\"",
        "",
    );
    refused(
        &summary("statistic = \"max\"\nsignal = \"L4\""),
        "must be `agg`, `L2`, `L5`, `lfp` or `csd`",
        "\"L4\"",
        "",
    );
    refused(
        &summary("statistic = \"max\"\nsmooth = 0.5"),
        "at least 1 ms",
        "0.5",
        "",
    );
    refused(
        &summary("statistic = \"max\"\nsmooth = 30"),
        "window of 1200 samples, but the waveform has 401",
        "30",
        "smooth",
    );
    refused(
        &summary("statistic = \"max\"\ntmin = 5\ntmax = 5"),
        "must be greater than tmin",
        "5",
        "",
    );
    refused(
        &summary("statistic = \"max\"\ntmin = 11"),
        "ends at 10 ms",
        "11",
        "tmin",
    );
    refused(
        &summary("statistic = \"mean_rate\"\ncell_type = \"L5_pyr\""),
        "no cell type or drive",
        "\"L5_pyr\"",
        "",
    );
    refused(
        &summary("statistic = \"mean_rate\"\nsmooth = 3"),
        "`smooth` of summary `m` has no meaning for `mean_rate`",
        "3",
        "",
    );
    refused(
        &summary("statistic = \"max\"\ntrials = \"all\""),
        "must be `each` or `mean`",
        "\"all\"",
        "",
    );
    refused(
        &summary("statistic = \"band_power\"\nfmin = 8"),
        "lacks `fmax`",
        "[[summary]]",
        "",
    );
    refused(
        &summary("statistic = \"band_power\"\nfmin = 8\nfmax = 7"),
        "must be at least fmin",
        "7",
        "",
    );
    refused(
        &summary("statistic = \"band_power\"\nfmin = 10\nfmax = 20"),
        "no frequency between 10 and 20 Hz: 10 ms resolve 100.0000 Hz",
        "20",
        "longer time",
    );
    refused(
        &summary("statistic = \"peak_frequency\"\nfmin = 0\nfmax = 900\nsegment = 50"),
        "segments of 50 ms",
        "50",
        "`segment`",
    );
    refused(
        &summary("statistic = \"peak_time\"\nn = 0"),
        "must be 1 to",
        "0",
        "",
    );
    refused(
        &summary("statistic = \"peak_time\"\npolarity = \"up\""),
        "must be `positive` or `negative`",
        "\"up\"",
        "",
    );
    refused(
        &summary("statistic = \"max\"\nn = 2"),
        "`n` of summary `m` has no meaning for `max`",
        "2",
        "",
    );
    refused(
        &summary("statistic = \"rmse\""),
        "lacks `target`",
        "[[summary]]",
        "",
    );
    refused(
        &summary("statistic = \"expression\"\nexpression = \"m + 1\""),
        "there is no summary `m` above",
        "m",
        "above it",
    );
    let two = |expression: &str, keys: &str| {
        summary(&format!(
            "statistic = \"max\"\n[[summary]]\nname = \"e\"\nstatistic = \"expression\"\nexpression = \"{expression}\"\n{keys}"
        ))
    };
    refused(
        &two("mm + 1", ""),
        "no summary `mm` above",
        "mm",
        "did you mean `m`?",
    );
    refused(
        &two("m + 1", "trials = \"mean\""),
        "`m` is of other trials",
        "m",
        "same `trials`",
    );
    refused(&two("m +", ""), "ends where a value is expected", "\"", "");
    refused(&summary(""), "lacks `statistic`", "[[summary]]", "");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let e = Pipeline::load(Path::new("no/such/file.toml")).unwrap_err();
    assert!(e.to_string().contains("no/such/file.toml"), "{e}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binary.toml");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let e = Pipeline::load(&path).unwrap_err();
    assert!(e.to_string().contains("not a text file"), "{e}");
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    fn try_parse(text: &str) {
        if let Err(e) = Pipeline::parse(text, Path::new("t.toml"))
            && let Some(span) = e.span()
        {
            assert!(text.get(span).is_some(), "the mark is text: {e}");
        }
    }

    const FILES: [&str; 3] = [
        include_str!("../pipelines/erp_weights.toml"),
        include_str!("../pipelines/erp.toml"),
        include_str!("../pipelines/smoke.toml"),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn is_read_or_refused(text in "\\PC*") {
            try_parse(&text);
        }

        #[test]
        fn of_toml_like_lines_is_read_or_refused(
            lines in proptest::collection::vec("(\\[{1,2}(grid|drive|network|summary|derived|output)\\]{1,2}|[a-z_]{1,8} = (\"[a-z*+(). 0-9$]{0,9}\"|[0-9.e-]{1,6}|\\[[0-9, ]{0,9}\\]|\\{ [a-z]{1,8} = \\[[0-9, .-]{0,12}\\] \\}))", 0..12)
        ) {
            try_parse(&lines.join("\n"));
        }

        #[test]
        fn of_mutated_files_is_read_or_refused(
            file in 0..FILES.len(), at in 0.0..1.0_f64, cut in 0..12_usize, insert in "[ -~\n]{0,6}"
        ) {
            let text: Vec<char> = FILES[file].chars().collect();
            let at = (at * text.len() as f64) as usize;
            let end = (at + cut).min(text.len());
            let mutated: String = text[..at].iter().copied().chain(insert.chars()).chain(text[end..].iter().copied()).collect();
            try_parse(&mutated);
        }
    }
}

mod corpus {
    //! Pipeline files that are wrong, and some that are not, each with the exit code that the program owes it.

    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        exit: u8,
        toml: String,
    }

    /// What the program ends with: 1 for a file that it refuses before anything runs.
    fn exit(toml: &str) -> (u8, String) {
        let bound = Pipeline::parse(toml, Path::new("corpus/test.toml")).and_then(|pipeline| {
            (0..pipeline.n_points().min(10))
                .try_for_each(|i| pipeline.bind(&pipeline.point(i)).map(drop))
        });
        bound.map_or_else(|e| (1, e.to_string()), |()| (0, String::new()))
    }

    #[test]
    fn every_file_ends_with_its_exit_code_and_a_message_of_readable_length() {
        let cases: Vec<Case> = include_str!("corpus/pipelines.jsonl")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(cases.iter().filter(|case| case.exit == 1).count() >= 600);
        let mut wrong = Vec::new();
        for Case { exit: owed, toml } in &cases {
            let (code, message) = exit(toml);
            if code != *owed || message.len() > 2_100 {
                wrong.push(format!("{code} instead of {owed}: {message}\n{toml}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{}:\n{}",
            wrong.len(),
            wrong.join("\n----\n")
        );
    }

    #[test]
    fn huge_files_are_refused_in_a_moment_and_a_few_words() {
        let many = |n: usize, line: fn(usize) -> String| (0..n).map(line).collect::<String>();
        let priors = many(25_000, |i| format!("p{i} = {{ uniform = [0, 1] }}\n"));
        let summaries = many(20_000, |i| {
            format!("[[summary]]\nname = \"s{i}\"\nstatistic = \"max\"\n")
        });
        for (text, words) in [
            (format!("a = {}", "[".repeat(200_000)), "not valid TOML"),
            (
                format!("a = {}1{}", "[".repeat(70), "]".repeat(70)),
                "`a` is not a key",
            ),
            (format!("{} = 1", "k".repeat(200_000)), "is not a key"),
            (
                format!("[samples]\nn = 4\nmethod = \"sobol\"\n[samples.prior]\n{priors}"),
                "names 25000 parameters; at most",
            ),
            (
                format!("[network]\nmesh_shape = [1, 1]\n{summaries}"),
                "20000 of [[summary]]; at most",
            ),
            (
                format!("[grid]\n{}", many(20_000, |i| format!("g{i} = [1]\n"))),
                "20000 parameters; at most",
            ),
        ] {
            let e = error(&text);
            assert!(e.to_string().contains(words), "{words}: {e}");
            let mut report = String::new();
            let handler =
                miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none());
            handler.render_report(&mut report, &e).unwrap();
            assert!(
                report.len() < 10_000,
                "{} characters for {words}",
                report.len()
            );
        }
    }
}

/// All mistakes of a file, by message, in the order of the file.
fn mistakes(text: &str) -> Vec<String> {
    let e = error(text);
    let others = e.others().iter().map(|e| e.to_string());
    std::iter::once(e.to_string()).chain(others).collect()
}

#[test]
fn all_mistakes_of_a_file_are_shown_at_once() {
    let text = "[grid]\nw = []\n[simulation]\ntstop = \"120ms\"\ndt = true\n[network]\nmesh_shape = [1, 1]\n[[drive]]\ntype = \"evoked\"\n\
        name = \"d\"\nmu = \"w + q\"\nsigma = [1]\nnumspikes = 1\nlocation = \"proximal\"\nweights_ampa = { L2_pyramidal = \"w\" }\nseedcore = 3\n\
        [[summary]]\nname = \"m\"\nstatistic = \"maximum\"\n[[summary]]\nname = \"e\"\nstatistic = \"expression\"\nexpression = \"m + 1\"\n";
    let found = mistakes(text);
    let wanted = [
        "`w` of [grid] has no values (and 6 more mistakes)",
        "`tstop` of [simulation] must be a number without a unit, not 120ms",
        "`dt` of [simulation] must be a number",
        "`mu` of drive `d`: there is no parameter `q`",
        "`sigma` of drive `d` must be a number",
        "`seedcore` is not a key of drive `d`",
        "`statistic` of summary `m` must be `min`",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}\n{wanted}");
    }
    let many = format!(
        "[network]\n{}",
        (0..30).map(|i| format!("k{i} = 1\n")).collect::<String>()
    );
    let found = mistakes(&many);
    assert_eq!(found.len(), 11, "ten in full, the others a line each");
    assert!(
        found[10].starts_with("and 20 more:\nline 12: `k10` is not a key"),
        "{}",
        found[10]
    );
}

#[test]
fn names_of_the_past_and_of_other_units_are_sent_to_those_of_today() {
    refused(
        &drive("seedcore = 3"),
        "`seedcore` is not a key",
        "seedcore",
        "calls it `event_seed` today",
    );
    refused(
        &drive("sync_within_trial = true"),
        "",
        "sync_within_trial",
        "`n_drive_cells = 1` and `cell_specific = false`",
    );
    refused(
        "[simulation]\nT = 10\n",
        "`T` is not a key",
        "T",
        "calls it `tstop` today",
    );
    refused(
        "[simulation]\ntstop = \"0.12 s\"\n",
        "without a unit",
        "\"0.12 s\"",
        "it is in ms: write 120 (0.12 s = 120 ms)",
    );
    refused(
        &drive("mu = \"5 Hz\""),
        "without a unit",
        "\"5 Hz\"",
        "Hz is a unit of frequency",
    );
    refused(
        &drive("weights_ampa = { L2_pyramidal = \"50 nS\" }"),
        "without a unit",
        "\"50 nS\"",
        "write 0.05 (50 nS = 0.05 uS)",
    );
}

#[test]
fn no_suggestion_names_another_layer_cell_type_or_receptor() {
    let text = with(
        "[grid]\nL5_pyramidal_weight = [1]",
        "mu = \"L2_pyramidal_weight\"",
    );
    let e = error(&text);
    assert_eq!(e.help(), Some("allowed: `L5_pyramidal_weight`"));
    refused(
        &drive("weights_ampa = { L6_pyramidal = 1 }"),
        "there is no \"L6_pyramidal\"",
        "L6_pyramidal = 1",
        "allowed",
    );
}

#[test]
fn inputs_that_could_not_run_are_refused_at_every_point_where_the_file_says_them() {
    let poisson = |start: &str| {
        drive(&format!(
            "type = \"poisson\"\nrate_constant = 10\ntstart = {start}"
        ))
        .replace("mu = 40.0\nsigma = 5.0\nnumspikes = 1\n", "")
    };
    refused(
        &format!("[grid]\nstart = [5.0, 225.0]\n{}", poisson("\"start\"")),
        "tstart is 225 where start = 225.0: it cannot start after the end of the simulation, tstop = 170 ms",
        "\"start\"",
        "",
    );
    let text = format!(
        "[grid]\nstart = [5.0, 225.0, 6.0]\n{}",
        poisson("\"start\"")
    );
    let pipeline = Pipeline::parse(&text, Path::new("test.toml")).unwrap();
    assert!(
        pipeline
            .bind(&pipeline.point(1))
            .unwrap_err()
            .to_string()
            .contains("tstart is 225")
    );
    refused(
        &format!("{}[set]\ndrives.evprox.tstart = 300\n", poisson("5")),
        "tstart",
        "tstart = 300",
        "",
    );
    refused(
        "[network]\nmesh_shape = [1, 1]\n[simulation]\ntstop = 20\n[[bias]]\namplitude = { L2_pyramidal = 1 }\nt0 = 60",
        "bias `tonic`: t0 is 60: it cannot start after the end of the simulation",
        "60",
        "",
    );
    refused(
        &drive("event_seed = 4294967295"),
        "seeds end at 4294967295",
        "4294967295",
        "",
    );
}
