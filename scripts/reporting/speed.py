# SPDX-License-Identifier: MIT
"""Speed: each interface on tmpfs and on drives, for each table of exit costs."""
from . import svg
from .data import INTERFACES
from .page import Figure, Section, Table
from .style import INTERFACE, legend
from .words import HOSTS, host_text, join, number, percent, size_rate, time_text, times

COSTS = ("atom-2010", "kvm-2012", "epyc-2020", "tcg")
IMAGES = ("image on tmpfs", "SSD", "HDD")


def cost_of(run):
    return run.setting("vm.costs", "default")


def order(names, known):
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else len(known), name))


def section(experiment):
    runs = experiment.runs
    interfaces = [name for name in INTERFACES if any(run.interface == name for run in runs)]
    images, costs = order((run.image for run in runs), IMAGES), order(map(cost_of, runs), COSTS)
    series = {name: INTERFACE[name] for name in interfaces}
    blocks = []
    for workload in experiment.workloads:
        chosen = experiment.select(workload=workload)
        unit = size_rate(chosen[0])[1]
        panels = []
        for image in images:
            groups = [
                (
                    f"{cost}: {HOSTS[cost]}" if cost in HOSTS else cost,
                    {run.interface: size_rate(run)[0] for run in chosen if run.image == image and cost_of(run) == cost},
                )
                for cost in costs
            ]
            panels.append(
                (
                    image,
                    svg.lanes(
                        f"{workload}, {image}", f"{unit} by table of costs and interface", groups, series, number
                    ),
                )
            )
        blocks.append(
            Figure(
                f"{workload}, {unit}",
                "By where the image lies and by host; the scale is logarithmic, longer is faster.",
                panels,
                legend(interfaces),
            )
        )
        blocks.append(
            Table(
                f"The numbers: {workload}",
                ["image", "costs", "interface", "MB/s", "requests/s", "mean", "p99"],
                [
                    [
                        run.image,
                        cost_of(run),
                        run.interface,
                        number(run.rate),
                        number(run.iops),
                        time_text(run.latency()),
                        time_text(run.latency("p99")),
                    ]
                    for run in sorted(
                        chosen,
                        key=lambda r: (images.index(r.image), costs.index(cost_of(r)), INTERFACES.index(r.interface)),
                    )
                ],
            )
        )
    return Section(
        experiment.name,
        experiment.title,
        "How fast is each interface: large sequential reads and small random ones, with the image on tmpfs and "
        "on each drive, on each host?",
        answer(experiment, images, costs),
        blocks,
        f"ahcisim report --only {experiment.name}",
        experiment.about,
        "Speed",
    )


def answer(experiment, images, costs):
    """The reference host: where only the interface counts, and how little of it is left with the slowest drive."""
    cost = "kvm-2012" if "kvm-2012" in costs else costs[0]
    parts, spreads = [], []
    for workload in experiment.workloads:
        runs = {
            run.interface: run
            for run in experiment.select(workload=workload)
            if run.image == images[0] and cost_of(run) == cost
        }
        ide, ahci, virtio = (
            size_rate(runs[name])[0] if name in runs else 0 for name in ("IDE DMA", "AHCI NCQ", "virtio-blk")
        )
        if ide and ahci and virtio:
            parts.append(
                f"{number(ahci)} {size_rate(runs['AHCI NCQ'])[1]} with {workload} "
                f"({times(ahci / ide)} the rate of IDE DMA, {percent(ahci / virtio)} of virtio-blk’s)"
            )
        slow = [
            size_rate(run)[0]
            for run in experiment.select(workload=workload)
            if run.image == images[-1] and cost_of(run) == cost and run.depth == 1
        ]
        if len(slow) > 1 and min(slow):
            spreads.append(max(slow) / min(slow) - 1)
    if not parts:
        return "There are too few points for a comparison."
    text = f"On {host_text(cost)} with the {images[0]}, AHCI NCQ reaches {join(parts)}"
    return text + (
        f"; with the image on the {images[-1]}, one request at a time, the interfaces differ by {percent(max(spreads))} at most: its mechanics hide them."
        if spreads and len(images) > 1
        else "."
    )
