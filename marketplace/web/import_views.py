"""An import as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from marketplace.db.imports import ImportRun, ImportState
from marketplace.domain.assets import FIELDS, Field, Kind
from marketplace.domain.text import N_
from marketplace.edge import i18n
from marketplace.registers.aliases import CATEGORY_TARGETS, EXTRA, IGNORE, TARGET_LABELS, UNIT_TARGETS
from marketplace.registers.mapping import BY_HEADER, ColumnMap, Confidence
from marketplace.registers.noise import Noise
from marketplace.use_cases.register_preview import RefusedRow, SampleRow
from marketplace.use_cases.register_runs import Report, report_of
from marketplace.use_cases.register_verdicts import Verdict
from marketplace.web.asset_facts import GROUPS

SAMPLES = 3
"""Contents of a column that are shown beside its name."""
SAMPLE_FIELDS = 9
"""Columns of the table of sample rows."""

STATES: dict[ImportState, tuple[str, str, str]] = {
    ImportState.MAPPING: (N_("待核对列"), "warn", "columns-3"),
    ImportState.STAGING: (N_("检查中"), "ink", "hourglass"),
    ImportState.PREVIEW: (N_("待确认"), "warn", "eye"),
    ImportState.MERGING: (N_("导入中"), "ink", "hourglass"),
    ImportState.STOPPED: (N_("已停止"), "", "player-pause"),
    ImportState.DONE: (N_("已完成"), "ok", "circle-check"),
    ImportState.FAILED: (N_("未完成"), "seal", "alert-circle"),
}
"""What each state is called, with its tone and icon."""

STEPS = (
    ("file", N_("文件")),
    ("mapping", N_("列的对应")),
    ("preview", N_("预览")),
    ("import", N_("导入")),
)
VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.CREATE: (N_("新建"), "ok"),
    Verdict.UPDATE: (N_("更新"), "ink"),
    Verdict.UNCHANGED: (N_("无变化"), ""),
}
_SKIPPED = {
    Noise.BLANK: N_("空行%(count)d"),
    Noise.TOTAL: N_("合计行%(count)d"),
    Noise.HEADER: N_("重复的列名%(count)d"),
    Noise.NOTE: N_("制表说明%(count)d"),
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list of runs."""

    run: ImportRun
    label: str
    tone: str
    icon: str
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present phase is."""

    title: str
    label: str
    done: int
    total: int | None
    note: str


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column of the file with what becomes of it."""

    at: int
    header: str
    samples: list[str]
    target: str
    sure: bool
    note: str


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One thing that is wrong with a row."""

    row_no: int
    number: str
    name: str
    label: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A row as it was understood: its values as text, by field."""

    row_no: int
    label: str
    tone: str
    values: Mapping[str, str]


def run_line(run: ImportRun) -> RunLine:
    """A run as the list shows it."""
    label, tone, icon = STATES[run.state]
    moving = run.state in (ImportState.STAGING, ImportState.MERGING)
    return RunLine(run, gettext(label), tone, icon, progress_of(run) if moving else None)


def step_of(run: ImportRun, asked: str) -> str:
    """The step to show. The columns can be looked at again until the first card is written."""
    correctable = not run.merged_to and run.state not in (ImportState.DONE, ImportState.MERGING)
    if run.state is ImportState.MAPPING or (asked == "mapping" and correctable):
        return "mapping"
    writing = run.state in (ImportState.MERGING, ImportState.DONE) or run.merged_to
    return "import" if writing or (run.proceed and run.total_rows is not None) else "preview"


def steps_line(run: ImportRun, shown: str) -> list[dict[str, str]]:
    """The four steps as a line: what is behind, where it stands, what comes."""
    names = [name for name, _ in STEPS]
    here = names.index(shown)
    if run.state is ImportState.DONE:
        states = ["done"] * 3 + ["final"]
    else:
        at = "failed" if run.state is ImportState.FAILED else "now"
        states = ["done"] * here + [at] + ["todo"] * (len(names) - here - 1)
    return [
        {"label": gettext(label), "state": state} for (_, label), state in zip(STEPS, states, strict=True)
    ]


def progress_of(run: ImportRun) -> Progress:
    """Rows done and to do in the present phase, the speed, and how long there is still."""
    report = report_of(run)
    merging = run.state is ImportState.MERGING or run.merged_to > 0
    done, total = (report.merged, report.total) if merging else (report.staged, report.expected)
    title = gettext("正在写入资产卡片") if merging else gettext("正在读取和检查")
    label = gettext("已写入") if merging else gettext("已读取")
    return Progress(title, label, done, total, _pace(run, report, done, total))


def _pace(run: ImportRun, report: Report, done: int, total: int | None) -> str:
    if run.stop_requested:
        return gettext("正在停止，处理完手上的几千行就停。")
    if not report.seconds or not done:
        return gettext("已排队，马上开始。")
    # Each row is read once and written once; the speed that is told counts rows, not steps.
    steps = report.staged + report.merged
    speed = steps / report.seconds / (2 if report.merged else 1)
    words = [gettext("每秒约%(rows)s行", rows=f"{round(speed):,}")]
    if total:
        left = max(total - done, 0) * report.seconds / steps
        words.append(gettext("约剩%(span)s", span=span(left)))
    return "，".join(words)


def span(seconds: float) -> str:
    """A length of time as people say it: 45秒, 3分20秒, 1小时5分."""
    whole = max(1, round(seconds))
    if whole < 60:
        return gettext("%(count)d秒", count=whole)
    if whole < 3600:
        return gettext("%(minutes)d分%(seconds)d秒", minutes=whole // 60, seconds=whole % 60)
    return gettext("%(hours)d小时%(minutes)d分", hours=whole // 3600, minutes=whole % 3600 // 60)


def skipped_rows(run: ImportRun) -> str:
    """Rows that are no assets, by kind, as one phrase; blank where there are none."""
    counted = [gettext(_SKIPPED[Noise(kind)], count=count) for kind, count in run.skipped.items() if count]
    return "、".join(counted)


def failure_of(run: ImportRun) -> str:
    """Why a run failed, as a sentence; blank where it did not."""
    if not run.error:
        return ""
    return _said(run.error["message"], run.error["params"])


def is_clear(run: ImportRun) -> bool:
    """Whether there is nothing about the columns to ask a person: all are named as here, or as last time."""
    return all(note["confidence"] == Confidence.SURE for note in run.notes)


def columns_of(run: ImportRun, mapping: ColumnMap) -> list[ColumnLine]:
    """Every column of the file, in its order."""
    proposed = ColumnMap.from_json(run.mapping)
    return [
        _column(run, at, header, mapping.columns.get(at, EXTRA), proposed.columns.get(at, EXTRA))
        for at, header in enumerate(run.headers)
    ]


def _column(run: ImportRun, at: int, header: str, target: str, proposed: str) -> ColumnLine:
    note = run.notes[at]
    contents = dict.fromkeys(cells[at] for cells in run.sample if at < len(cells) and cells[at].strip())
    changed = target != proposed
    return ColumnLine(
        at=at,
        header=header,
        samples=list(contents)[:SAMPLES],
        target=target,
        sure=changed or note["confidence"] == Confidence.SURE or note["message"] == BY_HEADER,
        note="" if changed else _said(note["message"], note["params"]),
    )


def target_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column may become, in groups as a list of choices shows them."""
    unknown = (gettext("没有对应的字段"), _labelled((EXTRA, IGNORE)))
    outside = (gettext("单位与分类"), _labelled((*UNIT_TARGETS, *CATEGORY_TARGETS)))
    return [
        unknown,
        *(
            (gettext(title), _labelled(field.name for field in FIELDS if field.group is group))
            for group, title in GROUPS.items()
        ),
        outside,
    ]


def _labelled(targets: Iterable[str]) -> list[tuple[str, str]]:
    return [(target, gettext(TARGET_LABELS[target])) for target in targets]


def problem_lines(refusals: Sequence[RefusedRow]) -> list[ProblemLine]:
    """What is wrong, one line for each thing."""
    return [
        ProblemLine(
            row.row_no,
            row.number,
            row.name,
            gettext(problem["label"]),
            problem["value"],
            _said(problem["message"], problem["params"]),
        )
        for row in refusals
        for problem in row.problems
    ]


def sample_fields(run: ImportRun) -> list[Field]:
    """The fields that the register speaks of, as many as a table of samples has room for."""
    spoken = ColumnMap.from_json(run.mapping).targets()
    always = ("number", "name")
    named = [field for field in FIELDS if field.name in always]
    return named + [f for f in FIELDS if f.name in spoken and f.name not in always][: SAMPLE_FIELDS - 2]


def sample_lines(run: ImportRun, rows: Sequence[SampleRow]) -> list[SampleLine]:
    """Rows as they will stand on their cards."""
    fields = sample_fields(run)
    return [
        SampleLine(
            row.row_no,
            gettext(VERDICTS[row.verdict][0]) if row.verdict in VERDICTS else gettext("不能导入"),
            VERDICTS[row.verdict][1] if row.verdict in VERDICTS else "seal",
            {field.name: _shown(field, row.values[field.name]) for field in fields},
        )
        for row in rows
    ]


def _shown(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.words is not None:
        return gettext(field.words[value][0])
    return i18n.money(value) if field.kind is Kind.MONEY else str(value)


def _said(message: str, params: Mapping[str, object]) -> str:
    """A kept message in the reader's language; its values may be names of fields."""
    if not message:
        return ""
    text = gettext(message)
    values = {name: gettext(v) if isinstance(v, str) and v else v for name, v in params.items()}
    return text % values if values and "%(" in text else text
