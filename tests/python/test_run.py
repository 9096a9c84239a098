"""Pipeline files and folders of results from Python."""

import os
import signal
import subprocess
import sys
import threading
import time

import hnn_sweep
import numpy as np
import pytest


def test_importing_imports_neither_hnn_core_nor_neuron():
    code = "import sys, hnn_sweep; assert not {'hnn_core', 'neuron', 'joblib', 'tqdm'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_pipeline_is_simulated_once(pipeline):
    assert hnn_sweep.plan(pipeline) == (4, 4)
    sweep = hnn_sweep.run(pipeline, verbose=False)
    assert (sweep.simulated, sweep.failed) == (4, [])
    assert hnn_sweep.plan(pipeline) == (4, 0)
    assert hnn_sweep.run(pipeline, verbose=False).simulated == 0


def test_tables_are_arrow_for_every_reader(pipeline):
    duckdb, pd, pl, pa = (pytest.importorskip(name) for name in ("duckdb", "pandas", "polars", "pyarrow"))
    summary = hnn_sweep.run(pipeline, verbose=False).summary
    peaks = np.asarray(summary["peak"]).tolist()
    assert len(peaks) == 4 and all(np.isfinite(peaks))
    assert pl.DataFrame(summary)["peak"].to_list() == peaks
    table = pa.table(summary)
    assert table["peak"].to_pylist() == peaks
    assert table.schema.field("peak").metadata[b"units"] == b"nAm"
    assert summary.units["peak"] == "nAm"
    assert table.to_pandas()["peak"].tolist() == peaks
    assert pd.DataFrame(summary)["peak"].tolist() == peaks
    assert [row["peak"] for row in summary] == peaks
    if hasattr(pd.DataFrame, "from_arrow"):
        assert pd.DataFrame.from_arrow(summary)["peak"].tolist() == peaks
    assert duckdb.sql("SELECT max(peak) FROM summary").fetchall() == [(max(peaks),)]


def test_tables_of_one_simulation_and_of_all(pipeline):
    sweep = hnn_sweep.run(pipeline, verbose=False)
    assert len(sweep.dipole) == 4 * 801
    assert len(sweep.table("dipole", sim=1)) == 2 * 801
    assert set(np.asarray(sweep.table("dipole", sim=1)["sim"])) == {1}
    opened = hnn_sweep.open(sweep.folder)
    assert len(opened.simulations) == 4
    assert opened.simulations["status"] == ["done"] * 4
    assert len(opened.lfp) == 0 and opened.lfp.columns[-1] == "potential"
    with pytest.raises(KeyError, match="no column wieght"):
        opened.summary["wieght"]
    with pytest.raises(ValueError, match="no sweep 'other'"):
        hnn_sweep.open(sweep.folder, "other")


def test_columns_are_views_of_the_library_s_memory(pipeline):
    column = hnn_sweep.run(pipeline, verbose=False).dipole["agg"]
    first, second = np.asarray(column), np.asarray(column)
    assert first.ctypes.data == second.ctypes.data
    assert not first.flags.writeable
    del column
    assert np.isfinite(first).all()


def test_dipoles_are_hnn_core_s(pipeline):
    pytest.importorskip("hnn_core")
    sweep = hnn_sweep.run(pipeline, verbose=False)
    dipoles = sweep.dipoles(sim=1)
    assert len(dipoles) == 2
    table = sweep.table("dipole", sim=1)
    assert np.array_equal(np.concatenate([d.data["agg"] for d in dipoles]), np.asarray(table["agg"]))
    with pytest.raises(ValueError, match="no dipoles of simulation 9"):
        sweep.dipoles(sim=9)
    assert dipoles[0].copy().smooth(5.0).data["agg"].shape == dipoles[0].times.shape


def test_a_wrong_key_is_a_pipeline_error_with_its_place(pipeline):
    pipeline.write_text(pipeline.read_text().replace("sigma = 1.0", "sigmma = 1.0"))
    with pytest.raises(hnn_sweep.PipelineError, match="sigmma") as error:
        hnn_sweep.run(pipeline)
    assert isinstance(error.value, ValueError)
    assert os.fspath(error.value.file) == os.fspath(pipeline)
    line = 1 + pipeline.read_text().splitlines().index("sigmma = 1.0")
    assert (error.value.line, error.value.key) == (line, "sigmma")
    assert "sigma" in error.value.help


def test_a_folder_without_results_is_a_store_error(tmp_path):
    with pytest.raises(hnn_sweep.StoreError, match="no results") as error:
        hnn_sweep.open(tmp_path)
    assert isinstance(error.value, OSError) and error.value.help


def test_a_sweep_shows_itself(pipeline):
    sweep = hnn_sweep.run(pipeline, verbose=False)
    assert "weights: 2 points, 4 done, 0 failed" in repr(sweep)
    shown = sweep._repr_html_()
    assert "<td>weights</td><td>2</td><td>2</td><td>4</td><td>0</td><td>weight</td>" in shown
    assert shown.count("data:image/svg+xml;base64,") == 1
    table = sweep.summary._repr_html_()
    assert "<th>peak (nAm)</th>" in table and "summary: 4 rows" in table


def test_figures_and_a_page_are_drawn_of_a_sweep(pipeline, tmp_path):
    sweep = hnn_sweep.run(pipeline, verbose=False)
    figure = sweep.plot("against", where="weight>0")
    assert figure._repr_svg_().startswith("<svg") and "peak" in figure.svg
    figure.save(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text(encoding="utf-8") == figure.svg
    with pytest.raises(ValueError, match="end in .svg"):
        figure.save(tmp_path / "figure.bmp")
    figure.save(tmp_path / "figure.png", dpi=96)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    figure.save(tmp_path / "figure.pdf")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(ValueError, match="dpi is 20 to 2400"):
        figure.save(tmp_path / "figure.png", dpi=1)
    with pytest.raises(ValueError, match='no figure "dipole"; there are dipoles'):
        sweep.plot("dipole")
    with pytest.raises(hnn_sweep.PipelineError, match="wieght"):
        sweep.plot("against", x="wieght")
    page = sweep.report(tmp_path / "report.html")
    assert "weights" in open(page, encoding="utf-8").read()


def test_progress_is_shown_in_lines_without_tqdm(pipeline, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    hnn_sweep.run(pipeline)
    lines = capsys.readouterr().err
    assert "4 simulations, 4 of them to simulate" in lines
    assert "4 of 4 simulated" in lines


def long(pipeline):
    text = pipeline.read_text().replace("tstop = 20.0", "tstop = 20000.0")
    pipeline.write_text(text)


def test_ctrl_c_stops_and_leaves_the_interpreter_whole(pipeline):
    long(pipeline)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        hnn_sweep.run(pipeline, verbose=False)
    assert time.monotonic() - began < 10  # far from the minutes that it would have taken
    assert hnn_sweep.plan(pipeline) == (4, 4)


def test_other_threads_run_while_it_simulates(pipeline):
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    pipeline.write_text(pipeline.read_text().replace("tstop = 20.0", "tstop = 300.0"))
    hnn_sweep.run(pipeline, verbose=False)
    stop.set()
    thread.join()
    assert len(ticks) > 20


def test_an_error_in_progress_stops_the_run(pipeline, monkeypatch):
    from hnn_sweep import _progress

    def finished(self, sim, trial, failed):
        raise RuntimeError("no more")

    monkeypatch.setattr(_progress.Progress, "finished", finished)
    with pytest.raises(RuntimeError, match="no more"):
        hnn_sweep.run(pipeline)
    assert hnn_sweep.run(pipeline, verbose=False).failed == []
