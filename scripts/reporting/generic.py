# SPDX-License-Identifier: MIT
"""Any experiment that the report has no section of its own for: its points as bars, and the numbers."""
from . import svg
from .page import Figure, Section, Table
from .words import number, size_rate, time_text, times


def section(experiment):
    panels, answers = [], []
    for workload in experiment.workloads:
        runs = experiment.select(workload=workload)
        unit = size_rate(runs[0])[1]
        value = (lambda run: run.rate) if unit == "MB/s" else (lambda run: run.iops)
        rows = [(run.point, [("", value(run), "plain")]) for run in runs]
        panels.append(
            (f"{workload}, {unit}", svg.bars(f"{experiment.title}: {workload}", f"{unit} at each point", rows, number))
        )
        best, worst = max(runs, key=value), min(runs, key=value)
        if value(worst) > 0 and best is not worst:
            answers.append(
                f"{workload}: {best.point} reaches {number(value(best))} {unit}, {times(value(best) / value(worst))} {worst.point}"
            )
    table = Table(
        "The numbers",
        ["workload", "point", "requests", "IOPS", "MB/s", "mean", "p50", "p95", "p99", "max"],
        [
            [run.workload, run.point, number(run.requests), number(run.iops), number(run.rate)]
            + [time_text(run.latency(key)) for key in ("mean", "p50", "p95", "p99", "max")]
            for run in experiment.runs
        ],
    )
    return Section(
        experiment.name,
        experiment.title,
        experiment.about or experiment.title,
        "; ".join(answers) + "." if answers else "One point was run.",
        [Figure("", "Throughput at each point.", panels), table],
        f"ahcisim run {experiment.name}",
    )
