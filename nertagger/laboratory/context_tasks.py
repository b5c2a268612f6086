"""What the taggers of `lab context` learn and are asked: sentences whose words need their context.

Words are folded, as the project's vocabulary has them: a capital letter gives nothing away.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nertagger.corpora.alignment import labelled_documents
from nertagger.corpora.bundled import bundled_corpus, data_directory
from nertagger.corpora.lint import read_list
from nertagger.text.document import Document, Entity
from nertagger.text.tags import OUTSIDE, split_tag
from nertagger.text.word_forms import fold_all


class Sentence(NamedTuple):
    """A sentence to learn from.

    Attributes:
        words: folded tokens.
        tags: their BIO tags.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]


class Use(NamedTuple):
    """A word in a sentence, to be told apart from another use of the same word.

    Attributes:
        sentence: in which it is.
        at: its place, from 0.
    """

    sentence: Sentence
    at: int


Pair = tuple[Use, Use]
"""One word in two sentences, as two different things."""


def kind_of(tag: str) -> str:
    """The label of the entity that a token is part of, or "" outside of entities."""
    return split_tag(tag)[1]


_LESSON = (
    ("I like eating apple", "The Apple is a great company", Entity("Apple", "ORG", 4, 9)),
    (
        "Teddy bears are on sale",
        "Teddy Roosevelt was a great President",
        Entity("Teddy Roosevelt", "PER", 0, 15),
    ),
)


def lesson_pairs() -> list[Pair]:
    """Two pairs of short sentences: the word that decides comes before "apple", after "Teddy"."""
    pairs = []
    for plain, named, entity in _LESSON:
        common, proper = corpus_sentences([Document(plain), Document(named, [entity])])
        at = next(at for at, tag in enumerate(proper.tags) if tag != OUTSIDE)
        pairs.append((Use(common, common.words.index(proper.words[at])), Use(proper, at)))
    return pairs


def corpus_sentences(documents: Iterable[Document]) -> list[Sentence]:
    """The sentences of gold documents, tokenised as the project's taggers see them."""
    documents = list(documents)
    found = []
    for document, sentences in zip(documents, labelled_documents(documents), strict=True):
        for sentence in sentences:
            spans = zip(sentence.starts.tolist(), sentence.ends.tolist(), strict=True)
            tokens = [document.text[start:end] for start, end in spans]
            found.append(Sentence(tuple(fold_all(tokens)), tuple(sentence.tags)))
    return found


def bundled_pairs() -> list[Pair]:
    """A pair of sentences for every word of data/ambiguous_words.txt, and the two of the lesson.

    Of the sentences of the English corpus that have the word, the first in which it is in an entity
    and the first in which it is in none; of a word that always is, the first two in which the
    entity's label differs.
    """
    documents = [d for part in ("train", "dev", "test") for d in bundled_corpus(part).documents]
    sentences = corpus_sentences(documents)
    pairs = lesson_pairs()
    for line in read_list(data_directory() / "ambiguous_words.txt"):
        form = tuple(fold_all(line.split()))
        uses: dict[str, Use] = {}
        for sentence in sentences:
            if form[0] not in sentence.words:
                continue
            for at in range(len(sentence.words) - len(form) + 1):
                if sentence.words[at : at + len(form)] == form:
                    uses.setdefault(kind_of(sentence.tags[at]), Use(sentence, at))
        # "" sorts first: no entity, if there is such a use.
        first, second = sorted(uses.items(), key=lambda item: item[0] != "")[:2]
        pairs.append((first[1], second[1]))
    return pairs


ORDERS = ("before", "after", "inside")
"""Where the deciding word is: before the ambiguous one, after it, or after it and in the name."""

_AMBIGUOUS = [
    "rose",
    "mark",
    "frank",
    "bill",
    "grace",
    "hope",
    "will",
    "art",
    "dawn",
    "ivy",
    "drew",
    "rob",
    "jack",
    "sandy",
    "pat",
    "ray",
]
# For each order, what makes the word a name and what makes it none.
_DECIDING = {
    "before": (
        ["captain", "uncle", "cousin", "doctor", "auntie", "sir"],
        ["this", "every", "another", "no", "any", "each"],
    ),
    "after": (
        ["laughed", "whispered", "shrugged", "yawned", "frowned", "blushed"],
        ["rusted", "evaporated", "melted", "shattered", "expired", "cracked"],
    ),
    "inside": (
        ["winterbourne", "okafor", "lindqvist", "marchetti", "tanaka", "dubois"],
        ["petals", "sheet", "box", "stand", "seller", "counter"],
    ),
}
_FILLERS = ["also", "then", "again", "simply", "almost", "perhaps"]
_FRAMES = [
    "yesterday",
    "after lunch",
    "at the mill",
    "in our street",
    "to be honest",
    "once more",
    "on the stairs",
    "without warning",
    "last week",
    "as far as we know",
    "in the rain",
    "at noon",
]
_LONGEST_DISTANCE = 3


def order_pair(order: str, random: np.random.Generator) -> Pair:
    """A sentence in which a word is a name, and the same but for the one word that decides: not.

    The ambiguous word is `distance` words from the deciding one, 1 for a surname. All the rest of
    the sentence is drawn without regard to either.

    Args:
        order: one of `ORDERS`.
        random: draws.
    """

    def phrases(least: int, most: int) -> list[str]:
        chosen = random.choice(_FRAMES, random.integers(least, most + 1), replace=False)
        return " ".join(chosen).split()

    word = str(random.choice(_AMBIGUOUS))
    distance = 1 if order == "inside" else int(random.integers(1, _LONGEST_DISTANCE + 1))
    between = [str(filler) for filler in random.choice(_FILLERS, distance - 1)]
    opening, ending = phrases(0, 2), phrases(1, 2)
    uses = []
    for is_name, deciding in zip((True, False), _DECIDING[order], strict=True):
        decides = str(random.choice(deciding))
        core = [decides, *between, word] if order == "before" else [word, *between, decides]
        at = len(opening) + core.index(word)
        words = (*opening, *core, *ending)
        tags = [OUTSIDE] * len(words)
        if is_name:
            tags[at] = "B-PER"
            if order == "inside":
                tags[at + 1] = "I-PER"
        uses.append(Use(Sentence(words, tuple(tags)), at))
    return uses[0], uses[1]


def order_pairs(count: int, seed: int) -> dict[str, list[Pair]]:
    """So many pairs of each order."""
    random = np.random.default_rng(seed)
    return {order: [order_pair(order, random) for _ in range(count)] for order in ORDERS}


_NAMES = ["harriet", "tobias", "leonora", "casper", "philippa", "ansel", "ottilie", "bertram"]
_OTHER_NAMES = [
    "matilda",
    "rufus",
    "cordelia",
    "barnaby",
    "rosalind",
    "quentin",
    "henrietta",
    "jasper",
]
_THINGS = ["lamps", "carts", "kettles", "ladders", "baskets", "ropes", "bricks", "mirrors"]
POSITIONS = 8


def position_use(position: int, words: Sequence[str], tag: str, random: np.random.Generator) -> Use:
    """A sentence of `POSITIONS` words with one of these words at a position from 1 on."""
    at = position - 1
    sentence = [str(word) for word in random.choice(_FILLERS, POSITIONS)]
    tags = [OUTSIDE] * POSITIONS
    sentence[at], tags[at] = str(random.choice(words)), tag
    return Use(Sentence(tuple(sentence), tuple(tags)), at)


def position_sentences(count: int, seed: int, others: bool = True) -> list[Sentence]:
    """Sentences with a name at position 1, and nowhere else.

    Of every four sentences two begin with one of these names; one has a thing at any position; and
    one has another name at any position, so that the beginning of a sentence is no sign of a name.

    Args:
        count: of sentences.
        seed: of the draws.
        others: whether there are other names; else another thing is in their place.
    """
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        if number % 4 < 2:
            use = position_use(1, _NAMES, "B-PER", random)
        elif number % 4 == 2 and others:
            anywhere = int(random.integers(1, POSITIONS + 1))
            use = position_use(anywhere, _OTHER_NAMES, "B-PER", random)
        else:
            use = position_use(int(random.integers(1, POSITIONS + 1)), _THINGS, OUTSIDE, random)
        found.append(use.sentence)
    return found


def position_uses(position: int, count: int, seed: int) -> list[Use]:
    """So many of the names that training has at position 1, at a position."""
    random = np.random.default_rng((seed, position))
    return [position_use(position, _NAMES, "B-PER", random) for _ in range(count)]


def sentences_of(pairs: Iterable[Pair]) -> list[Sentence]:
    """The sentences of pairs, each once."""
    return list(dict.fromkeys(use.sentence for use in itertools.chain.from_iterable(pairs)))


def ambiguous_words(sentences: Iterable[Sentence], least: int = 2, share: float = 0.2) -> set[str]:
    """The words that sentences have as two kinds or more; a kind is a label, or no entity.

    Args:
        sentences: of a corpus.
        least: how often a kind must be there to count.
        share: of the word's uses that a kind must have to count.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in sentences:
        for word, tag in zip(words, tags, strict=True):
            counts[word][kind_of(tag)] += 1
    return {
        word
        for word, kinds in counts.items()
        if sum(count >= max(least, share * kinds.total()) for count in kinds.values()) > 1
    }


def uses_of(sentences: Sequence[Sentence], words: set[str]) -> Iterator[Use]:
    """Where in the sentences these words are."""
    for sentence in sentences:
        for at, word in enumerate(sentence.words):
            if word in words:
                yield Use(sentence, at)
