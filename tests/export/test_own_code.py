"""A bundle whose model needs code of a person's own: refused, then loaded with consent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from own_models import NOT_AT_ALL, WITH_CODE, written
from run_maker import people

import automl
from automl.api import load_run
from automl.cli.exit_codes import FAILED
from automl.cli.summary import close_search
from automl.common.root import Root
from automl.engines.processes import Processes
from automl.errors import RequestError, RunError
from automl.export.bundle import load_model, open_bundle
from automl.export.own_code import OwnObject, load_with_code, own_objects
from automl.export.predict import evaluate, predict
from automl.space import find_space
from automl.space.own_code import code_of, read_code
from automl.tuning.observer import Observer
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
MARK = "\nfrom pathlib import Path\nPath({mark!r}).write_text('run')\n"


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory, processes: Processes
) -> tuple[automl.Run, Path]:
    """A run whose best model needs a layer of its space's file, and the mark that the file sets."""
    folder = tmp_path_factory.mktemp("own")
    space, mark = written(folder, WITH_CODE["Scaled"]), folder / "mark"
    space.write_text(space.read_text() + MARK.format(mark=str(mark)), encoding="utf-8")
    frame = people()[["size", "where", "income"]]
    options: dict[str, Any] = {"trials": 1, "epochs": 2, "workers": 1, "cv": "none"}
    with lending(processes):
        run = automl.search(frame, "income", space=str(space), directory=folder / "run", **options)
    mark.unlink()
    return run, mark


def test_the_search_ends_with_its_export(searched: tuple[automl.Run, Path]) -> None:
    run, _ = searched
    assert not run.not_exported
    code = open_bundle(run.path / "best").code
    assert code is not None and code["objects"] == ["Scaled"]
    assert (run.path / "best" / "code" / "own.py").is_file()
    card = (run.path / "best" / "card.md").read_text()
    assert "--trust" in card and "not be loaded" not in card
    assert "in a process of its own with the code that came with it" in card


def test_nothing_is_run_without_consent(searched: tuple[automl.Run, Path], tmp_path: Path) -> None:
    run, mark = searched
    rows = people()
    for refused in (
        lambda: load_model(run.path / "best"),
        lambda: predict(run.path / "best", rows),
        lambda: evaluate(run.path / "best", rows),
        lambda: run.export(tmp_path / "bundle"),
        run.best.model,
    ):
        with pytest.raises(RequestError, match=r"Scaled.*--trust"):
            refused()
    assert not mark.exists()


def test_with_consent_the_model_is_the_one_that_was_scored(
    searched: tuple[automl.Run, Path], tmp_path: Path
) -> None:
    run, mark = searched
    bundle = load_run(run.path).export(tmp_path / "bundle", trust=True)
    rows = people()
    given = predict(bundle, rows, trust=True)
    assert mark.exists()
    np.testing.assert_allclose(
        given["probability_low"], predict(run.path / "best", rows, trust=True)["probability_low"]
    )


def test_code_that_was_changed_is_not_run(
    searched: tuple[automl.Run, Path], tmp_path: Path
) -> None:
    run, mark = searched
    bundle = load_run(run.path).export(tmp_path / "bundle", trust=True)
    mark.unlink()
    with (bundle / "code" / "own.py").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(RunError, match="changed"):
        load_model(bundle, trust=True)
    (bundle / "code" / "own.py").unlink()
    (bundle / "code" / "own.py").symlink_to(run.path / "code" / "own.py")
    with pytest.raises(RunError, match="link"):
        load_model(bundle, trust=True)
    assert not mark.exists()


def test_a_resume_exports_again(searched: tuple[automl.Run, Path]) -> None:
    run, _ = searched
    again = load_run(run.path).resume(trials=2)
    assert not again.not_exported
    assert open_bundle(run.path / "best").code is not None


def test_a_file_without_a_hash_or_elsewhere_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "evil.py").write_text("1 / 0\n")
    root, folder = Root(tmp_path), tmp_path / "code"
    for form in (
        {"file": "../evil.py", "module": "", "files": {}},
        {"file": "../evil.py", "module": "", "files": {"../../evil.py": "0" * 64}},
        {"file": "absent.py", "module": "", "files": {"absent.py": "0" * 64}},
    ):
        with pytest.raises(RunError):
            read_code(form, root, folder)


def test_two_bundles_with_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    models = []
    folders = [tmp_path / "0", tmp_path / "1"]
    for folder, factor in zip(folders, (2.0, 3.0), strict=True):
        folder.mkdir()
        (folder / "helper_of_both.py").write_text(f"FACTOR = {factor}\n")
        (folder / "space.py").write_text(
            "import keras\nimport helper_of_both\n"
            "class Times(keras.layers.Layer):\n"
            "    def call(self, x):\n        return x * helper_of_both.FACTOR\n"
        )
    script = (
        "import keras, os, sys; sys.path.append('.')\n"
        "for folder in sys.argv[1:]:\n"
        "    if os.fork():\n"
        "        assert os.wait()[1] == 0\n"
        "    else:\n"
        "        os.chdir(folder); import space; i = keras.Input((1,))\n"
        "        keras.Model(i, space.Times()(i)).save('model.keras'); os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, *map(str, folders)], check=True)
    for folder in folders:
        code = {"folder": str(folder), "file": "space.py", "module": ""}
        models.append(load_with_code(folder / "model.keras", code))
    ones = np.ones((1, 1), np.float32)
    assert [float(np.asarray(model(ones))[0, 0]) for model in models] == [2.0, 3.0]
    assert [float(np.asarray(model(ones))[0, 0]) for model in models] == [2.0, 3.0]


def test_a_long_chain_of_imports_is_followed(tmp_path: Path) -> None:
    for number in range(1500):
        text = f"import chained_{number + 1}\n" if number < 1499 else ""
        (tmp_path / f"chained_{number}.py").write_text(text)
    (tmp_path / "space_of_chain.py").write_text(
        "def build(hp):\n    import chained_0\n    import space_of_chain\n"
    )
    code = code_of(find_space(f"{tmp_path / 'space_of_chain.py'}:build"))
    assert code is not None
    assert len(code.files) == 1501


def test_objects_are_found_without_loading(tmp_path: Path) -> None:
    inputs = keras.Input((2,))
    plain = keras.Model(inputs, keras.layers.Dense(1, "relu")(inputs))
    plain.save(tmp_path / "plain.keras")
    assert own_objects(tmp_path / "plain.keras") == []
    assert own_objects(tmp_path / "nothing.keras") == []
    (tmp_path / "text.keras").write_text(json.dumps({}))
    assert own_objects(tmp_path / "text.keras") == []
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(tmp_path / "l.keras")
    assert [str(one) for one in own_objects(tmp_path / "l.keras")] == ["a Lambda"]
    assert str(OwnObject("Scaled", "own", "Scaled")) == "Scaled"


def test_a_search_whose_models_cannot_be_saved_ends_with_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = written(tmp_path, NOT_AT_ALL["does not implement get_config"])
    said: list[str] = []

    class Listener(Observer):
        def note(self, sentence: str) -> None:
            said.append(sentence)

    run = automl.search(
        people()[["size", "where", "income"]],
        "income",
        space=str(space),
        trials=1,
        epochs=2,
        workers=1,
        cv="none",
        directory=tmp_path / "run",
        observer=Listener(),
    )
    assert any("cannot be exported" in sentence for sentence in said)
    assert run.record.trials[0].state == "completed"
    assert (run.path / "leaderboard.csv").is_file()
    assert not (run.path / "best").exists()
    capsys.readouterr()  # what the search has said in its course
    assert close_search(run, quiet=False) == FAILED
    shown = capsys.readouterr()
    assert "rank trial" in shown.out and "predict" not in shown.out
    assert shown.err.count("\n") == 1 and "does not implement get_config" in shown.err
    for again in (lambda: load_run(run.path).export(tmp_path / "bundle"), run.best.model):
        with pytest.raises(RequestError, match="does not implement get_config"):
            again()
