"""What a corpus as a whole should hold, and what its held-out parts should not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from nertagger.corpora.lint_sources import LintedFile, Problem, Sentence
from nertagger.text.tokens import tokenize

# Of the entities of a file.
SMALLEST_SHARE = 0.02
LARGEST_SHARE = 0.4
# Of these a language has few strings, which every text shares.
CLOSED_LABELS = ("DATE", "TIME", "MONEY")


def balance(file: LintedFile, labels: Sequence[str]) -> Iterator[Problem]:
    """A problem for each label that is rare or dominates in a file.

    Args:
        file: a corpus file.
        labels: those that it should have.
    """
    counts = Counter(entity.label for _, document in file.documents for entity in document.entities)
    total = counts.total()
    for label in labels:
        share = counts[label] / total if total else 0.0
        if share < SMALLEST_SHARE:
            limit = f"at least {SMALLEST_SHARE:.0%}"
        elif share > LARGEST_SHARE and len(labels) > 2:
            limit = f"at most {LARGEST_SHARE:.0%}"
        else:
            continue
        message = (
            f"{counts[label]} of its {total} entities are {label}, {share:.1%}; {limit} should be"
        )
        yield Problem(file.path, 0, message)


def shared_entities(files: Sequence[LintedFile], allowed: Collection[str]) -> Iterator[Problem]:
    """A problem for each entity of a held-out file that the training file of its folder has too.

    Dates, times and amounts of money apart: there are few of them.

    Args:
        files: corpus files, whose names tell the part: train, dev, test, …
        allowed: names that the parts may share; case does not matter.
    """
    allowed = {name.casefold() for name in allowed}
    trained: dict[Path, dict[str, tuple[Path, int]]] = defaultdict(dict)
    for file in files:
        if file.is_training:
            for line, name in _names(file):
                trained[file.path.parent].setdefault(name.casefold(), (file.path, line))
    for file in files:
        known = trained.get(file.path.parent, {})
        for line, name in _names(file) if file.is_held_out else ():
            if name.casefold() in known and name.casefold() not in allowed:
                path, trained_line = known[name.casefold()]
                place = f"{path}:{trained_line}" if trained_line else str(path)
                yield Problem(file.path, line, f"the entity {name!r} is in {place} too; rename one")


def _names(file: LintedFile) -> Iterator[tuple[int, str]]:
    for line, document in file.documents:
        for entity in document.entities:
            if entity.label not in CLOSED_LABELS:
                yield line, entity.text


def ambiguous_words(
    sentences: Iterable[Sentence], words: Sequence[str], path: Path
) -> Iterator[Problem]:
    """A problem for each word that is not there as an entity and as something else.

    Something else is an entity of another label, or none. The word counts wherever its tokens are,
    whatever their case, and as part of a longer entity too.

    Args:
        sentences: of a corpus.
        words: that it should have in more than one sense.
        path: the file of the words, whose lines the problems name.
    """
    forms: dict[tuple[str, ...], set[str]] = {}
    for word in words:
        starts, ends = tokenize(word)
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        forms[tuple(word[start:end].casefold() for start, end in spans)] = set()
    lengths = {len(form) for form in forms}
    for sentence in sentences:
        folded = tuple(token.casefold() for token, _ in sentence.tokens)
        for length in lengths:
            for first in range(len(folded) - length + 1):
                kinds = forms.get(folded[first : first + length])
                if kinds is not None:
                    kinds.add(sentence.tokens[first][1])
    for line, (word, kinds) in enumerate(zip(words, forms.values(), strict=True), 1):
        if len(kinds) < 2:
            found = " and ".join(kind or "no entity" for kind in kinds) or "not at all"
            message = (
                f"the corpus has {word!r} {'as ' if kinds else ''}{found}; both kinds are wanted"
            )
            yield Problem(path, line, message)
