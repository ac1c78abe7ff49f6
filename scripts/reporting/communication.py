# SPDX-License-Identifier: MIT
"""Communication: register accesses, exits, interrupts and touches of memory per request, interface by interface."""
from . import svg
from .data import INTERFACES
from .page import Figure, Section, Table
from .style import INTERFACE
from .words import join, number, times

COUNTS = (
    "register reads",
    "register writes",
    "exits to the emulator",
    "exits for ioeventfd",
    "exits for the interrupt controller",
    "exits to be given an interrupt",
    "interrupts",
    "memory reads by the device",
    "memory writes by the device",
)


def mib(run):
    """MiB that a run moved."""
    return run.rate * 1e6 * run.seconds / 2**20


def section(experiment):
    panels, blocks, answers = [], [], []
    for workload in experiment.workloads:
        runs = sorted(experiment.select(workload=workload), key=lambda run: INTERFACES.index(run.interface))
        large = bool(runs) and runs[0].iops and 1e6 * runs[0].rate / runs[0].iops > 262144
        base = (lambda run: mib(run)) if large else (lambda run: run.requests)
        per = "MiB" if large else "request"
        rows = []
        for run in runs:
            reads, writes = run.statistic("register reads") or 0, run.statistic("register writes") or 0
            rows.append(
                (
                    run.point,
                    [
                        ("reads", reads / base(run), INTERFACE[run.interface]),
                        ("writes", writes / base(run), INTERFACE[run.interface] + " second"),
                    ],
                )
            )
        panels.append(
            (
                f"{workload}: accesses per {per}",
                svg.bars(
                    f"Register accesses, {workload}", f"Register reads and writes per {per}, by interface", rows, number
                ),
            )
        )
        known = [name for name in COUNTS if any(run.statistic(name) is not None for run in runs)]
        table = [
            [run.point]
            + [number(None if run.statistic(name) is None else run.statistic(name) / base(run)) for name in known]
            for run in runs
        ]
        blocks.append(Table(f"The numbers per {per}: {workload}", ["interface"] + known, table))
        if runs and not answers:
            plain = {}  # of variants of an interface the first
            for run in runs:
                plain.setdefault(run.interface, run)
            counted = [(name, run.accesses) for name, run in plain.items() if run.accesses]
            if counted:
                answers.append(
                    f"for {workload}, a request costs "
                    + join(
                        f"{number(count)} register accesses with {name}" if i == 0 else f"{number(count)} with {name}"
                        for i, (name, count) in enumerate(counted)
                    )
                )
                most, least = max(counted, key=lambda c: c[1]), min(counted, key=lambda c: c[1])
                if most[1] > least[1]:
                    answers.append(f"{most[0]} talks {times(most[1] / least[1])} as much as {least[0]}")
    answer = "; ".join(answers) + "." if answers else "The machine counted no register accesses."
    figure = Figure(
        "Register accesses",
        "Each access that is trapped is an exit of the guest. The full colour counts reads, the paler one writes. What the "
        "interrupt controller costs comes on top and is in the table.",
        panels,
    )
    return Section(
        experiment.name,
        experiment.title,
        "How many register accesses, exits, interrupts and touches of the guest’s memory does a request need?",
        answer[0].upper() + answer[1:],
        [figure] + blocks,
        f"ahcisim report --only {experiment.name}",
        experiment.about,
        "Communication",
    )
