# SPDX-License-Identifier: MIT
"""Many requests at once: throughput and latency against the depth, and requests that overlap, drawn."""
from . import svg
from .data import INTERFACES
from .page import Figure, Section, Table
from .style import INTERFACE, legend
from .words import ACTORS, actor_of, in_order, number, round_time_text, stage_text, time_text, times, waits_for_guest

DRAWN_DEPTH, DRAWN = 8, 16
# Interfaces that take many at once: a depth of each, pixels of a bar and between bars. One and a half times the depth are drawn.
FULL = {"AHCI NCQ": (32, 5, 2), "virtio-blk": (128, 2, 1)}


def section(experiment):
    workload = experiment.workloads[0]
    runs = experiment.select(workload=workload)
    interfaces = [name for name in INTERFACES if any(run.interface == name for run in runs)]
    depths = sorted({run.depth for run in runs})
    by = {(run.interface, run.depth): run for run in runs}

    def line(name, value):
        return (name, INTERFACE[name], [value(by[name, depth]) if (name, depth) in by else None for depth in depths])

    rate = svg.lines(
        "Requests per second against depth",
        "One line for each interface",
        depths,
        [line(name, lambda run: run.iops) for name in interfaces],
        number,
    )
    latency = svg.lines(
        "Mean latency against depth",
        "One line for each interface, logarithmic",
        depths,
        [line(name, lambda run: run.latency()) for name in interfaces],
        time_text,
        round_time_text,
        log=True,
    )
    curves = Figure(
        "",
        "Throughput and mean latency against the number of requests that the program keeps outstanding. What an interface "
        "cannot take waits in the guest.",
        [("requests per second", rate), ("mean latency", latency)],
        legend(interfaces),
    )
    table = Table(
        "The numbers",
        ["interface", "depth", "requests/s", "MB/s", "gain over depth 1", "mean", "p50", "p99"],
        [
            [
                run.interface,
                str(run.depth),
                number(run.iops),
                number(run.rate),
                gain(run, by),
                time_text(run.latency()),
                time_text(run.latency("p50")),
                time_text(run.latency("p99")),
            ]
            for run in sorted(runs, key=lambda run: (INTERFACES.index(run.interface), run.depth))
        ],
    )
    blocks = [curves, table]
    kept = experiment.requests()
    blocks += filter(None, [timeline(kept, workload, by, interfaces, depths), full(kept, workload, by)])
    return Section(
        experiment.name,
        experiment.title,
        "What does it buy to have many requests outstanding, 1 to 128?",
        answer(by, interfaces, depths),
        blocks,
        f"ahcisim report --only {experiment.name}",
        experiment.about,
        "Many requests",
    )


def gain(run, by):
    one = by.get((run.interface, 1))
    return f"{run.iops / one.iops:.2f}×" if one and one.iops else "–"


def answer(by, interfaces, depths):
    parts = []
    for name in interfaces:
        mine = [by[name, depth] for depth in depths if (name, depth) in by]
        first, best = mine[0], max(mine, key=lambda run: run.iops)
        enough = next(run for run in mine if run.iops >= 0.97 * best.iops)
        if best.iops < 1.1 * first.iops:
            parts.append(f"{name} stays at {number(first.iops)} requests/s however many wait")
        else:
            parts.append(
                f"{name} gains {times(best.iops / first.iops)}, to {number(best.iops)} requests/s at depth {enough.depth}"
            )
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "."


def successive(kept, workload, run, most):
    """Requests that follow each other, from when the run is steady where it is long enough; none where there is no run."""
    if not run:
        return []
    rows = sorted(kept.get((workload, run.point), []), key=lambda request: (request.begin, request.number))
    if len(rows) >= 2 * run.depth + most:
        rows = rows[2 * run.depth :]  # steady by now
    return rows[:most]


def last_end(rows):
    """From the first request's call to the last return."""
    return max(request.begin + request.latency for request in rows) - rows[0].begin


def timeline(kept, workload, by, interfaces, depths):
    """Requests of each interface at one depth, on one scale of time."""
    depth = DRAWN_DEPTH if DRAWN_DEPTH in depths else depths[-1]
    chosen = {name: successive(kept, workload, by.get((name, depth)), DRAWN) for name in interfaces}
    chosen = {name: rows for name, rows in chosen.items() if rows}
    if not chosen:
        return None
    span = max(last_end(rows) for rows in chosen.values())
    panels = []
    for name, rows in chosen.items():
        begin = rows[0].begin
        drawn = [
            (f"{request.op} {request.number}", parts_of(request, begin, by[name, depth])) for request in rows
        ]
        panels.append(
            (
                name,
                svg.overlap(
                    f"{len(rows)} requests through {name}, {depth} outstanding",
                    "One bar for each request from its call to its return, coloured by who has it",
                    drawn,
                    span,
                    time_text,
                    round_time_text,
                ),
            )
        )
    return Figure(
        f"{DRAWN} requests, {depth} outstanding",
        "Successive requests of each interface on the same scale of time: one bar for each, from "
        "the program’s call to its return. Where bars end close together, work overlaps; where they end in even steps, it is done "
        "one after the other.",
        panels,
        [(text, css) for css, text in ACTORS.items()],
    )


def full(kept, workload, by):
    """The interfaces that take many requests at once, with all that they take; those that have runs of so many."""
    panels = []
    for name, (depth, tall, gap) in FULL.items():
        run = by.get((name, depth))
        rows = successive(kept, workload, run, depth * 3 // 2)
        if len(rows) <= depth:  # nothing comes after the first ones
            continue
        drawn = [
            (f"{request.op} {request.number}", by_actor(parts_of(request, rows[0].begin, run))) for request in rows
        ]
        picture = svg.overlap(
            f"{len(rows)} requests through {name}, {depth} outstanding",
            "One thin bar for each request from its call to its return, coloured by who has it",
            drawn,
            last_end(rows),
            time_text,
            round_time_text,
            tall,
            gap,
        )
        panels.append((f"{name}, {depth} outstanding", picture))
    if not panels:
        return None
    return Figure(
        "Successive requests, as many outstanding as an interface takes",
        "AHCI has 32 command slots; virtio-blk takes what its ring holds, of which the program uses 128. One thin bar for "
        "each request, each picture on a scale of time of its own. Where bars begin with a long piece of the program’s "
        "colour, requests wait for the guest’s processor: it does not get to hand the interface as many as that would take.",
        panels,
        [(text, css) for css, text in ACTORS.items()],
    )


def by_actor(parts):
    """Parts that one actor has one after the other, as one: bars so thin have no room for more."""
    joined = []
    for begin, length, css, _ in parts:
        if joined and joined[-1][2] == css:
            joined[-1] = (joined[-1][0], joined[-1][1] + length, css, ACTORS[css])
        elif length > 0:
            joined.append((begin, length, css, ACTORS[css]))
    return joined


def parts_of(request, begin, run):
    at, parts, waiting = request.begin - begin, [], waits_for_guest(request.stages)
    for stage, ps in in_order(request.stages, request.op):
        parts.append((at, ps, actor_of(stage, run.emulated, waiting), stage_text(stage, run.emulated, request.op, waiting)))
        at += ps
    return parts
