"""Runs and bundles as a hostile author would hand them over, made from a real run."""

from __future__ import annotations

import json
import os
import shutil
import socket
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage

from automl.common.forms import to_form
from automl.results.journal import JournalFile
from automl.trial import TrialResult, TrialState
from tests.faults.whole_run import without_seals

#: What nobody may see on a terminal, in Markdown or at the beginning of a cell.
ESCAPE = "\x1b]0;owned\x07\u202e<img src=x>"
FORMULA = "=cmd|' /C calc'!A0"
#: Nobody listens there, and nobody may ask.
HOST = "127.0.0.1:9"

Deed = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Hostile:
    """A run that its author has prepared.

    Attributes:
        name: What was done to it.
        prepare: Does it to a copy, given the run and a folder outside of it.
        refused: Whether resuming must not come to an end.
    """

    name: str
    prepare: Deed
    refused: bool = True


#: Every place below a run at which something is opened.
LINKED = (
    "run.json", "study.log", "plan.json", "leaderboard.csv", "search.log", "run.lock",
    "check.parquet", "check_positions.npy", "trials", "trials/0", "trials/0/model.keras",
    "trials/0/check.npy", "trials/0/history.csv", "trials/0/error.txt",
    "trials/0/predictions.npz", "trials/ensemble", "trials/2", "logs",
    "logs/worker-0.log", "logs/boosting.log", "arrays", "arrays/data.json", "best",
    "best/model.keras", "best/config.json", ".best",
)  # fmt: skip
#: Where a link may be replaced, removed or left alone while the run is resumed: what the first
#: trial has left is opened only where that is the best one, and the prepared rows and the exported
#: model of a run that had ended are made anew.
_LEFT = (
    "leaderboard.csv", ".best", "trials/0", "trials/0/model.keras", "trials/0/check.npy",
    "trials/0/history.csv", "trials/0/error.txt", "trials/0/predictions.npz", "trials/ensemble",
    "logs/boosting.log", "arrays/data.json", "best/model.keras", "best/config.json",
)  # fmt: skip


def linked(name: str) -> Hostile:
    """A run in which a file or folder is a link to the same outside."""

    def prepare(run: Path, outside: Path) -> None:
        place, target = run / name, outside / name.replace("/", "_")
        if place.exists():
            place.rename(target)
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(target)

    return Hostile(f"link at {name}", prepare, name not in _LEFT)


def dangling(name: str) -> Hostile:
    """A run in which a file that is to be written is a link to one that is not there yet."""

    def prepare(run: Path, outside: Path) -> None:
        shutil.rmtree(run / name, ignore_errors=True)
        (run / name).unlink(missing_ok=True)
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).symlink_to(outside / "new" / "file")

    return Hostile(f"dangling link at {name}", prepare, name not in _LEFT)


def special(name: str, kind: str, make: Callable[[Path, Path], None]) -> Hostile:
    """A run in which something stands in a file's place that is no plain file of its own."""

    def prepare(run: Path, outside: Path) -> None:
        place, target = run / name, outside / "target"
        if place.is_file():
            target.write_bytes(place.read_bytes())
        else:
            target.write_bytes(b"what was there")
        shutil.rmtree(place, ignore_errors=True)
        place.unlink(missing_ok=True)
        place.parent.mkdir(exist_ok=True)
        make(place, target)

    return Hostile(f"{kind} at {name}", prepare, refused=False)


def _socket(place: Path, target: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # a socket's name may have 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(place.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "pipe": lambda place, target: os.mkfifo(place),
    "socket": _socket,
    "second name": lambda place, target: place.hardlink_to(target),
    "folder": lambda place, target: place.mkdir(),
}
#: What is read, appended to, replaced, and written by a worker.
_SPECIAL = (
    "run.json", "study.log", "plan.json", "leaderboard.csv", "search.log", "run.lock",
    "logs/worker-0.log", "trials/0/history.csv", "trials/0/predictions.npz",
    "trials/0/model.keras", "trials/2", "best/model.keras", "best/config.json", "arrays/data.json",
)  # fmt: skip


def changed(run: Path, change: Callable[[dict[str, Any]], None], file: str = "run.json") -> None:
    """Changes a JSON file of a run, and leaves no seal."""
    form = json.loads(without_seals((run / file).read_bytes()))
    change(form)
    (run / file).write_text(json.dumps(form))


def stored(url: str, password: str = "") -> Hostile:
    """A run whose study is said to be in a database."""

    def prepare(run: Path, outside: Path) -> None:
        storage = url.format(outside=outside)

        def change(form: dict[str, Any]) -> None:
            form.update(storage=storage, study="x", driver="x", terms={})
            form["request"]["storage"] = storage

        changed(run, change)

    return Hostile(f"storage {url}", prepare)


STORAGES = (
    "sqlite:///{outside}/new.db",
    "sqlite:///file:{outside}/new.db?mode=rwc&uri=true",
    f"postgresql://me@{HOST}/studies",
    f"postgresql+psycopg://me@/studies?service=x&passfile={{outside}}/secret&host={HOST}",
    f"mysql+pymysql://me@{HOST}/x?local_infile=1&read_default_file={{outside}}/secret",
    f"mysql://me@{HOST}/x?init_command=x&plugin=evil",
    f"evil+driver://me@{HOST}/x",
)


def referring(reference: str) -> Hostile:
    """A run whose search space is code that its author has put somewhere."""

    def prepare(run: Path, outside: Path) -> None:
        code = f"open({str(outside / 'ran')!r}, 'w').close()\nspace = None\n"
        (run / "evil.py").write_text(code)
        (run / "__init__.py").write_text(code)
        (run.parent / "near.py").write_text(code)
        (outside / "space.py").write_text(code)
        (run.parent / "x-1.dist-info").mkdir()
        (run.parent / "x-1.dist-info" / "METADATA").write_text("Name: x\nVersion: 1\n")
        entry = "[automl.search_spaces]\nevil = near:space\n"
        (run.parent / "x-1.dist-info" / "entry_points.txt").write_text(entry)

        def change(form: dict[str, Any]) -> None:
            whole = reference.format(outside=outside, run=run)
            form["space"]["reference"] = form["request"]["space"] = whole

        changed(run, change)

    return Hostile(f"space {reference}", prepare)


REFERENCES = (
    "{outside}/space.py:space", "{run}/evil.py:space", "run.evil:space", "near:space", "evil",
    "os:system", "../near.py",
)  # fmt: skip


def _cluster(run: Path, outside: Path) -> None:
    changed(run, lambda form: form["request"].update(engine="ray", address=f"ray://{HOST}"))


def layers_from(kind: str, name: str) -> Hostile:
    """A run whose models are said to take over layers of a file or a folder elsewhere."""

    def prepare(run: Path, outside: Path) -> None:
        file = {"name": name, "path": str(outside / "weights.h5"), "sha256": "0" * 64}
        os.mkfifo(outside / "weights.h5")  # whoever opens it waits
        changed(run, lambda form: form.update(origin={"kind": kind, "files": [file]}))

    return Hostile(f"layers of {kind}", prepare)


def _texts(run: Path, outside: Path) -> None:
    """Escapes, HTML and formulas in every text that is shown."""
    lines = []
    for line in without_seals((run / "study.log").read_bytes()).splitlines():
        log = json.loads(line)
        result = log.get("user_attr", {}).get("result")
        if result is not None:
            result["reason"] = FORMULA + ESCAPE
            result["metrics"][f"{FORMULA}{ESCAPE}"] = 1.0
        config = log.get("user_attr", {}).get("config")
        if config is not None:
            config[f"{ESCAPE}name"] = FORMULA + ESCAPE
        lines.append(json.dumps(log, separators=(",", ":")))
    (run / "study.log").write_text("".join(f"{line}\n" for line in lines))

    def mark(form: dict[str, Any]) -> None:
        form["notes"] = [f"{ESCAPE}note"]
        form["task"]["targets"] = [f"{ESCAPE}target"]

    changed(run, mark, "plan.json")


def _made(run: Path, outside: Path) -> None:
    """Finalists, an ensemble and a refit that no search has made, of names that lead out."""
    (run / "study.log").write_bytes(without_seals((run / "study.log").read_bytes()))
    storage = JournalStorage(JournalFile(run / "study.log"))
    [name] = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    way_out = f"../../../{outside.name}/model"
    members = [{"name": one, "view": "holdout", "weight": 0.5} for one in (way_out, "0")]
    result = to_form(TrialResult(TrialState.COMPLETED, epochs=10**9))
    scoring = {"trial": 0, "number": 1, "view": "../x", "fold": 1, "seed": 1, "result": result}
    for key, value in (
        ("finalists", [0, 10**9, -1]),
        (f"scoring:scoring_0_1_{way_out}", scoring),
        ("ensemble:ensemble", {"members": members, "score": 0.1, "metrics": {"log_loss": 0.1}}),
        (f"ensemble:{way_out}", {"members": members, "score": 0.1, "metrics": {}}),
        ("refit", {"trial": 0, "seed": 1, "rows": 10**15, "result": result}),
        ("chosen", way_out),
        (f"void:{way_out}", {"reason": FORMULA + ESCAPE, "at": "yesterday"}),
    ):
        study.set_user_attr(key, value)


def _image_plan(run: Path, outside: Path) -> None:
    """The plan of images of terabytes, in the place of a table's."""
    side, three = 10**6, [1.0, 1.0, 1.0]
    image = {"kind": "image", "height": side, "width": side, "channels": 3, "pixel": "uint8"}
    image |= {"mean": three, "std": three, "shares": False, "fit": "resize"}
    for name in ("plan.json", "best/config.json"):
        form = json.loads(without_seals((run / name).read_bytes()))
        form["plan"]["features"] = [image]
        form.pop("files", None)
        (run / name).write_text(json.dumps(form))


#: What a resumed search writes once more, whatever stands there, or never reads.
MADE_ANEW = {"best/config.json", "trials/0/predictions.npz", "trials/0/checkpoint.npz"}


def sparse(name: str) -> Hostile:
    """A file that says it has 64 GiB."""

    def prepare(run: Path, outside: Path) -> None:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).touch()
        os.truncate(run / name, 64 << 30)

    return Hostile(f"64 GiB of {name}", prepare, refused=name not in MADE_ANEW)


def nested(name: str) -> Hostile:
    """JSON that is nested a thousand times deeper than any is read."""

    def prepare(run: Path, outside: Path) -> None:
        deep = "[" * 200_000 + "]" * 200_000
        text = f'{{"op_code": 2, "deep": {deep}}}\n' * (2 if name == "study.log" else 1)
        (run / name).write_text(text)

    return Hostile(f"nesting in {name}", prepare, refused=name not in MADE_ANEW)


def _bomb(run: Path, outside: Path) -> None:
    """An archive of 200 kB that holds 200 MB."""
    zeros = bytes(1 << 20)
    for model in (run / "best" / "model.keras", run / "trials" / "0" / "model.keras"):
        with (
            zipfile.ZipFile(model, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("model.weights.h5", "w", force_zip64=True) as member,
        ):
            for _ in range(200):
                member.write(zeros)
    changed(run, lambda form: form.pop("files", None), "best/config.json")


GROUPS: dict[str, tuple[Hostile, ...]] = {
    "links": tuple(map(linked, LINKED)),
    "dangling links": tuple(map(dangling, LINKED)),
    "special files": tuple(
        special(name, kind, make) for kind, make in KINDS.items() for name in _SPECIAL
    ),
    "databases": tuple(map(stored, STORAGES)),
    "code": (
        *map(referring, REFERENCES),
        Hostile("cluster", _cluster),
        layers_from("application", "MobileNet"),
        layers_from("bundle", ""),
    ),
    "texts": (Hostile("texts", _texts, False),),
    "records": (Hostile("records", _made, False), Hostile("image plan", _image_plan, False)),
    "sizes": (
        *map(
            sparse,
            (
                "run.json", "study.log", "plan.json", "best/config.json",
                "trials/0/predictions.npz", "trials/0/checkpoint.npz",
            ),
        ),
        *map(nested, ("run.json", "study.log", "plan.json", "best/config.json")),
        Hostile("archive", _bomb, False),
    ),
}  # fmt: skip
