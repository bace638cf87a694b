"""A run that is renamed while it is used leaves nothing at its old place, and goes on there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.drivers import Driver, automl, lines_of


@pytest.mark.slow
def test_a_run_that_is_renamed_ends_with_a_sentence_and_goes_on(tmp_path: Path) -> None:
    search = "search iris --space linear --trials 400 --epochs 2 --workers 1 --directory run"
    with Driver(tmp_path, *search.split()) as driver:
        assert driver.wait_for(lambda: lines_of(tmp_path / "run") > 40)
        (tmp_path / "run").rename(tmp_path / "renamed")
        ended = driver.end()
    assert (ended.code, ended.is_one_sentence()) == (1, True), ended
    assert "renamed or removed" in ended.complaint
    assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["renamed"]
    again = automl(tmp_path, "resume", "renamed", "--trials", "12")
    assert again.code == 0, again
