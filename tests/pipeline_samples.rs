//! Samples: from files, from priors; more of them extend those that there are.

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray};
use hnn_sweep::pipeline::{ParamValue, ParameterKind, Pipeline, PipelineError, Prior};
use std::path::Path;
use std::sync::Arc;

fn parse(text: &str) -> Result<Pipeline, PipelineError> {
    let text = format!("{text}\n[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n");
    Pipeline::parse(&text, Path::new("pipelines/test.toml"))
}

fn points(text: &str) -> Vec<Vec<ParamValue>> {
    let pipeline = parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    (0..pipeline.n_points())
        .map(|i| pipeline.point(i))
        .collect()
}

/// Values of the first parameter.
fn column(text: &str) -> Vec<f64> {
    points(text)
        .iter()
        .map(|p| p[0].as_f64().unwrap())
        .collect()
}

fn prior(keys: &str) -> String {
    format!(
        "[samples]\n{keys}\n[samples.prior]\nw = {{ uniform = [2.0, 4.0] }}\nlog_w = {{ log_uniform = [1e-4, 1e-1] }}\nmu = {{ normal = [40, 5] }}\n"
    )
}

const METHODS: [&str; 3] = [
    "method = \"random\"",
    "method = \"sobol\"",
    "method = \"latin_hypercube\"\nstrata = 16",
];

#[test]
fn more_samples_extend_the_same_set() {
    for method in METHODS {
        let few = points(&prior(&format!("n = 32\nseed = 7\n{method}")));
        let many = points(&prior(&format!("n = 96\nseed = 7\n{method}")));
        assert_eq!((few.len(), many.len()), (32, 96));
        assert_eq!(few, many[..32]);
        let other_seed = points(&prior(&format!("n = 32\nseed = 8\n{method}")));
        assert!(few.iter().zip(&other_seed).all(|(a, b)| a != b), "{method}");
    }
}

#[test]
fn a_new_parameter_leaves_the_others_alone() {
    for method in METHODS {
        let before = points(&prior(&format!("n = 16\n{method}")));
        let after = points(&format!(
            "{}sigma = {{ uniform = [1, 2] }}\n",
            prior(&format!("n = 16\n{method}"))
        ));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before[..], after[..3]);
        }
    }
}

#[test]
fn samples_follow_their_priors() {
    for method in METHODS {
        let samples = points(&prior(&format!("n = 4096\n{method}")));
        let mean = |k: usize, f: fn(f64) -> f64| {
            samples
                .iter()
                .map(|p| f(p[k].as_f64().unwrap()))
                .sum::<f64>()
                / samples.len() as f64
        };
        assert!(
            samples
                .iter()
                .all(|p| (2.0..=4.0).contains(&p[0].as_f64().unwrap()))
        );
        assert!(
            samples
                .iter()
                .all(|p| (1e-4..=1e-1).contains(&p[1].as_f64().unwrap()))
        );
        assert!((mean(0, |v| v) - 3.0).abs() < 0.04, "{method}");
        assert!((mean(1, f64::log10) + 2.5).abs() < 0.06, "{method}");
        assert!((mean(2, |v| v) - 40.0).abs() < 0.3, "{method}");
        assert!(
            (mean(2, |v| (v - 40.0) * (v - 40.0)).sqrt() - 5.0).abs() < 0.25,
            "{method}"
        );
    }
}

#[test]
fn hypercubes_and_sobol_points_fill_every_part_of_a_parameter_once() {
    for method in &METHODS[1..] {
        let values = column(&prior(&format!("n = 64\nseed = 3\n{method}")));
        for block in values.chunks(16) {
            let mut parts: Vec<usize> = block
                .iter()
                .map(|v| ((v - 2.0) / 2.0 * 16.0) as usize)
                .collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..16).collect::<Vec<_>>(), "{method}");
        }
    }
}

#[test]
fn every_sample_meets_every_point_of_the_grid() {
    let text = format!("{}[grid]\nseed_ = [1, 2, 3]\n", prior("n = 2"));
    let points = points(&text);
    assert_eq!(points.len(), 6);
    let seeds: Vec<&ParamValue> = points.iter().map(|p| &p[3]).collect();
    assert_eq!(
        seeds,
        [1, 2, 3, 1, 2, 3]
            .map(ParamValue::Int)
            .iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(points[0][..3], points[2][..3]);
    assert_ne!(points[2][..3], points[3][..3]);
    let names: Vec<String> = parse(&text)
        .unwrap()
        .parameters()
        .iter()
        .map(|p| p.name.clone())
        .collect();
    assert_eq!(names, ["w", "log_w", "mu", "seed_"]);
}

#[test]
fn the_priors_are_known() {
    let pipeline = parse(&prior("n = 2")).unwrap();
    assert_eq!(
        pipeline.priors()[0],
        (
            "w".to_owned(),
            Prior::Uniform {
                low: 2.0,
                high: 4.0
            }
        )
    );
    assert_eq!(
        pipeline.priors()[2].1,
        Prior::Normal {
            mean: 40.0,
            sd: 5.0
        }
    );
}

/// A folder with a pipeline beside which sample files stand.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn load(&self, samples: &str) -> Result<Pipeline, PipelineError> {
        let path = self.0.path().join("sweep.toml");
        std::fs::write(
            &path,
            format!("[network]\nmesh_shape = [2, 2]\n[samples]\n{samples}\n"),
        )
        .unwrap();
        Pipeline::load(&path)
    }

    fn csv(&self, text: &str) -> Result<Pipeline, PipelineError> {
        std::fs::write(self.0.path().join("theta.csv"), text).unwrap();
        self.load("file = \"theta.csv\"")
    }
}

#[test]
fn a_csv_file_gives_typed_parameters() {
    let folder = Folder::new();
    let pipeline = folder
        .csv("w, seed,loc,on\n1e-4,1,proximal,True\n0.1,2, distal ,false\n")
        .unwrap();
    let kinds: Vec<ParameterKind> = pipeline.parameters().iter().map(|p| p.kind).collect();
    assert_eq!(
        kinds,
        [
            ParameterKind::Float,
            ParameterKind::Int,
            ParameterKind::Str,
            ParameterKind::Bool
        ]
    );
    assert_eq!(pipeline.n_points(), 2);
    assert_eq!(
        pipeline.point(1),
        [
            ParamValue::Float(0.1),
            ParamValue::Int(2),
            ParamValue::Str("distal".into()),
            ParamValue::Bool(false)
        ]
    );
    assert_eq!(pipeline.point(0)[0], ParamValue::Float(1e-4));
    let pipeline = folder
        .load("file = \"theta.csv\"\ncolumns = [\"seed\", \"w\"]")
        .unwrap();
    assert_eq!(
        pipeline.point(0),
        [ParamValue::Int(1), ParamValue::Float(1e-4)]
    );
}

#[test]
fn a_parquet_file_gives_typed_parameters() {
    let folder = Folder::new();
    let columns: [(&str, ArrayRef); 4] = [
        ("w", Arc::new(Float64Array::from(vec![0.1, 0.2]))),
        ("seed", Arc::new(Int32Array::from(vec![3, 4]))),
        ("loc", Arc::new(StringArray::from(vec!["soma", "distal"]))),
        ("on", Arc::new(BooleanArray::from(vec![true, false]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.0.path().join("theta.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let pipeline = folder.load("file = \"theta.parquet\"").unwrap();
    assert_eq!(
        pipeline.point(1),
        [
            ParamValue::Float(0.2),
            ParamValue::Int(4),
            ParamValue::Str("distal".into()),
            ParamValue::Bool(false)
        ]
    );
}

#[test]
fn samples_are_read_however_they_were_written() {
    let folder = Folder::new();
    for (name, text) in [
        ("theta.csv", "w,seed\n8.6e-2,3\n0.087,4\n"),
        // numpy.savetxt(header="w,seed"), with and without delimiter=",".
        ("theta.csv", "# w,seed\n8.6e-02,3\n8.7e-02,4\n"),
        ("theta.txt", "# w,seed\n8.6e-02 3\n8.7e-02 4\n"),
        // DataFrame.to_csv(), once and twice.
        ("theta.csv", ",w,seed\n0,0.086,3\n1,0.087,4\n"),
        (
            "theta.csv",
            ",Unnamed: 0,w,seed\n0,7,0.086,3\n1,9,0.087,4\n",
        ),
        ("theta.csv", "w;seed\r\n0,086;3\r\n0,087;4\r\n"),
        ("theta.tsv", "\u{feff}w\tseed\n0.086\t3\n0.087\t4\n"),
        ("theta.dat", "\"w\" \"seed\"\n0.086 3\n0.087 4\n"),
    ] {
        std::fs::write(folder.0.path().join(name), text).unwrap();
        for columns in ["", "columns = [\"w\", \"seed\"]"] {
            let pipeline = folder.load(&format!("file = \"{name}\"\n{columns}"));
            let pipeline = pipeline.unwrap_or_else(|e| panic!("{e}\n{text}"));
            let points: Vec<_> = (0..pipeline.n_points())
                .map(|i| pipeline.point(i))
                .collect();
            let wanted = [(0.086, 3), (0.087, 4)]
                .map(|(w, seed)| vec![ParamValue::Float(w), ParamValue::Int(seed)]);
            assert_eq!(points, wanted, "{text}");
        }
    }
    // The index that pandas keeps in a Parquet file.
    let columns: [(&str, ArrayRef); 2] = [
        ("w", Arc::new(Float64Array::from(vec![0.1, 0.2]))),
        ("__index_level_0__", Arc::new(Int32Array::from(vec![7, 9]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.0.path().join("theta.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let pipeline = folder.load("file = \"theta.parquet\"").unwrap();
    assert_eq!(pipeline.point(1), [ParamValue::Float(0.2)]);
}

#[test]
fn files_that_are_no_samples_are_refused() {
    let folder = Folder::new();
    let refused = |text: &str, message: &str| {
        let e = folder.csv(text).unwrap_err();
        assert!(e.to_string().contains(message), "{e}");
        assert_eq!(e.line(), Some(4));
    };
    refused(
        "w\n1\nnan\n",
        "line 3, column `w`: `nan` is no finite number",
    );
    refused("w,v\n1,\n", "line 2, column `v` has no value");
    refused("w\n", "has no rows");
    refused("", "has no rows");
    refused(
        "w,v\n1,2,3\n",
        "line 2 has 3 values, and line 1 has 2 values",
    );
    refused("0.1,0.2\n0.3,0.4\n", "names no parameters");
    let wide = |cell: &str| vec![cell; 100_000].join(",");
    refused(
        &format!("{}\n", wide("w")),
        "100000 columns; at most 10000 are read",
    );
    let long = format!("w,v\n1,{}\n2\n", "9".repeat(1_000_000));
    refused(&long, "line 3 has 1 value");
    refused("sim,w\n1,2\n", "`sim` cannot name a parameter");
    refused("w,w\n1,2\n", "already the name");
    for (samples, message) in [
        ("file = \"nothing.csv\"", "nothing.csv"),
        ("file = \"theta.xlsx\"", "a .csv or a .parquet file"),
        (
            "file = \"theta.csv\"\ncolumns = [\"v\"]",
            "has no column `v`",
        ),
        (
            "file = \"theta.csv\"\nn = 3",
            "`n` of [samples] has no meaning",
        ),
    ] {
        let e = folder.load(samples).unwrap_err();
        assert!(e.to_string().contains(message), "{e}");
    }
    std::fs::write(folder.0.path().join("bad.parquet"), "no parquet").unwrap();
    assert!(
        folder
            .load("file = \"bad.parquet\"")
            .unwrap_err()
            .to_string()
            .contains("bad.parquet")
    );
}

#[test]
fn priors_that_make_no_sense_are_refused() {
    for (text, message) in [
        ("n = 10", "needs `file` or `prior`"),
        ("n = 10\nprior = {}", "names no parameter"),
        (
            "prior = { w = { uniform = [0, 1] } }",
            "[samples] lacks `n`",
        ),
        (
            "n = 0\nprior = { w = { uniform = [0, 1] } }",
            "must be 1 to",
        ),
        (
            "n = 1000000000000\nprior = { w = { uniform = [0, 1] } }",
            "must be 1 to",
        ),
        ("n = 1\nprior = { w = { uniform = [1, 0] } }", "low <= high"),
        ("n = 1\nprior = { w = { log_uniform = [0, 1] } }", "0 < low"),
        (
            "n = 1\nprior = { w = { normal = [0, -1] } }",
            "standard deviation",
        ),
        (
            "n = 1\nprior = { w = { gauss = [0, 1] } }",
            "`gauss` is not a key of `prior.w` of [samples]",
        ),
        (
            "n = 1\nprior = { w = 1 }",
            "`prior.w` of [samples] must be a table",
        ),
        (
            "n = 1\nprior = { trial = { uniform = [0, 1] } }",
            "`trial` cannot name a parameter",
        ),
        (
            "n = 1\nfile = \"a.csv\"\nprior = { w = { uniform = [0, 1] } }",
            "both `file` and `prior`",
        ),
        (
            "n = 10\nmethod = \"latin_hypercube\"\nprior = { w = { uniform = [0, 1] } }",
            "lacks `strata`",
        ),
        (
            "n = 10\nmethod = \"latin_hypercube\"\nstrata = 4\nprior = { w = { uniform = [0, 1] } }",
            "multiple of strata",
        ),
        (
            "n = 10\nmethod = \"halton\"\nprior = { w = { uniform = [0, 1] } }",
            "must be `random`",
        ),
    ] {
        let e = parse(&format!("[samples]\n{text}")).unwrap_err();
        assert!(e.to_string().contains(message), "{e}\n{text}");
    }
    let e = parse("[grid]\nw = [1]\n[samples]\nn = 1\nprior = { w = { uniform = [0, 1] } }")
        .unwrap_err();
    assert!(
        e.to_string().contains("already the name of a parameter"),
        "{e}"
    );
}
