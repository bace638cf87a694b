"""Mutated models and bundles: the predictions that were exported, or one sentence."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from automl.api import load_run
from automl.cli.main import main
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RunError
from automl.results.export_request import export_request
from automl.results.run_directory import RunDirectory
from tests.cli.console import automl
from tests.faults.mutations import (
    assert_one_sentence,
    byte_edits,
    form_edits,
    form_text,
    fuzz,
    mutate,
    mutate_form,
    refused,
)
from tests.faults.rounds import rounds
from tests.faults.whole_run import without_seals

ROWS = 60


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `run`, a finished search, and `rows.csv`, its data."""
    folder = tmp_path_factory.mktemp("searched")
    lines = [f"{i * 0.37},{'xyz'[i % 3]},{'no' if i % 3 else 'yes'}" for i in range(ROWS)]
    (folder / "rows.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    arguments = ("--target", "y", "--space", "linear", "--trials", "1", "--epochs", "2")
    ended = automl(
        "search", "rows.csv", "--cv", "none", *arguments, "--directory", "run", cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def predicted(processes: Processes, bundle: Path, rows: Path, to: Path) -> pd.DataFrame:
    arguments = {"bundle": str(bundle), "rows": str(rows), "output": str(to)}
    run_in_child(processes, "automl.export.in_child:predict_in_child", arguments)
    return pd.read_csv(to)


@pytest.mark.parametrize("examples", rounds(4, 150))
def test_a_mutated_bundle_predicts_what_was_exported_or_is_refused(
    examples: int, searched: Path, processes: Processes, tmp_path: Path, moments: random.Random
) -> None:
    bundle, rows, to = tmp_path / "bundle", searched / "rows.csv", tmp_path / "predictions.csv"
    whole = searched / "run" / "best"
    before = predicted(processes, whole, rows, to)
    config = json.loads((whole / "config.json").read_bytes())
    model = (whole / "model.keras").read_bytes()

    def check(name: str, sealed: bool, edits: Any, changes: Any) -> None:
        shutil.rmtree(bundle, ignore_errors=True)
        shutil.copytree(whole, bundle)
        if name == "model.keras":
            (bundle / name).write_bytes(mutate(model, edits))
            if not sealed:
                plain = {k: v for k, v in config.items() if k not in ("files", "sha256")}
                (bundle / "config.json").write_text(json.dumps(plain))
        else:
            form = config if sealed else json.loads(without_seals((whole / name).read_bytes()))
            (bundle / name).write_bytes(form_text(mutate_form(form, changes)))
        no, after = refused(lambda: predicted(processes, bundle, rows, to))
        if no:
            return
        assert len(after) == len(before)
        if sealed or name == "model.keras":
            # Without its seal, a description may give the classes other names.
            pd.testing.assert_frame_equal(after, before)
        scores = {"bundle": str(bundle), "rows": str(rows)}
        refused(lambda: run_in_child(processes, "automl.export.in_child:evaluate_in_child", scores))

    fuzz(
        check, st.sampled_from(["model.keras", "model.keras", "config.json"]), st.booleans(),
        byte_edits, form_edits, examples=examples, moments=moments,
    )  # fmt: skip


@pytest.mark.parametrize("examples", rounds(2, 60))
def test_a_mutated_trial_is_exported_as_it_was_scored_or_not_at_all(
    examples: int, searched: Path, processes: Processes, tmp_path: Path, moments: random.Random
) -> None:
    run, to = RunDirectory(tmp_path / "run"), tmp_path / "to"
    before = predicted(processes, searched / "run" / "best", searched / "rows.csv", tmp_path / "p")
    files = ["trials/0/model.keras", "trials/0/check.npy", "check.parquet", "plan.json"]

    def check(name: str, edits: Any) -> None:
        for folder in (run.path, to):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(searched / "run", run.path)
        path = run.path / name
        path.write_bytes(mutate(path.read_bytes(), edits))

        def export() -> pd.DataFrame:
            arguments = export_request(run, 0, to)
            run_in_child(processes, "automl.export.in_child:export_in_child", arguments)
            return predicted(processes, to, searched / "rows.csv", tmp_path / "p")

        no, after = refused(export)
        if no:
            assert not to.exists()
        else:
            np.testing.assert_allclose(after.iloc[:, 1:], before.iloc[:, 1:], atol=2e-4)

    fuzz(check, st.sampled_from(files), byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(4, 150))
def test_mutated_rows_are_predicted_row_by_row_or_refused(
    examples: int, searched: Path, processes: Processes, tmp_path: Path, moments: random.Random
) -> None:
    rows, to = tmp_path / "rows.csv", tmp_path / "predictions.csv"
    content = (searched / "rows.csv").read_bytes()
    before = predicted(processes, searched / "run" / "best", searched / "rows.csv", to)
    lines = content.splitlines(keepends=True)
    known = dict(zip(lines[1:], before["probability_yes"], strict=True))

    def check(edits: Any) -> None:
        mutated = mutate(content, edits)
        rows.write_bytes(mutated)
        no, after = refused(lambda: predicted(processes, searched / "run" / "best", rows, to))
        if no:
            return
        remaining = [line for line in mutated.splitlines(keepends=True)[1:] if line.strip()]
        if len(remaining) == len(after) and mutated.startswith(lines[0]):
            for line, probability in zip(remaining, after["probability_yes"], strict=True):
                if line in known:  # an untouched row has the answer that it had
                    assert abs(known[line] - probability) < 1e-5

    fuzz(check, byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_model_that_was_changed_is_not_loaded(
    share: float, searched: Path, processes: Processes, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(searched / "run" / "best", bundle)
    content = bytearray((bundle / "model.keras").read_bytes())
    content[int(share * len(content))] ^= 1
    (bundle / "model.keras").write_bytes(content)
    with pytest.raises(RunError, match="is not the one that was exported"):
        predicted(processes, bundle, searched / "rows.csv", tmp_path / "to.csv")


def test_the_command_says_one_sentence_of_a_broken_bundle(
    searched: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(searched / "run" / "best", bundle)
    config = (bundle / "config.json").read_bytes()
    for content in (b"", b"{}", b"[]", b"[" * 10**5, config[:-30], config.replace(b'"a"', b'"z"')):
        (bundle / "config.json").write_bytes(content)
        assert main(["predict", str(bundle), str(searched / "rows.csv")]) == 1
        printed = capfd.readouterr()
        assert "config.json" in printed.err and not printed.out
        assert "cannot be read" in printed.err or "levels that are read" in printed.err
        assert_one_sentence(printed.err.rstrip("\n"))
    assert load_run(searched / "run").best.number == 0
