"""KerasTuner's `build(hp)` functions and hypermodels as builders of search spaces.

What they declare is known only by building models, which takes Keras. So there are two sides:
here, without Keras, such a builder is recognized, wrapped and referred to; the process that has
Keras finds its hyperparameters by tracing (`automl.models.hyper_tracing`) and builds with it
(`automl.models.hyper`).
"""

from __future__ import annotations

import ast
import inspect
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from automl.errors import SpaceError
from automl.space.builder_names import name_in, name_of, named
from automl.space.fit_options import FitOptions
from automl.space.search_space import SearchSpace
from automl.trial import FailureCause
from automl.vocabulary.inputs import ARRAY

SHARE: Final = ".share"
"""Ends the name of what is searched in place of a value whose range many values decide: the share
of the range at which it lies."""


@dataclass(frozen=True, eq=False)
class HyperBuilder:
    """A builder in KerasTuner's form.

    Attributes:
        source: What is called with ``hp`` (a function, a method, a `functools.partial`), a
            ``keras_tuner.HyperModel``, or a class of them.
        found_as: The name by which it was found in a file or module, or "".
        fit: What was said at the search's call of how its models are fitted.
    """

    source: Any
    fit: FitOptions = field(default_factory=FitOptions)
    found_as: str = ""

    def __call__(self, hp: Any) -> Any:
        """Builds a model with the values that ``hp`` gives."""
        build = self.source.build if is_hypermodel(self.source) else self.source
        return build(hp)

    @property
    def name(self) -> str:
        """The name of the function or class."""
        return name_of(self.source, self.found_as)

    @property
    def file(self) -> str:
        """The file that it is written in, or "" where there is none."""
        return str(getattr(sys.modules.get(module_of(self)), "__file__", None) or "")

    @property
    def description(self) -> str:
        """The first line of the docstring of the function or class, or of its module."""
        it = named(self.source)
        module = sys.modules.get(it.__module__)
        text = vars(it).get("__doc__") if isinstance(it, type) else it.__doc__
        text = text or getattr(module, "__doc__", None) or ""
        return text.strip().split("\n")[0] or f"The models of {self.name}(hp)."


def module_of(build: Any) -> str:
    """The name of the module that a space's builder is written in."""
    source = build.source if isinstance(build, HyperBuilder) else build
    source = source.func if isinstance(source, partial) else source
    owner = getattr(source, "__self__", None)
    if owner is not None and not isinstance(owner, type):
        # KerasTuner puts a method of its own in the place of a hypermodel's `build`.
        source = owner
    return str(getattr(source, "__module__", None) or type(source).__module__)


def file_of(build: Any) -> str:
    """The file that a space's builder is written in, or "" where it is not known."""
    if isinstance(build, HyperBuilder):
        return build.file
    return str(getattr(build, "__globals__", {}).get("__file__", ""))


def line_of(file: str, error: BaseException) -> str:
    """``line N: `` for the last line of a file that led to the error, or ""."""
    lines = [
        f"line {number}: "
        for frame, number in traceback.walk_tb(error.__traceback__)
        if file and frame.f_code.co_filename == file
    ]
    return lines[-1] if lines else ""


@dataclass(frozen=True, eq=False)
class BuiltElsewhere:
    """Stands for the builder of a space that was described by another process.

    Attributes:
        reference: How a worker finds the builder.
        fit: See `HyperBuilder`.
    """

    reference: str
    fit: FitOptions = field(default_factory=FitOptions)

    def __call__(self, config: Any, inputs: Any, task: Any) -> NoReturn:
        """Refuses: this process has no Keras."""
        raise SpaceError(f"The builder of {self.reference} runs in worker processes only.")


def is_hypermodel(value: Any) -> bool:
    """Whether the value is a ``keras_tuner.HyperModel`` or a class of them."""
    return ("keras_tuner", "HyperModel") in _bases(value)


def word_of(error: BaseException) -> FailureCause | None:
    """What KerasTuner's errors say of a trial, raised by a builder or a fit; else None."""
    raised = {name for package, name in _bases(error) if package == "keras_tuner"}
    if "FatalError" in raised:
        return FailureCause.FATAL
    return FailureCause.REFUSED if "FailedTrialError" in raised else None


def is_hyper(value: Any) -> bool:
    """Whether the value is a builder in KerasTuner's form: ``build(hp)``, or a hypermodel."""
    if is_hypermodel(value):
        return True
    if isinstance(value, type) or not callable(value) or _is_library_s(value):
        return False
    try:
        inspect.signature(value).bind(None)
    except (TypeError, ValueError):
        return False
    return not _is_optuna_s(value)


def _bases(value: Any) -> set[tuple[str, str]]:
    """Package and name of the classes that a value or class is of."""
    kind = value if isinstance(value, type) else type(value)
    return {(base.__module__.partition(".")[0], base.__name__) for base in kind.__mro__}


def _is_library_s(value: Any) -> bool:
    """Whether the value is Keras's, KerasTuner's or Optuna's: called, it builds no model."""
    return any(package in _LIBRARIES for package, _ in _bases(value))


_LIBRARIES = ("keras", "tf_keras", "keras_tuner", "optuna", "tensorflow")


def _is_optuna_s(value: Any) -> bool:
    """Whether a function asks its argument for values as Optuna's objective functions do."""
    names = getattr(getattr(value, "__code__", None), "co_names", ())
    return any(name.startswith("suggest_") for name in names)


def hyper_space(source: Any, reference: str | None = None, found_as: str = "") -> SearchSpace:
    """The search space of a builder in KerasTuner's form, not traced yet: without hyperparameters.

    Args:
        source: For which `is_hyper` holds.
        reference: How to find it again, or None.
        found_as: The name by which it was found, or "".
    """
    builder = HyperBuilder(source, found_as=found_as)
    space = SearchSpace(builder.name, [], builder, inputs=ARRAY, description=builder.description)
    return space if reference is None else space.with_reference(reference)


def space_of(given: Any) -> SearchSpace:
    """The search space that an object given in Python stands for.

    Args:
        given: A `SearchSpace`, or a builder in KerasTuner's form, which is not traced yet.

    Raises:
        SpaceError: It is neither.
    """
    if isinstance(given, SearchSpace):
        return given
    if is_hyper(given):
        return hyper_space(given, reference_to(given))
    raise SpaceError(f"{what_it_is(given)}.")


TAKEN = "a function build(hp) or a keras_tuner.HyperModel"


def what_it_is(given: Any, shown: str = "") -> str:
    """What an object is that is no search space, and what to give in its place, without a stop.

    Args:
        given: For which `is_hyper` does not hold.
        shown: What to call it; its name or its representation where that is empty.
    """
    shown = shown or str(getattr(given, "__qualname__", None) or _short(given))
    of_library = _library_s(given)
    if of_library:
        return f"{shown} is {of_library}"
    if isinstance(given, type):
        return (
            f"{shown} is a class, but no keras_tuner.HyperModel; derive it from that, with a "
            "build(self, hp) that returns the model"
        )
    if callable(given):
        return f"{shown}{_wrong_call(given)}"
    return f"{shown} is no search space; give a name, a file, a SearchSpace, {TAKEN}"


def _library_s(given: Any) -> str:
    """What an object of KerasTuner's, Optuna's or Keras's is, and what to give; "" for others."""
    bases = _bases(given)
    if ("keras_tuner", "BaseTuner") in bases:
        return (
            "a tuner of KerasTuner's, whose place automl.search takes: give its hypermodel as "
            "space, its objective as objective, its max_trials as trials"
        )
    if ("keras_tuner", "Oracle") in bases:
        return f"an oracle of KerasTuner's; choose a sampler, and give {TAKEN} as space"
    if ("keras_tuner", "HyperParameters") in bases:
        return f"hyperparameters without a model; give {TAKEN} as space, these as hyperparameters"
    if ("optuna", "Study") in bases:
        return f"a study of Optuna's; give {TAKEN}, the study is made by the search"
    for name in ("Model", "Layer"):
        if {("keras", name), ("tf_keras", name)} & bases:
            kind = "class" if isinstance(given, type) else name.lower()
            return (
                f"a {kind} of Keras's, with nothing to choose; give a function build(hp) that "
                "makes and compiles a new model whenever it is called"
            )
    return ""


def _wrong_call(given: Any) -> str:
    """What is wrong with something that can be called, after its name."""
    if _is_optuna_s(given):
        return (
            " asks for values as an objective function of Optuna's does; give a function build(hp) "
            "that takes them from hp.Int, hp.Float and hp.Choice and returns the compiled model, "
            "which the search trains and scores"
        )
    try:
        parameters = list(inspect.signature(given).parameters)
    except (TypeError, ValueError):
        return f" cannot be called with hp; give {TAKEN}"
    if len(parameters) == 3:
        return (
            f" takes ({', '.join(parameters)}) and is no search space by itself; give "
            'SearchSpace("name", [hyperparameters], builder), or a function build(hp)'
        )
    return (
        f" takes ({', '.join(parameters)}), but a builder is called as build(hp) and returns a "
        "keras.Model"
    )


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) < 60 and "\n" not in text else f"A {type(given).__name__}"


def fitted_with(space: SearchSpace, fit: FitOptions) -> SearchSpace:
    """The space with what was said of how its models are fitted; others stay as they are."""
    build = space.build
    if not isinstance(build, HyperBuilder | BuiltElsewhere):
        return space
    return space.with_builder(replace(build, fit=fit))


def remarks(space: SearchSpace) -> list[str]:
    """Sentences on hyperparameters that a builder in KerasTuner's form has, and this space not.

    Args:
        space: Any space; of one in another form there are none.
    """
    if space.inputs != ARRAY:
        return []
    told = ((parameter.name, parameter.help) for parameter in space.hyperparameters)
    return [f"{name}: {text}." for name, text in dict.fromkeys(told) if text]


def is_untraced(space: SearchSpace) -> bool:
    """Whether the space's hyperparameters are still to be found by building models."""
    return isinstance(space.build, HyperBuilder) and not space.hyperparameters


def candidates(module: str, contents: Mapping[str, Any]) -> dict[str, Any]:
    """What a module itself defines in KerasTuner's form, by name.

    Args:
        module: The module's name: what it has imported from elsewhere is not its own.
        contents: Its names.

    Returns:
        Hypermodels that it has made; without any, the classes of hypermodels and the functions
        of a single parameter named ``hp``.
    """
    made = {
        name: value
        for name, value in contents.items()
        if is_hypermodel(value) and not isinstance(value, type)
    }
    return made or {
        name: value
        for name, value in contents.items()
        if getattr(value, "__module__", None) == module
        and not name.startswith("_")
        and (is_hypermodel(value) or (is_hyper(value) and _first_parameter(value) == "hp"))
    }


def _first_parameter(function: Any) -> str:
    return next(iter(inspect.signature(function).parameters), "")


def reference_to(source: Any) -> str | None:
    """How another process finds the same object again, or None where it cannot.

    Args:
        source: A function, a hypermodel or a class of them.

    Returns:
        ``module:attribute``, or for a script ``file.py:attribute``; None for what no module
        holds under a name, and for a script that would run again when it is loaded.
    """
    module = sys.modules.get(getattr(source, "__module__", type(source).__module__) or "")
    name = getattr(source, "__qualname__", "")
    if not name or getattr(module, name, None) is not source:
        name = name_in(module, source)
    if module is None or not name:
        return None
    if "." in module.__name__:
        return f"{module.__name__}:{name}"
    path = Path(getattr(module, "__file__", None) or "")
    if path.suffix != ".py" or (module.__name__ == "__main__" and name not in _names_of(path)):
        return None
    return f"{path.resolve()}:{name}"


def _names_of(path: Path) -> set[str]:
    """What a script holds that another process imports.

    Returns:
        Names, none of those under ``if __name__ == "__main__"``; none at all where the script has
        no such guard, for it would run again.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return set()
    others = [node for node in tree.body if not _is_guard(node)]
    if len(others) == len(tree.body):
        return set()
    names: set[str] = set()
    waiting: list[ast.AST] = [*others]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)  # what is in it is its own
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return names


def _is_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
