# SPDX-License-Identifier: MIT
"""Speed: each interface on tmpfs and on drives, for each table of exit costs."""
from . import svg
from .data import INTERFACES
from .page import Figure, Section, Table
from .style import INTERFACE, legend
from .words import number, size_rate, time_text, times

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
            groups = [(cost, {run.interface: size_rate(run)[0] for run in chosen if run.image == image and cost_of(run) == cost}) for cost in costs]
            panels.append((f"{image}, {unit}", svg.lanes(f"{workload}, {image}", f"{unit} by table of costs and interface", groups, series, number)))
        blocks.append(Figure(f"{workload}: {unit} (logarithmic), by table of costs.", panels, legend(interfaces)))
        blocks.append(Table(f"The numbers: {workload}", ["image", "costs", "interface", "MB/s", "requests/s", "mean", "p99"],
                            [[run.image, cost_of(run), run.interface, number(run.rate), number(run.iops), time_text(run.latency()),
                              time_text(run.latency("p99"))]
                             for run in sorted(chosen, key=lambda r: (images.index(r.image), costs.index(cost_of(r)), INTERFACES.index(r.interface)))]))
    return Section(experiment.name, experiment.title, "How fast is each interface: large sequential reads and small random ones, with the image on tmpfs and "
                   "on each drive, on each host?", answer(experiment, images, costs), blocks, f"ahcisim report --only {experiment.name}", experiment.about)


def answer(experiment, images, costs):
    """The reference host: where only the interface counts, and where the slowest drive is behind it."""
    cost = "kvm-2012" if "kvm-2012" in costs else costs[0]
    parts = []
    for workload in experiment.workloads:
        for image in dict.fromkeys((images[0], images[-1])):
            runs = {run.interface: run for run in experiment.select(workload=workload) if run.image == image and cost_of(run) == cost}
            slow, fast = runs.get("IDE DMA"), runs.get("virtio-blk")
            ahci = runs.get("AHCI NCQ")
            if not (slow and fast and ahci and size_rate(slow)[0]):
                continue
            unit = size_rate(ahci)[1]
            parts.append(f"{workload}, {image}: AHCI NCQ {number(size_rate(ahci)[0])} {unit}, {times(size_rate(ahci)[0] / size_rate(slow)[0])} IDE DMA and "
                         f"{size_rate(ahci)[0] / size_rate(fast)[0]:.0%} of virtio-blk")
    return f"On {cost}: " + "; ".join(parts) + "." if parts else "There are too few points for a comparison."
