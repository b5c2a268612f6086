"""From corpora to what a training needs: vocabularies, tags, and the arrays of every token."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nertagger.corpora.alignment import Misalignment, labelled_sentences, summary
from nertagger.corpora.corpus import Corpus, labels_of
from nertagger.corpora.lines import read_lines
from nertagger.corpora.reading import read_corpus
from nertagger.corpora.vectors import read_vectors
from nertagger.errors import InputError
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.models.architecture import Architecture
from nertagger.recurrent import numpy_ops
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.document import Document
from nertagger.text.sentences import count_long_sentences, long_sentences_note
from nertagger.text.tags import NAME, OUTSIDE, tags_of_labels
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import PackedVectors, pack, unpack
from nertagger.text.vocabulary import PAD_WORD, UNKNOWN, UNKNOWN_WORD, Vocabulary
from nertagger.text.word_forms import fold
from nertagger.text.word_rows import WordRows, row_order
from nertagger.training.contexts import Contexts, contexts_of
from nertagger.training.made_up_names import MadeUpNames, made_up_names_of
from nertagger.training.options import SMALL, TrainingOptions
from nertagger.training.sources import BUNDLED, LabelledCorpus, bundled, read_source
from nertagger.training.spellings import Spellings, spellings_of
from nertagger.training.tag_sets import TagNumbers

CHARACTERS_PER_TOKEN = 20


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A training corpus, or several, in numbers, and what turns other text into the same numbers.

    Attributes:
        name: the corpus's; of several whose labels the model keeps, joined by +.
        corpora: of each corpus its name, its size and the labels that it annotates.
        labels: the entity labels that the model learns, sorted.
        scheme: of the tags.
        heads: the tags of each output head in the order of their numbers, the model's first; K in
            all.
        encoder: from tokens to inputs.
        vectors: the frozen vectors, with zeros in row 0, or None.
        spellings: the N tokens of the training corpus, as they are and as they could be.
        tag_numbers: [N]; from K on they are sets of tags.
        tag_sets: which tags each number stands for, bool [K + M, K]; None where M is 0.
        head_tags: which tags are of the same head as each number, bool [K + M, K]; None where there
            is one head.
        offsets: where each sentence starts, and N: [S + 1].
        contexts: what the sentences are told of their documents; None where the options want none.
        made_up_names: what the tokens could be called; None where the options want none.
        dev: the documents that choose the checkpoint.
        dev_name: what they are.
        dev_map: labels to rename in what the tagger says of them.
        fingerprint: a hash of all corpora.
    """

    name: str
    corpora: list[dict[str, Any]]
    labels: tuple[str, ...]
    scheme: str
    heads: tuple[tuple[str, ...], ...]
    encoder: TokenEncoder
    vectors: PackedVectors | None
    spellings: Spellings
    tag_numbers: np.ndarray
    tag_sets: np.ndarray | None
    head_tags: np.ndarray | None
    offsets: np.ndarray
    contexts: Contexts | None
    made_up_names: MadeUpNames | None
    dev: list[Document]
    dev_name: str
    dev_map: dict[str, str]
    fingerprint: str

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the model keeps."""
        return self.heads[0]

    def initial_words(self, architecture: Architecture) -> np.ndarray | None:
        """What the embeddings of words start from: the words' vectors, float32 [V, E].

        Rows of words without a vector are zeros. None where the two lengths differ.
        """
        vectors = self.vectors
        if vectors is None or architecture.word_encoding != "embedding":
            return None
        if vectors.dimension != architecture.word_dimension:
            return None
        rows = [self.encoder.vector_row(word, word) for word in self.encoder.vocabulary.words]
        return unpack(numpy_ops, vectors.codes[rows], vectors.scales[rows], vectors.dimension)


def read_dataset(options: TrainingOptions, log: Callable[[str], None]) -> Dataset:
    """Reads and checks everything that a training reads.

    Args:
        options: which files, and how large a vocabulary.
        log: is told what was found and every warning, a line a time.

    Raises:
        InputError: a file that cannot be used, or a corpus with nothing to learn.
    """
    # Those whose labels the model keeps come first.
    ordered = sorted(options.sources, key=lambda source: source.own_head)
    if ordered[0].own_head:
        raise InputError(
            "every corpus to learn from has own_head; expected one without, for the model keeps "
            "the labels of that alone"
        )
    sources = [read_source(source) for source in ordered]
    dev = _dev(options, ordered[0].path, sources, log)
    shared = [source for source in sources if not source.own_head]
    own = sources[len(shared) :]
    scheme = {"sigmoid": "BIO", "softmax": "BIO", "crf": "BIOES"}[options.head]
    labels = sorted({label for source in shared for label in source.corpus.labels})
    if not labels:
        raise InputError(
            "no entity in the whole corpus; expected at least one", shared[0].corpus.path
        )
    name = "+".join(dict.fromkeys(source.corpus.name for source in shared))
    dev_map = parse_label_map(options.dev_map or "", {*labels, *dev.labels})
    dev = dataclasses.replace(dev, documents=map_labels(dev.documents, dev_map))
    reachable = {dev_map.get(label, label) for label in labels}
    for label in labels_of(dev.documents):
        if label not in reachable and options.head != "sigmoid":
            log(
                f"warning: {dev.name} has {label}, which {name} never has: "
                "its spans count as missed"
            )
    if options.head == "sigmoid":
        _check_one_label_set(sources)
        labels, tags = [NAME], [NAME]
        names = dict.fromkeys(dev.labels, NAME)
        dev = dataclasses.replace(dev, documents=map_labels(dev.documents, names))
        dev_map = {}
    else:
        tags = tags_of_labels(labels, scheme)
    tag_numbers = TagNumbers(tags, scheme, [source.corpus.labels for source in own])
    heads = [0] * len(shared) + [*range(1, len(own) + 1)]
    parts = [_sentences(source.corpus, log) for source in sources]
    numbers = [
        tag_numbers.of_corpus(source, part.tags, head)
        for source, part, head in zip(sources, parts, heads, strict=True)
    ]
    repeats = _repeats(sources, [len(part.lengths) for part in parts])
    tokens = [token for part in parts for token in part.tokens]

    counts = Counter(map(fold, tokens))
    if options.vocabulary:
        vocabulary = _read_word_list(options.vocabulary, options.vocabulary_size)
    else:
        vocabulary = Vocabulary.from_counts(counts, options.vocabulary_size)
    characters = None
    if options.characters != "none":
        characters = CharacterVocabulary.from_counts(Counter("".join(tokens)), minimum=2)
    vector_rows, vectors = _vectors(options, tokens, counts, log)
    inputs = vocabulary, characters, CHARACTERS_PER_TOKEN, vector_rows
    encoder = TokenEncoder(*inputs, misspellings=options.misspellings > 0)
    # Which part comes when in a pass.
    passes = [index for index, repeat in enumerate(repeats) for _ in range(repeat)]
    bio_tags = [tag for part in parts for tags in part.tags for tag in tags]
    ends = np.cumsum([len(part.tokens) for part in parts])
    places = np.split(np.arange(len(tokens)), ends[:-1])
    # What stands in the corpus is no misspelling.
    literal = TokenEncoder(*inputs)
    inside = np.array([tag != OUTSIDE for tag in bio_tags])
    spellings = spellings_of(tokens, inside, counts, literal)
    contexts = None
    if vectors is not None and options.context_dimension:
        contexts = _contexts(parts, passes, spellings, vectors)
    order = np.concatenate([places[index] for index in passes])
    spellings = spellings.repeated(order)
    made_up_names = None
    if options.name_variation != 0:
        # A small corpus beside others, too, needs its every name as it is.
        least = SMALL if options.name_variation is None else 0
        renamed = [
            OUTSIDE if len(part.lengths) < least else tag
            for part in parts
            for tags in part.tags
            for tag in tags
        ]
        made_up_names = made_up_names_of(tokens, renamed, literal).of(order)
    known = np.mean(spellings.features["words"][spellings.rows] != UNKNOWN)
    for source, part, repeat in zip(sources, parts, repeats, strict=True):
        log(
            f"{source.corpus.name}: {len(part.lengths):,} sentences, "
            f"{len(part.tokens):,} tokens, {source.corpus.entity_count:,} entities of "
            f"{', '.join(source.corpus.labels)} "
            f"({source.corpus.scheme})"
            + (f", {repeat} times an epoch" if repeat > 1 else "")
            + (", for a head of its own" if source.own_head else "")
        )
    log(f"vocabulary {vocabulary.size:,}, {known:.1%} of the tokens")
    log(f"{dev.name}: {len(dev.documents):,} documents, {dev.entity_count:,} entities")
    return Dataset(
        name=name,
        corpora=[*map(_summary, sources, parts, repeats)],
        labels=tuple(labels),
        scheme=scheme,
        heads=tag_numbers.heads,
        encoder=encoder,
        vectors=vectors,
        spellings=spellings,
        tag_numbers=np.concatenate([numbers[index] for index in passes]),
        tag_sets=tag_numbers.table(),
        head_tags=tag_numbers.head_table(),
        offsets=np.append(0, np.cumsum(np.concatenate([parts[i].lengths for i in passes]))),
        contexts=contexts,
        made_up_names=made_up_names,
        dev=dev.documents,
        dev_name=dev.name,
        dev_map=dev_map,
        fingerprint=_fingerprint([*(source.corpus for source in sources), dev]),
    )


class _Sentences(NamedTuple):
    """A corpus as the tagger reads it: its tokens, their BIO tags, the sentences' lengths, and how
    many sentences each document has."""

    tokens: list[str]
    tags: list[list[str]]
    lengths: np.ndarray
    documents: np.ndarray


def _sentences(corpus: Corpus, log: Callable[[str], None]) -> _Sentences:
    tokens: list[str] = []
    tags: list[list[str]] = []
    misalignments: list[Misalignment] = []
    documents: list[int] = []
    long = 0
    for document in corpus.documents:
        text, before = document.text, len(tags)
        long += count_long_sentences(text)
        for sentence in labelled_sentences(document, misalignments):
            tokens += [
                text[start:end]
                for start, end in zip(sentence.starts.tolist(), sentence.ends.tolist(), strict=True)
            ]
            tags.append(sentence.tags)
        documents.append(len(tags) - before)
    if misalignments:
        log(f"warning: {corpus.path}: {summary(misalignments)}")
    if long:
        log(f"warning: {corpus.path}: {long_sentences_note(long)}")
    lengths = np.array([len(sentence) for sentence in tags], np.int64)
    return _Sentences(tokens, tags, lengths, np.array(documents, np.int64))


def _dev(
    options: TrainingOptions,
    first_path: str,
    sources: list[LabelledCorpus],
    log: Callable[[str], None],
) -> Corpus:
    """The corpus that chooses; where it is a part of the first to learn from, that gives it up."""
    if options.dev:
        return bundled("dev") if options.dev == BUNDLED else read_corpus(options.dev)
    if first_path == BUNDLED:
        return bundled("dev")
    first = sources[0].corpus
    train, dev = _split(first, options.seed)
    sources[0] = dataclasses.replace(sources[0], corpus=train)
    log(
        f"no --dev given: one document in ten of {first.name}, {len(dev.documents)} in all, "
        "is kept for it"
    )
    return dev


def _check_one_label_set(sources: Sequence[LabelledCorpus]) -> None:
    first = sources[0]
    for source in sources:
        if source.own_head:
            raise InputError(
                f"{source.corpus.name} has own_head, but --head sigmoid learns names as one corpus "
                "has them; expected no own_head, or --head crf"
            )
        if source.annotated != first.annotated:
            raise InputError(
                f"--head sigmoid learns names as one corpus has them, but {first.corpus.name} "
                f"annotates {', '.join(first.annotated)}, and {source.corpus.name} "
                f"{', '.join(source.annotated)}; expected the same labels, or --head crf"
            )


def _repeats(sources: Sequence[LabelledCorpus], sizes: Sequence[int]) -> list[int]:
    """How often a pass passes over each corpus; see `Source.repeat`."""
    kept = sum(size for source, size in zip(sources, sizes, strict=True) if not source.own_head)
    beside = sum(
        size * (source.repeat or 1)
        for source, size in zip(sources, sizes, strict=True)
        if source.own_head
    )
    fifth = max(1, round(beside / (4 * kept))) if kept else 1
    return [source.repeat or (1 if source.own_head else fifth) for source in sources]


def _contexts(
    parts: Sequence[_Sentences], passes: list[int], spellings: Spellings, vectors: PackedVectors
) -> Contexts:
    """The contexts of the sentences of an epoch, which passes over the parts as `passes` says."""
    rows = spellings.features["vectors"][spellings.rows]
    offsets = np.append(0, np.cumsum(np.concatenate([part.lengths for part in parts])))
    documents = np.append(0, np.cumsum(np.concatenate([part.documents for part in parts])))
    numbers = np.arange(len(offsets) - 1)
    sentences = np.split(numbers, np.cumsum([len(part.lengths) for part in parts])[:-1])
    contexts = contexts_of(rows, vectors, offsets, documents)
    return contexts.of(np.concatenate([sentences[index] for index in passes]))


def _summary(source: LabelledCorpus, sentences: _Sentences, repeat: int) -> dict[str, Any]:
    return {
        "name": source.corpus.name,
        "sentences": len(sentences.lengths),
        "tokens": len(sentences.tokens),
        "entities": source.corpus.entity_count,
        "labels": list(source.annotated),
        "repeat": repeat,
        "own_head": source.own_head,
    }


def _vectors(
    options: TrainingOptions,
    tokens: Iterable[str],
    folded: Collection[str],
    log: Callable[[str], None],
) -> tuple[WordRows | None, PackedVectors | None]:
    if not options.vectors:
        return None, None
    if options.vector_rows is None:
        words, rows = read_vectors(options.vectors)
    else:
        # Every form under which `TokenEncoder.vector_row` looks a token up.
        wanted = {*tokens, *folded, *(word.replace(".", "") for word in folded)}
        words, rows = read_vectors(options.vectors, wanted, options.vector_rows)
    log(f"{options.vectors}: {len(words):,} vectors of {rows.shape[1]} dimensions")
    words = [PAD_WORD, *words]
    padded = np.zeros((len(words), rows.shape[1]), np.float32)
    padded[1:] = rows
    order = row_order(words)
    return WordRows.of(words[place] for place in order), pack(padded[order])


def _read_word_list(path: str, size: int) -> Vocabulary:
    words = dict.fromkeys(fold(word) for line in read_lines(path) if (word := line.strip()))
    try:
        return Vocabulary(
            [word for word in words if word not in (PAD_WORD, UNKNOWN_WORD)][: size - 2]
        )
    except ValueError as error:
        raise InputError(str(error), path) from None


def _split(corpus: Corpus, seed: int) -> tuple[Corpus, Corpus]:
    if len(corpus.documents) < 2:
        raise InputError(
            "a single document, which cannot be split; expected --dev FILE as well", corpus.path
        )
    order = np.random.default_rng(seed).permutation(len(corpus.documents))
    kept = set(order[: max(1, len(order) // 10)].tolist())
    parts = [
        [document for index, document in enumerate(corpus.documents) if (index in kept) == is_dev]
        for is_dev in (False, True)
    ]
    return (
        dataclasses.replace(corpus, documents=parts[0]),
        dataclasses.replace(corpus, documents=parts[1], name=f"{corpus.name} (kept for dev)"),
    )


def _fingerprint(corpora: Iterable[Corpus]) -> str:
    digest = hashlib.sha256()
    for corpus in corpora:
        for document in corpus.documents:
            spans = [(entity.label, entity.start, entity.end) for entity in document.entities]
            digest.update(repr((document.text, spans)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
