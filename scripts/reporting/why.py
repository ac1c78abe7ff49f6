# SPDX-License-Identifier: MIT
"""Why AHCI: the conclusion, in numbers where there are any."""
from . import guests, speed
from .page import Section, Table
from .reference import reference
from .words import host_text, join, number, percent, size_rate, times

COLUMNS = {"IDE": "IDE DMA", "AHCI": "AHCI NCQ", "virtio-blk": "virtio-blk"}


def section(by_name):
    """None where nothing that it rests on was run."""
    rows, facts = [], {}
    if "speed" in by_name:
        rows += speed_rows(by_name["speed"], facts)
    if "communication" in by_name:
        rows += access_rows(by_name["communication"])
    if "multiple_requests" in by_name:
        rows += depth_rows(by_name["multiple_requests"], facts)
    if not rows:
        return None
    rows.append(
        ["guest families with a driver in the box"] + ["{} of {}".format(*guests.counted(column)) for column in COLUMNS]
    )
    rows += [[row["what"]] + [row[column] for column in COLUMNS] for row in reference("why_ahci.json")["rows"]]
    table = Table("IDE, AHCI and virtio-blk side by side", [""] + list(COLUMNS), rows, open=True, words=True)
    return Section(
        "why_ahci",
        "Why AHCI: the conclusion",
        "Is it worth giving a virtual machine an AHCI controller?",
        answer(facts),
        [table],
        "ahcisim report",
        short="Why AHCI",
    )


def of_interfaces(runs):
    by = {}
    for run in runs:
        by.setdefault(run.interface, run)  # of variants of an interface the first
    return [by.get(name) for name in COLUMNS.values()]


def speed_rows(experiment, facts):
    costs = speed.order(map(speed.cost_of, experiment.runs), speed.COSTS)
    images = speed.order((run.image for run in experiment.runs), speed.IMAGES)
    cost = "kvm-2012" if "kvm-2012" in costs else costs[0]
    rows = []
    for workload in experiment.workloads:
        runs = of_interfaces(
            run for run in experiment.select(workload=workload) if run.image == images[0] and speed.cost_of(run) == cost
        )
        if any(runs):
            unit = size_rate(next(run for run in runs if run))[1]
            rows.append(
                [f"{workload}, {images[0]}, {host_text(cost)}"]
                + [f"{number(size_rate(run)[0])} {unit}" if run else "–" for run in runs]
            )
        if all(runs):
            facts["where"] = f"On {host_text(cost)} with the {images[0]}"
            facts.setdefault("speed", []).append(
                (workload, size_rate(runs[1])[0] / size_rate(runs[0])[0], size_rate(runs[1])[0] / size_rate(runs[2])[0])
            )
    return rows


def access_rows(experiment):
    workload = experiment.workloads[0]
    return [
        [f"register accesses per request, {workload}"]
        + [number(run.accesses) if run else "–" for run in of_interfaces(experiment.select(workload=workload))]
    ]


def depth_rows(experiment, facts):
    cells = []
    for name in COLUMNS.values():
        runs = sorted((run for run in experiment.runs if run.interface == name), key=lambda run: run.depth)
        if not runs:
            cells.append("–")
            continue
        best = max(runs, key=lambda run: run.iops)
        enough = next(run for run in runs if run.iops >= 0.97 * best.iops)
        cells.append(f"{best.iops / runs[0].iops:.1f} times, from depth {enough.depth} on")
        facts.setdefault("depth", {})[name] = best.iops / runs[0].iops
    return [["gain from many requests at once"] + cells]


def answer(facts):
    (ide, of), (ahci, _), (virtio, _) = (guests.counted(column) for column in COLUMNS)
    parts = [
        f"Every guest family but {of - ahci} drives AHCI with what is in its box ({of - virtio} of {of} need a driver for virtio-blk, "
        f"{of - ide} for IDE), and the same driver works on hardware."
    ]
    if "speed" in facts:
        parts.append(
            f"{facts['where']}, AHCI is "
            + join(
                f"{times(over_ide)} as fast as IDE, at {percent(of_virtio)} of virtio-blk’s rate, for {workload}"
                for workload, over_ide, of_virtio in facts["speed"]
            )
            + "."
        )
    depth = facts.get("depth", {})
    if "AHCI NCQ" in depth and "IDE DMA" in depth:
        parts.append(
            "Many requests at once, with the image on an SSD, make "
            + join(f"{name} {times(depth[point])} as fast" for name, point in COLUMNS.items() if point in depth)
            + "."
        )
    if "speed" in facts:
        parts.append(verdict(facts["speed"]))
    return " ".join(parts)


def verdict(speeds):
    """The conclusion, as the numbers have it."""
    slowest = min(over_ide for _, over_ide, _ in speeds)
    lowest = min(of_virtio for _, _, of_virtio in speeds)
    if slowest < 1.05:
        return "So AHCI does not pay everywhere: there is a workload here that it does not make faster than IDE does."
    if lowest >= 0.95:
        return "So it is worth it everywhere: nothing measured here is faster."
    return (
        f"So it is worth it where a guest has no virtio driver: it is never less than {times(slowest)} as fast as IDE here; where it has "
        "one, virtio-blk stays the better choice for small requests."
    )
