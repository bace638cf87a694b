"""`export`, `predict` and `evaluate` on a real finished run."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.main import main
from tests.cli.console import Finished

HEADER = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
ROWS = ((5.1, 3.5, 1.4, 0.2, "setosa"), (6.3, 3.3, 6.0, 2.5, "virginica"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the target, the columns turned round."""
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*HEADER, "target"][::-1])
        writer.writerows(row[::-1] for row in ROWS)
    return path


def test_export_and_predict(
    run: Path, rows: Path, tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    process = inside("export", str(run), "--to", "model", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "Next: automl predict model" in process.stdout
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {
        "model.keras", "labels.json", "config.json", "card.md", "requirements.txt",
    }  # fmt: skip

    printed = inside("predict", "model", str(rows), cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    table = list(csv.DictReader(printed.stdout.splitlines()))
    assert len(table) == len(ROWS)
    assert table[0].keys() == {
        "prediction", "probability_setosa", "probability_versicolor", "probability_virginica",
    }  # fmt: skip
    assert {row["prediction"] for row in table} <= {"setosa", "versicolor", "virginica"}

    written = inside("predict", "model", str(rows), "--output", "out.csv", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert written.stdout == "2 predictions written to out.csv.\n"
    assert (tmp_path / "out.csv").read_text() == printed.stdout


def test_export_refuses_what_it_cannot_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(run), "99", "--to", str(tmp_path / "model")]) == 2
    assert "its trials are 0 to 2" in capsys.readouterr().err
    assert main(["export", str(run), "majority", "--to", str(tmp_path / "model")]) == 2
    assert "has no model; export one of" in capsys.readouterr().err
    to = ["--to", str(tmp_path / "model")]
    assert main(["export", str(run), *to, "--threshold", "f1"]) == 2
    assert "is multiclass; leave --threshold and --costs out" in capsys.readouterr().err
    assert main(["export", str(run), *to, "--costs", "1,5", "--format", "saved_model"]) == 2
    assert "The format saved_model keeps no threshold" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_evaluate(run: Path, rows: Path, inside: Callable[..., Finished]) -> None:
    process = inside("evaluate", str(run / "best"), str(rows), "--json")
    assert process.returncode == 0, process.stderr
    scores = json.loads(process.stdout)
    assert next(iter(scores)) == "log_loss"
    assert 0.0 <= scores["accuracy"] <= 1.0


def test_a_bundled_set_is_scored_by_its_name(run: Path, inside: Callable[..., Finished]) -> None:
    process = inside("evaluate", str(run / "best"), "iris", "--json")
    assert process.returncode == 0, process.stderr
    assert 0.0 <= json.loads(process.stdout)["accuracy"] <= 1.0


def test_no_output_is_written_over_the_model(
    run: Path, rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = run / "best" / "config.json"
    before = config.read_bytes()
    assert main(["predict", str(run / "best"), str(rows), "--output", str(config)]) == 2
    assert "would overwrite a file of the model" in capsys.readouterr().err
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    ("bundle", "file", "more", "words"),
    [
        ("nowhere", "rows.csv", [], "nowhere is not there"),
        (".", "rows.csv", [], "is no exported model"),
        ("best", "nothing.csv", [], "There is no file 'nothing.csv'"),
        ("best", "rows.csv", ["--output", "rows.csv"], "would overwrite"),
        ("best", "rows.csv", ["--output", "no/such/place.csv"], "--output"),
        ("best", "rows.csv", ["--output", "."], "--output"),
        ("best", "rows.csv", ["--samples", "1"], "--samples is 1"),
    ],
)
def test_wrong_requests_are_refused_before_tensorflow_starts(
    bundle: str,
    file: str,
    more: list[str],
    words: str,
    run: Path,
    rows: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(rows.parent)
    place = str(run / "best") if bundle == "best" else bundle
    before = rows.read_bytes()
    assert main(["predict", place, file, *more]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert printed.count("\n") == 1
    assert rows.read_bytes() == before


def test_an_export_to_what_exists_is_refused_before_tensorflow_starts(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "automl.engines.warm_processes.warm_processes", lambda: pytest.fail("started")
    )
    (tmp_path / "mine").write_text("")
    assert main(["export", str(run), "--to", str(tmp_path)]) == 2
    assert f"{tmp_path} exists" in capsys.readouterr().err
