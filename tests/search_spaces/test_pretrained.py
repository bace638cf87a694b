"""A network of ``keras.applications`` takes its weights from a file, or says what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

import automl
from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.errors import RequestError, SpaceError
from automl.models.core import build_core
from automl.space import find_space
from automl.space.origin import Origin
from automl.tuning.pretrained import application_origin, only_found
from automl.tuning.transfer import with_known_origin
from automl.vocabulary.applications import APPLICATIONS

NAME = "MobileNet"
TASK = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
SIGNATURE = InputSignature(0, mean=(100.0,), std=(50.0,), shape=(16, 16, 1), pixel="uint8")


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(0)
    return keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))


@pytest.fixture(scope="module")
def cache(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of Keras's with the weights of one network, in the form that Keras's site has."""
    home = tmp_path_factory.mktemp("keras")
    (home / "models").mkdir()
    with h5py.File(home / "models" / APPLICATIONS[NAME].file, "w") as file:
        save_weights_to_hdf5_group(file, network)
    return home


def built(origin: Origin, **config: Any) -> Any:
    space = with_known_origin(find_space("pretrained"), origin)
    return build_core(space, space.configuration(config), TASK, SIGNATURE).model


def test_the_networks_are_those_whose_weights_are_in_the_cache(
    cache: Path, network: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(cache))
    origin = application_origin(None, list(APPLICATIONS), is_named=False)
    assert [one.name for one in origin.files] == [NAME]
    narrowed = only_found(find_space("pretrained"), origin)
    assert narrowed.defaults()["backbone"] == NAME
    model = built(origin)
    for own, given in zip(model.get_layer("backbone").weights, network.weights, strict=True):
        np.testing.assert_array_equal(own, given)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1), np.uint8)
    np.testing.assert_allclose(again({"image": x}), model({"image": x}), atol=1e-6)


def test_from_scratch_it_has_other_weights(
    cache: Path, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(cache))
    origin = application_origin(None, [NAME], is_named=True)
    first = built(origin, weights="random").get_layer("backbone").weights[0]
    assert not np.array_equal(first, network.weights[0])


def test_missing_and_wrong_weights_are_told_in_a_sentence(
    cache: Path, network: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    with pytest.raises(RequestError, match=r"nothing is downloaded: .*mobilenet_v2.* looked for"):
        application_origin(None, list(APPLICATIONS), is_named=False)
    monkeypatch.setenv("KERAS_HOME", str(cache))
    with pytest.raises(RequestError, match="The weights of VGG16 are not on this machine"):
        application_origin(None, [NAME, "VGG16"], is_named=True)
    file = tmp_path / "own.weights.h5"
    with pytest.raises(RequestError, match="is not there"):
        application_origin(str(file), [NAME], is_named=True)
    network.save_weights(file)
    with pytest.raises(RequestError, match="of which with --set backbone=NAME"):
        application_origin(str(file), list(APPLICATIONS), is_named=False)
    built(application_origin(str(file), [NAME], is_named=True))
    with pytest.raises(SpaceError, match="does not hold the weights of MobileNetV2"):
        built(application_origin(str(file), ["MobileNetV2"], is_named=True))
    linked = Path(shutil.copy(file, tmp_path / "linked.weights.h5"))
    with h5py.File(linked, "a") as content:
        content["more"] = h5py.ExternalLink(str(tmp_path / "secret"), "/x")
    with pytest.raises(SpaceError, match="takes its more from another file"):
        built(application_origin(str(linked), [NAME], is_named=True))
    broken = tmp_path / "broken.weights.h5"
    broken.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SpaceError, match="does not hold the weights of MobileNet "):
        built(application_origin(str(broken), [NAME], is_named=True))


def test_it_is_searched_from_a_file_that_is_named(
    warm: None, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 16, 16, 3), np.uint8), np.arange(40) % 2
    asked: dict[str, Any] = {"trials": 1, "epochs": 2, "workers": 1, "finalists": 0, "verbose": 0}
    file = cache / "models" / APPLICATIONS[NAME].file
    run = automl.search(
        (x, y),
        from_model=file,
        settings={"backbone": NAME, "batch_size": 16},
        no_ensemble=True,
        directory=tmp_path / "run",
        **asked,
    )
    assert run.best.model().predict(x[:2], verbose=0).shape == (2, 1)
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())
    assert recorded["request"]["space"] == "pretrained"
    assert [one["name"] for one in recorded["origin"]["files"]] == [NAME]
    for other in (x / 127.5 - 1, x > 127):
        with pytest.raises(RequestError, match=r"cannot take these images: .*; give bytes of 0 to"):
            automl.search(
                (other, y),
                from_model=file,
                settings={"backbone": NAME},
                directory=tmp_path / "none",
                **asked,
            )
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(RequestError, match="nothing is downloaded"):
        automl.search((x, y), space="pretrained", directory=tmp_path / "none", **asked)
