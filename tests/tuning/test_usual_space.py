"""A folder of images is searched with a space of images, where nobody has named one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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


def test_the_space_of_a_file_of_images(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = pa.array([{"bytes": b"\x89PNG", "path": None}], kind)
    pq.write_table(pa.table({"img": images, "y": [1]}), tmp_path / "t.parquet")
    request = SearchRequest(DataRequest(tmp_path / "t.parquet"))
    chosen, note = with_usual_space(request, ("space",))
    assert chosen.space == OF_IMAGES and "'img'" in note
    assert with_usual_space(request) == (request, "")
    ignoring = replace(request, data=replace(request.data, ignore=("img",)))
    assert with_usual_space(ignoring, ("space",)) == (ignoring, "")
    pq.write_table(pa.table({"y": [1]}), tmp_path / "t.parquet")
    assert with_usual_space(request, ("space",)) == (request, "")
