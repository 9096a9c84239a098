"""``python -m hnn_sweep gui``: hnn-core's graphical interface on this solver."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run a command."""
    if arguments[:1] != ["gui"]:
        print("usage: python -m hnn_sweep gui [options of voila]", file=sys.stderr)
        return 1
    try:
        import hnn_core.gui
        from voila.app import main as voila
    except ImportError as error:
        print(f"{error}; hnn-core's interface needs: pip install 'hnn_core[gui]'", file=sys.stderr)
        return 1
    original = Path(hnn_core.gui.__file__).parent / "hnn_widget.ipynb"
    notebook = json.loads(original.read_text(encoding="utf-8"))
    first: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": ["import hnn_sweep\n", "hnn_sweep.use()\n"],
    }
    notebook["cells"].insert(0, first)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / original.name
        copy.write_text(json.dumps(notebook), encoding="utf-8")
        voila([str(copy), *arguments[1:]])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
