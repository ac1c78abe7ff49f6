# SPDX-License-Identifier: MIT
"""Cache modes: what each costs, how often the drive must flush, and whether a power cut loses what was acknowledged."""
from . import svg
from .data import CACHES, INTERFACES
from .page import Figure, Section, Table
from .style import INTERFACE, legend
from .words import join, number, round_time_text, time_text, times


def mode_of(run):
    return run.setting("image.cache", "writeback")


def timed(experiment):
    """The workloads whose time counts: power cuts have a table of their own."""
    return [w for w in experiment.workloads if "durability" not in experiment.select(workload=w)[0].entry]


def section(experiment):
    runs = experiment.runs
    workloads = timed(experiment)
    interfaces = [name for name in INTERFACES if any(run.interface == name for run in runs)]
    modes = [mode for mode in CACHES if any(mode_of(run) == mode for run in runs)]
    drives = list(dict.fromkeys(run.drive_kind for run in runs))
    series = {name: INTERFACE[name] for name in interfaces}
    times_, flushes = [], []
    for workload in workloads:
        for drive in drives:
            chosen = experiment.select(workload=workload, drive_kind=drive)
            groups = [
                (mode, {run.interface: run.seconds * 1e12 for run in chosen if mode_of(run) == mode}) for mode in modes
            ]
            times_.append(
                (
                    f"{workload}, {drive}",
                    svg.lanes(
                        f"Time of {workload} on {drive}",
                        "By cache mode and interface, logarithmic",
                        groups,
                        series,
                        time_text,
                        round_time_text,
                    ),
                )
            )
            counts = [
                (mode, {run.interface: run.statistic("flushes at the drive") for run in chosen if mode_of(run) == mode})
                for mode in modes
            ]
            if any(value for _, group in counts for value in group.values()):
                flushes.append(
                    (
                        f"{workload}, {drive}",
                        svg.lanes(
                            f"Flushes at the drive, {workload} on {drive}",
                            "By cache mode and interface",
                            counts,
                            series,
                            number,
                            log=False,
                        ),
                    )
                )
    blocks = [
        Figure(
            "Time of the whole workload",
            "By cache mode; the scale is logarithmic, shorter is faster.",
            times_,
            legend(interfaces),
        )
    ]
    if flushes:
        blocks.append(
            Figure(
                "Flushes at the drive",
                "FLUSH CACHE commands that the drive got; workloads without any are left out.",
                flushes,
                legend(interfaces),
            )
        )
    blocks.append(durability(runs, modes, interfaces))
    cut = [run for run in runs if "durability" in run.entry]
    if cut:
        blocks.append(cuts(cut, modes))
    blocks += [numbers(experiment, workload, modes) for workload in workloads]
    return Section(
        experiment.name,
        experiment.title,
        "What does each of QEMU’s five cache modes cost, and what does it protect when the power fails?",
        answer(experiment, interfaces),
        blocks,
        f"ahcisim report --only {experiment.name}",
        experiment.about,
        "Cache modes",
    )


def verdicts(runs):
    """(mode, interface) -> (cuts, broken, what), over all drives: after how many cuts a promise was broken, and how."""
    found = {}
    for run in runs:
        if "durability" in run.entry:
            judged = run.entry["durability"]
            cuts, broken, how = found.get((mode_of(run), run.interface), (0, 0, ()))
            how += tuple(word for key, word in (("losses", "lost"), ("foreign", "never written")) if judged[key])
            found[mode_of(run), run.interface] = (cuts + judged["cuts"], broken + judged["broken"], how)
    return found


def verdict_cell(found, mode, interface):
    if (mode, interface) not in found:
        return ("not examined", "open")
    cuts, broken, how = found[mode, interface]
    cuts_text = f"{number(cuts)} power cuts"
    if broken == 0:
        return (f"nothing lost in {cuts_text}", "good")
    return (f"{' or '.join(dict.fromkeys(how))} in {number(broken)} of {cuts_text}", "bad")


def durability(runs, modes, interfaces):
    found = verdicts(runs)
    return Table(
        "Is a write that was acknowledged as stable still there after a power cut? (HDD and SSD together)",
        ["cache mode"] + interfaces,
        [[mode] + [verdict_cell(found, mode, interface) for interface in interfaces] for mode in modes],
        open=True,
        words=True,
    )


def cuts(runs, modes):
    header = ["cache mode", "interface", "drive", "power cuts", "stable write lost", "older lost, newer kept", "never written"]
    rows = [
        [mode_of(run), run.interface, run.drive_kind]
        + [number(run.entry["durability"][key]) for key in ("cuts", "losses", "order_violations", "foreign")]
        + [number(run.entry["durability"]["unpromised_lost"])]
        for run in sorted(
            runs, key=lambda r: (r.drive_kind, modes.index(mode_of(r)), INTERFACES.index(r.interface))
        )
    ]
    return Table(
        "Power cuts one by one: after how many of them something was wrong; last, after how many a write was gone that nobody had promised yet",
        header + ["unpromised write lost"],
        rows,
    )


def numbers(experiment, workload, modes):
    found = verdicts(experiment.runs)
    rows = [
        [
            mode_of(run),
            run.interface,
            run.drive_kind,
            time_text(run.seconds * 1e12),
            number(run.iops),
            number(run.rate),
            time_text(run.latency("p99")),
            number(run.statistic("flushes at the drive")),
            verdict_cell(found, mode_of(run), run.interface),
        ]
        for run in sorted(
            experiment.select(workload=workload),
            key=lambda r: (r.drive_kind, modes.index(mode_of(r)), INTERFACES.index(r.interface)),
        )
    ]
    return Table(
        f"The numbers: {workload}",
        [
            "cache mode",
            "interface",
            "drive",
            "time",
            "requests/s",
            "MB/s",
            "p99",
            "flushes at the drive",
            "after a power cut",
        ],
        rows,
    )


def answer(experiment, interfaces):
    name = "AHCI NCQ" if "AHCI NCQ" in interfaces else interfaces[0]
    parts = []
    for workload in timed(experiment)[:2]:  # a database, and writes that are each made durable
        for drive in dict.fromkeys(run.drive_kind for run in experiment.runs):
            chosen = {
                mode_of(run): run for run in experiment.select(workload=workload, drive_kind=drive, interface=name)
            }
            safe = {mode: run for mode, run in chosen.items() if mode != "unsafe"}
            if len(safe) < 2:
                continue
            fast, slow = min(safe, key=lambda m: safe[m].seconds), max(safe, key=lambda m: safe[m].seconds)
            if safe[slow].seconds < 1.05 * safe[fast].seconds:
                parts.append(f"the modes differ by less than 5 % with {workload} on {drive}")
            else:
                parts.append(
                    f"{fast} is fastest with {workload} on {drive} ({slow} takes {times(safe[slow].seconds / safe[fast].seconds)} as long)"
                )
    found = verdicts(experiment.runs)
    lost = [mode for mode in CACHES if any(broken for (m, _), (_, broken, _) in found.items() if m == mode)]
    if found:
        parts.append(
            f"of what was promised to be stable, a power cut loses data under {join(lost)} only"
            if lost
            else "no power cut lost what was promised to be stable"
        )
    return (
        f"Through {name}, unsafe aside, " + "; ".join(parts) + "."
        if parts
        else "There are too few points for a comparison."
    )
