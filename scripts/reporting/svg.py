# SPDX-License-Identifier: MIT
"""Pictures as inline SVG that fit any width: places across are percent, places down and letters are pixels, colours are
classes of the page, so that a picture follows its theme and its letters stay readable on a phone."""
import html
import itertools
import math

_ids = itertools.count(1)
LETTER = 13  # pixels


class Picture:
    """A picture in the making. Text and titles may hold any characters."""

    def __init__(self, title, description):
        self.title, self.description = title, description
        self.parts = []
        self.height = 0

    def rect(self, x, y, width, height, css, tip=""):
        self._add(
            y + height,
            f'<rect x="{x:.3f}%" y="{y:.1f}" width="{max(width, 0):.3f}%" height="{height:.1f}" class="{css}">'
            + _tip(tip)
            + "</rect>",
        )

    def line(self, x1, y1, x2, y2, css):
        self._add(max(y1, y2), f'<line x1="{x1:.3f}%" y1="{y1:.1f}" x2="{x2:.3f}%" y2="{y2:.1f}" class="{css}"/>')

    def dot(self, x, y, radius, css, tip=""):
        self._add(
            y + radius, f'<circle cx="{x:.3f}%" cy="{y:.1f}" r="{radius}" class="{css}">' + _tip(tip) + "</circle>"
        )

    def text(self, x, y, text, css="", anchor="start"):
        self._add(
            y + 4, f'<text x="{x:.3f}%" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def _add(self, bottom, part):
        self.height = max(self.height, bottom)
        self.parts.append(part)

    def markup(self):
        number = next(_ids)
        return (
            f'<svg class="picture" role="img" width="100%" height="{math.ceil(self.height) + 4}" '
            f'aria-labelledby="t{number} d{number}"><title id="t{number}">{html.escape(self.title)}</title>'
            f'<desc id="d{number}">{html.escape(self.description)}</desc>{"".join(self.parts)}</svg>'
        )


def _tip(tip):
    return f"<title>{html.escape(tip)}</title>" if tip else ""


def nice_ticks(top, most=4):
    """Round steps from 0 up to at least `top`."""
    if top <= 0:
        return [0, 1]
    raw = top / most
    step = 10 ** math.floor(math.log10(raw))
    step *= next(m for m in (1, 2, 5, 10) if m * step >= raw)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def log_range(values):
    """Exponents around positive values, of 1, 2 and 5 times powers of ten, half a decade apart at least."""
    steps = [
        math.log10(m) + e
        for e in range(math.floor(math.log10(min(values))) - 1, math.ceil(math.log10(max(values))) + 2)
        for m in (1, 2, 5)
    ]
    low = max(s for s in steps if s <= math.log10(min(values)) - 0.02)
    high = min(s for s in steps if s >= max(math.log10(max(values)) + 0.02, low + 0.5))
    return low, high


def log_ticks(low, high):
    """Powers of ten within a range, and its ends where there would be fewer than two."""
    ticks = [10.0**e for e in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    return ticks if len(ticks) > 1 else sorted({round(10**low, 9), *ticks, round(10**high, 9)})


def bars(title, description, rows, text_of):
    """Horizontal bars from zero. A row is (label, [(part's label, value, class)]): parts are laid end to end."""
    picture = Picture(title, description)
    top = max([sum(value for _, value, _ in parts) for _, parts in rows] + [1e-12])
    y = 0
    for label, parts in rows:
        total = sum(value for _, value, _ in parts)
        picture.text(0, y + LETTER, label)
        picture.text(100, y + LETTER, text_of(total), "value", "end")
        x = 0
        picture.rect(0, y + 19, 100, 10, "track")
        for part, value, css in parts:
            picture.rect(
                x,
                y + 19,
                100 * value / top,
                10,
                css,
                f"{label}, {part}: {text_of(value)}" if part else f"{label}: {text_of(value)}",
            )
            x += 100 * value / top
        y += 38
    return picture.markup()


def lanes(title, description, groups, series, text_of, tick_of=None, log=True):
    """Groups with a value for each series: (group's label, {series: value}); series: {name: class}. Bars from zero, or dots
    on a logarithmic scale, which has no zero for bars to begin at."""
    values = [v for _, group in groups for v in group.values() if v and v > 0]
    picture = Picture(title, description)
    if not values:
        picture.text(0, 14, "nothing was measured")
        return picture.markup()
    low, high = log_range(values) if log else (0, nice_ticks(max(values))[-1])

    def place(value):
        return 100 * ((math.log10(value) - low) / (high - low) if log else value / high)

    ticks = log_ticks(low, high) if log else nice_ticks(max(values))
    while len(ticks) > 4:
        ticks = ticks[::2]
    bottom = len(groups) * (22 + 10 * len(series) + 8)
    for tick in ticks:
        picture.line(place(tick), 0, place(tick), bottom, "grid")
    y = 0
    for label, group in groups:
        picture.text(0, y + 15, label, "strong small halo")
        y += 22
        for name, css in series.items():
            value = group.get(name)
            tip = f"{label}, {name}: {text_of(value)}" if value else ""
            if value and log:
                picture.line(0, y + 5, place(value), y + 5, "stem stroke " + css)
                picture.dot(place(value), y + 5, 4, css, tip)
            elif value:
                picture.rect(0, y + 1, place(value), 7, css, tip)
            y += 10
        y += 8
    for tick in ticks:
        x = place(tick)
        picture.text(
            x,
            bottom + 15,
            (tick_of or text_of)(tick),
            "small muted",
            "start" if x < 5 else "end" if x > 95 else "middle",
        )
    return picture.markup()


def lines(title, description, places, series, text_of, tick_of=None, log=False, height=220):
    """Lines over equally spaced places: series are (name, class, values), a value None where there is none."""
    values = [v for _, _, line in series for v in line if v]
    picture = Picture(title, description)
    if not values:
        picture.text(0, 14, "nothing was measured")
        return picture.markup()
    if log:
        low, high = log_range(values)
        ticks = log_ticks(low, high)
    else:
        ticks = nice_ticks(max(values))
        low, high = 0, ticks[-1]

    def up(value):
        share = (math.log10(value) - low) / (high - low) if log else value / high
        return height - share * (height - 16)

    def across(i):
        return 16 + 78 * i / max(1, len(places) - 1)

    for tick in ticks:
        picture.line(0, up(tick), 100, up(tick), "grid")
        picture.text(0, up(tick) - 3, (tick_of or text_of)(tick), "small muted")
    for i, label in enumerate(places):
        picture.text(across(i), height + 17, str(label), "small muted", "middle")
    for name, css, line in series:
        points = [(across(i), up(v), v, places[i]) for i, v in enumerate(line) if v]
        for (x1, y1, _, _), (x2, y2, _, _) in zip(points, points[1:]):
            picture.line(x1, y1, x2, y2, "stroke " + css)
        for x, y, value, label in points:
            picture.dot(x, y, 4, css, f"{name}, {label}: {text_of(value)}")
    return picture.markup()


def waterfall(title, description, steps, span, text_of):
    """One request: steps (label, class, picoseconds), each beginning where the one above it ended."""
    picture = Picture(title, description)
    y, at = 0, 0
    for label, css, ps in steps:
        picture.text(0, y + 12, label, "small")
        picture.text(100, y + 12, text_of(ps), "small value", "end")
        picture.rect(0, y + 17, 100, 6, "track")
        picture.rect(min(100 * at / span, 99.5), y + 17, max(100 * ps / span, 0.4), 6, css, f"{label}: {text_of(ps)}")
        at += ps
        y += 27
    return picture.markup()


def overlap(title, description, rows, span, text_of, tick_of, tall=9, gap=2):
    """Requests over time: rows of (label, [(begin, length, class, tip)]) on one scale from 0 to span, `tall` pixels and a gap each."""
    picture = Picture(title, description)
    ticks = [t for t in nice_ticks(span) if t <= span * 1.0001]
    bottom = len(rows) * (tall + gap)
    for tick in ticks:
        picture.line(100 * tick / span, 0, 100 * tick / span, bottom, "grid")
    for i, (label, parts) in enumerate(rows):
        for begin, length, css, tip in parts:
            x, end = 100 * begin / span, min(100.0, 100 * (begin + length) / span)
            if x < 100 and length > 0:
                picture.rect(x, i * (tall + gap), max(end - x, 0.15), tall, css, f"{label}, {tip}: {text_of(length)}")
    for tick in ticks:
        x = 100 * tick / span
        picture.text(x, bottom + 16, tick_of(tick), "small muted", "start" if x < 5 else "end" if x > 92 else "middle")
    return picture.markup()
