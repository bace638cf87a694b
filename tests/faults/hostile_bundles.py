"""Bundles whose `.keras` file a hostile author has written: code, links and paths inside it."""

from __future__ import annotations

import base64
import io
import json
import marshal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.hostile import HOST, Hostile, changed

Members = dict[str, bytes]


def packed(name: str, change: Callable[[Members, Path], None]) -> Hostile:
    """A bundle whose model holds what its author wants, and whose description has no hashes."""

    def prepare(run: Path, outside: Path) -> None:
        model = run / "best" / "model.keras"
        with zipfile.ZipFile(model) as archive:
            members = {member: archive.read(member) for member in archive.namelist()}
        change(members, outside)
        with zipfile.ZipFile(model, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        changed(run, lambda form: form.pop("files", None), "best/config.json")

    return Hostile(f"model with {name}", prepare, refused=False)


def with_layer(name: str, layer: Callable[[Path], dict[str, Any]]) -> Hostile:
    """A bundle in whose model another class stands in the place of a layer."""

    def change(members: Members, outside: Path) -> None:
        form = json.loads(members["config.json"])
        (dense, *_) = (one for one in forms(form) if one.get("class_name") == "Dense")
        own = {"name": dense["config"]["name"]}
        dense.update(layer(outside))
        dense["config"] = own | dense["config"]
        members["config.json"] = json.dumps(form).encode()

    return packed(name, change)


def forms(form: Any) -> Iterator[dict[str, Any]]:
    """The JSON objects in a JSON value."""
    if isinstance(form, dict):
        yield form
    for inner in (
        form.values() if isinstance(form, dict) else form if isinstance(form, list) else ()
    ):
        yield from forms(inner)


def _lambda(outside: Path) -> dict[str, Any]:
    code = compile(f"open({str(outside / 'ran')!r}, 'w').close()", "x", "exec")
    whole = {"code": base64.b64encode(marshal.dumps(code)).decode(), "defaults": None}
    function = {"class_name": "__lambda__", "config": {**whole, "closure": None}}
    return {"module": "keras.layers", "class_name": "Lambda", "config": {"function": function}}


def _called(module: str, name: str, **config: Any) -> Callable[[Path], dict[str, Any]]:
    def layer(outside: Path) -> dict[str, Any]:
        told = json.loads(json.dumps(config).replace("OUTSIDE", str(outside)))
        return {"module": module, "class_name": name, "registered_name": name, "config": told}

    return layer


def _linked(members: Members, outside: Path) -> None:
    """Weights that are in another file."""
    import h5py

    with h5py.File(io.BytesIO(members["model.weights.h5"]), "r+") as file:
        found: list[str] = []
        file.visit(lambda name: found.append(name) if name.endswith("vars/0") else None)
        for name in found:
            del file[name]
            file[name] = h5py.ExternalLink(str(outside / "weights.h5"), "/x")
        file.flush()
        stream = file.id.get_file_image()
    members["model.weights.h5"] = stream


def _stored_elsewhere(members: Members, outside: Path) -> None:
    """Weights whose bytes are those of any file."""
    import h5py

    with h5py.File(io.BytesIO(members["model.weights.h5"]), "r+") as file:
        found: list[str] = []
        file.visit(lambda name: found.append(name) if name.endswith("vars/0") else None)
        for name in found:
            shape, kind = file[name].shape, file[name].dtype
            size = file[name].nbytes
            del file[name]
            secret = [(str(outside.parent / "secret"), 0, size)]
            file.create_dataset(name, shape, kind, external=secret)
        file.flush()
        stream = file.id.get_file_image()
    members["model.weights.h5"] = stream


def _paths(members: Members, outside: Path) -> None:
    for name in ("../../../evil", str(outside / "evil"), "assets/../../../evil"):
        members[name] = b"evil"


def _code(run: Path, outside: Path) -> None:
    """Code beside the model, which the description says is needed."""
    folder = run / "best" / "code"
    folder.mkdir(exist_ok=True)
    (folder / "evil.py").write_text(f"open({str(outside / 'ran')!r}, 'w').close()\n")

    def change(form: dict[str, Any]) -> None:
        form.pop("files", None)
        form["code"] = {"objects": ["x"], "file": "evil.py", "module": "", "files": {"evil.py": ""}}

    changed(run, change, "best/config.json")


#: Those that must not be loaded, and the others.
REFUSED = (
    with_layer("a Lambda", _lambda),
    with_layer("a program", _called("subprocess", "Popen", args=["touch", "OUTSIDE/ran"])),
    with_layer("a function of the system", _called("os", "mkdir", path="OUTSIDE/ran")),
    with_layer("a module beside the run", _called("near", "Layer")),
    with_layer("a loader", _called("keras.saving", "load_model", filepath="OUTSIDE/x.keras")),
    with_layer("a saved model", _called("keras.layers", "TFSMLayer", filepath="OUTSIDE/x")),
    with_layer(
        "a vocabulary in a file",
        _called("keras.layers", "StringLookup", vocabulary="OUTSIDE/../secret"),
    ),
    with_layer(
        "a vocabulary of another host",
        _called("keras.layers", "StringLookup", vocabulary=f"http://{HOST}/words"),
    ),
    packed("links among its weights", _linked),
    packed("weights that are stored elsewhere", _stored_elsewhere),
    Hostile("code in the bundle", _code, refused=False),
)
BUNDLES = (*REFUSED, packed("paths that lead out", _paths))
