//! docs/set_params.md: the recipes in TOML can be run, and make the same networks as those in Python.

#![cfg(unix)]

use hnn_sweep::pipeline::Pipeline;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The recipes: Python, TOML.
fn recipes() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/set_params.md");
    let page = fs::read_to_string(page).unwrap();
    let block = |recipe: &str, language: &str| {
        let (_, rest) = recipe.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_string()
    };
    let recipes = page.split("\n## ").skip(1);
    recipes
        .map(|recipe| (block(recipe, "python"), block(recipe, "toml")))
        .collect()
}

/// A recipe as a file: of a small network, for the sake of time.
fn pipeline(toml: &str) -> String {
    format!(
        "name = \"recipe\"\n{toml}\n[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10.0\n"
    )
}

#[test]
fn there_are_ten_recipes_and_each_can_be_planned() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 10);
    for (_, toml) in recipes {
        let text = pipeline(&toml);
        let read = Pipeline::parse(&text, Path::new("recipe.toml"));
        let read = read.unwrap_or_else(|e| panic!("{e}\n{:?}\n{text}", e.help()));
        assert!(read.unused_parameters().is_empty(), "{text}");
        for point in 0..read.n_points() {
            read.bind(&read.point(point)).unwrap();
        }
    }
}

/// A pipeline for each point of a recipe in Python, over the network that hnn-core has made of it.
const SCRIPT: &str = r#"
import itertools, json, sys
from hnn_core import jones_2009_model
names = {}
exec(sys.stdin.read(), names)
grid = names["param_grid"]
for place, values in enumerate(itertools.product(*grid.values())):
    net = jones_2009_model(mesh_shape=(2, 2))
    names["set_params"](dict(zip(grid, values)), net)
    net.write_configuration(f"{sys.argv[1]}/net-{place}.json")
    with open(f"{sys.argv[1]}/python-{place}.toml", "w") as file:
        file.write(f'[network]\nfile = "net-{place}.json"\n[simulation]\ntstop = 10.0\n')
"#;

/// Where `HNN_ORACLE_PYTHON` names a Python with hnn-core: the networks have the same keys, so that what one has
/// simulated is done for the other.
#[test]
fn python_and_toml_make_the_same_networks() {
    let Some(python) = std::env::var_os("HNN_ORACLE_PYTHON") else {
        eprintln!("skipped: set HNN_ORACLE_PYTHON to an interpreter with hnn_core==0.6.1");
        return;
    };
    for (program, toml) in recipes() {
        let dir = tempfile::tempdir().unwrap();
        let run = |arguments: &str| {
            let output = Command::new(env!("CARGO_BIN_EXE_hnn-sweep"))
                .args(arguments.split_whitespace())
                .current_dir(dir.path())
                .output()
                .unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments}: {error}\n{program}");
            String::from_utf8(output.stdout).unwrap()
        };
        fs::write(dir.path().join("recipe.toml"), pipeline(&toml)).unwrap();
        fs::write(dir.path().join("recipe.py"), &program).unwrap();
        run("run recipe.toml --quiet");
        let made = Command::new(&python)
            .args(["-c", SCRIPT])
            .arg(dir.path())
            .stdin(fs::File::open(dir.path().join("recipe.py")).unwrap())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{error}\n{program}");
        let plan: serde_json::Value =
            serde_json::from_str(&run("plan recipe.toml --json")).unwrap();
        let n_points = plan["points"].as_u64().unwrap();
        assert!(n_points > 1 && plan["done"] == n_points);
        for point in 0..n_points {
            let plan: serde_json::Value =
                serde_json::from_str(&run(&format!("plan python-{point}.toml --json"))).unwrap();
            let words = run(&format!("plan python-{point}.toml"));
            assert_eq!(plan["done"], 1, "point {point} of\n{program}\n{words}");
        }
        assert!(!dir.path().join(format!("python-{n_points}.toml")).exists());
    }
}
