"""Draws the loss logs of train.py as one SVG.

    python plot_loss.py llama-loss.csv qwen3-loss.csv --to loss.svg
"""

from __future__ import annotations

import argparse
import csv
import math
import pathlib

WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP = 720, 360, 52, 40, 150, 16
COLOURS = ["#0b6e99", "#b3541e"]


def read_log(path: pathlib.Path) -> list[dict[str, float]]:
    with path.open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def draw(logs: dict[str, list[dict[str, float]]]) -> str:
    rows = [row for log in logs.values() for row in log]
    most_tokens = max(row["tokens"] for row in rows)
    low = math.log(min(row["train_loss"] for row in rows) * 0.9)
    high = math.log(max(row["train_loss"] for row in rows) * 1.1)

    def x(tokens: float) -> float:
        return LEFT + tokens / most_tokens * (WIDTH - LEFT - RIGHT)

    def y(loss: float) -> float:
        return TOP + (high - math.log(loss)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for loss in (0.6, 0.8, 1, 1.5, 2, 3, 4, 5):
        if low <= math.log(loss) <= high:
            parts.append(f'<path d="M{LEFT} {y(loss):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y(loss) + 4:.1f}" text-anchor="end">{loss}</text>')
    millions = max(1, round(most_tokens / 1e6 / 5))
    for tick in range(0, int(most_tokens / 1e6) + 1, millions):
        parts.append(f'<text x="{x(tick * 1e6):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick} M</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">tokens seen; loss in nats a token, log scale</text>')
    line = 0
    for (name, log), colour in zip(logs.items(), COLOURS):
        for column, dash, label in (("train_loss", "", "training"), ("eval_loss_q40", ' stroke-dasharray="4 3"', "fresh, Q40")):
            points = " ".join(f"{x(row['tokens']):.1f},{y(row[column]):.1f}" for row in log)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
            at = TOP + 16 + 18 * line
            parts.append(f'<path d="M{WIDTH - RIGHT + 10} {at - 4}h18" stroke="{colour}" stroke-width="1.5"{dash}/>')
            parts.append(f'<text x="{WIDTH - RIGHT + 32}" y="{at}">{name}, {label}</text>')
            line += 1
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=pathlib.Path, nargs="+")
    parser.add_argument("--to", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    logs = {path.name.removesuffix("-loss.csv"): read_log(path) for path in arguments.logs}
    arguments.to.write_text(draw(logs))


if __name__ == "__main__":
    main()
