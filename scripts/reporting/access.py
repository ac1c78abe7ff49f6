# SPDX-License-Identifier: MIT
"""Where the time goes: one request of each interface, stage by stage, on one scale of time."""
from . import svg
from .data import INTERFACES, ReportError
from .page import Figure, Section, Table
from .words import ACTORS, STAGES, actor_of, actor_text, in_order, join, stage_text, sum_text, time_text, times, waits_for_guest

ORDER = ("image on tmpfs", "SSD", "HDD")


class Way:
    """The request of a run that took the median time, with its run."""

    def __init__(self, run, requests):
        if not requests:
            raise ReportError(
                f'{run.experiment.folder}/requests.csv: has no request of "{run.workload}", "{run.point}"; run it again'
            )
        self.run = run
        self.request = sorted(requests, key=lambda r: (r.latency, r.number))[len(requests) // 2]
        self.op = self.request.op
        # Stages that took no time are passed over: the sum does not change.
        self.stages = [(stage, ps) for stage, ps in in_order(self.request.stages, self.op) if ps > 0]
        self.waiting = waits_for_guest(self.stages)

    def actor(self, stage):
        return actor_of(stage, self.run.emulated, self.waiting)

    def text(self, stage):
        return stage_text(stage, self.run.emulated, self.op, self.waiting)

    def steps(self):
        return [(self.text(stage), self.actor(stage), ps) for stage, ps in self.stages]

    def sums(self):
        """The rows of a table: time by name, whichever access it was of."""
        sums = {}
        for stage, ps in self.stages:
            name = sum_text(stage, self.text(stage))
            sums[name] = sums.get(name, 0) + ps
        return sums

    def by_actor(self):
        sums = {}
        for stage, ps in self.stages:
            sums[self.actor(stage)] = sums.get(self.actor(stage), 0) + ps
        return [(actor_text(actor, self.run.emulated), sums[actor], actor) for actor in ACTORS if actor in sums]


def place(run):
    return f"{'emulated' if run.emulated else 'bare metal'}, {run.image}"


def rank(run):
    return (
        not run.emulated,
        ORDER.index(run.image) if run.image in ORDER else len(ORDER),
        INTERFACES.index(run.interface),
    )


def section(experiment):
    kept = experiment.requests()
    blocks, answers = [], []
    for workload in experiment.workloads:
        ways = [
            Way(run, kept.get((workload, run.point), []))
            for run in sorted(experiment.select(workload=workload), key=rank)
        ]
        places = {}
        for way in ways:
            places.setdefault(place(way.run), []).append(way)
        panels = [
            (
                where,
                svg.bars(
                    f"{workload}, {where}",
                    "Time of one request by who has it, for each interface",
                    [(way.run.interface, way.by_actor()) for way in here],
                    time_text,
                ),
            )
            for where, here in places.items()
        ]
        blocks.append(
            Figure(
                f"{workload}: who has the request",
                "From the call to its return; each panel has its own scale. A guest’s register access is a way to the emulator and back, and "
                "is told so, wherever in its driver it is made: IDE makes most.",
                panels,
                [(text, css) for css, text in ACTORS.items()],
            )
        )
        answers.append(answer(workload, *next(iter(places.items()))))
        # Stage by stage where the interface counts most, and once without a hypervisor.
        metal = [where for where in places if where.startswith("bare metal")] if len(answers) == 1 else []
        for where in dict.fromkeys([*places][:1] + metal[:1]):
            blocks.append(timeline(workload, where, places[where]))
        blocks += [table(workload, where, here) for where, here in places.items()]
    return Section(
        experiment.name,
        experiment.title,
        "A program calls read or write: who has the request until the call returns, and for how long?",
        answers[0][0].upper() + answers[0][1:] + ".",
        blocks,
        f"ahcisim report --only {experiment.name}",
        experiment.about,
    )


def timeline(workload, where, ways):
    span = max(way.request.latency for way in ways)
    panels = [
        (
            f"{way.run.interface}: {time_text(way.request.latency)}",
            svg.waterfall(
                f"Timeline of {workload}, {where}, {way.run.interface}",
                "Stages from the call to its return, each below the one before",
                way.steps(),
                span,
                time_text,
            ),
        )
        for way in ways
    ]
    return Figure(
        f"{workload}, stage by stage: {where}",
        "Each stage begins where the one above it ends; time runs to the right on the same scale for "
        f"every interface: the full width is {time_text(span)}. A stage that took no time is left out."
        + (
            ""
            if not ways[0].run.emulated
            else " The driver’s accesses before the command and after the interrupt are told together, by what their time went to; IDE DMA starts "
                "the bus master after its command, while the emulator may be at work on it already."
        ),
        panels,
        [
            (actor_text(css, ways[0].run.emulated), css)
            for css in ACTORS
            if any(css == c for way in ways for _, c, _ in way.steps())
        ],
    )


def table(workload, where, ways):
    # As the timelines call them, but that all accesses of a request share their rows.
    passed = [(stage, 0) for stage in STAGES if any(stage == s for way in ways for s, _ in way.stages)]
    names = dict.fromkeys(
        sum_text(stage, way.text(stage))
        for stage, _ in in_order(passed, ways[0].op)
        for way in ways
        if stage in dict(way.stages)
    )
    rows = [[name] + [picoseconds(way.sums().get(name)) for way in ways] for name in names]
    rows.append(["sum of the stages"] + [picoseconds(sum(ps for _, ps in way.stages)) for way in ways])
    rows.append(["from call to return"] + [picoseconds(way.request.latency) for way in ways])
    return Table(f"The numbers in µs (–: not passed, or over before the stage above): {workload}, {where}", ["stage"] + [way.run.interface for way in ways], rows)


def picoseconds(ps):
    """Microseconds with every digit, so that a column can be added up."""
    return "–" if ps is None else f"{ps // 1000000}.{ps % 1000000:06d}"


def answer(workload, where, ways):
    slow, fast = max(ways, key=lambda w: w.request.latency), min(ways, key=lambda w: w.request.latency)
    text = f"{workload} ({where}) takes " + join(
        f"{time_text(way.request.latency)} through {way.run.interface}" for way in ways
    )
    if slow is not fast:
        label, ps, _ = max(slow.by_actor(), key=lambda part: part[1])
        ratio = times(slow.request.latency / fast.request.latency)
        text += f"; {slow.run.interface} takes {ratio} as long as {fast.run.interface}, {time_text(ps)} of it for one part: {label}"
    return text
