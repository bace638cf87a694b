"""A folder of images is searched with a space of images, where nobody has named one."""

from __future__ import annotations

from pathlib import Path

from automl.data.request import DataRequest
from automl.space.registry import find_space
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_space import OF_IMAGES, with_usual_space
from automl.vocabulary.inputs import IMAGE


def test_the_space_of_a_folder(tmp_path: Path) -> None:
    request = SearchRequest(DataRequest(tmp_path))
    chosen, note = with_usual_space(request, ("space",))
    assert chosen.space == OF_IMAGES and OF_IMAGES in note
    assert find_space(OF_IMAGES).inputs == IMAGE
    assert with_usual_space(request) == (request, "")
    table = SearchRequest(DataRequest("iris"))
    assert with_usual_space(table, ("space",)) == (table, "")
