"""RESULTS.md: one section a measurement, each replaced by its next measurement alone."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.catalogue import ROOT

DEFAULT_OUTPUT = ROOT / "benchmarks" / "RESULTS.md"
_HEADER = """# Measured

Every section was written by the command that stands in it; the next run of that command replaces
it. What is measured, and how: [README.md](README.md).
"""


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    marks = ["---", *("---:" for _ in header[1:])]
    lines = [header, marks, *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def write_section(path: Path, name: str, text: str) -> None:
    """Puts a section into the file, in place of the one of that name if there is one.

    Args:
        path: The file; made where it is not there.
        name: The section's name, which the file marks it with.
        text: The section, its heading included.
    """
    content = path.read_text(encoding="utf-8") if path.exists() else _HEADER
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(content):
        content = pattern.sub(lambda _: section, content)
    else:
        content = f"{content.rstrip()}\n\n{section}\n"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(path)
