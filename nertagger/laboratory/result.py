"""What an experiment found, and the files that it leaves."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nertagger.writing import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL_STYLES: dict[str, dict[str, Any]] = {
    "simple-rnn": {"color": "#D55E00", "marker": "o"},
    "lstm": {"color": "#0072B2", "marker": "s"},
    "peephole-lstm": {"color": "#56B4E9", "marker": "^"},
    "coupled-lstm": {"color": "#009E73", "marker": "D"},
    "gru": {"color": "#CC79A7", "marker": "v"},
}
"""How each cell looks in every picture: colours that the colour-blind tell apart (Okabe and Ito
2008, Color universal design), and a marker of its own."""

_POINTS_PER_INCH = 72
_CAPTION_SIZE = 9


@dataclass(frozen=True)
class Picture:
    """A Matplotlib figure, and the caption that says what to see in it."""

    figure: Figure
    caption: str


@dataclass(frozen=True)
class Result:
    """What an experiment found.

    Attributes:
        finding: one or two sentences, with the numbers that bear them out.
        table: rows of equal keys, for people; a float is printed with three digits.
        numbers: everything behind it as plain values; the JSON file.
        pictures: by name, which becomes the file's.
    """

    finding: str
    table: Sequence[Mapping[str, Any]]
    numbers: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


def new_figure(width: float = 7.5, height: float = 4.5) -> Figure:
    """An empty figure of so many inches, whose parts make room for each other.

    It belongs to no window and needs no screen.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def write_result(result: Result, folder: Path, name: str) -> list[Path]:
    """Writes `<name>.json`, and each picture as PNG and SVG with its caption below it.

    Returns:
        The files, the JSON first.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    path = folder / f"{name}.json"
    text = json.dumps(
        {"finding": result.finding, **result.numbers},
        ensure_ascii=False,
        indent=2,
        allow_nan=False,
    )
    with atomic_file(path) as file:
        file.write(f"{text}\n")
    return [
        path,
        *(
            written
            for title, picture in result.pictures.items()
            for written in _write_picture(picture, folder / title)
        ),
    ]


def _write_picture(picture: Picture, stem: Path) -> list[Path]:
    import matplotlib

    figure = picture.figure
    # On average a character of the font is somewhat more than half as wide as it is high.
    columns = int(figure.get_figwidth() * _POINTS_PER_INCH / (0.58 * _CAPTION_SIZE))
    figure.supxlabel(
        textwrap.fill(picture.caption, columns), fontsize=_CAPTION_SIZE, x=0.02, ha="left"
    )
    paths = []
    # Without a salt of its own and with a date, the same picture gives another SVG at every run.
    with matplotlib.rc_context({"svg.hashsalt": stem.name, "svg.fonttype": "none"}):
        for suffix in ("png", "svg"):
            path = stem.with_name(f"{stem.name}.{suffix}")
            with atomic_file(path, "wb") as file:
                options = {"dpi": 150} if suffix == "png" else {"metadata": {"Date": None}}
                figure.savefig(file, format=suffix, **options)
            paths.append(path)
    return paths
