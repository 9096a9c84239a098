"""How the source reads, in numbers: lengths of functions and files, files that name a channel, names that are used twice, comments.

    python3 scripts/house.py [COMMIT ...]     # the working tree, and these commits

These are signs, not limits. Tests inside the source do not count.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def sources(commit):
    """Names and texts of the files below src/, without their test modules."""
    if commit is None:
        files = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.glob("src/**/*.rs"))}
    else:
        git = lambda *words: subprocess.check_output(["git", *words], cwd=ROOT, text=True)  # noqa: E731
        names = git("ls-tree", "-r", "--name-only", commit, "src").split()
        files = {name: git("show", f"{commit}:{name}") for name in names if name.endswith(".rs")}
    return {name: text.split("#[cfg(test)]\nmod ")[0] for name, text in files.items() if not name.endswith("/tests.rs")}


def functions(text):
    """Lines of each function, from its `fn` to its closing brace, by indentation as rustfmt leaves it."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        head = re.match(r"( *)(?:pub(?:\([a-z ]+\))? )?(?:const |unsafe |async )*fn \w+", line)
        if not head or line.endswith(";"):
            continue
        for end in range(start, len(lines)):
            if end > start and lines[end].startswith(head[1] + "}") or (end == start and lines[end].endswith("}")):
                yield end - start + 1
                break


def measures(commit):
    files = sources(commit)
    lengths = sorted(n for text in files.values() for n in functions(text))
    sizes = sorted(len(text.split("\n")) for text in files.values())
    lines = [line.strip() for text in files.values() for line in text.split("\n") if line.strip()]
    inline = [line for line in lines if re.match(r"//(?![/!])", line) or re.search(r"[;{},)] // ", line)]
    pattern = r"^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait) (\w+)"
    names = Counter(name for text in files.values() for name in re.findall(pattern, text, re.M))
    # A verb's arguments and a channel's own types are called alike by design.
    for alike in ("Arguments", "Rates", "Node"):
        names.pop(alike, None)
    twice = sum(n for n in names.values() if n > 1)
    return {
        "functions": len(lengths),
        "lines of a function, p95": lengths[int(0.95 * len(lengths))],
        "longest function": lengths[-1],
        "longest file": sizes[-1],
        "files that name `kca`": sum(bool(re.search(r"\bkca\b", text)) for text in files.values()),
        "type names used twice, %": round(100 * twice / sum(names.values()), 1),
        "comments within code, % of lines": round(100 * len(inline) / len(lines), 2),
    }


def main():
    commits = sys.argv[1:]
    columns = [*commits, "now"]
    found = [measures(commit) for commit in [*commits, None]]
    print("| | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for what in found[0]:
        print(f"| {what} | " + " | ".join(str(column[what]) for column in found) + " |")


if __name__ == "__main__":
    main()
