"""A network learns to add two binary numbers, bit by bit, and then adds longer ones.

What it needs to carry from step to step is one bit, the carry. It learns that from numbers of
8 bits alone; whether it then adds 64 bits shows whether it found the rule, a state with two stable
values, or something that holds for nine steps only. See `adding_network` for the mathematics.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nertagger.laboratory.adding_network import (
    HandWritten,
    WithKeras,
    initial_weights,
    largest_difference,
)
from nertagger.laboratory.addition_picture import draw_addition
from nertagger.laboratory.binary_sums import (
    all_sums,
    bits_of,
    longest_carry,
    random_sums,
    written_out,
    wrong_sums,
)
from nertagger.laboratory.parameters import cell_parameters, units_for
from nertagger.laboratory.result import Result
from nertagger.laboratory.workbench import Workbench

BITS = 8
UNITS = 16
BATCH = 64
RATE = 1.0
LONGER = (16, 32, 64)
LONGER_SUMS = 2000
STEPS_BETWEEN_TESTS = 50
# Of the sums that are looked at before all of them are.
_SAMPLE = 1000


@dataclass(frozen=True)
class Adder:
    """A network to train: its cell, g, and H."""

    cell: str
    activation: str
    units: int

    @property
    def name(self) -> str:
        """As the table calls it."""
        printed = "" if self.cell != "simple-rnn" else f", {self.activation}"
        return f"{self.cell}{printed}, {self.units} units"


def adders(quick: bool) -> list[Adder]:
    """The simple RNN of 16 units first; the other cells, as large as it is and with its units."""
    simple = [Adder("simple-rnn", "sigmoid", UNITS), Adder("simple-rnn", "tanh", UNITS)]
    parameters = cell_parameters("simple-rnn", 2, UNITS)
    gated = ("lstm",) if quick else ("lstm", "peephole-lstm", "coupled-lstm", "gru")
    small = [Adder(cell, "tanh", units_for(cell, 2, parameters)) for cell in gated]
    return simple + small + [Adder(cell, "tanh", UNITS) for cell in gated]


def train(
    network: HandWritten,
    random: np.random.Generator,
    max_steps: int,
    watch: Callable[[int, float, int], None] | None = None,
    twin: WithKeras | None = None,
) -> dict[str, Any]:
    """Trains until no sum of 8 bits is wrong, or for so many steps.

    Args:
        network: is trained in place.
        random: draws the batches.
        max_steps: at most.
        watch: is told the step, L and how many of all sums are wrong, now and then.
        twin: is trained on the same batches.

    Returns:
        "steps", "losses" (of each), "wrong" (rows of "step" and "sums": of all 65,536 where someone
        watches, else of some until none of those is), "learnt" (whether none of all is wrong at
        last); with a twin also its "twin_losses", and "differences", the
        largest between the weights after each step.
    """
    inputs, answers = all_sums(BITS)
    losses: list[float] = []
    twin_losses: list[float] = []
    differences: list[float] = []
    wrong: list[dict[str, int]] = []
    sample = np.arange(0, len(inputs), len(inputs) // _SAMPLE)
    suspects = sample[:0]
    for step in range(1, max_steps + 1):
        batch = random.integers(0, len(inputs), BATCH)
        losses.append(network.train(inputs[batch], answers[batch], RATE))
        if twin is not None:
            twin_losses.append(twin.train(inputs[batch], answers[batch], RATE))
            differences.append(largest_difference(network.weights(), twin.weights()))
        if step % STEPS_BETWEEN_TESTS and step < max_steps:
            continue
        # Without a watcher only zero matters: not all are looked at while one of a few is wrong.
        few = np.arange(len(inputs)) if watch else np.union1d(sample, suspects)
        suspects = few[wrong_sums(answers[few], network.outputs(inputs[few]))]
        if not watch and not len(suspects):
            suspects = np.flatnonzero(wrong_sums(answers, network.outputs(inputs)))
        sums = len(suspects)
        wrong.append({"step": step, "sums": sums})
        if watch is not None:
            watch(step, losses[-1], sums)
        if not sums:
            break
    found: dict[str, Any] = {
        "steps": step,
        "losses": losses,
        "wrong": wrong,
        "learnt": not wrong[-1]["sums"],
    }
    if twin is not None:
        found |= {"twin_losses": twin_losses, "differences": differences}
    return found


def generalisation(network: HandWritten, random: np.random.Generator) -> list[dict[str, Any]]:
    """For each of `LONGER`, "bits", the share of random sums that are "right", and whether the
    sum with the longest carry is ("carry")."""
    rows = []
    for bits in LONGER:
        inputs, answers = random_sums(LONGER_SUMS, bits, random)
        carry_inputs, carry_answers = longest_carry(bits)
        rows.append(
            {
                "bits": bits,
                "right": 1 - float(wrong_sums(answers, network.outputs(inputs)).mean()),
                "carry": not wrong_sums(carry_answers, network.outputs(carry_inputs)).any(),
            }
        )
    return rows


def add(network: HandWritten, a: int, b: int) -> str:
    """What the network makes of a + b, bit by bit, written out."""
    steps = max(a.bit_length(), b.bit_length()) + 1
    inputs = np.array([bits_of(a, steps), bits_of(b, steps)], float).T
    return written_out(a, b, network.outputs(inputs[None])[0])


def run_addition(
    workbench: Workbench,
    seeds: int,
    max_steps: int,
    asked: tuple[int, int] | None = None,
) -> Result:
    """Trains the simple RNN twice, by hand and with Keras, and every cell from several seeds.

    Args:
        workbench: where the parts are kept, and where the progress goes.
        seeds: trainings of every cell.
        max_steps: of a training.
        asked: two numbers that the user would like to see added.
    """
    networks = adders(workbench.quick)
    workbench.expect(1 + len(networks) * seeds)
    both = workbench.part(
        "by hand and with Keras", functools.partial(_side_by_side, workbench, max_steps)
    )
    weights = {name: np.array(weight) for name, weight in both.pop("weights").items()}
    by_hand = HandWritten(networks[0].cell, networks[0].activation, weights)
    random = np.random.default_rng(workbench.seed)
    pairs = [
        tuple(int.from_bytes(random.bytes(bits // 8)) for _ in range(2)) for bits in (BITS, *LONGER)
    ]
    runs = {
        network.name: [
            workbench.part(
                f"{network.name}, seed {seed}",
                functools.partial(_train_and_test, network, seed, max_steps),
            )
            for seed in range(workbench.seed, workbench.seed + seeds)
        ]
        for network in networks
    }
    return Result(
        finding=finding(both, runs, networks[0].name),
        table=[_row(network, runs[network.name]) for network in networks],
        numbers={
            "sums": [add(by_hand, a, b) for a, b in [*pairs, *([asked] if asked else [])]],
            "side_by_side": both,
            "runs": runs,
        },
        pictures={"addition": draw_addition(both, runs, networks)},
    )


def _side_by_side(workbench: Workbench, max_steps: int) -> dict[str, Any]:
    """Trains the first of `adders` by hand and with Keras, from the same weights."""
    first = adders(quick=True)[0]
    random = np.random.default_rng(workbench.seed)
    weights = initial_weights(first.cell, first.units, random)
    by_hand = HandWritten(first.cell, first.activation, weights)
    with_keras = WithKeras(first.cell, first.activation, weights)

    def watch(step: int, loss: float, wrong: int) -> None:
        a, b = (int(number) for number in np.random.default_rng(step).integers(0, 2**BITS, 2))
        workbench.console.print(
            f"step {step}: squared error {loss:.4f}, {wrong:,} of {4**BITS:,} sums wrong\n"
            f"{add(by_hand, a, b)}",
            highlight=False,
            soft_wrap=True,
        )

    found = train(by_hand, random, max_steps, watch, with_keras)
    inputs, answers = all_sums(BITS)
    return {
        **found,
        "twin_wrong": int(wrong_sums(answers, with_keras.outputs(inputs)).sum()),
        "weights": {name: weight.tolist() for name, weight in by_hand.weights().items()},
    }


def _train_and_test(adder: Adder, seed: int, max_steps: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    weights = initial_weights(adder.cell, adder.units, random)
    network = HandWritten(adder.cell, adder.activation, weights)
    found = train(network, random, max_steps)
    return {
        "steps": found["steps"],
        "learnt": found["learnt"],
        "longer": generalisation(network, random),
    }


def generalises(run: dict[str, Any]) -> bool:
    """Whether a network that learnt 8 bits made no error on any longer sum that it was given."""
    return run["learnt"] and all(row["right"] == 1 and row["carry"] for row in run["longer"])


def _row(adder: Adder, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shares = {}
    for index, bits in enumerate(LONGER):
        right = statistics.mean(run["longer"][index]["right"] for run in runs)
        shares[f"{bits} bits"] = f"{100 * right:.2f} %"
    return {
        "network": adder.name,
        "parameters": cell_parameters(adder.cell, 2, adder.units),
        "learnt": f"{sum(run['learnt'] for run in runs)} of {len(runs)}",
        "steps": int(statistics.median(run["steps"] for run in runs)),
        **shares,
        "generalise": f"{sum(map(generalises, runs))} of {len(runs)}",
    }


def finding(both: dict[str, Any], runs: Mapping[str, Sequence[dict[str, Any]]], simple: str) -> str:
    """What the trainings came to, in words."""
    wrong = both["wrong"][-1]["sums"]
    learnt = "no sum" if not wrong else f"{wrong:,}"
    gated = [run for name, of in runs.items() if not name.startswith("simple-rnn") for run in of]
    return (
        f"After {both['steps']} steps the simple RNN of {UNITS} sigmoid units gets {learnt} of "
        f"all {4**BITS:,} of {BITS} bits wrong; the hand-written network and the one with Keras "
        f"differ by at most {max(both['differences']):.0e} in any weight on the way. "
        f"{sum(map(generalises, runs[simple]))} of {len(runs[simple])} such networks then add "
        f"{', '.join(map(str, LONGER[:-1]))} and {LONGER[-1]} bits without an error, and "
        f"{sum(map(generalises, gated))} of {len(gated)} with gates; the others that learnt lose "
        "some sums as the numbers grow."
    )
