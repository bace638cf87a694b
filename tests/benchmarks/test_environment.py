"""The peers' environment: made once, and anew where what it depends on has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import environment


@pytest.mark.slow
def test_it_is_made_once_and_again_where_requirements_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
    folder = tmp_path / "peers"
    assert environment.peers_python(folder).is_relative_to(folder)
    (folder / "trace").touch()
    assert environment.peers_python(folder).exists()
    assert (folder / "trace").exists()
    requirements.write_text("# something else\n")
    assert environment.peers_python(folder).exists()
    assert not (folder / "trace").exists()
