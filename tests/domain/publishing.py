"""The demonstration's files with something changed in them, ready to be published."""

from __future__ import annotations

from datetime import date, timedelta

from domain.care import ProgrammeFile
from domain.programme import Programme, load_texts, packaged_texts
from domain.publications import PublishProgramme

Change = tuple[str, str, str]  # the file, what stands there, what shall
PRICES_2027 = "prices-2027.csv"
RULES = "eligibility.toml"
PROGRAMME_FILE = "programme.toml"


def texts(*changes: Change, new: dict[str, str] | None = None) -> dict[str, str]:
    found = dict(packaged_texts("demonstration"))
    for file, old, to in changes:
        assert old in found[file], (file, old)
        found[file] = found[file].replace(old, to, 1)
    return {**found, **(new or {})}


def publish(*changes: Change, new: dict[str, str] | None = None, code: str = "demonstration") -> PublishProgramme:
    files = tuple(ProgrammeFile(name=name, text=text) for name, text in texts(*changes, new=new).items())
    return PublishProgramme(programme=code, files=files)


def coming(*changes: Change, new: dict[str, str] | None = None) -> Programme:
    return load_texts(texts(*changes, new=new))


def ends(file: str, day: str) -> Change:
    """A version without end gets one."""
    toml = ("valid_from = 2026-01-01", f"valid_from = 2026-01-01\nvalid_to = {day}")
    return (file, *(toml if file.endswith(".toml") else ("# valid_to:", f"# valid_to: {day}")))


NEXT_RULES = """
[[version]]
version = "demo.eligibility@2027"
source = "made up for a test"
valid_from = 2027-01-01
age_min = {age_min}
target_group = "severe, profound or lasting mental special need"
excluded_primary_diagnosis = [{excluded}]
one_of = [{one_of}]
all_of = [{all_of}]
until_place = ["no_state_special_care", "no_social_rehabilitation", "no_similar_externally_financed_service"]
"""
GROUNDS = ("special_care_need_changed", "in_state_queue_without_service", "judged_to_need_integrated_services")


def next_rules(
    *,
    age_min: int = 18,
    excluded: tuple[str, ...] = ("dementia", "alcohol_dependence"),
    one_of: tuple[str, ...] = GROUNDS,
    all_of: tuple[str, ...] = (),
) -> tuple[Change, ...]:
    """Rules of 2027 behind those of 2026."""
    rules = packaged_texts("demonstration")[RULES]
    quoted = [", ".join(f'"{each}"' for each in listed) for listed in (excluded, one_of, all_of)]
    added = NEXT_RULES.format(age_min=age_min, excluded=quoted[0], one_of=quoted[1], all_of=quoted[2])
    return ((RULES, rules, rules + added), ends(RULES, "2026-12-31"))


def next_catalogue(*without: str) -> tuple[tuple[Change, ...], dict[str, str]]:
    """A catalogue of 2027 that has all but some of the components; the prices follow it."""
    files = packaged_texts("demonstration")
    named = ('catalogues = ["catalogue.csv"]', 'catalogues = ["catalogue.csv", "catalogue-2027.csv"]')
    head = (
        files["catalogue.csv"]
        .replace("demo.catalogue@2026", "demo.catalogue@2027")
        .replace("# valid_from: 2026-01-01", "# valid_from: 2027-01-01")
    )
    new = {
        "catalogue-2027.csv": _rows(head, 0, without),
        PRICES_2027: _rows(files[PRICES_2027], 1, without),
    }
    return ((PROGRAMME_FILE, *named), ends("catalogue.csv", "2026-12-31")), new


def _rows(text: str, column: int, without: tuple[str, ...]) -> str:
    return (
        "\n".join(
            line for line in text.splitlines() if line.split(",")[column : column + 1] not in [[w] for w in without]
        )
        + "\n"
    )


def next_calendar(holiday: date) -> tuple[Change, ...]:
    """From that day on it is a public holiday; what was before stays as it was."""
    file = "../shared/calendar.toml"
    [whole] = [text for name, text in texts().items() if name == file]
    now = whole[whole.index("[[version]]") :]
    ends = now.replace(
        "valid_from = 2010-01-01", f"valid_from = 2010-01-01\nvalid_to = {holiday - timedelta(days=1)}", 1
    )
    another = f'{{ month = {holiday.month}, day = {holiday.day}, name_et = "uus püha", name_en = "a new holiday" }},'
    coming = (
        now.replace("ee.calendar@2010", "ee.calendar@next", 1)
        .replace("valid_from = 2010-01-01", f"valid_from = {holiday}", 1)
        .replace("fixed = [", f"fixed = [\n  {another}", 1)
    )
    return ((file, now, f"{ends}\n{coming}"),)
