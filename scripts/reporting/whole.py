# SPDX-License-Identifier: MIT
"""The whole page: which sections there are, and in what order."""
from . import access, cache, communication, generic, guests, multiple, page as pages, qemu, speed, why
from .data import ReportError

# Sections by the experiment that they tell of, in the order of the page.
SECTIONS = {
    "communication": communication.section,
    "multiple_requests": multiple.section,
    "speed": speed.section,
    "device_access": access.section,
    "cache_policy": cache.section,
}

# Those that are held against a real QEMU, together in one section.
MEASURED = ("qemu_counts", "qemu")


def page(experiments):
    by_name = {}
    for experiment in experiments:
        if experiment.name in by_name:
            raise ReportError(
                f'{experiment.folder}: holds "{experiment.name}", as {by_name[experiment.name].folder} does; name one of them'
            )
        by_name[experiment.name] = experiment
    sections = [make(by_name[name]) for name, make in SECTIONS.items() if name in by_name]
    known = set(SECTIONS) | set(MEASURED)
    conclusion = why.section(by_name)
    if known & set(by_name):
        sections.append(qemu.section(by_name))
        sections.append(guests.section(by_name))
    if conclusion:
        sections.append(conclusion)
    sections += [generic.section(e) for name, e in by_name.items() if name not in known]
    summary = [(section, section.answer) for section in sections]
    if conclusion:  # the conclusion first
        summary.sort(key=lambda entry: entry[0] is not conclusion)
    notes = [
        f"{e.title}: the run was interrupted; these are the requests that were done by then."
        for e in experiments
        if e.interrupted
    ]
    notes += [
        f"{e.title}: left out, for no request was done: {'; '.join(e.without_requests)}."
        for e in experiments
        if e.without_requests
    ]
    missing = [name for name in (*SECTIONS, *MEASURED) if name not in by_name] if known & set(by_name) else []
    return pages.render(sections, summary, notes, missing)
