"""Sentences that a corpus has twice, to the letter or nearly."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from nertagger.corpora.lint_sources import Problem, Sentence

# Shorter sentences, such as "Thanks a lot!", may well be written twice.
SHORTEST = 5
# Of the token sets' Jaccard index: what they share, of all that either has.
NEAR = 0.7
_DIGITS = re.compile(r"\d+")


def duplicates(sentences: Sequence[Sentence]) -> Iterator[Problem]:
    """One problem for each sentence that an earlier one equals, or nearly.

    Equal: case and spacing apart. From one template: the entities and the digits apart. Nearly:
    the Jaccard index of their token sets is `NEAR` or more.
    """
    sentences = [sentence for sentence in sentences if len(sentence.tokens) >= SHORTEST]
    equal: dict[str, Sentence] = {}
    templates: dict[str, Sentence] = {}
    rest: list[Sentence] = []
    for sentence in sentences:
        key = " ".join(sentence.text.casefold().split())
        template = _DIGITS.sub("0", " ".join(sentence.skeleton.casefold().split()))
        if key in equal:
            yield _problem(sentence, "is the same sentence as", equal[key])
        elif template in templates and _has_words(sentence):
            yield _problem(
                sentence, "differs in entities and digits only from", templates[template]
            )
        else:
            rest.append(sentence)
        equal.setdefault(key, sentence)
        templates.setdefault(template, sentence)
    for sentence, before in _near(rest):
        yield _problem(sentence, "is nearly the same sentence as", before)


def _has_words(sentence: Sentence) -> bool:
    """Whether enough is left without the entities: "Team 3 Team 1" is a row and no template."""
    words = [token for token, kind in sentence.tokens if not kind and token.isalpha()]
    return len(words) >= SHORTEST


def _near(sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, Sentence]]:
    """Pairs (later, earlier) with a Jaccard index of `NEAR` or more, for each later one the first.

    Of two sets with such an index, the rarest tokens share one: the |A| - ceil(NEAR |A|) + 1
    rarest of A and as many of B (Chaudhuri, Ganti and Kaushik 2006). Only such are compared.
    """
    sets = [frozenset(token.casefold() for token, _ in sentence.tokens) for sentence in sentences]
    counts = Counter(token for tokens in sets for token in tokens)
    index: dict[str, list[int]] = defaultdict(list)
    for number, tokens in enumerate(sets):
        rare = sorted(tokens, key=lambda token: (counts[token], token))
        rare = rare[: len(rare) - math.ceil(NEAR * len(rare)) + 1]
        for other in sorted({other for token in rare for other in index[token]}):
            shared = len(tokens & sets[other])
            if shared >= NEAR * (len(tokens) + len(sets[other]) - shared):
                yield sentences[number], sentences[other]
                break
        for token in rare:
            index[token].append(number)


def _problem(sentence: Sentence, verb: str, before: Sentence) -> Problem:
    place = f"{before.path}:{before.line}" if before.line else str(before.path)
    return Problem(sentence.path, sentence.line, f"{_shown(sentence)} {verb} one at {place}")


def _shown(sentence: Sentence) -> str:
    text = sentence.text
    return repr(text if len(text) <= 50 else text[:49] + "…")
