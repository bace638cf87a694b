"""A Ray actor's side of the contract: a Trainable that runs trials, and the messages they get."""

from __future__ import annotations

import asyncio
import json
import queue
import secrets
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.tune import Trainable
from ray.tune.result import DONE

from automl.common.forms import from_form, to_form
from automl.common.root import Root
from automl.engines.ask_policy import AskPolicy
from automl.engines.contract import EpochRunning
from automl.engines.process_memory import give_back_memory, resident_memory
from automl.engines.ray_watch import Place
from automl.engines.ray_workload import Workload
from automl.engines.trial_files import names_below, read_files, write_files
from automl.trial import (
    CHECKPOINT_FILE,
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialResult,
    TrialSpec,
    folder_of_trial,
)

if TYPE_CHECKING:
    from automl.space import SearchSpace

# Keys of what `TrialTrainable.step` returns. STARTED, the trial's `Place`, comes once, before
# anything can go wrong that is the trial's own fault; EPOCHS with what has finished since, and
# CHECKPOINT where one was written since; RUNNING with how far it has come since in an epoch that
# takes seconds; EXECUTION, with FILES, where one of several has finished; the rest with the end.
STARTED, EPOCHS, RUNNING, CHECKPOINT = "started", "epochs", "running", "checkpoint"
EXECUTION, ENDED, FILES, SPENT = "execution", "ended", "files", "spent"
#: Key of the specification in a Tune trial's config. One string: Tune would read a grid search
#: or a placeholder into a configuration of ours.
SPEC = "spec"
#: In the place of an epoch: the end of an execution.
EXECUTION_END = 2**31


class Mailbox:
    """Holds what the driver tells running trials: answers and interruptions.

    An actor of its own: the one that trains is busy in `TrialTrainable.step` and hears nothing.
    """

    def __init__(self) -> None:
        self._messages: defaultdict[str, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)
        self._heard: dict[str, float] = {}
        self._files: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._name = secrets.token_hex(8)  # another one where it was started anew

    async def put(self, address: str, message: dict[str, Any]) -> None:
        """Leaves a message for a trial."""
        self._messages[address].put_nowait(message)

    async def take(self, address: str, wait: bool) -> list[dict[str, Any]]:
        """Hands a trial its messages, in order; also that trial's sign of life.

        Args:
            address: The trial's.
            wait: Whether to wait for a message where there is none.
        """
        self._heard[address] = time.monotonic()
        messages = self._messages[address]
        taken = [await messages.get()] if wait else []
        while not messages.empty():
            taken.append(messages.get_nowait())
        return taken

    async def silences(self) -> tuple[str, dict[str, float]]:
        """Which mailbox this is, and seconds since each trial's last sign of life to it."""
        now = time.monotonic()
        return self._name, {address: now - heard for address, heard in self._heard.items()}

    async def leave_files(self, address: str, files: Mapping[str, bytes | None]) -> None:
        """Leaves files from which a trial is to go on; None takes one of them away."""
        for name, content in files.items():
            self._files[address].pop(name, None)
            if content is not None:
                self._files[address][name] = content

    async def files(self, address: str) -> dict[str, bytes]:
        """The files from which a trial is to go on; none where they were lost on the way."""
        return self._files[address]

    async def forget(self, address: str) -> None:
        """Throws away what is left of a trial that is over."""
        self._files.pop(address, None)
        self._messages.pop(address, None)
        self._heard.pop(address, None)


class _Conversation:
    """One trial on its way, in a thread of its own: training calls back, Tune calls in."""

    def __init__(self, spec: TrialSpec, trainable: TrialTrainable, directory: Path) -> None:
        self._spec = spec
        self._trainable = trainable
        self._directory = directory
        self._address = str(spec.trial)
        self._interruption: str | None = None
        self._answer: dict[str, Any] | None = None
        self._at = [0, 0]  # the last execution and epoch that was told of
        self._asking = AskPolicy(spec, trainable.workload.objective.direction)
        self._news: queue.SimpleQueue[
            tuple[EpochReport, bool] | EpochRunning | ExecutionReport | TrialResult
        ] = queue.SimpleQueue()
        self._sent: dict[str, int] = {}  # files, and when those that were sent were written
        threading.Thread(target=self._train, daemon=True).start()

    def _train(self) -> None:
        from automl.training.executions import train_executions

        try:
            result = train_executions(
                replace(self._spec, start=self._fetched_start()),
                self._trainable.space(self._spec.space),
                self._trainable.data,
                self._trainable.workload.objective,
                self._directory,
                self._report,
                self._interrupted,
                lambda *inside: self._news.put(EpochRunning(self._spec.trial, *inside)),
                self._finished,
                self._trainable.workload.callbacks_of(self._spec),
            )
        except BaseException as error:  # noqa: BLE001 - a thread's exception has no other reader
            reason = f"{type(error).__name__}: {error}"
            result = TrialResult.failed(FailureCause.EXCEPTION, reason)
        self._news.put(result)

    def _fetched_start(self) -> str:
        """Where the trial's start lies on this machine, below what holds its folder's folder."""
        if not (self._spec.start or self._spec.finished):
            return ""
        files = ray.get(self._trainable.mailbox.files.remote(self._address))
        self._directory.mkdir(parents=True, exist_ok=True)
        write_files(Root(self._directory), "", files)
        self._new_files()  # which are known
        if not self._spec.start:
            return ""
        path = self._directory / CHECKPOINT_FILE
        return path.relative_to(self._directory.parents[1]).as_posix()

    def _report(self, report: EpochReport) -> Answer:
        self._at = [report.execution, report.epoch]
        waits = self._asking.has_to_ask(report)
        self._news.put((report, waits))
        answer = self._answered(waits)
        if answer is None:
            return Answer.GO_ON
        self._asking.answered(report.epoch, answer["thresholds"])
        return Answer(answer["answer"])

    def _finished(self, report: ExecutionReport) -> Answer:
        self._at = [report.number, EXECUTION_END]
        self._news.put(report)
        answer = self._answered(waits=True)
        assert answer is not None
        return Answer(answer["answer"])

    def _answered(self, waits: bool) -> dict[str, Any] | None:
        while waits and self._answer is None:
            self._take(wait=True)
        answer, self._answer = self._answer, None
        return answer

    def _interrupted(self) -> str | None:
        self._take(wait=False)
        return self._interruption

    def _take(self, wait: bool) -> None:
        """Reads the trial's messages, and keeps the answer among them, if there is one."""
        for message in ray.get(self._trainable.mailbox.take.remote(self._address, wait)):
            self._interruption = message.get("interrupt", self._interruption)
            if "answer" not in message:
                continue
            at = message.get("at", self._at)
            # Another one came twice; but a trial that did not wait hears late that it is to end.
            is_late = at < self._at and message["answer"] != Answer.GO_ON
            if at == self._at or is_late:
                self._answer = message

    def news(self) -> dict[str, Any]:
        """What has happened since the last call, waiting for it where nothing has.

        Mostly one epoch; a trial that waits for no answer trains on while Tune works.
        """
        epochs: list[tuple[dict[str, Any], bool]] = []
        news: dict[str, Any] = {EPOCHS: epochs}
        while ENDED not in news:
            item = self._news.get()
            if isinstance(item, TrialResult):
                news |= {ENDED: to_form(item), FILES: self._take_files(), DONE: True}
            elif isinstance(item, EpochRunning):
                news[RUNNING] = to_form(item)
            elif isinstance(item, ExecutionReport):
                news |= {EXECUTION: to_form(item), FILES: self._new_files()}
                news.pop(RUNNING, None)
            else:
                report, waits = item
                epochs.append((to_form(report), waits))
                news.pop(RUNNING, None)
            if self._news.empty():
                break
        if epochs and FILES not in news:
            checkpoint = self._new_files(CHECKPOINT_FILE)
            if checkpoint:
                news[CHECKPOINT] = checkpoint[CHECKPOINT_FILE]
        return news

    def _new_files(self, only: str = "") -> dict[str, bytes]:
        """The trial's files, or one of them, that were written since they were sent."""
        root, new = Root(self._directory), []
        for name in [only] if only else names_below(root, ""):
            status = root.status(name)
            written = 0 if status is None else status.st_mtime_ns
            if written not in (0, self._sent.get(name)):
                self._sent[name] = written
                new.append(name)
        return read_files(root, "", new)

    def _take_files(self) -> dict[str, bytes]:
        """The trial's files, which may have to cross to another machine."""
        if not self._directory.exists():
            return {}
        root = Root(self._directory)
        files = read_files(root, "", names_below(root, ""))
        shutil.rmtree(self._directory)
        return files


class TrialTrainable(Trainable):  # type: ignore[misc]  # Ray carries no types
    """Runs one trial after another, a step of Tune for an epoch or a few."""

    workload: Workload
    mailbox: Any
    data: Any

    def setup(self, config: dict[str, Any], *, workload: Workload, mailbox: Any) -> None:
        """Prepares TensorFlow and the rows once for all trials of the actor.

        Args:
            config: The first trial's specification.
            workload: What all trials share.
            mailbox: Handle of the `Mailbox`.
        """
        from automl.training.device import configure_device
        from automl.training.device_data import Views

        # Ray shows the actor its own GPU only.
        configure_device(gpu=0 if workload.on_gpu else None)
        self.workload, self.mailbox = workload, mailbox
        self.data = Views(lambda view: workload.arrays[view].arrays())
        self.data(next(iter(workload.arrays)))  # before the first trial, which it would cost time
        self._spaces: dict[str, SearchSpace] = {}
        self._first_memory: int | None = None
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Makes ready for the next trial; True, since an actor can always be used again."""
        self._spec = from_form(TrialSpec, json.loads(new_config[SPEC]))
        self._conversation: _Conversation | None = None
        return True

    def space(self, key: str) -> SearchSpace:
        """The space under a key of the workload."""
        if key not in self._spaces:
            self._spaces[key] = self.workload.spaces[key].load()
        return self._spaces[key]

    def step(self) -> dict[str, Any]:
        """Starts the trial, or waits for what happens next in it."""
        if self._conversation is None:
            # Callbacks of a person's own name their folders elsewhere by the trial's.
            directory = Path(self.logdir) / folder_of_trial(self._spec.trial)
            self._conversation = _Conversation(self._spec, self, directory)
            return {STARTED: to_form(Place.here())}
        news = self._conversation.news()
        if ENDED in news:
            news[SPENT] = self._is_spent()
        return news

    def _is_spent(self) -> bool:
        """Whether the process has grown too large to be used again."""
        give_back_memory()
        memory = resident_memory()
        if self._first_memory is None:
            self._first_memory = memory
        return memory > self._first_memory + self.workload.memory_growth
