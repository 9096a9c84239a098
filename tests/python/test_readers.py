"""Other programs read the tables beside a run, as docs/tables.md promises."""

import threading

import pytest

import hnn_sweep

PIPELINE = """
name = "{name}"
save_folder = "results"
[network]
mesh_shape = [1, 1]
[simulation]
tstop = 20.0
[sweep]
batch_size = 10
[grid]
weight = {{ linspace = [0.001, 0.1, {n}] }}
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight" }}
[[summary]]
name = "peak"
statistic = "max"
[[summary]]
name = "peak_of_mean"
statistic = "max"
trials = "mean"
"""


@pytest.mark.parametrize("n_runs", [1, 2])
def test_polars_and_duckdb_read_beside_runs_without_an_error(n_runs, tmp_path, monkeypatch):
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.toml").write_text(PIPELINE.format(name="beside", n=400))
    runs = [threading.Thread(target=lambda: hnn_sweep.run("beside.toml", n_jobs=1, verbose=False)) for _ in range(n_runs)]
    for run in runs:
        run.start()
    rounds, most = 0, 0
    while any(run.is_alive() for run in runs):
        for table in ("simulations", "summary", "dipole"):
            if not list((tmp_path / "results" / table).glob("*/*.parquet")):
                continue
            rows = polars.scan_parquet(f"results/{table}/", hive_partitioning=True).select(polars.len()).collect().item()
            files = f"read_parquet('results/{table}/*/*.parquet', hive_partitioning = true)"
            ((again,),) = duckdb.sql(f"SELECT count(*) FROM {files}").fetchall()
            assert 0 < rows <= again
            rounds, most = rounds + 1, max(most, rows)
    assert rounds and most
    assert polars.scan_parquet("results/simulations/").select(polars.len()).collect().item() == 400


def test_no_reader_fails_while_files_are_replaced(tmp_path, monkeypatch):
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    # Grids that grow, shrink and change: points come and go in all batches.
    sizes = [10, 15, 40, 25, 3, 60, 61]

    def run_all():
        for n in sizes:
            (tmp_path / f"{n}.toml").write_text(PIPELINE.format(name="changing", n=n))
            hnn_sweep.run(f"{n}.toml", n_jobs=1, verbose=False, replace=True)

    runs = threading.Thread(target=run_all)
    runs.start()
    inodes, tables = {}, ("simulations", "summary", "dipole", "former")
    while runs.is_alive():
        for table in tables:
            files = list((tmp_path / "results" / table).glob("*/*.parquet"))
            if files:
                polars.read_parquet(f"results/{table}/", hive_partitioning=True)
                duckdb.sql(f"SELECT * FROM read_parquet('results/{table}/*/*.parquet')").fetchall()
                for file in files:
                    inodes.setdefault(file, set()).add(file.stat().st_ino)
    assert any(len(seen) > 1 for seen in inodes.values()), "nothing was replaced"
    assert polars.scan_parquet("results/simulations/").select(polars.len()).collect().item() == sizes[-1]
