"""A report as pages to read, print and file: what it is, then its tables, on A4 that lies or stands as they need it."""

from __future__ import annotations

import re
from datetime import UTC
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus.tables import Table as Laid

from domain.reports.document import Column, Document, Table
from integrations.report_columns import Width, fitted, parts
from integrations.report_words import DRAFT, NO_ROWS, SYNTHETIC, about, in_words, shown, standing
from integrations.table_values import printable

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
MAKER = "Teekond"
MARGIN, TOP, BOTTOM = 14 * mm, 19 * mm, 16 * mm
INK, PALE, LINE, ALARM, GROUND = (HexColor(each) for each in ("#1a1a1a", "#5a5a5a", "#b8bcc2", "#b3261e", "#eef1f4"))
WATER = HexColor("#f0f0f0")
LINE_END = re.compile(r"\r\n?|\u2028|\u2029|\x85")
SIZE, SMALL, PAD = 8, 6.5, 3
CAP_WORD, CAP_TEXT = 110, 170  # points that a word, and a text, may ask for
LONGEST_HEAD = 90  # characters of a label; a longer one would leave no room on the page below the repeated head


class Grid(Laid):
    """Stays at the left margin; what goes on over a page forgets where it stood."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.hAlign = "LEFT"
        return super().wrap(width, height)


def pdf_written(document: Document) -> bytes:
    """Laid out twice: only the first time tells of how many pages each is one."""
    _characters()
    _, pages = _laid_out(document, 0)
    return _laid_out(document, pages)[0]


def _laid_out(document: Document, pages: int) -> tuple[bytes, int]:
    stands, lies = A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN
    wishes = [sum(each.wish for each in _widths(table)) for table in document.tables]
    lying = any(each > stands for each in wishes)
    size = landscape(A4) if lying else A4
    made = BytesIO()
    template = BaseDocTemplate(
        made,
        pagesize=size,
        invariant=1,
        lang="et",
        title=f"{document.title_et} / {document.title_en}",
        subject=f"{document.report} {document.period} {document.scope}",
        author=MAKER,
        creator=MAKER,
        keywords=[document.digest],
    )
    frame = Frame(MARGIN, BOTTOM, size[0] - 2 * MARGIN, size[1] - TOP - BOTTOM, 0, 0, 0, 0)

    def around(canvas: Canvas, laid_out: BaseDocTemplate) -> None:
        _around(canvas, document, size, f"Lk {laid_out.page} / {pages} · Page {laid_out.page} of {pages}")

    template.addPageTemplates(PageTemplate(frames=[frame], onPage=around))
    flowing = _front(document)
    for table in document.tables:
        flowing += _printed(table, lies if lying else stands)
    template.build(flowing)
    return made.getvalue(), template.page


def _around(canvas: Canvas, document: Document, size: tuple[float, float], page: str) -> None:
    """What stands on every page, lest one of them goes about alone."""
    at = document.at.astimezone(UTC)
    canvas.setDateFormatter(lambda *_: f"D:{at:%Y%m%d%H%M%S}+00'00'")
    width, height = size
    if document.state == "draft":
        canvas.saveState()
        canvas.translate(width / 2, height / 2)
        canvas.rotate(35)
        canvas.setFillColor(WATER)
        canvas.setFont(BOLD, 72)
        canvas.drawCentredString(0, -24, DRAFT)
        canvas.restoreState()
    canvas.setFont(BOLD, SIZE)
    canvas.setFillColor(ALARM)
    canvas.drawRightString(width - MARGIN, height - 11 * mm, " · ".join(_marks(document)))
    canvas.setFont(REGULAR, SIZE)
    canvas.setFillColor(PALE)
    canvas.drawString(
        MARGIN, height - 11 * mm, _short(f"{document.scope_name} · {document.title_et} · {document.period}", 60)
    )
    canvas.setStrokeColor(LINE)
    canvas.line(MARGIN, 12 * mm, width - MARGIN, 12 * mm)
    canvas.setFont(REGULAR, SMALL)
    canvas.drawString(MARGIN, 8 * mm, f"sha256 {document.digest}")
    canvas.drawRightString(width - MARGIN, 8 * mm, page)


def _marks(document: Document) -> list[str]:
    """Whatever keeps a report from being taken for the one that was sent."""
    marks = [] if document.state == "sent" else [standing(document)]
    return marks + [SYNTHETIC] * document.synthetic


def _front(document: Document) -> list[Flowable]:
    told = [
        _text(document.title_et, _style(16, bold=True)),
        _text(document.title_en, _style(10, pale=True)),
        Spacer(0, 6),
    ]
    told.append(_text(f"{document.scope_name} · {in_words(document.period)}", _style(11, bold=True)))
    for mark in _marks(document):
        told += [Spacer(0, 3), _text(mark, _style(11, bold=True, ink=ALARM))]
    lines = [[_text(label, _style(SIZE, pale=True)), _text(text, _style(SIZE))] for label, text in about(document)[3:]]
    style = [
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
    ]
    return [*told, Spacer(0, 6), Grid(lines, colWidths=[45 * mm, 120 * mm], style=style, hAlign="LEFT")]


def _printed(table: Table, room: float) -> list[Flowable]:
    title = [
        Spacer(0, 16),
        CondPageBreak(45 * mm),
        _text(_short(table.title_et, LONGEST_HEAD), _style(11, bold=True)),
        _text(_short(table.title_en, LONGEST_HEAD), _style(SIZE, pale=True)),
        Spacer(0, 4),
    ]
    widths = _widths(table)
    grids: list[Flowable] = []
    for part in parts(widths, room) if widths else ():
        grids += [Spacer(0, 8)] * bool(grids)
        grids.append(_grid(table, part, fitted([widths[each] for each in part], room)))
    if not table.rows:
        grids += [Spacer(0, 3), _text(NO_ROWS, _style(SIZE))]
    note = [Spacer(0, 3), _text(table.note, _style(SIZE, pale=True))] if table.note else []
    return [*title, *grids, *note]


def _grid(table: Table, part: tuple[int, ...], widths: list[float]) -> Grid:
    columns = [table.columns[each] for each in part]
    rows: list[list[str | Flowable | list[Flowable]]] = [[_head(each) for each in columns]]
    for row in table.rows:
        rows.append([_cell(shown(row[at], table.columns[at].kind), table.columns[at], width)
                     for at, width in zip(part, widths, strict=True)])  # fmt: skip
    style: list[tuple[str, tuple[int, int], tuple[int, int], *tuple[object, ...]]] = [
        ("FONT", (0, 1), (-1, -1), REGULAR, SIZE, SIZE * 1.25),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("BACKGROUND", (0, 0), (-1, 0), GROUND),
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    style += [("ALIGN", (at, 1), (at, -1), "RIGHT") for at, each in enumerate(columns) if _is_number(each)]
    return Grid(rows, colWidths=widths, style=style, repeatRows=1, splitInRow=1, hAlign="LEFT")


def _head(column: Column) -> list[Flowable]:
    right = _is_number(column)
    return [
        _text(_short(column.label_et, LONGEST_HEAD), _style(SIZE, bold=True, right=right)),
        _text(_short(column.label_en, LONGEST_HEAD), _style(SMALL, pale=True, right=right)),
    ]


def _cell(text: str, column: Column, width: float) -> str | Flowable:
    """As it is where it fits in one line, which is quick; else broken into lines."""
    plain = _drawable(text)
    if "\n" not in plain and _wide(plain, REGULAR, SIZE) <= width - 2 * PAD:
        return plain
    return _text(text, _style(SIZE, right=_is_number(column)))


def _is_number(column: Column) -> bool:
    return column.kind not in ("text", "date")


def _widths(table: Table) -> list[Width]:
    return [
        _width(column, [shown(row[at], column.kind) for row in table.rows]) for at, column in enumerate(table.columns)
    ]


def _width(column: Column, texts: list[str]) -> Width:
    heads = [(column.label_et, BOLD, SIZE), (column.label_en, REGULAR, SMALL)]
    told = heads + [(each, REGULAR, SIZE) for each in texts]
    least = max(_wide(word, font, size) for text, font, size in told for word in text.split(" ") or [""])
    wish = max(_wide(line, font, size) for text, font, size in told for line in text.split("\n"))
    least = min(CAP_WORD, max(least, 24)) + 2 * PAD + 1
    return Width(least=least, wish=max(least, min(CAP_TEXT, wish) + 2 * PAD + 1))


def _wide(text: str, font: str, size: float) -> float:
    return pdfmetrics.stringWidth(_drawable(text[:LONGEST_HEAD]), font, size)


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_drawable(text)).replace("\n", "<br/>"), style)


def _short(text: str, most: int) -> str:
    text = _drawable(text)
    return text if len(text) <= most else f"{text[:most]}…"


def _style(
    size: float, *, bold: bool = False, pale: bool = False, right: bool = False, ink: Color | None = None
) -> ParagraphStyle:
    return ParagraphStyle(
        "",
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.25,
        textColor=ink or (PALE if pale else INK),
        alignment=TA_RIGHT if right else TA_LEFT,
    )


def _drawable(text: str) -> str:
    """With the sign for one that was lost in place of each character that would be an empty box."""
    known = _characters()
    return "".join(
        each if each in known else "\ufffd" for each in printable(LINE_END.sub("\n", text)).replace("\t", " ")
    )


@cache
def _characters() -> frozenset[str]:
    """Loads the fonts, and tells what both can draw."""
    fonts = [TTFont(name, str(FONTS / f"{name}.ttf")) for name in (REGULAR, BOLD)]
    for each in fonts:
        pdfmetrics.registerFont(each)
    regular, bold = ({chr(code) for code in each.face.charToGlyph} for each in fonts)
    return frozenset(regular & bold) | {"\n"}
