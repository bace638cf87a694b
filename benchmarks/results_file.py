"""Where measurements are kept: RESULTS.md, a section each, and records of what was measured."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.catalogue import ROOT

Kept = TypeVar("Kept")

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


def put_section(path: Path | None, name: str, text: str) -> None:
    """Puts a section into the file (`write_section`), or prints it where there is none."""
    if path is None:
        print(text)
    else:
        write_section(path, name, text)


def read_records(path: Path, kind: type[Kept]) -> list[Kept]:
    """What was measured before: JSON lines of a dataclass; none where there is no file."""
    if not path.exists():
        return []
    return [kind(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def add_record(path: Path, record: Any) -> None:
    """Appends what was measured, a dataclass, so that the next run goes on after it."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(asdict(record))}\n")
