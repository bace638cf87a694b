"""Folders of images: a folder for each class, and above them perhaps one for each part."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from automl.common.texts import valid_text
from automl.data.say import Say
from automl.data.sources.file_format import Loaded, format_titles
from automl.data.sources.image_file import SUFFIXES
from automl.data.sources.image_files import ImagesRead, LeftOut, read_images
from automl.data.sources.image_parts import (
    check_class_folders,
    is_hidden,
    part_folders,
)
from automl.data.sources.image_reading import ImageReading
from automl.data.sources.image_set import ImageSet
from automl.errors import DataError
from automl.vocabulary.parts import PART_WORDS

#: Files whose names do not end as those of images do, of which a folder may hold so many before
#: they must be fewer than its images, and files of any kind. (Own choices: ImageNet has 1.4 million
#: images. Who goes on with a run of somebody else's may walk `/`, or another's whole home.)
MOST_OTHERS, MOST_FILES = 20_000, 10_000_000
LINK = "a link that leads out of the folder"
FOLDER_LINK = "a link to a folder"
NO_CLASS = "in no folder of a class"


@dataclass(frozen=True)
class _Found:
    """A file of the folder.

    Attributes:
        name: Its path below the folder, with slashes.
        path: Where it is.
        label: The folder of its class, or "" for none.
        part: Number of its part: 0 for rows to be divided, 1 for validation, 2 for test.
    """

    name: str
    path: Path
    label: str
    part: int


def read_image_folder(folder: Path, reading: ImageReading, say: Say) -> Loaded:
    """Reads a folder of images.

    Each folder in it is a class, with all images below it; or it holds a folder ``train`` and
    perhaps ``validation`` and ``test`` of such
    (`automl.data.sources.image_parts`). Hidden files are not looked at.

    Args:
        folder: The folder.
        reading: How images are to be read.
        say: Called with what a person should be told.

    Returns:
        An `ImageSet` of each part, with the classes as targets where all images have one.

    Raises:
        DataError: There are no images or far more of other files, or two classes are called nearly
            alike.
    """
    left_out = LeftOut()
    found = _bounded(folder, _files_in(folder, left_out))
    if not reading.every:
        if found and not part_folders(folder):
            check_class_folders(folder)
        found = _with_labels(folder, found, left_out)
    if not found:
        left_out.tell(say)
        raise DataError(_no_images(folder))
    main = [position for position, one in enumerate(found) if one.part == 0 or reading.every]
    files: list[tuple[str, Path | bytes]] = [(one.name, one.path) for one in found]
    images = read_images(files, main, reading, folder, left_out, say)
    kept = [found[position] for position in images.read]
    if not reading.every:
        _tell_classes(folder, kept, say)
    if reading.every:
        return Loaded(_set_of(images, kept, None), digest=images.digest, images=images.reading)
    train, validation, test = (_set_of(images, kept, part) for part in range(len(PART_WORDS)))
    if train is None:
        raise DataError(f"No image of {str(folder / 'train')!r} can be read: there is no training.")
    return Loaded(train, validation, test, digest=images.digest, images=images.reading)


def _set_of(images: ImagesRead, kept: list[_Found], part: int | None) -> ImageSet | None:
    """The images of a part, of all parts for None; None where there are none."""
    rows = [row for row, one in enumerate(kept) if part in (None, one.part)]
    if not rows:
        return None
    # Those of one part stand together, for they come in the order of their folders.
    own = slice(rows[0], rows[-1] + 1)
    assert len(rows) == own.stop - own.start
    labels = [kept[row].label for row in rows]
    y = np.array(labels, object) if all(labels) else None
    files = np.array([valid_text(kept[row].name) for row in rows], object)
    return ImageSet(images.x[own], y, files)


def _bounded(folder: Path, files: Iterator[_Found]) -> list[_Found]:
    """The files, of which none is opened before all are found.

    Raises:
        DataError: Most of them are no images, or there are more than any set of images has.
    """
    found: list[_Found] = []
    others = 0
    for one in files:
        found.append(one)
        others += one.path.suffix.lower() not in SUFFIXES
        if others > max(MOST_OTHERS, len(found) - others):
            raise DataError(
                f"The folder {str(folder)!r} holds more than {others - 1:,} files that are no "
                f"images ({valid_text(one.name)} is one), and fewer that are: give a folder with a "
                "folder of images for each class, and nothing else."
            )
        if len(found) > MOST_FILES:
            raise DataError(
                f"The folder {str(folder)!r} holds more than {MOST_FILES:,} files, and a set of "
                "images has no more: give a folder with a folder of images for each class."
            )
    return found


def _files_in(folder: Path, left_out: LeftOut) -> Iterator[_Found]:
    """All files of a folder that may be images, in the order of their names."""
    parts = part_folders(folder)
    home = folder.resolve()
    for at, folders, names in os.walk(folder):
        inside = Path(at).relative_to(folder)
        for name in [*folders]:
            if is_hidden(name):
                folders.remove(name)
            elif (Path(at) / name).is_symlink():  # which `os.walk` does not follow
                left_out.add(FOLDER_LINK, (inside / name).as_posix())
        if parts and inside == Path():
            for name in [one for one in folders if one not in parts]:
                left_out.add("beside the folders of parts", f"{name}/")
                folders.remove(name)
        folders.sort()
        for name in sorted(names):
            if is_hidden(name):
                continue
            path, shown = Path(at) / name, (inside / name).as_posix()
            # Not `Path.resolve`, which raises where a link leads back to itself.
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home):
                left_out.add(LINK, shown)
                continue
            levels = list(inside.parts)
            part = parts[levels.pop(0)] if parts and levels else 0
            yield _Found(shown, path, levels[0] if levels else "", part)


def _with_labels(folder: Path, found: list[_Found], left_out: LeftOut) -> list[_Found]:
    """The files of classes.

    Raises:
        DataError: There are images, but no classes, or two classes are called nearly alike, or the
            name of one is no text.
    """
    labels = {one.label for one in found if one.label}
    if found and not labels:
        if not any(one.path.suffix.lower() in SUFFIXES for one in found):
            raise DataError(_no_images(folder))
        raise DataError(
            f"The folder {str(folder)!r} holds images, but no folder for each class: put the "
            "images of each class into one of its name, or give a CSV file of paths and labels."
        )
    alike: dict[str, str] = {}
    for label in sorted(labels):
        if label != valid_text(label):
            raise DataError(
                f"The name {label!r} of a folder is no valid text (UTF-8), and images are of the "
                "class that their folder is named after: rename it."
            )
        same = " ".join(unicodedata.normalize("NFC", label).casefold().split())
        other = alike.setdefault(same, label)
        if other != label:
            raise DataError(
                f"The folders {other!r} and {label!r} differ in capital letters or blanks only: "
                "rename one, or put their images together."
            )
    for one in found:
        if not one.label:
            is_image = one.path.suffix.lower() in SUFFIXES
            left_out.add(NO_CLASS if is_image else "no image", one.name)
    return [one for one in found if one.label]


def _no_images(folder: Path) -> str:
    return (
        f"{str(folder)!r} is a folder: give a file ({format_titles()}), or a folder with a folder "
        "of images for each class."
    )


def _tell_classes(folder: Path, kept: list[_Found], say: Say) -> None:
    """Says which folders hold no image that could be read."""
    above = [folder / name for name in part_folders(folder)] or [folder]
    labels = {
        child.name
        for one in above
        for child in one.iterdir()
        if child.is_dir() and not child.is_symlink() and not is_hidden(child.name)
    }
    empty = sorted(labels - {one.label for one in kept})
    if empty:
        listed = ", ".join(map(repr, empty))
        what = (
            "folder holds no image and is no class"
            if len(empty) == 1
            else ("folders hold no image and are no classes")
        )
        say(f"{len(empty)} {what}: {valid_text(listed)}")
