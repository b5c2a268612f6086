"""How gradients flow through the cells of a tagger that somebody has trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nertagger.laboratory.gradient_flow import (
    TaggerCell,
    distances_in,
    examine,
    kernel_sizes,
    new_cell,
    noise_like,
    short_number,
    tagger_cells,
    text_pieces,
)
from nertagger.laboratory.gradient_pictures import tagger_picture
from nertagger.laboratory.result import Result
from nertagger.laboratory.workbench import Workbench
from nertagger.runtime.directory import find_model, read_model

_PIECES = 4
_QUICK_PIECES = 1


def run_on_tagger(workbench: Workbench, model: str, text: str | None = None) -> Result:
    """Examines every cell of a tagger on words and on noise, beside a new cell of the same size.

    Keras is not needed for it.

    Args:
        workbench: where.
        model: a name or a directory, as `runtime.find_model` takes them.
        text: what the tagger reads; None for the bundled corpus.

    Raises:
        InputError: there is no such model, or the text has fewer than two words.
    """
    directory = read_model(find_model(model))
    architecture = directory.config["architecture"]
    pieces = text_pieces(text, _QUICK_PIECES if workbench.quick else _PIECES)
    distances = distances_in(pieces)
    workbench.expect(2 * architecture["layers"])
    layers = [
        workbench.part(
            f"layer {found.layer}, {found.direction}",
            partial(_examine, found, distances, workbench.seed),
        )
        for found in tagger_cells(architecture, directory.tensors, directory.encoder, pieces)
    ]
    numbers = {
        "model": str(directory.path),
        "cell": architecture["cell"],
        "activation": architecture["activation"],
        "units": architecture["units"],
        "distances": distances,
        "pieces": len(pieces),
        "layers": layers,
    }
    return Result(_finding(numbers), _table(numbers), numbers, {"tagger": tagger_picture(numbers)})


def _examine(found: TaggerCell, distances: Sequence[int], seed: int) -> dict[str, Any]:
    cell, projected, new = found.cell, found.projected, new_cell(found, seed)
    return {
        "layer": found.layer,
        "direction": found.direction,
        "trained": {
            "words": examine(cell, projected, distances),
            "noise": examine(cell, noise_like(projected, seed), distances),
        },
        "untrained": {"words": examine(new.cell, new.projected, distances)},
        **kernel_sizes(cell),
    }


def _finding(numbers: Mapping[str, Any]) -> str:
    last = numbers["distances"][-1]
    first = numbers["layers"][0]["trained"]["words"]
    state = "c" if "c" in first else "h"
    norms, hidden = first[state]["median"], first["h"]["median"]
    beside = f", ‖∂h_t/∂h_k‖ from {short_number(hidden[0])} to {short_number(hidden[-1])}"
    return (
        f"In the first layer, reading forwards, ‖∂{state}_t/∂{state}_k‖ goes from "
        f"{short_number(norms[0])} over one word to {short_number(norms[-1])} over {last}"
        f"{beside if state == 'c' else ''}; a gradient over {last} words is "
        f"{_verdict(norms[-1])}."
    )


def _verdict(norm: float | None) -> str:
    if norm is None or norm > 10:
        return "exploding"
    return "kept" if norm > 0.1 else "weak" if norm > 1e-3 else "lost"


def _table(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    last = numbers["distances"][-1]
    rows = []
    for found in numbers["layers"]:
        trained = found["trained"]
        for state in (state for state in ("h", "c") if state in trained["words"]):
            rows.append(
                {
                    "layer": found["layer"],
                    "direction": found["direction"],
                    "norm of": f"∂{state}_t/∂{state}_k",
                    "1 step": short_number(trained["words"][state]["median"][0]),
                    f"{last} steps": short_number(trained["words"][state]["median"][-1]),
                    "on noise": short_number(trained["noise"][state]["median"][-1]),
                    "a new cell": short_number(found["untrained"]["words"][state]["median"][-1]),
                    "bound": short_number(trained["words"][state]["bound"][-1]),
                    "radius": found["radius"],
                }
            )
    return rows
