"""The ratios as bars, in an SVG that is readable on light and on dark pages."""

import math

WIDTH, LEFT, RIGHT = 760, 190, 100
BAR, ROW, HEADING, TOP, BOTTOM = 9, 26, 34, 64, 44

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .heading { font-weight: 600 }
  .small { font-size: 12px; fill: #59636e }
  .cpu { fill: #0969da } .wall { fill: #bf8700 }
  .grid { stroke: #d1d9e0 } .one { stroke: #1f2328; stroke-width: 1.5 }
  .spread { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .cpu { fill: #4493f8 } .wall { fill: #d29922 }
    .grid { stroke: #3d444d } .one, .spread { stroke: #f0f6fc }
  }
"""


def groups(results):
    yield "unsubscribe, one after the other", [
        (row["protocol"], row) for row in results["single"]
    ]
    yield "unsubscribe_all", [
        (f"{row['protocol']}, {row['in_flight']} in flight", row) for row in results["batch"]
    ]
    yield "unsubscribe_all, answers after 50 ms", [
        (f"{row['protocol']}, {row['in_flight']} in flight", row) for row in results["distant"]
    ]


class Axis:
    def __init__(self, largest):
        self.end = max(1.5, math.ceil(largest * 2 + 0.2) / 2)
        self.step = 0.5 if self.end <= 4 else 1

    def x(self, value):
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / self.end, 1)

    def ticks(self):
        return [n * self.step for n in range(int(self.end / self.step) + 1)]


def text(x, y, words, style="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{style}" text-anchor="{anchor}">{words}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{style}"/>'


def bar(axis, y, metric, ratio):
    middle = y + BAR / 2
    end = round(axis.x(ratio["median"]) - LEFT, 1)
    return [
        f'<rect x="{LEFT}" y="{y}" width="{end}" height="{BAR}" class="{metric}"/>',
        line(axis.x(ratio["low"]), middle, axis.x(ratio["high"]), middle, "spread"),
    ]


def numbers(y, row):
    cpu, wall = (f"{row[metric]['ratio']['median']:.2f}" for metric in ("cpu", "wall"))
    return [
        text(WIDTH - RIGHT + 44, y, cpu, "small", "end"),
        text(WIDTH - RIGHT + 88, y, wall, "small", "end"),
    ]


def legend():
    return [
        text(12, 24, "Hand-written libcurl ÷ mobivate: longer is better, 1.0 is the same cost", "title"),
        f'<rect x="12" y="37" width="12" height="{BAR}" class="cpu"/>',
        text(30, 46, "CPU time"),
        f'<rect x="110" y="37" width="12" height="{BAR}" class="wall"/>',
        text(128, 46, "wall time"),
        line(210, 41, 230, 41, "spread"),
        text(236, 46, "half of the rounds"),
        text(WIDTH - RIGHT + 44, 56, "CPU", "small", "end"),
        text(WIDTH - RIGHT + 88, 56, "wall", "small", "end"),
    ]


def svg(results):
    shown = [(heading, rows) for heading, rows in groups(results) if rows]
    axis = Axis(max(
        row[metric]["ratio"]["high"]
        for _, rows in shown for _, row in rows for metric in ("cpu", "wall")
    ))
    bars, y = [], TOP
    for heading, rows in shown:
        bars.append(text(12, y + 20, heading, "heading"))
        y += HEADING
        for name, row in rows:
            bars.append(text(LEFT - 8, y + 14, name, "", "end"))
            bars += bar(axis, y, "cpu", row["cpu"]["ratio"])
            bars += bar(axis, y + BAR + 1, "wall", row["wall"]["ratio"])
            bars += numbers(y + 14, row)
            y += ROW
    grid = [line(axis.x(tick), TOP, axis.x(tick), y, "grid") for tick in axis.ticks()]
    labels = [text(axis.x(tick), y + 16, f"{tick:.1f}", "small", "middle") for tick in axis.ticks()]
    middle = (LEFT + WIDTH - RIGHT) / 2
    axis_name = text(middle, y + 36, "ratio of the time for one request", "small", "middle")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + BOTTOM}" role="img"'
        ' aria-label="Ratios of the cost of a request">',
        f"<style>{STYLE}</style>",
        *legend(), *grid, *bars, line(axis.x(1), TOP, axis.x(1), y, "one"), *labels, axis_name,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
