"""`spaces`, `spaces show`, `spaces new` and `spaces check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automl.cli.main import main
from automl.cli.spaces import describe_lines
from automl.space import SearchSpace
from automl.space.describe import DescribeRow
from tests.cli.console import automl

FAULTY = '''"""Builds only shallow nets."""
from automl.space import Int, SearchSpace

depth = Int("depth", 1, 2, default=1)


def build(config, inputs, task):
    import keras

    if task.kind == "binary":
        raise ValueError("no head for two")
    return keras.layers.Dense(3)(inputs)


space = SearchSpace("faulty", [depth], build)
'''


def test_spaces_are_listed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces"]) == 0
    text = capsys.readouterr().out
    for name in ("mlp", "linear", "wide_and_deep", "geron-housing", "handbook", "default-dnn"):
        assert f"\n{name} " in text
    assert max(map(len, text.splitlines())) <= 100


def test_show_has_conditions_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces", "show", "mlp"]) == 0
    text = capsys.readouterr().out
    for word in ("learning_rate", "when: depth > 0", "source: ", "batch_size", "16..512"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 100


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces", "show", "linear", "--format", "json"]) == 0
    space = SearchSpace.from_json(json.loads(capsys.readouterr().out))
    assert space.name == "linear"


def test_an_unknown_space_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces", "show", "mpl"]) == 2
    assert "'mlp'" in capsys.readouterr().err


def test_new_writes_a_file_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["spaces", "new", "mine"]) == 0
    assert "automl spaces check mine.py" in capsys.readouterr().out
    assert main(["spaces", "new", "mine.py"]) == 2
    assert "mine.py exists" in capsys.readouterr().err
    assert main(["spaces", "new", "no/such/folder"]) == 2
    for empty in ("", " ", ".py"):
        assert main(["spaces", "new", empty]) == 2
    assert not (Path.cwd() / ".py").exists()
    process = automl("spaces", "check", "mine.py", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    for kind in ("binary", "multiclass", "regression"):
        assert f"ok: {kind}: trained 3 of 3" in process.stdout
    assert "mine.py is ready" in process.stdout


def test_check_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    process = automl("spaces", "check", "faulty.py", cwd=tmp_path)
    assert process.returncode == 2
    assert "ok: regression: trained 3 of 3" in process.stdout
    assert "wrong: line 11: ValueError: no head for two (in binary" in process.stdout
    assert process.stderr.startswith("automl: 3 of 9 trainings of faulty.py failed")
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("space = (", "syntax error on line 1"),
        ("depth = 3", "defines no search space"),
        ("raise RuntimeError('oh')", "oh"),
        (FAULTY.replace("config, inputs, task)", "config)"), "config, inputs, task"),
    ],
)
def test_check_of_a_file_that_is_no_space(
    text: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.py").write_text(text)
    assert main(["spaces", "check", "wrong.py"]) == 2
    assert words in capsys.readouterr().err


def test_long_values_go_on_below_themselves() -> None:
    options = ", ".join(f"option_{i}" for i in range(30))
    row = DescribeRow("name", "choice", options, "option_0", "a > 1", "a book", "what it is")
    lines = describe_lines([row], 80)
    assert all(len(line) <= 80 for line in lines)
    assert all(f"option_{i}" in " ".join(lines) for i in range(30))
    assert lines[-3:] == ["    when: a > 1", "    what: what it is", "    source: a book"]
