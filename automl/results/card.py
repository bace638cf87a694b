"""The card of an exported model: what it is, where it comes from, how good it is, its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.common.forms import read_form
from automl.common.neutral import markdown_form, markdown_text
from automl.data.columns.cycles import Cycle, describe
from automl.data.columns.number_format import NumberFormat
from automl.data.decision_threshold import DecisionThreshold
from automl.data.image_views import views_text
from automl.data.kinds import kind_of_features
from automl.results.board_columns import number, tested_text
from automl.results.ensembles import BAG, ENSEMBLE
from automl.results.findings import findings
from automl.results.record import RunRecord, TrialRecord, candidate_name
from automl.results.scorings import trial_of_model
from automl.vocabulary.applications import BACKBONE_NAME
from automl.vocabulary.decisions import THRESHOLD
from automl.vocabulary.directions import better_word
from automl.vocabulary.two_stages import RANDOM, WEIGHTS

#: What columns are read from, as it is called, and what plain Keras expects in its place.
_EXPECTED = (
    (
        "date",
        "Dates",
        "days since 1970-01-01 as a number (and finds places in the year, the week and the day by "
        "itself); `automl predict` converts dates by itself",
    ),
    ("boolean", "True and false", "1 and 0; `automl predict` converts them by itself"),
    ("time", "Times of day", "hours as a number; `automl predict` converts them by itself"),
)


#: What an exported model answers, by the kind of task.
_ANSWERS = {
    "regression": "the target in its own units",
    "binary": "one column, the probability of the second class",
    "multiclass": "a probability for each class",
    "multilabel": "a probability for each label",
}


def card_text(
    record: RunRecord,
    trial: TrialRecord,
    manifest: Mapping[str, Any],
    stored: Mapping[str, Any],
    code: Mapping[str, Any] | None = None,
    threshold: DecisionThreshold | None = None,
) -> str:
    """Writes ``card.md``.

    Args:
        record: The run.
        trial: The trial that is exported, completed.
        manifest: The content of ``run.json``.
        stored: The content of ``plan.json``.
        code: Code of a person's own that the model needs; see
            `automl.results.export_request.code_needed`.
        threshold: Of a binary classifier, above which its second class is told; None for one half.

    Returns:
        Markdown.
    """
    # The names of columns, labels and the rest may be anybody's, and a card is shown as HTML.
    written = _written(stored["plan"]["features"])
    manifest, stored = markdown_form(manifest), markdown_form(stored)
    task, plan = stored["task"], stored["plan"]
    parts = [
        [f"# Model of {candidate_name(trial.trial)} of the run {markdown_text(record.name)}"],
        ["## Task", "", *_task_lines(task)],
        ["## Data", "", *_data_lines(manifest, stored)],
        ["## Scores", "", *_score_lines(record, trial)],
        ["## Configuration", "", *_config_lines(record, trial, manifest)],
        ["## Use", "", *_use_lines(plan, task, code), *_threshold_lines(task, threshold)],
        ["## Limits", "", *_limit_lines(plan, task, written, trial.trial in record.temperatures)],
        ["## Versions", "", *_versions(manifest)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _task_lines(task: Mapping[str, Any]) -> list[str]:
    lines = [f"- Kind: {task['kind']}", f"- Target: {', '.join(map(str, task['targets']))}"]
    if task["classes"]:
        lines.append(f"- Classes: {', '.join(map(str, task['classes']))}")
    return lines


def _data_lines(manifest: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    data = manifest.get("data") or {}
    source = ((manifest.get("request") or {}).get("data") or {}).get("source")
    summary = stored.get("summary") or {}
    lines = [] if source is None else [f"- Source: {_shown(source)}"]
    lines.append(f"- Fingerprint (SHA-256): {data.get('fingerprint', 'not recorded')}")
    if summary.get("rows"):
        lines.append(f"- Rows: {_shown(summary['rows'])}")
    if summary.get("columns"):
        lines.append(f"- Columns: {'; '.join(map(_column, summary['columns']))}")
    if summary.get("left_out"):
        lines.append(f"- Left out: {_shown(summary['left_out'])}")
    how = ((manifest.get("request") or {}).get("data") or {}).get("input")
    if how == "raw":
        lines.append("- Numbers come to the model as they are, not standardized")
    return lines + [f"- Note: {note}" for note in stored.get("notes") or ()]


def _column(column: Any) -> str:
    if not isinstance(column, Mapping):
        return _shown(column)
    facts = [str(column.get("kind", ""))]
    if column.get("categories"):
        facts.append(f"{column['categories']} values")
    if column.get("missing"):
        facts.append("some missing")
    given = column.get("cycles")
    cycles = [c for c in Cycle if c in given] if isinstance(given, Sequence) else []
    if cycles:
        facts.append(f"with its place in {describe(cycles)}")
    return f"{column.get('name')} ({', '.join(facts)})"


def _score_lines(record: RunRecord, trial: TrialRecord) -> list[str]:
    result = trial.result
    assert result is not None  # a completed trial has one
    test = record.test_scores.get(trial.trial, {})
    interval = record.test_intervals.get(trial.trial)
    names = dict.fromkeys([*result.metrics, *result.train_metrics, *test])
    objective = markdown_text(record.objective)
    lines = [
        _chosen_by(record, trial, number(result.score)),
        "",
        "| metric | training rows | validation rows | test rows |",
        "| :--- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {markdown_text(name)} | {number(result.train_metrics.get(name))} | "
        f"{number(result.metrics.get(name))} | "
        f"{tested_text(test.get(name), interval if name == record.objective else None)} |"
        for name in names
    ]
    lines.append("")
    if test:
        lines.append("The test rows were scored once, after the choice was made; in brackets the")
        lines.append("95 % interval by the bootstrap over them, where there is one.")
    else:
        lines.append("There is no test score: no test rows were set apart, there was no time for")
        lines.append("them, or this model was not the one chosen. The validation score of a chosen")
        lines.append("model is optimistic.")
    lines.append("")
    lines += _temperature_lines(record, trial)
    for baseline in record.baselines:
        scores = f"validation {objective} {number(baseline.score)}"
        tested = record.test_scores.get(baseline.trial, {}).get(record.objective)
        ends = record.test_intervals.get(baseline.trial)
        scores += "" if tested is None else f", test {objective} {tested_text(tested, ends)}"
        lines.append(f"- Baseline {markdown_text(str(baseline.trial))}: {scores}")
    lines += [f"- {markdown_text(sentence)}" for sentence in findings(record)]
    if trial.members:
        return lines
    if trial.refit_of is not None:
        return [*lines, f"- Epochs: {result.epochs}, the last of which is exported"]
    verdict = "none" if result.verdict is None else result.verdict.value
    lines.append(f"- Verdict on the learning curve: {verdict}")
    lines.append(f"- Epochs: {result.epochs}, the best of which, {result.best_epoch}, is exported")
    return lines


def _chosen_by(record: RunRecord, trial: TrialRecord, score: str) -> str:
    """What the model was chosen by, in a sentence."""
    if trial.refit_of is not None:
        return f"Never validated: trial {trial.refit_of}, trained again on the validation rows too."
    better = better_word(record.direction)
    by = f"{markdown_text(record.objective)} on the validation rows ({better} is better)"
    return f"Chosen by {by}: {score}{_how_scored(trial)}."


def _how_scored(trial: TrialRecord) -> str:
    """What the score is of, where it is not that of the search's own training."""
    if trial.trial == ENSEMBLE:
        return ", each row predicted by models that were selected on others"
    if trial.trial == BAG:
        return ", each row predicted by models that were trained on others"
    if trial.test_time_views:
        return f", by the mean of the answers to {len(trial.test_time_views)} views of each image"
    if trial.is_finalist:
        return f", the mean over {len(trial.scorings)} trainings with fresh seeds"
    return ""


def _member_lines(record: RunRecord, trial: TrialRecord) -> list[str]:
    """The models of an ensemble, those of one trial on one line, with the configuration."""
    if trial.test_time_views:
        [member], views = trial.members, trial.test_time_views
        return [
            f"- The weighted mean of the answers to {len(views)} views of the model of trial "
            f"{trial_of_model(member.name)}: {views_text(views)}"
        ]
    weights: dict[int | None, list[float]] = {}
    for member in trial.members:
        weights.setdefault(trial_of_model(member.name), []).append(member.weight)
    lines = [f"- The weighted mean of the answers of {len(trial.members)} models:"]
    for name, shares in weights.items():
        if name is None:
            continue
        config = ", ".join(
            f"{key} {_shown(value)}" for key, value in record.find(name).config.items()
        )
        models = f"{len(shares)} model{'' if len(shares) == 1 else 's'}"
        lines.append(
            f"- {models} of trial {name}, {sum(shares):.0%} together: {markdown_text(config)}"
        )
    return lines


def _temperature_lines(record: RunRecord, trial: TrialRecord) -> list[str]:
    temperature = record.temperatures.get(trial.trial)
    if temperature is None:
        return []
    return [
        f"The exported model divides its logits by {temperature.value:.4g}: one temperature of the",
        "validation rows (Guo et al., 2017). With it their log loss is "
        f"{number(temperature.log_loss)}, cross-fitted, without",
        f"{number(temperature.without)} (standard error of the difference "
        f"{number(temperature.gain_error)}). All scores of this card, and the",
        "leaderboard's, are those without it; what is told by the likelier class stays the same.",
        "",
    ]


def _config_lines(record: RunRecord, trial: TrialRecord, manifest: Mapping[str, Any]) -> list[str]:
    space = manifest.get("space") or {}
    lines = [
        f"- Search space: {space.get('reference') or 'given as an object'} "
        f"(hash {space.get('hash', 'not recorded')})",
        f"- Seeds: run {manifest.get('seed')}"
        + ("" if trial.seed is None else f", trial {trial.seed}"),
    ]
    if trial.members:
        lines += _member_lines(record, trial)
    lines += _origin_lines(trial, manifest)
    config = markdown_form(trial.config)
    lines += [f"- {name}: {_shown(value)}" for name, value in config.items()]
    if trial.result is not None:
        lines.append(f"- Weights: {trial.result.parameters:,}")
        if trial.result.trainer:
            lines.append(f"- Trainer: {markdown_text(trial.result.trainer)}")
        lines.append(
            f"- Hash of the weights (SHA-256): {markdown_text(trial.result.model_hash) or 'none'}"
        )
    return lines


def _origin_lines(trial: TrialRecord, manifest: Mapping[str, Any]) -> list[str]:
    """What layers were taken over with their weights, where some were."""
    origin = manifest.get("origin")
    files = origin.get("files") if isinstance(origin, Mapping) else None
    if not isinstance(files, Sequence) or trial.config.get(WEIGHTS) == RANDOM:
        return []
    return [
        f"- Layers taken over from: {_shown(one.get('path'))} (SHA-256 {_shown(one.get('sha256'))})"
        for one in files
        if isinstance(one, Mapping) and one.get("name") in ("", trial.config.get(BACKBONE_NAME))
    ]


def _use_lines(
    plan: Mapping[str, Any], task: Mapping[str, Any], code: Mapping[str, Any] | None
) -> list[str]:
    answer = "a row's inputs, reconstructed, in their own units"
    if not task.get("reconstructs"):
        answer = _ANSWERS[task["kind"]]
    return [
        "With this program, which takes what a search takes:",
        "",
        f"    automl predict DIRECTORY {kind_of_features(plan['features']).example} "
        "--output predictions.csv" + (" --trust" if code else ""),
        "",
        *_loading_lines(code),
        "",
        *kind_of_features(plan["features"]).input_lines(plan["features"]),
        f"The answer is {answer}; `labels.json` names its columns.",
        "",
        f"When it was exported, the model was loaded in a process of its own {_apart(code)},",
        "and gave the predictions that were scored (`config.json`, `check`).",
    ]


def _threshold_lines(task: Mapping[str, Any], threshold: DecisionThreshold | None) -> list[str]:
    if threshold is None:
        return []
    return [
        "",
        f"`automl predict` tells {task['classes'][1]} where its probability is above "
        f"{threshold.value:.6g}, {threshold.describe()}.",
        "`automl evaluate` uses it for metrics of what is told, such as accuracy and f1; the",
        f"scores above are those with {THRESHOLD:g}. On rows that it was chosen on a threshold",
        "does better than on others. In plain Keras it is for you to compare.",
    ]


def _apart(code: Mapping[str, Any] | None) -> str:
    """What the process had in which the export was checked."""
    if code is not None:
        return "with the code that came with it"
    return "that had to do without this program"


def _loading_lines(code: Mapping[str, Any] | None) -> list[str]:
    if code is None:
        return [
            "With nothing but Keras (`pip install -r requirements.txt`):",
            "",
            "    import keras",
            '    model = keras.saving.load_model("model.keras")',
            "    predictions = model.predict(inputs)",
        ]
    where = f", in code/{code['file']}" if code["file"] else ""
    needed = markdown_text(f"{', '.join(code['objects'])}{where}")
    return [
        f"The model needs code of its author's ({needed}). Loading it",
        "runs that code: read it first. In Python:",
        "",
        "    from automl.export.bundle import load_model",
        '    model = load_model("DIRECTORY", trust=True)',
        "    predictions = model.predict(inputs)",
    ]


def _limit_lines(
    plan: Mapping[str, Any],
    task: Mapping[str, Any],
    written: Sequence[tuple[str, str]],
    tempered: bool,
) -> list[str]:
    features = plan["features"]
    lines = ["- The model knows what its training rows showed; other rows may differ."]
    for source, what, expected in _EXPECTED:
        names = [f["name"] for f in features if f.get("source") == source]
        if names:
            lines.append(f"- {what} ({', '.join(names)}): plain Keras expects {expected}.")
    lines += [
        f"- Numbers in texts ({name}: {how}): plain Keras expects numbers; `automl predict` reads "
        "such texts by itself."
        for name, how in written
    ]
    if any(f["kind"] == "categorical" for f in features):
        lines.append("- A category that was not in the training rows counts as unknown.")
    if any(f["kind"] == "numeric" for f in features):
        lines.append("- A missing number is replaced by the training rows' median.")
    if task["kind"] != "regression" and not tempered:
        lines.append("- Probabilities are as the model gives them; they were not calibrated.")
    return lines


def _written(features: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Names of numeric columns that are written in a way of their own, with that way in words."""
    found = []
    for feature in features:
        form = feature.get("number_format")
        described = read_form(NumberFormat, form).describe() if form else ""
        if described:
            found.append((markdown_text(str(feature["name"])), markdown_text(described)))
    return found


def _versions(manifest: Mapping[str, Any]) -> list[str]:
    versions = manifest.get("versions") or {}
    return [f"- {name} {value}" for name, value in versions.items()] or ["- not recorded"]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
