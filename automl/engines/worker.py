"""A worker process's side of the contract: takes trials one after another and reports on them.

Messages are JSON objects. From the driver: ``{"job": ...}`` once, then ``{"trial": spec}``,
``{"answer": "go on" or "stop" or "pause", "thresholds": [...]}``, ``{"interrupt": reason}``. To the
driver: ``{"ready": true}``, ``{"epochs": [report, ...], "waits": bool}``, ``{"alive": true}`` about
once a second inside an epoch, ``{"running": {"epoch": number, "done": share}}`` every few seconds
inside one that takes as long, ``{"execution": report}`` after each execution but the last, and
``{"ended": result, "memory": bytes}``.
"""

from __future__ import annotations

import io
import json
import sys
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from automl.common.forms import from_form, to_form
from automl.engines.ask_policy import AskPolicy
from automl.engines.contract import Job
from automl.engines.process_memory import give_back_memory, resident_memory
from automl.trial import (
    HOLDOUT,
    Answer,
    EpochReport,
    ExecutionReport,
    TrialSpec,
    folder_of_trial,
)

if TYPE_CHECKING:
    from automl.space import SearchSpace


#: Seconds within which reports are sent together where no answer is waited for: a small net has
#: an epoch in a millisecond, which is what waking the driver costs (measured).
REPORT_SECONDS = 0.05


class _Conversation:
    """The driver as one trial sees it."""

    def __init__(self, connection: Connection, asking: AskPolicy) -> None:
        self._connection = connection
        self._asking = asking
        self._interruption: str | None = None
        self._answer: dict[str, Any] | None = None
        self._unsent: list[dict[str, Any]] = []
        self._sent = -REPORT_SECONDS

    def send(self, message: dict[str, Any]) -> None:
        self._connection.send_bytes(json.dumps(message).encode())

    def report(self, report: EpochReport) -> Answer:
        """Reports an epoch; what the driver says to it, or has said before where none waits."""
        waits = self._asking.has_to_ask(report)
        self._unsent.append(to_form(report))
        if waits or time.monotonic() - self._sent >= REPORT_SECONDS:
            self.send_reports(waits)
        answer = self._answered(waits)
        if answer is None:
            return Answer.GO_ON
        self._asking.answered(report.epoch, answer["thresholds"])
        return Answer(answer["answer"])

    def finished(self, report: ExecutionReport) -> Answer:
        """Reports an execution, and waits for what the driver says to it."""
        self.send_reports()
        self.send({"execution": to_form(report)})
        answer = self._answered(waits=True)
        assert answer is not None
        return Answer(answer["answer"])

    def _answered(self, waits: bool) -> dict[str, Any] | None:
        while self._answer is None and (waits or self._connection.poll()):
            self._take()
        answer, self._answer = self._answer, None
        return answer

    def send_reports(self, waits: bool = False) -> None:
        """Sends the reports that have been held back to be sent together."""
        if self._unsent:
            self.send({"epochs": self._unsent, "waits": waits})
            self._unsent, self._sent = [], time.monotonic()

    def running(self, epoch: int, done: float) -> None:
        """Tells how much of an epoch is done."""
        self.send_reports()
        self.send({"running": {"epoch": epoch, "done": done}})

    def interrupted(self) -> str | None:
        """The reason to end now, if the driver has given one; also a sign of life."""
        self.send_reports()
        self.send({"alive": True})
        while self._interruption is None and self._connection.poll():
            self._take()
        return self._interruption

    def _take(self) -> None:
        message: dict[str, Any] = json.loads(self._connection.recv_bytes())
        if "interrupt" in message:
            self._interruption = message["interrupt"]
        if "answer" in message:
            self._answer = message


def serve_worker(connection: Connection, argument: dict[str, Any]) -> None:
    """Runs trials until the driver closes the connection.

    Args:
        connection: To the driver.
        argument: ``gpu``, the GPU that it computes on, or None for a core; everything else comes in
            the first message.
    """
    from automl.data.stored import open_view
    from automl.training.device import configure_device
    from automl.training.device_data import Views
    from automl.training.executions import train_executions

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a builder says is there when it is killed
            stream.reconfigure(line_buffering=True)
    job = from_form(Job, json.loads(connection.recv_bytes())["job"])
    objective = job.scored_by
    configure_device(gpu=argument.get("gpu"))
    data = Views(lambda view: open_view(job.arrays, view))
    data(HOLDOUT)  # before the first trial, which it would cost its time
    spaces: dict[str, SearchSpace] = {}
    connection.send_bytes(json.dumps({"ready": True}).encode())
    while True:
        message = json.loads(connection.recv_bytes())
        if "trial" not in message:
            continue  # an answer or an interruption that came after its trial had ended
        spec = from_form(TrialSpec, message["trial"])
        if spec.space not in spaces:
            spaces[spec.space] = job.spaces[spec.space].load()
        conversation = _Conversation(connection, AskPolicy(spec, objective.direction))
        result = train_executions(
            spec,
            spaces[spec.space],
            data,
            objective,
            job.run / folder_of_trial(spec.trial),
            conversation.report,
            conversation.interrupted,
            conversation.running,
            conversation.finished,
            job.callbacks_of(spec),
        )
        conversation.send_reports()
        give_back_memory()
        conversation.send({"ended": to_form(result), "memory": resident_memory()})
