"""How well a tagger reads what is not written as it should be.

    python benchmarks/robustness.py --model DIR [--model DIR …] --corpus FILE [--map FROM=TO,…]
                                    [--names FILE --met FILE …]

Entity F1 on a corpus as it is, all in capitals, all in lower case, without punctuation, with typing
errors in a word of twenty (two letters swapped, one missing, one doubled, one beside it), and with
the words of its people and places replaced by invented ones, the same word by the same one within a
document; with --names also by those of the people and places of another corpus that none of the
corpora of --met has (`bundled` is one). Choose on a dev part. The changes are drawn with a fixed
seed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

# Threads that wait for one another are slow on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import nertagger
from nertagger.corpora.reading import read_corpus
from nertagger.evaluation.evaluate import spans_of
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.evaluation.scores import entity_scores
from nertagger.text.document import Document, Entity
from nertagger.training.sources import Source, read_source

Edit = tuple[int, int, str]
Change = Callable[[Document, random.Random], Document]
_INVENTED = ("PER", "LOC")
_BEGINNINGS = (*"bcdfghjklmnprstvwz", "br", "ch", "dr", "gr", "kl", "pr", "sh", "st", "tr")
_VOWELS = (*"aeiou", "ai", "ea", "ia", "ou")
_ENDINGS = (*"nrslmx", "nd", "rt", "sk", "th")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--map", default="")
    parser.add_argument("--names", type=Path)
    parser.add_argument("--met", nargs="+", default=[])
    options = parser.parse_args()
    mapping = parse_label_map(options.map)
    gold = map_labels(read_corpus(options.corpus).documents, mapping)
    print(f"{options.corpus.name:24}" + "".join(f"{Path(m).name[:16]:>18}" for m in options.model))
    taggers = [nertagger.load(model) for model in options.model]
    plain: list[float] = []
    changes = dict(CHANGES)
    if options.names:
        changes["with names not met"] = with_names_of(
            unmet_names(map_labels(read_corpus(options.names).documents, mapping), options.met)
        )
    for name, change in changes.items():
        changed = [change(document, random.Random(number)) for number, document in enumerate(gold)]
        line = f"{name:24}"
        for number, tagger in enumerate(taggers):
            predicted = map_labels(tagger.pipe(d.text for d in changed), mapping)
            f1 = 100 * entity_scores(spans_of(changed), spans_of(predicted))["micro"]["f1"]
            if len(plain) < len(taggers):
                plain.append(f1)
            line += f"{f1:9.2f} ({f1 - plain[number]:+6.2f})"
        print(line, flush=True)


def edited(document: Document, edits: Iterable[Edit]) -> Document:
    """The document with pieces of its text replaced; edits are in order and apart."""
    text, begin = "", 0
    # Where each place of the old text is in the new one.
    places: list[int] = []
    for start, end, replacement in edits:
        places += range(len(text), len(text) + start - begin)
        text += document.text[begin:start]
        places += [len(text) + min(offset, len(replacement)) for offset in range(end - start)]
        text += replacement
        begin = end
    places += range(len(text), len(text) + len(document.text) - begin + 1)
    text += document.text[begin:]
    entities = []
    for entity in document.entities:
        start, end = places[entity.start], places[entity.end]
        if start < end:
            entities.append(Entity(text[start:end], entity.label, start, end))
    return Document(text, entities)


def recased(change: Callable[[str], str]) -> Change:
    """Every letter changed that stays one letter."""

    def recase(document: Document, _: random.Random) -> Document:
        letters = enumerate(document.text)
        return edited(document, [(i, i + 1, change(c)) for i, c in letters if len(change(c)) == 1])

    return recase


def without_punctuation(document: Document, _: random.Random) -> Document:
    marks = (i for i, c in enumerate(document.text) if c in string.punctuation)
    return edited(document, [(i, i + 1, "") for i in marks])


def mistyped(document: Document, chance: random.Random) -> Document:
    edits = []
    for start, word in words(document.text):
        if len(word) < 4 or not word.isalpha() or chance.random() >= 0.05:
            continue
        at = chance.randrange(1, len(word) - 1)
        kind = chance.randrange(4)
        if kind == 0:
            wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind == 1:
            wrong = word[:at] + word[at + 1 :]
        elif kind == 2:
            wrong = word[: at + 1] + word[at:]
        else:
            wrong = word[:at] + neighbour(word[at], chance) + word[at + 1 :]
        edits.append((start, start + len(word), wrong))
    return edited(document, edits)


def renamed(name: Callable[[str, random.Random], str]) -> Change:
    """People and places by other names, which a label and chance give."""

    def rename(document: Document, chance: random.Random) -> Document:
        names: dict[str, str] = {}
        edits = []
        for label, begin, word in words_of_names(document):
            new = names.setdefault(word, name(label, chance))
            edits.append((begin, begin + len(word), new.upper() if word.isupper() else new))
        return edited(document, edits)

    return rename


def with_names_of(names: Mapping[str, Sequence[str]]) -> Change:
    """People and places called as these are, given by label."""
    return renamed(lambda label, chance: chance.choice(names[label]))


def unmet_names(documents: Iterable[Document], met: Iterable[str]) -> dict[str, list[str]]:
    """The words of people and places, by label, that no other corpus has."""
    known = {
        word.lower()
        for path in met
        for document in read_source(Source(path)).corpus.documents
        for _, word in words(document.text)
    }
    found: dict[str, set[str]] = {label: set() for label in _INVENTED}
    for document in documents:
        for label, _, word in words_of_names(document):
            if word.lower() not in known:
                found[label].add(word.capitalize() if word.isupper() else word)
    for label, of_label in found.items():
        if not of_label:
            raise SystemExit(f"--names has no {label} that --met has not; expected at least one")
    return {label: sorted(of_label) for label, of_label in found.items()}


def words_of_names(document: Document) -> Iterator[tuple[str, int, str]]:
    """The label, the place and the word of all that people and places are called."""
    for entity in document.entities:
        if entity.label in _INVENTED:
            for start, word in words(entity.text):
                if word.isalpha() and len(word) > 2 and word[0].isupper():
                    yield entity.label, entity.start + start, word


def words(text: str) -> list[tuple[int, str]]:
    """Stretches of letters and digits, and where they begin."""
    return [(found.start(), found.group()) for found in re.finditer(r"[^\W_]+", text)]


def neighbour(letter: str, chance: random.Random) -> str:
    """A letter beside this one on the keyboard."""
    for row in _ROWS:
        if (at := row.find(letter.lower())) >= 0:
            near = chance.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
            return near.upper() if letter.isupper() else near
    return letter


def invention(_: str, chance: random.Random) -> str:
    """A word of two or three syllables that is in no list."""
    syllables = (
        chance.choice(_BEGINNINGS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 3))
    )
    return ("".join(syllables) + chance.choice(_ENDINGS)).capitalize()


CHANGES: dict[str, Change] = {
    "as it is": lambda document, _: document,
    "in capitals": recased(str.upper),
    "in lower case": recased(str.lower),
    "without punctuation": without_punctuation,
    "with typing errors": mistyped,
    "with invented names": renamed(invention),
}


if __name__ == "__main__":
    main()
