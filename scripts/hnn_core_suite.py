"""hnn-core's own test suite, plain and with this solver forced on it, file by file.

    python scripts/hnn_core_suite.py HNN_CORE [files] [--markdown FILE] [--timeout SECONDS]

HNN_CORE is a checkout of hnn-core at the version that is installed, or its unpacked source package: its tests are copied into a temporary folder beside
the installed package, and none of them comes into this repository. Every file runs in a process of its own, once plain and once after `hnn_sweep.use()`.
A test that passes plain and does not pass here is listed, and makes the script end with 1.

Needs an interpreter with hnn_core, NEURON, joblib, pytest and hnn_sweep.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

PLUGIN = """
import hnn_sweep


def pytest_configure(config):
    hnn_sweep.use()
"""


def run(folder: Path, file: str, forced: bool, timeout: float) -> tuple[dict[str, str], float]:
    """How each test of a file ended, and CPU seconds."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", f"hnn_core/tests/{file}"]
    if forced:
        command += ["-p", "force_hnn_sweep"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]), "MPLBACKEND": "agg"}
    before = os.times()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if not report.exists():
        print(output[-2000:], file=sys.stderr)
        return {}, cpu
    ended = {}
    for case in xml.parse(report).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        ended[f"{file}::{case.get('name')}"] = min(kinds) if kinds else "passed"
    return ended, cpu


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("files", nargs="*", help="test files; all by default")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--timeout", type=float, default=3600)
    arguments = parser.parse_args()
    import hnn_core

    tests = arguments.checkout / "hnn_core" / "tests"
    files = arguments.files or sorted(path.name for path in tests.glob("test_*.py"))
    lines = ["| file | plain: passed, other | CPU s | here: passed, other | CPU s |", "|---|---|---|---|---|"]
    worse = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(Path(hnn_core.__file__).parent, folder / "hnn_core")
        shutil.copytree(tests, folder / "hnn_core" / "tests", dirs_exist_ok=True)
        (folder / "force_hnn_sweep.py").write_text(PLUGIN, encoding="utf-8")
        totals = [0, 0, 0.0, 0, 0, 0.0]
        for file in files:
            began = time.monotonic()
            row: list[float] = []
            passed = []
            for forced in (False, True):
                ended, cpu = run(folder, file, forced, arguments.timeout)
                passed.append({test for test, how in ended.items() if how == "passed"})
                row += [len(passed[-1]), len(ended) - len(passed[-1]), cpu]
            worse += sorted(passed[0] - passed[1])
            totals = [a + b for a, b in zip(totals, row)]
            lines.append(line(file, row))
            print(lines[-1], f"({time.monotonic() - began:.0f} s)", flush=True)
        lines.append(line("all", totals))
        print(lines[-1])
    for test in worse:
        print(f"passes plain and not here: {test}")
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if worse else 0


def line(name: str, row: list[float]) -> str:
    plain, other, cpu, ours, others, own = row
    return f"| {name} | {plain:.0f}, {other:.0f} | {cpu:.1f} | {ours:.0f}, {others:.0f} | {own:.1f} |"


if __name__ == "__main__":
    sys.exit(main())
