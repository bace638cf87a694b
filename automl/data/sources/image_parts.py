"""Which folders of images are parts of a set (train, validation, test), and not classes."""

from __future__ import annotations

import os
from pathlib import Path

from automl.common.texts import valid_text
from automl.errors import DataError
from automl.vocabulary.parts import is_part_word, part_of

#: What systems leave in folders, hidden files aside.
OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def is_hidden(name: str) -> bool:
    """Whether a file or folder is not looked at."""
    return name.startswith(".") or name.lower() in OF_SYSTEMS


def part_folders(folder: Path) -> dict[str, int]:
    """The folders of parts by their names; none where there are only classes.

    They are called by a word of a part (``Train``), or such a word is among theirs
    (``training_set``, ``val2017``), where they hold folders of the same names as that of training.

    Raises:
        DataError: Two are of the same part.
    """
    within = _within(folder)
    named = {name: part for name in within if (part := part_of(name)) is not None}
    training = [name for name, part in named.items() if part == 0 and within[name]]
    if not training:
        return {}
    classes = within[min(training, key=lambda name: not is_part_word(name))]
    sure = {
        name: part for name, part in named.items() if is_part_word(name) or within[name] & classes
    }
    plain = {part for name, part in sure.items() if is_part_word(name)}
    found = {name: part for name, part in sure.items() if is_part_word(name) or part not in plain}
    # Beside other folders one that is called so is a class, such as trains.
    if 0 not in found.values() or (len(found) < 2 and len(within) > 1):
        return {}
    for part in found.values():
        twice = [valid_text(name) for name, its in found.items() if its == part]
        if len(twice) > 1:
            raise DataError(
                f"The folder {str(folder)!r} holds two folders of one part ({', '.join(twice)}): "
                "keep one."
            )
    return found


def check_class_folders(folder: Path) -> None:
    """Checks that the folders in one without known parts are those of classes.

    Raises:
        DataError: They are called as parts, or one that is holds the same folders as another; or
            there is one alone, which holds others.
    """
    within = _within(folder)
    if len(within) == 1 and len(inner := next(iter(within.values()))) > 1:
        (name,) = within
        listed = ", ".join(repr(valid_text(one)) for one in sorted(inner)[:3])
        raise DataError(
            f"All images in {str(folder)!r} lie in its one folder {valid_text(name)!r}, whose name "
            f"would be their only class: give {valid_text(str(folder / name))!r}, which holds the "
            f"folders {listed}."
        )
    named = {name: part for name in within if (part := part_of(name)) is not None}
    alike = [
        sorted((name, other))
        for name in named
        for other in within
        if other != name and within[name] & within[other]
    ]
    if len(named) == len(within) and len(set(named.values())) > 1:
        alike.append(sorted(named))
    if alike:
        listed = " and ".join(repr(valid_text(name)) for name in alike[0])
        raise DataError(
            f"The folder {str(folder)!r} holds {listed}, which look like parts of a set, and would "
            "be its classes: give a folder train, and perhaps validation and test, with a folder "
            "for each class in each of them; or rename classes that are called like parts."
        )


def _within(folder: Path) -> dict[str, set[str]]:
    """The folders in one, by their names, with the names of the folders in each."""
    return {name: {*_folders(folder / name)} for name in _folders(folder)}


def _folders(folder: Path) -> list[str]:
    """The names of the folders in one; none of one that may not be read, as `os.walk` has it."""
    try:
        with os.scandir(folder) as children:  # knows folders without a look at each file
            names = [one.name for one in children if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(name for name in names if not is_hidden(name))
