"""The section about single convolution layers: a race for each, and how all of them went."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from convolutions import GRID
from races import Race
from ratios import geometric_mean
from sections import OURS, Row, counts, ratio_of

PICTURE = "cpu_vs_tensorflow.png"


@dataclass(frozen=True)
class Grid(Race):
    """Races of layers, with a summary and a picture above their table."""

    def markdown(self, rows: Iterable[Row]) -> str:
        rows = list(rows)
        by_ratio = sorted(rows, key=lambda row: -self.ratios([row]).get(row["case"], np.inf))
        picture = f"![Ratios of all layers, from the best to the worst]({PICTURE})"
        return "\n\n".join((f"## {self.title}", self.text, self.summary(rows).rstrip(), picture, self.table(by_ratio)))

    def ratios(self, rows: Iterable[Row], way: str = OURS) -> dict[str, float]:
        """minicnn / fastest peer of every layer that counts, in the median of the rounds."""
        found = {row["case"]: ratio_of(row, way) for row in rows if counts(row)}
        return {case: ratio.of_rounds for case, ratio in found.items() if ratio}

    def summary(self, rows: list[Row]) -> str:
        """A line for each kind of layer and each way of minicnn."""
        lines = [["", "layers", "geometric mean of ratios", "faster than all peers", "worst"], ["---", *["---:"] * 4]]
        for way in (entry.name for entry in self.entries if entry.library == OURS):
            ratios = self.ratios(rows, way)
            kinds = {"all": list(ratios)}
            for case in ratios:
                kinds.setdefault(GRID[case].kind, []).append(case)
            for kind, cases in kinds.items():
                numbers = [ratios[case] for case in cases]
                if numbers:
                    worst = max(cases, key=ratios.__getitem__)
                    title = f"{kind}{way.removeprefix(OURS)}"
                    faster = f"{sum(number < 1 for number in numbers)}"
                    mean = f"{geometric_mean(numbers):.2f}"
                    lines.append([title, f"{len(cases)}", mean, faster, f"{ratios[worst]:.2f}: {worst}"])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def draw(self, rows: Iterable[Row], folder: Path) -> None:
        """The ratios in order, a point for each layer, on a logarithmic scale."""
        from matplotlib.figure import Figure

        ratios = self.ratios(rows)
        figure = Figure(figsize=(10, 4.5), dpi=110, layout="constrained")
        axes = figure.subplots()
        cases = sorted(ratios, key=ratios.__getitem__)
        for kind, marker in (("dense", "o"), ("grouped", "s"), ("depthwise", "^")):
            places = [place for place, case in enumerate(cases) if GRID[case].kind == kind]
            axes.plot(places, [ratios[cases[place]] for place in places], marker, label=kind)
        axes.axhline(1, color="black", linewidth=0.8)
        axes.axhline(
            np.exp(np.mean(np.log(list(ratios.values())))), color="grey", linestyle="--", label="geometric mean"
        )
        axes.set(yscale="log", xlabel="layer", ylabel="minicnn / fastest peer")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(which="both", alpha=0.3)
        axes.legend()
        figure.savefig(folder / PICTURE)
