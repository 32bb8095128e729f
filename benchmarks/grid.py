"""The section about single convolution layers: a race for each pass of each, and how all of them went."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from convolutions import DIRECTIONS, GRID
from races import Race
from ratios import geometric_mean
from sections import Row, counts, ratio_of

PICTURE = "cpu_vs_tensorflow.png"
MARKERS = {"dense": "o", "grouped": "s", "depthwise": "^"}  # of the kinds of layers
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)


@dataclass(frozen=True)
class Grid(Race):
    """Races of layers, with a summary and a picture above their table."""

    def markdown(self, rows: Iterable[Row]) -> str:
        rows = list(rows)
        ratios = self.ratios(rows)
        by_ratio = sorted(rows, key=lambda row: -ratios.get(row["case"], float("inf")))
        picture = f"![Ratios of all layers, from the best to the worst]({PICTURE})"
        return "\n\n".join((f"## {self.title}", self.text, self.summary(rows).rstrip(), picture, self.table(by_ratio)))

    def ratios(self, rows: Iterable[Row]) -> dict[str, float]:
        """minicnn / fastest peer of every case that counts, in the median of the rounds."""
        found = {row["case"]: ratio_of(row) for row in rows if counts(row)}
        return {case: ratio.of_rounds for case, ratio in found.items() if ratio}

    def summary(self, rows: Iterable[Row]) -> str:
        """A line for each pass, and for each pass and kind of layer."""
        lines = [["", "layers", "geometric mean of ratios", "faster than all peers", "worst"], ["---", *["---:"] * 4]]
        lines += [[title, *_summary(ratios)] for title, ratios in _parts(self.ratios(rows))]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def draw(self, rows: Iterable[Row], folder: Path) -> None:
        """The ratios of each pass in order, a point for each layer, on a logarithmic scale."""
        from matplotlib.figure import Figure

        parts = dict(_parts(self.ratios(rows)))
        figure = Figure(figsize=(12, 4.5), dpi=110, layout="constrained")
        for axes, direction in zip(figure.subplots(1, len(DIRECTIONS), sharey=True), DIRECTIONS):
            ratios = parts.get(direction, {})
            cases = sorted(ratios, key=ratios.__getitem__)
            for kind, marker in MARKERS.items():
                places = [place for place, case in enumerate(cases) if GRID[case].layer.kind == kind]
                axes.plot(places, [ratios[cases[place]] for place in places], marker, label=kind)
            if ratios:
                mean = geometric_mean(ratios.values())
                axes.axhline(mean, color="grey", linestyle="--", label=f"geometric mean, {mean:.2f}")
            axes.axhline(1, color="black", linewidth=0.8)
            axes.set(yscale="log", xlabel="layer", title=direction)
            axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
            axes.yaxis.set_minor_formatter("")
            axes.grid(which="both", alpha=0.3)
            axes.legend()
        figure.axes[0].set_ylabel("minicnn / fastest peer")
        figure.savefig(folder / PICTURE)


def _parts(ratios: dict[str, float]) -> Iterator[tuple[str, dict[str, float]]]:
    """The ratios of each pass, and of each pass and kind of layer, if there are any."""
    for direction in DIRECTIONS:
        for kind in (None, *MARKERS):
            part = {
                case: ratio
                for case, ratio in ratios.items()
                if GRID[case].direction == direction and kind in (None, GRID[case].layer.kind)
            }
            if part:
                yield (f"{direction}, {kind}" if kind else direction), part


def _summary(ratios: dict[str, float]) -> list[str]:
    """How many, their mean, how many of them are below 1, and the largest."""
    worst = max(ratios, key=ratios.__getitem__)
    faster = sum(ratio < 1 for ratio in ratios.values())
    title = str(GRID[worst].layer)
    return [f"{len(ratios)}", f"{geometric_mean(ratios.values()):.2f}", f"{faster}", f"{ratios[worst]:.2f}: {title}"]
