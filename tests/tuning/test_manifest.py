"""What ``run.json`` records: the space as it was searched, versions, and if the kernel is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import pytest

from automl.data.request import DataRequest
from automl.errors import RunError
from automl.results.run_directory import RunDirectory
from automl.space import Choice, Int, SearchSpace
from automl.space.registry import find_space
from automl.tuning.manifest import as_recorded, current_versions
from automl.tuning.search_request import SearchRequest


@pytest.mark.parametrize(("kernel", "told"), [(None, "absent"), (object(), "present")])
def test_versions_tell_whether_the_kernel_is_there(
    kernel: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.training.kernel.loading.load_kernel", lambda: kernel)
    versions = current_versions()
    assert versions["kernel"] == told
    assert versions["keras"] == keras.__version__


REQUEST = SearchRequest(DataRequest("iris"), space="own")


def space(options: list[int], layers: int = 3) -> SearchSpace:
    depth = Int("layers", 1, layers, default=1)
    return SearchSpace("own", [depth, Choice("batch_size", options, default=32)], lambda *_: None)


ASKED = space([16, 32, 64, 128])


def as_begun(path: Path, now: SearchSpace, asked: SearchSpace, **changes: Any) -> SearchSpace:
    """What a run that was begun with batches of 32 and 64 is resumed with."""
    begun = space([32, 64])
    kept = {"hash": begun.hash(), "definition": begun.to_json(), "asked_hash": ASKED.hash()}
    manifest = json.loads(json.dumps({"space": {**kept, **changes}}))
    return as_recorded(RunDirectory(path), REQUEST, manifest, now, asked)


def test_a_run_keeps_what_the_data_left_when_it_began(tmp_path: Path) -> None:
    now = space([16, 32])  # what another version leaves
    found = as_begun(tmp_path, now, ASKED)
    assert found.hash() == space([32, 64]).hash()
    assert found.build is now.build


@pytest.mark.parametrize("now", [space([32, 64]), space([16, 32])])
def test_what_is_tried_first_stays_as_it_was(tmp_path: Path, now: SearchSpace) -> None:
    assert as_begun(tmp_path, now.with_portfolio(({"layers": 2},)), ASKED).portfolio == ()


def test_a_space_that_is_another_one_is_refused(tmp_path: Path) -> None:
    wider = space([16, 32, 64, 128], layers=4)
    with pytest.raises(RunError, match="'own' has changed since"):
        as_begun(tmp_path, space([32, 64], layers=4), wider)


def test_runs_that_recorded_no_asked_hash_are_resumed_with_the_same_space_alone(
    tmp_path: Path,
) -> None:
    unsaid: dict[str, Any] = {"asked_hash": None}
    assert as_begun(tmp_path, space([32, 64]), ASKED, **unsaid).names == ("layers", "batch_size")
    with pytest.raises(RunError, match="has changed since"):
        as_begun(tmp_path, space([16, 32]), ASKED, **unsaid)


@pytest.mark.parametrize(
    "definition", [space([32, 64, 128]).to_json(), {}, None, {"hyperparameters": [{"kind": "no"}]}]
)
def test_a_definition_that_is_not_that_of_the_hash_is_damage(
    tmp_path: Path, definition: Any
) -> None:
    with pytest.raises(RunError, match="is damaged"):
        as_begun(tmp_path, space([16, 32]), ASKED, definition=definition)


def as_run_with_less(path: Path, now: SearchSpace, recorded: SearchSpace) -> SearchSpace:
    """What a run is resumed with whose space had fewer hyperparameters, and another hash."""
    kept = {"hash": recorded.hash(), "definition": recorded.to_json(), "asked_hash": "older"}
    manifest = json.loads(json.dumps({"space": kept}))
    return as_recorded(RunDirectory(path), REQUEST, manifest, now, now)


def test_a_run_goes_on_where_a_space_of_this_package_has_got_more_hyperparameters(
    tmp_path: Path,
) -> None:
    now = find_space("mlp")
    new = {"numeric_embedding", "numeric_bins"}
    recorded = now.with_hyperparameters([p for p in now.hyperparameters if p.name not in new])
    found = as_run_with_less(tmp_path, now, recorded)
    assert found.hash() == recorded.hash() and not new & {*found.names}
    gone = now.with_hyperparameters([*recorded.hyperparameters, Int("gone", 1, 2)])
    with pytest.raises(RunError, match="has changed since"):
        as_run_with_less(tmp_path, now, gone)
    mine = SearchSpace("mlp", now.hyperparameters, now.build, inputs="vector")
    with pytest.raises(RunError, match="has changed since"):
        as_run_with_less(tmp_path, mine, recorded)
    own = space([16, 32])
    with pytest.raises(RunError, match="has changed since"):
        as_run_with_less(tmp_path, own, own.with_hyperparameters(own.hyperparameters[:1]))
