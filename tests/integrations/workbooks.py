"""Workbooks as nobody's spreadsheet makes them, put together part by part."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "xl/worksheets/sheet1.xml"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

PARTS: Mapping[str, str] = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>
<Override PartName="/{SHEET}" ContentType="{KIND}.worksheet+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">
<sheets><sheet name="Leht1" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
}


def sheet(rows: str, after: str = "", before: str = "") -> str:
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def row(*texts: str) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts) + "</row>"


def workbook(worksheet: str, parts: Mapping[str, str] | None = None) -> bytes:
    """`parts` replace or add to the few that a workbook needs."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, SHEET: worksheet, **(parts or {})}.items():
            archive.writestr(name, text)
    return made.getvalue()


def bomb(unpacked_each: int, copies: int) -> bytes:
    """Many parts that all lie in the same few bytes of the file."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/media/0", bytes(unpacked_each))
        kernel = archive.filelist[-1]
        for copy in range(1, copies):
            again = zipfile.ZipInfo(f"xl/media/{copy}")
            again.header_offset, again.compress_type = kernel.header_offset, kernel.compress_type
            again.file_size, again.compress_size, again.CRC = kernel.file_size, kernel.compress_size, kernel.CRC
            archive.filelist.append(again)
    return made.getvalue()


def lying(worksheet: bytes, said: int) -> bytes:
    """A workbook whose directory says that its sheet is small."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr(SHEET, worksheet)
        archive.filelist[-1].file_size = said
    return made.getvalue()
