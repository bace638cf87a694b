"""Building a space's default configuration before a run is made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.common.forms import from_form, read_form, to_form
from automl.common.shell import quoted
from automl.engines.contract import SpaceHandle
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RunError, SpaceError
from automl.space.own_code import code_of, export_notes

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.models.core import Core
    from automl.space import SearchSpace


#: Spaces of this package, whose defaults its own tests build.
BUILT_IN = "automl.search_spaces."


@dataclass(frozen=True)
class Probe:
    """What building the defaults of a person's own space has shown.

    Attributes:
        notes: What a person should be told of several inputs, and of how the models will be
            exported.
        input: How the models want their numbers, ``"raw"`` or ``"standardize"``; "" where they
            are not models of a person's own.
        why: The reason for it, as the end of a sentence.
        metrics: Names of the metrics that the models are compiled with; None where that is not
            known before they are trained.
    """

    notes: tuple[str, ...] = ()
    input: str = ""
    why: str = ""
    metrics: tuple[str, ...] | None = None

    @property
    def input_note(self) -> str:
        """What a person should be told of the numbers, or ""."""
        if self.input == "raw":
            return (
                f"numbers come to the models as they are, not standardized, because {self.why}; "
                "--input standardize overrules"
            )
        if self.input:
            return (
                f"numbers are standardized for the models, because {self.why}; --input raw "
                "overrules"
            )
        return ""


def check_defaults(
    space: SearchSpace, task: Task, signature: InputSignature, processes: Processes
) -> Probe:
    """Builds the defaults of a person's own space, so that a wrong builder is told at once.

    The model is also saved and loaded as the export will do it, and asked how it wants its input.

    Args:
        space: The space as it is searched.
        task: The task.
        signature: The arrays' signature.
        processes: Where TensorFlow is.

    Returns:
        What was found; nothing of a space of this package, or where the builder ends its process.

    Raises:
        SpaceError: The builder raises, or returns what no model can be made of.
    """
    if getattr(space.build, "__module__", "").startswith(BUILT_IN):
        return Probe(metrics=())
    arguments = {
        "handle": to_form(SpaceHandle.of(space)),
        "config": space.defaults().to_json(),
        "task": to_form(task),
        "signature": to_form(signature),
    }
    try:
        found = run_in_child(processes, "automl.engines.defaults:build_in_child", arguments)
    except RunError:
        return Probe()  # a builder that kills its process or hangs costs its trial, as any other's
    if found["problem"]:
        where = (space.reference or "").rpartition(":")[0]
        check = f", then try it with `automl spaces check {quoted(where)}`" if where else ""
        raise SpaceError(f"{found['problem']}; correct it{check}.")
    notes = [
        *filter(None, [found["inputs"]]),
        *export_notes(space, found["objects"], found["unexportable"]),
    ]
    metrics = None if found["metrics"] is None else tuple(found["metrics"])
    return Probe(tuple(notes), found["input"], found["why"], metrics)


def build_in_child(
    handle: Mapping[str, Any],
    config: Mapping[str, Any],
    task: Mapping[str, Any],
    signature: Mapping[str, Any],
) -> dict[str, Any]:
    """Builds, compiles, saves and loads a configuration, in a process that has TensorFlow.

    Args:
        handle: The JSON form of the space's `SpaceHandle`.
        config: The configuration's JSON form.
        task: The task's JSON form.
        signature: The JSON form of the arrays' signature.

    Returns:
        ``problem``, what is wrong with the builder, or ""; memory that ran out is not its fault.
        ``objects`` and ``unexportable``, see `automl.export.loadable.Loadable`; ``input``,
        ``why`` and ``metrics``, see `Probe`; ``inputs``, what goes to which of several inputs.
    """
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.models.core import build_core, compile_core
    from automl.space.keras_tuner import file_of, line_of

    space = from_form(SpaceHandle, handle).load()
    chosen = space.configuration(config, check=False)
    the_task, arrays = read_form(Task, task), from_form(InputSignature, signature)
    found: dict[str, Any] = {
        "problem": "",
        "objects": [],
        "unexportable": "",
        "input": "",
        "why": "",
        "inputs": "",
        "metrics": None,
    }
    try:
        core = build_core(space, chosen, the_task, arrays)
        compile_core(core, chosen, the_task)
    except MemoryError:
        return found
    except SpaceError as error:
        return {**found, "problem": str(error).rstrip(".")}
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - it is told
        told = f"{line_of(file_of(space.build), error)}{type(error).__name__}: {error}"
        problem = f"The builder of space {space.name!r} fails with the space's defaults ({told})"
        return {**found, "problem": problem}
    return {**found, **_seen_in(core, space, arrays)}


def _seen_in(core: Core, space: SearchSpace, signature: InputSignature) -> dict[str, Any]:
    """What a core that was built shows of its inputs, its metrics and how it can be loaded."""
    from automl.models.metric_names import compiled_metrics
    from automl.models.several_inputs import parts_note
    from automl.models.wanted_input import wanted_input
    from automl.training.saving import how_it_loads

    found: dict[str, Any] = {}
    parts = core.form.parts if core.form is not None else ()
    if core.own is not None:
        numbers = [part.name for part in parts if part.has_numbers] if parts else None
        wanted = wanted_input(core.own, numbers)
        found |= {"input": wanted.mode, "why": wanted.why}
    if parts:
        found["inputs"] = parts_note(parts, signature)
    if core.hyper is None or not core.hyper.trains_itself:
        found["metrics"] = compiled_metrics(core.model)
    loadable = how_it_loads(core, code_of(space))  # and is compiled no more
    return {**found, "objects": list(loadable.objects), "unexportable": loadable.problem}
