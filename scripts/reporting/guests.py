# SPDX-License-Identifier: MIT
"""Guest support: which in-box driver each family of guests has for each interface."""
from .page import Section, Table
from .reference import reference
from .words import join


def counted(interface):
    """(families with an in-box driver, all families)."""
    families = reference("guests.json")["families"]
    return sum(bool(family[interface]["driver"]) for family in families), len(families)


def section(by_name):
    data = reference("guests.json")
    driven = {run.interface.split()[0] for experiment in by_name.values() for run in experiment.runs}
    rows, sources = [], []
    for family in data["families"]:
        cells = [family[interface] for interface in data["interfaces"]]
        rows.append(
            [family["guest"]] + [cell_text(family[interface], interface in driven) for interface in data["interfaces"]]
        )
        sources.append([family["guest"]] + [cell["source"] for cell in cells])
    answer = (
        join(f"{counted(i)[0]} of {counted(i)[1]} guest families have a driver for {i}" for i in data["interfaces"])
        + "."
    )
    blocks = [
        Table(
            "In-box drivers, and whether the model was driven as that driver does",
            ["guest"] + data["interfaces"],
            rows,
            open=True,
            words=True,
        ),
        Table("Sources", ["guest"] + data["interfaces"], sources, words=True),
    ]
    return Section(
        "guest_support",
        "Guest support",
        "Which guests can use each interface with what is in their box?",
        answer,
        blocks,
        "",
        "“Exercised” cells are tied to the register sequence of that driver, with which the model was driven for this page; the others "
        "are from documentation: no such guest was run.",
    )


def cell_text(cell, driven):
    if not cell["driver"]:
        return ("none in the box; not exercised", "bad")
    if "exercised" in cell and driven:
        return (f"{cell['driver']}; exercised: {cell['exercised']}", "good")
    return (f"{cell['driver']}; not exercised", "open")
