"""The programs of README.md and of pages in docs/ run as they stand there; so do the examples of docstrings."""

import doctest
import importlib
import importlib.util
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["python.md", "fits.md"])
def test_the_programs_of_the_documentation_run(page, tmp_path, monkeypatch):
    for needed in ("hnn_core", "polars", "pyarrow"):
        pytest.importorskip(needed)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    programs = re.findall(r"```python *(\w*)\n(.*?)```", text, re.DOTALL)
    assert len(programs) >= 6
    names = {"__name__": "docs"}
    for extra, program in programs:
        if extra and importlib.util.find_spec(extra) is None:
            continue  # an optional package that is not installed
        exec(compile(program, f"docs/{page}", "exec"), names)


def test_the_joins_of_the_page_on_tables_give_what_they_promise(tmp_path, monkeypatch):
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "pipelines", "pipelines")
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    names = {"__name__": "docs"}
    for program in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(program, "docs/tables.md", "exec"), names)
    mean, rates, best = names["mean"], names["rates"], names["best"]
    assert mean["log_weight"].unique().sort().to_list() == [-3, -2]
    assert len(mean) == 2 * len(mean["time"].unique())
    assert set(rates["trial"].to_list()) == {0, 1}
    assert len(best) == 4 and best["peak"].is_sorted(descending=True)
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    answer = duckdb.sql(sql.rstrip().removesuffix(";")).pl()
    assert answer["time"].to_list() == mean["time"].to_list()
    assert (answer["agg"] - mean["agg"]).abs().max() < 1e-12
    assert polars.Series(rates["len"]).min() >= 0


def test_the_example_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch):
    pytest.importorskip("hnn_core")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "pipelines", "pipelines")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "hnn_sweep" in block]
    names = {"__name__": "readme"}
    exec(compile(program, "README.md", "exec"), names)
    assert len(names["dpls"]) == 2 and len(names["sweep"].summary) == 1


@pytest.mark.parametrize("module", ["_backend", "_batch"])
def test_the_examples_of_docstrings_run(module):
    pytest.importorskip("hnn_core")
    failures, tests = doctest.testmod(importlib.import_module(f"hnn_sweep.{module}"))
    assert tests and not failures


def test_the_table_of_batch_simulate_names_tests_that_exist():
    page = (ROOT / "docs" / "batch-simulate.md").read_text(encoding="utf-8")
    table = page.split("## In Python")[1].split("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and "`test_" in row]
    tests = (ROOT / "tests" / "python" / "test_batch.py").read_text(encoding="utf-8")
    names = [name for row in rows for name in re.findall(r"`(test_\w+)`", row.rsplit(" | ", 1)[1])]
    assert len(rows) > 15
    assert [name for name in names if f"def {name}(" not in tests] == []
