"""Commands that measure what is not yet in their records, and write a section of all of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import TypeVar

from benchmarks.results_file import add_record, read_records

Kept = TypeVar("Kept")


def recorded_parser(name: str, about: str | None, seeds: int) -> argparse.ArgumentParser:
    """A parser with the options of all such commands.

    Args:
        name: The benchmark, a module of this package.
        about: Its docstring, whose first line describes it.
        seeds: How many seeds of each set there are unless asked otherwise.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=(about or "").splitlines()[0]
    )
    parser.add_argument("--records", type=Path, required=True, help="JSON lines; goes on from them")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"seeds of each set ({seeds})")
    parser.add_argument("--output", type=Path, help="write the section there; else it is printed")
    return parser


def measure_missing(
    records: Path,
    kind: type[Kept],
    key_of: Callable[[Kept], Hashable],
    measurements: Iterable[tuple[Hashable, Callable[[], Kept]]],
    say: Callable[[Kept], None] = lambda _: None,
) -> list[Kept]:
    """Makes the measurements that are not in the records, and adds each to them.

    Args:
        records: JSON lines of what was measured before.
        kind: The dataclass of a record.
        key_of: What tells a record from the others.
        measurements: The key of each, and what makes it; called before the next one is drawn.
        say: Called with each that is made.

    Returns:
        All records.
    """
    found = read_records(records, kind)
    known = {key_of(one) for one in found}
    for key, measure in measurements:
        if key not in known:
            found.append(measure())
            add_record(records, found[-1])
            say(found[-1])
    return found
