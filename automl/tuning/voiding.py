"""Taking a trial out of the ranking, where a person has found that it is invalid; and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from automl.common.files import disk_errors_explained
from automl.common.shell import shown_path
from automl.errors import AutoMLError, RequestError
from automl.results.read_record import read_record
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory
from automl.results.study_content import study_content
from automl.results.voids import void_entry
from automl.tuning.consent import consented_request
from automl.tuning.leaderboard_file import write_leaderboard
from automl.tuning.manifest import recorded_request
from automl.tuning.study_opening import open_study

if TYPE_CHECKING:
    from automl.results.record import TrialRecord

#: Characters of a reason at most: it is a cell of a table.
MOST_REASON = 500


@dataclass(frozen=True)
class Voided:
    """What has come of it.

    Attributes:
        trial: The trial's number.
        reason: Why it is void; "" where it is so no more.
        best: The number of the trial that is now the best, or None.
        exported: What is now to be exported: a trial's number, the name of an ensemble, or None.
        note: What to do where ``best/`` holds something else, as a sentence; else "".
    """

    trial: int
    reason: str
    best: int | str | None
    exported: int | str | None
    note: str = ""


def void_trial(
    directory: str | Path,
    trial: int | str,
    reason: str = "",
    *,
    undo: bool = False,
    storage: str | None = None,
) -> Voided:
    """Takes a trial out of the ranking, or back into it; the leaderboard is written again.

    Nothing that the study holds of the trial is changed: a word of this person is added.

    Args:
        directory: The run's directory.
        trial: The trial's number.
        reason: Why it is invalid.
        undo: Whether the trial is to be ranked again.
        storage: The database of the run's study, where it is in one.

    Returns:
        What has come of it.

    Raises:
        RequestError: There is no such trial, or no reason.
        RunError: The run is in use, or cannot be read or written.
    """
    run = RunDirectory.open(directory)
    manifest = run.read_manifest()
    word = _word(reason, undo)
    request = recorded_request(run, manifest)
    asking = ("void", str(trial))
    request = consented_request(run, manifest, request, storage, request.address, asking)
    number = _checked(read_record(run, storage=request.storage), trial, undo)
    with run.lock(), disk_errors_explained(run.path):
        study = open_study(run, manifest, None)
        before = read_record(run, study_content(study))
        _checked(before, number, undo)
        date = datetime.now(UTC).isoformat(timespec="seconds")
        study.set_user_attr(*void_entry(number, word, date))
        after = read_record(run, study_content(study))
        write_leaderboard(run, study)
    best, exported = after.best(), after.exported
    return Voided(
        number,
        word,
        None if best is None else best.trial,
        None if exported is None else exported.trial,
        _what_to_do(run, exported),
    )


def _word(reason: str, undo: bool) -> str:
    """The reason as it is recorded.

    Raises:
        RequestError: There is none, or one is given to take one back, or it is too long.
    """
    word = " ".join(reason.split())
    if undo and word:
        raise RequestError("--undo and --reason are given; what is taken back needs no reason.")
    if not undo and not word:
        raise RequestError('No reason is given; say why the trial is invalid: --reason "...".')
    if len(word) > MOST_REASON:
        raise RequestError(f"The reason has {len(word):,} characters; give {MOST_REASON} at most.")
    return word


def _checked(record: RunRecord, trial: int | str, undo: bool) -> int:
    """The trial's number, where it can be taken out, or back.

    Raises:
        RequestError: It cannot.
    """
    found = record.find(trial)
    if not isinstance(found.trial, int):
        raise RequestError(
            f"{found.trial} is no trial of the search; only a trial, named by its number, is void."
        )
    if found.result is None:
        raise RequestError(f"Trial {trial} has not ended ({found.state}), so it has no rank yet.")
    if undo and not found.voided:
        raise RequestError(f"Trial {trial} is not void, so there is nothing to take back.")
    return found.trial


def _what_to_do(run: RunDirectory, best: TrialRecord | None) -> str:
    """The sentence for a person whose exported model is not the best one, or no longer."""
    from automl.export.bundle import open_bundle

    if not run.root.is_folder(run.best):
        return ""
    try:
        held = open_bundle(run.root.checked(run.best)).config.get("trial")
    except AutoMLError:
        return ""  # damaged: who uses it hears so
    if best is not None and best.trial == held:
        return ""
    place, exported = shown_path(run.path), shown_path(run.best)
    if best is None:
        return f"{exported} still holds {held}, and no other trial has completed."
    return (
        f"{exported} still holds {held}: `automl resume {place}` exports {best.trial} in its "
        f"place and scores it on the test rows, `automl export {place} --to FOLDER` elsewhere."
    )
