# SPDX-License-Identifier: MIT
"""What a page is made of, and its rendering: sections with question, answer, pictures and tables."""
import dataclasses
import pathlib

import jinja2

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Figure:
    """Pictures side by side where there is room: (heading or "", markup). A legend is a list of (name, class)."""

    title: str
    caption: str
    panels: list
    legend: list = dataclasses.field(default_factory=list)
    kind: str = "figure"


@dataclasses.dataclass
class Table:
    """The numbers behind a picture. A cell is a text; one with a verdict is (text, "good", "bad" or "open")."""

    caption: str
    header: list
    rows: list
    open: bool = False
    words: bool = False  # cells are words, not numbers
    kind: str = "table"


@dataclasses.dataclass
class Text:
    text: str
    kind: str = "text"


@dataclasses.dataclass
class Section:
    name: str
    title: str
    question: str
    answer: str
    blocks: list
    command: str = ""
    about: str = ""
    short: str = ""  # of the navigation; empty: the title


def render(sections, summary, notes, missing):
    """The whole page as a text: no address in it leaves the file."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["columns"] = lambda count: {2: "two", 4: "two", 8: "four"}.get(count, "")
    environment.filters["verdict"] = lambda cell: cell[1] if isinstance(cell, tuple) else ""
    environment.filters["cell"] = lambda cell: cell[0] if isinstance(cell, tuple) else cell
    style = (HERE / "page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        sections=sections, summary=summary, notes=notes, missing=missing, style=style
    )
