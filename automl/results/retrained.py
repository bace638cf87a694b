"""A trial that was trained again from its record: what both came to, and whether it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.trial import TrialResult

#: Of a run's recorded versions those that a training does not depend on.
_INDIFFERENT = ("optuna", "ray")
#: The names of what is compared of the machine, in sentences.
_MACHINE = {"processor": "the processor", "threads": "threads of a worker"}


@dataclass(frozen=True)
class Retrained:
    """A trial's record, and what training it again came to.

    Attributes:
        trial: The trial's number, or the baseline's name.
        objective: Name of what it is scored by.
        recorded: What is recorded.
        replayed: What it came to now.
        changes: What is not as it was, one part of a sentence each; empty where nothing is known
            to have changed.
        is_finalist: Whether it was scored again with other seeds too; the search's own training
            is what is compared.
    """

    trial: int | str
    objective: str
    recorded: TrialResult
    replayed: TrialResult
    changes: tuple[str, ...] = ()
    is_finalist: bool = False

    @property
    def difference(self) -> float | None:
        """The score now minus the recorded one; None where either is missing."""
        if self.replayed.score is None or self.recorded.score is None:
            return None
        return self.replayed.score - self.recorded.score

    @property
    def scores(self) -> dict[str, tuple[float | None, float | None]]:
        """By name the recorded score and that of now: the mean, and each one it is the mean of."""
        then, now = self.recorded, self.replayed
        found: dict[str, tuple[float | None, float | None]] = {
            self.objective: (then.score, now.score)
        }
        for name, before, after in (
            ("fold", then.folds, now.folds),
            ("execution", then.executions, now.executions),
        ):
            for place in range(max(len(before), len(after))):
                both = tuple(one[place] if place < len(one) else None for one in (before, after))
                found[f"{name} {place + 1}"] = (both[0], both[1])
        return found

    @property
    def has_hash(self) -> bool:
        """Whether the weights can be compared: only a model that was kept has a recorded hash."""
        return bool(self.recorded.model_hash)

    @property
    def is_equal(self) -> bool:
        """Whether everything that can be compared is equal, to the last bit."""
        then, now = self.recorded, self.replayed
        return (
            then.state is now.state
            and all(before == after for before, after in self.scores.values())
            and (then.epochs, then.best_epoch) == (now.epochs, now.best_epoch)
            and (not self.has_hash or then.model_hash == now.model_hash)
        )

    def to_object(self) -> dict[str, Any]:
        """The comparison as a JSON object."""
        return {
            "trial": self.trial,
            "objective": self.objective,
            "equal": self.is_equal,
            "difference": self.difference,
            "scores": {
                name: {"recorded": before, "replayed": after}
                for name, (before, after) in self.scores.items()
            },
            **{
                name: {
                    "recorded": getattr(self.recorded, name),
                    "replayed": getattr(self.replayed, name),
                }
                for name in ("best_epoch", "epochs", "model_hash", "trainer", "state", "reason")
            },
            "changes": list(self.changes),
        }


def changes_since(
    manifest: Mapping[str, Any],
    versions: Mapping[str, str],
    machine: Mapping[str, Any],
    recorded: TrialResult,
    replayed: TrialResult,
) -> tuple[str, ...]:
    """What a training depends on and is not as when its run began.

    Args:
        manifest: The content of the run's ``run.json``.
        versions: The versions as they are now.
        machine: The machine as it is now.
        recorded: What the trial's record says.
        replayed: What it came to now.

    Returns:
        One part of a sentence each.
    """
    found = []
    then = manifest.get("versions") or {}
    for name, now in versions.items():
        if name in then and then[name] != now and name not in _INDIFFERENT:
            found.append(f"{name} was {then[name]} and is {now}")
    place = manifest.get("machine") or {}
    for name, called in _MACHINE.items():
        if name in place and place[name] != machine[name]:
            found.append(f"{called} was {place[name]} and is {machine[name]}")
    if recorded.trainer and replayed.trainer and recorded.trainer != replayed.trainer:
        found.append(f"the trainer was {recorded.trainer} and is {replayed.trainer}")
    known = recorded.computed and replayed.computed  # older runs have not recorded it
    if known and set(recorded.computed) != set(replayed.computed):
        then_with, now_with = (
            ", ".join(one.computed) or "nothing of its own" for one in (recorded, replayed)
        )
        found.append(f"it was computed with {then_with} and is with {now_with}")
    engine = (manifest.get("request") or {}).get("engine", "local")
    if engine != "local":
        found.append(f"the engine was {engine} and is local")
    return tuple(found)
