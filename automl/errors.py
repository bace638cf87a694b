"""The errors that the package raises: one sentence each, with what was given and the way out."""

from __future__ import annotations

import re
from typing import Any

# Own choice: what a screen holds. A name or value of a mangled file may have megabytes.
LONGEST_WORD = 400
LONGEST = 1_500


class AutoMLError(Exception):
    """Base of every error that this package raises on purpose.

    The message is one sentence for the person at the keyboard: what was given, what was
    expected, how to mend it. The command line prints it and exits with ``exit_code``. What was
    given may be anything: in the text of the error, line ends become spaces, control characters
    visible, and what is endless is shortened in its middle.

    Attributes:
        exit_code: The command's exit code.
        run: The `automl.Run` that a search has left behind, to be looked at and gone on with;
            None where there is none.
        notes: What that search had said until then, one sentence each.
    """

    exit_code = 1
    run: Any = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = super().__str__()
        if not text.isprintable():
            text = "".join(map(_visible, " ".join(text.split())))
        if len(text) <= LONGEST_WORD:
            return text
        text = re.sub(rf"\S{{{LONGEST_WORD + 1},}}", lambda word: _shortened(word[0], 100), text)
        return text if len(text) <= LONGEST else _shortened(text, LONGEST // 2)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _shortened(text: str, ends: int) -> str:
    """The two ends of a text: of a sentence what was given, and how to mend it."""
    return f"{text[:ends]}...({len(text):,} characters)...{text[-ends:]}"


class RequestError(AutoMLError):
    """What was asked cannot be done as it stands: a wrong name, value, file or option."""

    exit_code = 2


class DataError(RequestError):
    """The data given cannot be learnt from as it stands."""


class SpaceError(RequestError):
    """A search space, or a value given for one of its hyperparameters, is wrong."""


class RunError(AutoMLError):
    """A run failed, or its directory cannot be read."""


class TrialError(AutoMLError):
    """One trial cannot be built or trained; the trial fails, the search goes on."""


class UnrankedError(TrialError):
    """Nobody tells the metric that a trial is to be ranked by; nor will the next trial's model."""
