# SPDX-License-Identifier: MIT
"""The whole page: which sections there are, and in what order."""
from . import generic, page as pages
from .data import ReportError

# Sections by the experiment that they tell of, in the order of the page.
SECTIONS = {}


def page(experiments):
    by_name = {}
    for experiment in experiments:
        if experiment.name in by_name:
            raise ReportError(f"{experiment.folder}: holds \"{experiment.name}\" too, as {by_name[experiment.name].folder} does; name one")
        by_name[experiment.name] = experiment
    sections = [make(by_name[name]) for name, make in SECTIONS.items() if name in by_name]
    sections += [generic.section(e) for name, e in by_name.items() if name not in SECTIONS]
    notes = [f"{e.title}: the run was interrupted; these are the requests that were done by then." for e in experiments if e.interrupted]
    summary = [(section, section.answer) for section in sections]
    return pages.render(sections, summary, notes, [name for name in SECTIONS if name not in by_name])
