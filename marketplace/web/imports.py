"""导入: a register on its way in, in four steps: its file, its columns, what would happen, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.imports import ImportRun, ImportState
from marketplace.domain.errors import RuleError, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import MANY_FILES, needs
from marketplace.edge.context import actor, db, identity, is_partial, now, services
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.registers.aliases import CATEGORY_CODE, UNIT_TARGETS
from marketplace.registers.encoding import ENCODINGS
from marketplace.registers.mapping import ColumnMap
from marketplace.registers.reader import Choice
from marketplace.registers.writer import FileKind
from marketplace.use_cases import assets, catalogue, register_import, register_preview, register_runs
from marketplace.web import import_views as views
from marketplace.web.assets import field_messages
from marketplace.web.downloads import download

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
RUNS = 20

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.IMPORT_ASSETS)
def page() -> Page:
    """The imports of the actor's units, and where a file is handed in."""
    return _overview()


@blueprint.get("/recent")
@needs(Permission.IMPORT_ASSETS, passive=True)
def recent() -> str:
    """The list alone, for as long as something in it moves."""
    return render_template("imports/_runs.html", **_runs())


@blueprint.post("")
@needs(Permission.IMPORT_ASSETS, takes=MANY_FILES)
def upload() -> Page:
    """Take in a file; what is wrong with it is said on the same page, which keeps what was chosen."""
    try:
        run = _begin()
    except RuleError as error:
        db().rollback()
        return _overview(error)
    target = url_for("imports.run", run_id=run.id, step=None if views.is_clear(run) else "mapping")
    if is_partial():
        # The page itself follows, so that it is not fetched twice.
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target)


@blueprint.get("/<int:run_id>")
@needs(Permission.IMPORT_ASSETS)
def run(run_id: int) -> Page:
    """One import: the step at which it stands, or the one that is asked for."""
    return _run_page(register_import.load(db(), actor(), run_id), request.args.get("step", ""))


@blueprint.get("/<int:run_id>/progress")
@needs(Permission.IMPORT_ASSETS, passive=True)
def progress(run_id: int) -> str:
    """The same without the page around it, asked for by the page itself while something moves."""
    return render_template("imports/_run.html", **_run_view(register_import.load(db(), actor(), run_id)))


@blueprint.post("/<int:run_id>/mapping")
@needs(Permission.IMPORT_ASSETS)
def remap(run_id: int) -> Page:
    """Read the file with the mapping as corrected; one that is as it was is not read again."""
    run = register_import.load(db(), actor(), run_id)
    chosen = {at: request.form.get(f"column-{at}", "") for at in range(len(run.headers))}
    edition = request.form.get("edition", "")
    try:
        if not _is_mapped_so(run, chosen, edition):
            register_import.remap(db(), services().settings, actor(), now(), run_id, chosen, edition=edition)
    except RuleError as error:
        db().rollback()
        run = register_import.load(db(), actor(), run_id)
        return _run_page(run, "mapping", error=error, typed=ColumnMap(chosen, edition))
    return _to(run_id)


@blueprint.post("/<int:run_id>/layout")
@needs(Permission.IMPORT_ASSETS)
def relocate(run_id: int) -> Page:
    """Look for the register elsewhere in the file: another sheet, header row or encoding."""
    try:
        register_import.relocate(db(), services().settings, actor(), now(), run_id, _choice())
    except RuleError as error:
        db().rollback()
        run = register_import.load(db(), actor(), run_id)
        return _run_page(run, "mapping", error=error, elsewhere=True)
    return _to(run_id, step="mapping")


@blueprint.post("/<int:run_id>/confirm")
@needs(Permission.IMPORT_ASSETS)
def confirm(run_id: int) -> Page:
    """Write what the preview showed. A second click finds it under way."""
    register_import.confirm(db(), actor(), now(), run_id)
    return _to(run_id)


@blueprint.post("/<int:run_id>/stop")
@needs(Permission.IMPORT_ASSETS)
def stop(run_id: int) -> Page:
    """Stop behind the rows in hand; what was written stays."""
    register_import.stop(db(), actor(), now(), run_id)
    return _to(run_id)


@blueprint.post("/<int:run_id>/resume")
@needs(Permission.IMPORT_ASSETS)
def resume(run_id: int) -> Page:
    """Go on where it was stopped."""
    register_import.resume(db(), actor(), now(), run_id)
    return _to(run_id)


@blueprint.get("/<int:run_id>/refused.<any(xlsx, csv):kind>")
@needs(Permission.IMPORT_ASSETS)
def refused(run_id: int, kind: str) -> Response:
    """The rows that are not taken, with the reasons, to be mended and handed in again."""
    settings, who = services().settings, actor()
    return download(
        lambda session: register_preview.refusals(session, settings, who, run_id, say=gettext),
        FileKind(kind),
        f"import-{run_id}-refused",
    )


def _begin() -> ImportRun:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise invalid_field("file", N_("请选择要导入的文件。"))
    unit = assets.find_unit(db(), request.form.get("unit_code", "").strip())
    name = PurePosixPath(file.filename.replace("\\", "/")).name
    stream = cast(BinaryIO, file.stream)
    return register_import.begin(db(), services().settings, actor(), now(), unit, stream, name)


def _choice() -> Choice:
    row = request.form.get("header_row", "").strip()
    if row and not (row.isascii() and row.isdecimal() and int(row[:9]) > 0):
        raise invalid_field("header_row", N_("列名所在行应为大于0的整数。"))
    return Choice(
        sheet=request.form.get("sheet") or None,
        header_row=int(row[:9]) if row else None,
        encoding=request.form.get("encoding") or None,
    )


def _is_mapped_so(run: ImportRun, chosen: Mapping[int, str], edition: str) -> bool:
    kept = ColumnMap({at: target for at, target in chosen.items() if target}, edition)
    return run.state is not ImportState.MAPPING and ColumnMap.from_json(run.mapping) == kept


def _overview(error: RuleError | None = None) -> Page:
    units = assets.editable_units(db(), actor(), Permission.IMPORT_ASSETS)
    body = render_template(
        "imports/page.html",
        units=units,
        unit_code=request.form.get("unit_code", _home_code()),
        limit_mb=MANY_FILES >> 20,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        **_runs(),
    )
    return (body, status_of(error)) if error else body


def _home_code() -> str:
    found = identity()
    return found.home_unit_code if found else ""


def _runs() -> dict[str, object]:
    before = request.args.get("before", type=int)
    found = register_runs.recent(db(), actor(), before=before, limit=RUNS + 1)
    shown = found[:RUNS]
    return {
        "runs": [views.run_line(run) for run in shown],
        "moving": any(run.state in register_runs.WORKING for run in shown),
        "before": before,
        "next_before": shown[-1].id if len(found) > RUNS else None,
    }


def _run_page(run: ImportRun, step: str = "", *, error: RuleError | None = None, **view: Any) -> Page:
    view |= {"error": message_of(error) if error else ""}
    body = render_template("imports/run.html", **_run_view(run, step, **view))
    return (body, status_of(error)) if error else body


def _run_view(
    run: ImportRun, asked: str = "", *, typed: ColumnMap | None = None, **view: Any
) -> dict[str, Any]:
    step = views.step_of(run, asked)
    view |= {
        "run": run,
        "report": register_runs.report_of(run),
        "step": step,
        "steps": views.steps_line(run, step),
        "state_label": gettext(views.STATES[run.state][0]),
        "failure": views.failure_of(run),
        "skipped": views.skipped_rows(run),
        "working": run.state in register_runs.WORKING,
        "remembered": register_import.is_remembered(run),
    }
    if step == "mapping":
        return view | _mapping_view(run, typed)
    if run.state is ImportState.PREVIEW:
        return view | _preview_view(run)
    if run.state is ImportState.DONE:
        return view | _report_view(run)
    return view | {"progress": views.progress_of(run)}


def _mapping_view(run: ImportRun, typed: ColumnMap | None) -> dict[str, object]:
    mapping = typed or ColumnMap.from_json(run.mapping)
    return {
        "columns": views.columns_of(run, mapping),
        "targets": views.target_groups(),
        "editions": [(edition, edition) for edition in catalogue.editions(db())],
        "edition": mapping.edition,
        "has_units": not mapping.targets().isdisjoint(UNIT_TARGETS),
        "has_category_codes": CATEGORY_CODE in mapping.targets(),
        "encodings": [(encoding, encoding.upper()) for encoding in ENCODINGS],
        "sheets": [(sheet, sheet) for sheet in run.layout["sheets"]],
    }


def _preview_view(run: ImportRun) -> dict[str, object]:
    found = register_preview.preview(db(), actor(), run.id)
    return {
        "preview": found,
        "problems": views.problem_lines(found.refusals),
        "problem_rows": found.refused,
        "sample": views.sample_lines(run, found.sample),
        "sample_fields": views.sample_fields(run),
    }


def _report_view(run: ImportRun) -> dict[str, object]:
    refusals = register_preview.preview(db(), actor(), run.id, sample=0).refusals if run.refused else ()
    return {
        "problems": views.problem_lines(refusals),
        "problem_rows": run.refused,
        "spent": views.span(run.seconds),
    }


def _to(run_id: int, step: str | None = None) -> Response:
    return redirect(url_for("imports.run", run_id=run_id, step=step))
