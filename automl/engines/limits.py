"""What an engine bears with from a worker before it ends it."""

from __future__ import annotations

from automl.trial import FailureCause, TrialResult, TrialSpec

#: A worker is replaced when it holds this much more than after its first trial. Keras and
#: TensorFlow keep up to 16 MB of every graph that they traced; a replacement takes 0.2 s of
#: computing, mostly in its first trial, and no trial waits for it (measured).
MEMORY_GROWTH = 256 << 20
#: Seconds without a sign of life after which a worker counts as hanging. Inside an epoch a
#: worker reports about once a second; building and tracing a large model may take minutes.
STALL_SECONDS = 600.0
#: Seconds that a trial with a time limit may overstay it until it is killed, on a machine that
#: imports TensorFlow in the usual time (see `limit_grace`). A worker plans so as to be done by the
#: limit; what it cannot break off (building, tracing, compiling) ends here, so that the limit holds
#: within a second. Only its own seconds count: not those in which it waited for the driver or a
#: disk, was stopped, or wanted a core and got none.
LIMIT_GRACE = 0.7
#: Seconds that importing TensorFlow takes on the machine that `LIMIT_GRACE` is for (measured).
USUAL_IMPORT = 3.3
#: Seconds for which a worker may be stopped (by a signal or a debugger) or wait for a disk while
#: its driver runs, until they count as its own (own choice): one that never goes on has to be
#: replaced.
STOPPED_SECONDS = 20.0
#: Bytes that a worker's log may have, and how many are kept at its end when it grows longer: a
#: builder that prints without end must not fill the disk.
LOG_BYTES = 1 << 20
LOG_KEPT = 1 << 18
#: Least memory that a worker can be held to: TensorFlow alone takes 0.3 GB of it (measured).
LEAST_WORKER_MEMORY = 400 << 20
#: Addresses that a worker needs for its trials beyond those that it has mapped when it is ready,
#: where ``ulimit -v`` bounds them. A trial of a small net takes some 150 MB of them (measured).
LEAST_ADDRESSES = 256 << 20
#: Addresses (``ulimit -v``) without which TensorFlow cannot even be imported; it maps 1.4 GB.
LEAST_ADDRESS_SPACE = 1200 << 20
#: Addresses without which a worker is ended: OpenBLAS asks for 32 MB at a time, and asks again
#: without end where it does not get them.
SCARCE_ADDRESSES = 40 << 20
#: A worker that dies this often before it is ready will not come up at all.
START_ATTEMPTS = 3


def scarce_memory(total: int | None) -> int:
    """Bytes of free memory below which a machine is about to end processes by itself.

    A process takes about 0.3 GB between two looks of the guard.

    Args:
        total: Bytes of memory that the machine has, or None if unknown.
    """
    return min(max(256 << 20, (total or 0) * 3 // 100), 1 << 30)


def too_large(memory: int, usual: int, growth: int, limit: int | None = None) -> bool:
    """Whether a worker holds so much between two trials that it is to be replaced.

    Args:
        memory: Bytes that it holds.
        usual: Bytes that it held after its first trial.
        growth: Bytes by which it may grow.
        limit: Bytes that it may hold in a trial, or None for no limit; half of what there is for
            a trial may be taken by what earlier ones have left.
    """
    if limit is not None:
        growth = min(growth, max(0, limit - usual) // 2)
    return memory > usual + growth


def limit_grace(import_seconds: float) -> float:
    """Seconds that a trial may overstay its limit here and now.

    What it still does at its limit, saving and telling of its result, takes the longer the slower
    the machine is, and the same machine with more to do: its processors share their caches, their
    memory and their clock.

    Args:
        import_seconds: How long importing TensorFlow took; 0 where it is not known.
    """
    return LIMIT_GRACE * max(1.0, import_seconds / USUAL_IMPORT)


def overdue(
    spec: TrialSpec,
    running: float,
    silent: float,
    stall_seconds: float = STALL_SECONDS,
    grace: float = LIMIT_GRACE,
) -> TrialResult | None:
    """Judges whether a trial has hung or overstayed its limit.

    Args:
        spec: The trial.
        running: Seconds since it was started, without those that it is not to blame for.
        silent: Seconds since its worker's last sign of life, without the same.
        stall_seconds: Seconds without one after which it counts as hanging.
        grace: Seconds that it may overstay its limit.

    Returns:
        Its result, its worker being killed, or None where it may go on.
    """
    limit = spec.budget.seconds
    if limit is not None and running > limit + grace:
        reason = (
            f"it did not end at its time limit of {limit:g} s (building, tracing and saving cannot "
            "be broken off) and was killed"
        )
        cause = FailureCause.TIME_LIMIT
    elif silent > stall_seconds:
        reason = f"it gave no sign of life for {stall_seconds:g} s and was killed"
        cause = FailureCause.STALLED
    else:
        return None
    return TrialResult.failed(cause, reason, running)
