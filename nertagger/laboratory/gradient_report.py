"""What the numbers of `gradients.py` say, in a few sentences and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nertagger.laboratory.gradient_flow import short_number


def finding(numbers: Mapping[str, Any]) -> str:
    """What the numbers show, in a few sentences."""
    rnn, lstm = (numbers["cells"][cell] for cell in ("simple-rnn", "lstm"))
    last = numbers["distances"][-1]
    h, c = rnn["trained"]["words"]["h"]["median"], lstm["trained"]["words"]["c"]["median"]
    untrained_h = rnn["untrained"]["words"]["h"]["median"][-1]
    untrained_c = lstm["untrained"]["words"]["c"]["median"][-1]
    dials = numbers["dials"]
    relu = dials["radius"]["identity"]["relu"]
    nearest = max(
        examined["nearest_bound"] or 0
        for cell in numbers["cells"].values()
        for when in ("untrained", "trained")
        for examined in cell[when].values()
    )
    short = short_number
    biased = short(dials["forget_bias"]["c"][-1])
    return (
        f"After training, over {last} words the simple RNN's ‖∂h_t/∂h_k‖ goes from {short(h[0])} "
        f"to {short(h[-1])} and the LSTM's ‖∂c_t/∂c_k‖ from {short(c[0])} to {short(c[-1])}. "
        f"Before training they end at {short(untrained_h)} and {short(untrained_c)}; a forget bias "
        f"of {dials['biases'][-1]} instead of 1 would start the LSTM at {biased}. With relu and "
        f"the recurrent kernel {dials['radii'][-1]:g} · I a change grows to {short(relu[-1])}. "
        f"The largest ratio of a norm to its bound is {nearest:.2f}."
    )


def table(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row per cell, untrained and trained; the medians."""
    last = numbers["distances"][-1]
    rows = []
    for cell, found in numbers["cells"].items():
        for when in ("untrained", "trained"):
            words, noise = found[when]["words"], found[when]["noise"]
            rows.append(
                {
                    "cell": cell,
                    "weights": when,
                    "∂h, 1 step": short_number(words["h"]["median"][0]),
                    f"∂h, {last} steps": short_number(words["h"]["median"][-1]),
                    "on noise": short_number(noise["h"]["median"][-1]),
                    f"∂c, {last} steps": short_number(_end(words, "c")),
                    "∂c on noise": short_number(_end(noise, "c")),
                    "bound of ∂h": short_number(words["h"]["bound"][-1]),
                }
            )
    return rows


def _end(examined: Mapping[str, Any], state: str) -> float | None:
    return examined[state]["median"][-1] if state in examined else None
