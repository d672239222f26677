"""``lienthong-node file-report``: what the axis found of the signatures in a package's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from lienthong.client.filereports import Examination, digest_of
from lienthong.codec.json import to_data
from lienthong.errors import NotFound
from lienthong.model.ids import PackageId
from lienthong.model.time import format_vietnam
from lienthong.model.trust import NO_EVIDENCE
from lienthong_node.cli.common import data_argument, json_option, reporting, show

if TYPE_CHECKING:
    from lienthong_proto.axis.v1.admin_pb2 import VerificationStatus


@click.command()
@data_argument
@click.argument("package")
@json_option
@reporting
def file_report(data: Path, package: str, as_json: bool) -> None:
    """Show the reports that the node of DATA keeps of the files of PACKAGE, oldest first.

    The node may run. Entries of the journal name reports by their hash; one that no entry names was
    kept and not told, as before a crash.

    \b
    Example:
      lienthong-node file-report /var/lib/truc 0190c2a4-6f5c-7a3e-9b1d-2f4a6c8e0a12 --json
    """
    from lienthong_node.verification.places import report_folder

    package_id = PackageId.parse(package)
    found = report_folder(data).all(package_id)
    if not found:
        raise NotFound(what=f"a report on the files of {package_id}")
    lines = [line for one in found for line in _lines(one)]
    show({"reports": [_data(one) for one in found]}, "\n".join(lines), as_json=as_json)


def verification_line(found: VerificationStatus) -> str:
    """How verifying files stands, for people."""
    parts = [f"{found.verified} packages", f"{found.waiting} wait", f"{found.failed} tries failed"]
    parts += [f"FAILING: {found.failing}"] if found.failing else []
    return ", ".join(parts)


def verification_data(found: VerificationStatus) -> dict[str, Any]:
    """The same, for programs."""
    return {field.name: getattr(found, field.name) for field in found.DESCRIPTOR.fields}


def _lines(examination: Examination) -> list[str]:
    lines = [f"{format_vietnam(examination.examined_at)}  {digest_of(examination).hex}"]
    for file in examination.files:
        report = file.report
        lines.append(f"  {file.name}: {'not read' if report is None else report.outcome.value}")
        for check in report.checks if report is not None else ():
            about = f" {check.subject}" if check.subject else ""
            why = f": {check.reason}" if check.reason else ""
            lines.append(f"    {check.outcome.value:<13} {check.name}{about}{why}")
    return lines


def _data(examination: Examination) -> dict[str, Any]:
    """An examination for programs; its evidence is told by how much there is."""
    files = []
    for file in examination.files:
        report = file.report
        row = {"name": file.name, "sha256": file.sha256.hex, "report": None}
        if report is not None:
            evidence = report.evidence
            row["report"] = to_data(evolve(report, evidence=NO_EVIDENCE)) | {
                "outcome": report.outcome.value,
                "evidence": {
                    "certificates": len(evidence.certificates),
                    "lists": len(evidence.lists),
                    "responses": len(evidence.responses),
                },
            }
        files.append(row)
    return {
        "report_sha256": digest_of(examination).hex,
        "examined_at": format_vietnam(examination.examined_at),
        "files": files,
    }
