"""How the processes of trials on Ray stand, on any machine, and what that excuses."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from automl.engines.absence import Absence
from automl.engines.process_table import ProcessState, began, process_state
from automl.engines.suspended_time import SuspendedTime

#: Seconds for which nothing is held against the trials of a machine that does not answer.
PATIENCE_SECONDS = 30.0
#: A sign of life is a new one where it came so many seconds after the one before: it is known to
#: the third of a second only.
_NEW_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where a trial runs.

    Attributes:
        node: Ray's name of the machine.
        pid: The process.
        began: See `automl.engines.process_table.ProcessState`; None where the system does not tell.
    """

    node: str
    pid: int
    began: int | None

    @classmethod
    def here(cls) -> Place:
        """This process's."""
        pid = os.getpid()
        return cls(ray.get_runtime_context().get_node_id(), pid, began(pid))

    def state_of(self, seen: ProcessState | None) -> ProcessState | None:
        """The same, or None where the process's id was used again."""
        return seen if seen is not None and seen.began == self.began else None


class NodeProbe:
    """Tells how processes of its own machine stand.

    An actor: the one that trains may be stopped, and the driver sees its own machine only.
    """

    def states(self, pids: list[int]) -> dict[int, ProcessState | None]:
        """How processes stand.

        Args:
            pids: Their ids.
        """
        return {pid: process_state(pid) for pid in pids}


class Watch:
    """Asks every machine how the processes of its trials stand, and waits for none.

    Args:
        node: The machine of this process, which needs no `NodeProbe`.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._probes: dict[str, Any] = {}
        self._asked: dict[str, Any] = {}
        self._answered: dict[str, float] = {}

    def look(self, places: Collection[Place], now: float) -> dict[Place, ProcessState | None]:
        """How processes stand of which there is news since the last look.

        Args:
            places: All that are of interest.
            now: Time on the monotonic clock.
        """
        seen = {place: process_state(place.pid) for place in places if place.node == self._node}
        for node in {place.node for place in places} - {self._node}:
            there = [place for place in places if place.node == node]
            answer = self._ask(node, there, now)
            seen |= {place: answer[place.pid] for place in there if place.pid in answer}
        return {place: place.state_of(found) for place, found in seen.items()}

    def is_unsure(self, place: Place, now: float) -> bool:
        """Whether a machine has not answered lately, but may do so yet.

        Args:
            place: A process on it.
            now: Time on the monotonic clock.
        """
        if place.node == self._node or place.node not in self._asked:
            return False
        silent = now - self._answered[place.node]
        return silent < PATIENCE_SECONDS and not self._has_answered(place.node)

    def _ask(self, node: str, places: list[Place], now: float) -> dict[int, ProcessState | None]:
        """The answer to the last question, where it has come; then the next one is asked."""
        answer: dict[int, ProcessState | None] = {}
        if node not in self._probes:
            there = NodeAffinitySchedulingStrategy(node, soft=False)
            options = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": there}
            self._probes[node] = ray.remote(NodeProbe).options(**options).remote()
            self._answered[node] = now
        elif not self._has_answered(node):
            return answer
        else:
            try:
                answer = ray.get(self._asked[node])
                self._answered[node] = now
            except ray.exceptions.RayError:  # it is being started anew, or its machine has left
                del self._probes[node], self._asked[node]
                return answer
        pids = [place.pid for place in places]
        self._asked[node] = self._probes[node].states.remote(pids)
        return answer

    def _has_answered(self, node: str) -> bool:
        return bool(ray.wait([self._asked[node]], timeout=0)[0])

    def close(self) -> None:
        """Ends what it has started."""
        for probe in self._probes.values():
            ray.kill(probe)
        self._probes.clear()
        self._asked.clear()


class TrialClock:
    """Counts a trial's own seconds, those left out in which it could not go on.

    It is made before the trial begins: the driver may be stopped at that moment, too, and what it
    did not see then is excused.

    Args:
        absence: The driver's.
    """

    def __init__(self, absence: Absence) -> None:
        self._absence = absence
        self._absent_before = absence.seconds
        self._hold: SuspendedTime | None = None
        self._held_up = 0.0
        self._heard, self._excused_then = 0.0, 0.0

    def began(self, now: float, started: float) -> None:
        """Takes when the trial began; what was absence before that excuses nothing.

        Args:
            now: Time on the monotonic clock, up to which the driver's absence is counted.
            started: When it began, likewise.
        """
        since = max(0.0, now - started)
        self._absent_before = max(self._absent_before, self._absence.seconds - since)

    def look(self, now: float, seen: ProcessState | None) -> None:
        """Takes how its process stands; see `SuspendedTime.look`."""
        if self._hold is None:
            self._hold = SuspendedTime(self._absence, now)
        if self._hold.is_due(now):
            self._held_up += self._hold.look(now, seen)

    def seconds(self, now: float, started: float, silence: float) -> tuple[float, float]:
        """Seconds since it began and since its last sign of life, as far as they are its own.

        Args:
            now: Time on the monotonic clock.
            started: When it began, likewise.
            silence: Seconds since that sign.
        """
        excused = self._absence.seconds - self._absent_before + self._held_up
        if now - silence > self._heard + _NEW_SECONDS:
            # The first of all counts from the trial's beginning.
            self._excused_then, self._heard = excused if self._heard else 0.0, now - silence
        running = now - started - excused
        return running, min(silence - (excused - self._excused_then), running)
