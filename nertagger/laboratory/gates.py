"""`lab gates`: what a trained tagger does inside, word by word.

The gates of every unit over the words of a text; the units that follow where names start and end
(`name_units`); and the words that each decision depended on (`tagger_traces`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from nertagger.corpora.bundled import bundled_corpus
from nertagger.errors import InputError
from nertagger.laboratory import gates_pictures as pictures
from nertagger.laboratory.name_units import (
    EVENTS,
    best_units,
    correlations,
    named_sentences,
)
from nertagger.laboratory.result import Result
from nertagger.laboratory.tagger_traces import (
    GATES,
    Decision,
    Reading,
    TracedTagger,
    activations,
)
from nertagger.laboratory.workbench import Workbench
from nertagger.runtime.decoding import Decoder
from nertagger.runtime.directory import ModelDirectory, find_model, read_model
from nertagger.runtime.network import DIRECTIONS
from nertagger.text.document import Document
from nertagger.text.segmentation import segment

TEXT = "Harry Potter and Hermione Granger invented a new spell."

_QUICK_SENTENCES = {"train": 250, "dev": 120}
_BEST = 3
_MOST_WORDS = 60
"""Of a sentence whose heat maps can still be read."""


def run(
    workbench: Workbench,
    model: str | None = None,
    text: str | None = None,
    language: str = "en",
) -> Result:
    """The experiment.

    Args:
        workbench: runs the parts.
        model: a name or a path; None for the one that ships.
        text: of which the first sentence is looked at; None for `TEXT`.
        language: of the bundled corpus, on which units are chosen and reported.

    Raises:
        InputError: there is no such model or language, the text has no word, or too many.
    """
    tokens = first_sentence(TEXT if text is None else text)
    directory = read_model(find_model(model))
    parts = {part: bundled_corpus(part, language).documents for part in ("train", "dev")}
    workbench.expect(3)
    seen = workbench.part("the sentence", lambda: look(directory, tokens))
    coarse = TracedTagger(directory.config, directory.encoder, directory.tensors, np.float32)
    found = {
        part: workbench.part(
            f"units, {part}",
            partial(correlations, coarse, _sentences(parts[part], part, workbench.quick)),
        )
        for part in parts
    }
    units = {event: best_units(found["train"], found["dev"], event, _BEST) for event in EVENTS}
    return report(directory, tokens, seen, units, language)


def first_sentence(text: str) -> list[str]:
    """The tokens of a text's first sentence.

    Raises:
        InputError: there are none, or too many for a picture.
    """
    segments = segment([text])
    tokens = segments.tokens()
    if not tokens:
        raise InputError("the text has no word; give a sentence with --text")
    tokens = tokens[: int(segments.sentence_offsets[1])]
    if len(tokens) > _MOST_WORDS:
        raise InputError(
            f"the sentence has {len(tokens)} words; expected at most {_MOST_WORDS}, "
            "give a shorter one with --text"
        )
    return tokens


def look(directory: ModelDirectory, tokens: Sequence[str]) -> dict[str, Any]:
    """Everything about one sentence.

    Returns:
        "activations": layer -> direction -> name -> [T, H]; "tags": the words' BIO tags;
        "decisions": of each entity, or else of the word that is least sure, its words, label,
        probability, and of every word its gradient times input and what leaving it out costs.
    """
    config, encoder, tensors = directory.config, directory.encoder, directory.tensors
    traced = TracedTagger(config, encoder, tensors)
    reading = traced.read([tokens])
    a = traced.architecture
    decoder = Decoder(a["head"], a["tags"], tensors, config.get("temperature", 1.0))
    decoded = decoder.decode(reading.logits[0].astype(np.float32), np.array([0, len(tokens)]))
    tags = traced.best_tags(reading)[0]
    spans = [
        (first, last, decoder.labels[label], score)
        for first, last, label, score in zip(
            decoded.firsts.tolist(),
            decoded.lasts.tolist(),
            decoded.labels.tolist(),
            decoded.entity_scores.tolist(),
            strict=True,
        )
    ]
    if not spans:
        unsure = int(decoded.scores.argmin())
        spans = [(unsure, unsure, "no entity", float(decoded.scores[unsure]))]
    return {
        "activations": _all_activations(reading),
        "tags": [decoder.tag_names[tag] for tag in decoded.tags.tolist()],
        "decisions": [
            {
                "first": first,
                "last": last,
                "words": " ".join(tokens[first : last + 1]),
                "label": label,
                "probability": score,
                "attributions": traced.attributions(reading, Decision(first, last, tags)).tolist(),
                "left_out": traced.left_out(reading, Decision(first, last, tags)).tolist(),
            }
            for first, last, label, score in spans
        ],
    }


def without_gates(cell: str) -> str:
    """One line for a cell without gates; "" for the others."""
    if GATES[cell]:
        return ""
    return f"a {cell} cell has no gates; its state h_t is shown"


def own_share(decision: dict[str, Any]) -> float:
    """The share of a decision's absolute gradient times input that its own words have."""
    sizes = np.abs(decision["attributions"])
    total = float(sizes.sum())
    return float(sizes[decision["first"] : decision["last"] + 1].sum()) / total if total else 0.0


def agreement(decisions: Sequence[dict[str, Any]]) -> float | None:
    """r of gradient times input with what leaving a word out costs, over all words and decisions.

    None where one of them is the same everywhere.
    """
    pairs = [
        [value / max(np.abs(decision[name]).max(), 1e-300) for value in decision[name]]
        for name in ("attributions", "left_out")
        for decision in decisions
    ]
    values = np.array(pairs).reshape(2, -1)
    if not values.std(axis=1).all():
        return None
    return float(np.corrcoef(values)[0, 1])


def report(
    directory: ModelDirectory,
    tokens: Sequence[str],
    seen: dict[str, Any],
    units: dict[str, list[dict[str, Any]]],
    language: str,
) -> Result:
    """The table, the finding and the pictures of what was seen."""
    cell = directory.config["architecture"]["cell"]
    best = {event: units[event][0] for event in EVENTS}
    note = without_gates(cell)
    decision = min(seen["decisions"], key=own_share)
    outside = _strongest_outside(decision)
    agrees = agreement(seen["decisions"])
    sentences = [
        f"{note[:1].upper()}{note[1:]}." if note else "",
        f"The {describe(best['start'])} follows the start of names (r = "
        f"{best['start']['dev']:.2f} on dev, {best['start']['train']:.2f} on train, where it was "
        f"chosen), the {describe(best['end'])} their end ({best['end']['dev']:.2f}, "
        f"{best['end']['train']:.2f}).",
        f"Of the gradient times input of “{decision['words']}” as {decision['label']}, "
        f"{own_share(decision):.0%} is on its own words"
        + (f"; of the others “{tokens[outside]}” counts most." if outside is not None else "."),
        ""
        if agrees is None
        else f"With what leaving words out costs it correlates by {agrees:.2f}.",
    ]
    finding = " ".join(sentence for sentence in sentences if sentence)
    table = [
        {"follows": f"{event} of a name", **_row(unit)} for event in EVENTS for unit in units[event]
    ]
    numbers = {
        "model": str(directory.path),
        "cell": cell,
        "corpus": f"bundled {language}",
        "tokens": list(tokens),
        "units": units,
        "gradient_agrees_with_leaving_out": agrees,
        **seen,
    }
    return Result(finding, table, numbers, pictures.draw(cell, tokens, seen, best, note))


def describe(unit: dict[str, Any]) -> str:
    """What a unit is called: "output gate of forward unit 7 in layer 1", counted from 1."""
    return (
        f"{unit['activation']} of {unit['direction']} unit {unit['number'] + 1} "
        f"in layer {unit['layer'] + 1}"
    )


def _row(unit: dict[str, Any]) -> dict[str, Any]:
    return {
        "layer": unit["layer"] + 1,
        "direction": unit["direction"],
        "what": unit["activation"],
        "unit": unit["number"] + 1,
        "r on train": unit["train"],
        "r on dev": unit["dev"],
    }


def _strongest_outside(decision: dict[str, Any]) -> int | None:
    sizes = np.abs(decision["attributions"])
    sizes[decision["first"] : decision["last"] + 1] = 0
    return int(sizes.argmax()) if sizes.any() else None


def _all_activations(reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            direction: {
                name: values[0].tolist()
                for name, values in activations(reading, layer, direction).items()
            }
            for direction in DIRECTIONS
        }
        for layer in range(len(reading.traces))
    ]


def _sentences(documents: Sequence[Document], part: str, quick: bool) -> Any:
    sentences = named_sentences(documents)
    return sentences[: _QUICK_SENTENCES[part]] if quick else sentences
