"""The errors that the package raises: one sentence each, with what was given and the way out."""

from __future__ import annotations


class AutoMLError(Exception):
    """Base of every error that this package raises on purpose.

    The message is one sentence for the person at the keyboard: what was given, what was
    expected, how to mend it. The command line prints it and exits with ``exit_code``.
    """

    exit_code = 1


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
