"""What an engine bears with from a worker before it ends it."""

from __future__ import annotations

from automl.trial import FailureCause, TrialResult, TrialSpec, TrialState

#: A worker is replaced when it holds this much more than after its first trial. Keras and
#: TensorFlow keep about 16 MB of every graph that they traced (measured).
MEMORY_GROWTH = 1 << 30
#: Seconds without a sign of life after which a worker counts as hanging. Inside an epoch a
#: worker reports about once a second; building and tracing a large model may take minutes.
STALL_SECONDS = 600.0
#: Seconds that a trial with a time limit may overstay it (a long step, saving) until it is killed.
LIMIT_GRACE = 20.0
#: A worker that dies this often before it is ready will not come up at all.
START_ATTEMPTS = 3


def overdue(
    spec: TrialSpec, running: float, silent: float, stall_seconds: float = STALL_SECONDS
) -> TrialResult | None:
    """Judges whether a trial has hung or overstayed its limit.

    Args:
        spec: The trial.
        running: Seconds since it was started.
        silent: Seconds since its worker's last sign of life.
        stall_seconds: Seconds without one after which it counts as hanging.

    Returns:
        Its result, its worker being killed, or None where it may go on.
    """
    limit = spec.budget.seconds
    if limit is not None and running > limit + LIMIT_GRACE:
        reason = f"it did not end within its time limit of {limit:g} s and was killed"
        cause = FailureCause.TIME_LIMIT
    elif silent > stall_seconds:
        reason = f"it gave no sign of life for {stall_seconds:g} s and was killed"
        cause = FailureCause.STALLED
    else:
        return None
    return TrialResult(TrialState.FAILED, seconds=running, reason=reason, cause=cause)
