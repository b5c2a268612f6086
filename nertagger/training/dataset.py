"""From corpora to what a training needs: vocabularies, tags, and the arrays of every token."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from nertagger.corpora.alignment import Misalignment, labelled_sentences, summary
from nertagger.corpora.bundled import bundled_corpus
from nertagger.corpora.corpus import Corpus
from nertagger.corpora.lines import read_lines
from nertagger.corpora.reading import read_corpus
from nertagger.corpora.vectors import read_vectors
from nertagger.errors import InputError
from nertagger.evaluation.label_map import map_labels
from nertagger.models.architecture import Architecture
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.document import Document
from nertagger.text.tags import NAME, tags_of_labels, to_scheme
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import PAD_WORD, UNKNOWN, UNKNOWN_WORD, Vocabulary
from nertagger.text.word_forms import fold
from nertagger.training.options import TrainingOptions

CHARACTERS_PER_TOKEN = 20


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A training corpus in numbers, and what turns other text into the same numbers.

    Attributes:
        name: the corpus's.
        labels: the entity labels that the model learns, sorted.
        scheme: of `tags`.
        tags: the K tags in the order of their numbers.
        encoder: from tokens to inputs.
        vector_rows: the frozen vectors [R, F] with zeros in row 0, or None.
        features: per input name, a row per token of the training corpus.
        tag_numbers: [N].
        offsets: where each sentence starts, and N: [S + 1].
        rare_words: bool [vocabulary], the words seen once.
        dev: the documents that choose the checkpoint.
        dev_name: what they are.
        fingerprint: a hash of both corpora.
    """

    name: str
    labels: tuple[str, ...]
    scheme: str
    tags: tuple[str, ...]
    encoder: TokenEncoder
    vector_rows: np.ndarray | None
    features: dict[str, np.ndarray]
    tag_numbers: np.ndarray
    offsets: np.ndarray
    rare_words: np.ndarray
    dev: list[Document]
    dev_name: str
    fingerprint: str

    def initial_words(self, architecture: Architecture) -> np.ndarray | None:
        """What the embeddings of words start from: the words' vectors, float32 [V, E].

        Rows of words without a vector are zeros. None where the two lengths differ.
        """
        if self.vector_rows is None or architecture.word_encoding != "embedding":
            return None
        if self.vector_rows.shape[1] != architecture.word_dimension:
            return None
        words = self.encoder.vocabulary.words
        return self.vector_rows[[self.encoder.vector_row(word, word) for word in words]].astype(
            "f4"
        )


def read_dataset(options: TrainingOptions, log: Callable[[str], None]) -> Dataset:
    """Reads and checks everything that a training reads.

    Args:
        options: which files, and how large a vocabulary.
        log: is told what was found and every warning, a line a time.

    Raises:
        InputError: a file that cannot be used, or a corpus with nothing to learn.
    """
    train = read_corpus(options.train) if options.train else _bundled("train")
    if options.dev:
        dev = read_corpus(options.dev)
    elif options.train:
        train, dev = _split(train, options.seed)
        log(
            f"no --dev given: one document in ten of {train.name}, {len(dev.documents)} in all, "
            "is kept for it"
        )
    else:
        dev = _bundled("dev")
    scheme = {"sigmoid": "BIO", "softmax": "BIO", "crf": "BIOES"}[options.head]
    tokens, sentence_tags, offsets = _sentences(train, log)
    labels = list(train.labels)
    if not labels:
        raise InputError("no entity in the whole corpus; expected at least one", train.path)
    for label in dev.labels:
        if label not in labels and options.head != "sigmoid":
            log(
                f"warning: {dev.name} has {label}, which {train.name} never has: "
                "its spans count as missed"
            )
    if options.head == "sigmoid":
        labels, tags = [NAME], [NAME]
        dev = dataclasses.replace(
            dev, documents=map_labels(dev.documents, dict.fromkeys(dev.labels, NAME))
        )
    else:
        tags = tags_of_labels(labels, scheme)
    numbers = _tag_numbers(sentence_tags, scheme, tags)

    counts = Counter(map(fold, tokens))
    if options.vocabulary:
        vocabulary = _read_word_list(options.vocabulary, options.vocabulary_size)
    else:
        vocabulary = Vocabulary.from_counts(counts, options.vocabulary_size)
    characters = None
    if options.characters != "none":
        characters = CharacterVocabulary.from_counts(Counter("".join(tokens)), minimum=2)
    vector_words, vector_rows = _vectors(options, log)
    encoder = TokenEncoder(vocabulary, characters, CHARACTERS_PER_TOKEN, vector_words)
    distinct = list(dict.fromkeys(tokens))
    number_of = {token: number for number, token in enumerate(distinct)}
    rows = np.fromiter((number_of[token] for token in tokens), np.int64, len(tokens))
    features = {name: values[rows] for name, values in encoder.encode(distinct).items()}
    rare = np.zeros(vocabulary.size, bool)
    rare[[vocabulary.lookup(word) for word, count in counts.items() if count == 1]] = True
    rare[: UNKNOWN + 1] = False
    known = np.mean(features["words"] != UNKNOWN)
    log(
        f"{train.name}: {len(offsets) - 1:,} sentences, {len(tokens):,} tokens, "
        f"{train.entity_count:,} entities of {', '.join(labels)} ({train.scheme}); "
        f"vocabulary {vocabulary.size:,}, {known:.1%} of the tokens"
    )
    log(f"{dev.name}: {len(dev.documents):,} documents, {dev.entity_count:,} entities")
    return Dataset(
        name=train.name,
        labels=tuple(labels),
        scheme=scheme,
        tags=tuple(tags),
        encoder=encoder,
        vector_rows=vector_rows,
        features=features,
        tag_numbers=numbers,
        offsets=offsets,
        rare_words=rare,
        dev=dev.documents,
        dev_name=dev.name,
        fingerprint=_fingerprint((train, dev)),
    )


def _sentences(
    corpus: Corpus, log: Callable[[str], None]
) -> tuple[list[str], list[list[str]], np.ndarray]:
    tokens: list[str] = []
    tags: list[list[str]] = []
    offsets = [0]
    misalignments: list[Misalignment] = []
    for document in corpus.documents:
        text = document.text
        for sentence in labelled_sentences(document, misalignments):
            tokens += [
                text[start:end]
                for start, end in zip(sentence.starts.tolist(), sentence.ends.tolist(), strict=True)
            ]
            tags.append(sentence.tags)
            offsets.append(len(tokens))
    if misalignments:
        log(f"warning: {corpus.path}: {summary(misalignments)}")
    return tokens, tags, np.array(offsets, np.int64)


def _tag_numbers(
    sentences: Iterable[Sequence[str]], scheme: str, tags: Sequence[str]
) -> np.ndarray:
    if list(tags) == [NAME]:
        flags = [tag != "O" for sentence in sentences for tag in sentence]
        return np.array(flags, np.int32)
    number_of = {tag: number for number, tag in enumerate(tags)}
    numbers = [number_of[tag] for sentence in sentences for tag in to_scheme(sentence, scheme)]
    return np.array(numbers, np.int32)


def _vectors(
    options: TrainingOptions, log: Callable[[str], None]
) -> tuple[Sequence[str], np.ndarray | None]:
    if not options.vectors:
        return (), None
    words, rows = read_vectors(options.vectors)
    log(f"{options.vectors}: {len(words):,} vectors of {rows.shape[1]} dimensions")
    padded = np.zeros((len(words) + 1, rows.shape[1]), np.float16)
    padded[1:] = rows
    return ["<PAD>", *words], padded


def _read_word_list(path: str, size: int) -> Vocabulary:
    words = dict.fromkeys(fold(word) for line in read_lines(path) if (word := line.strip()))
    try:
        return Vocabulary(
            [word for word in words if word not in (PAD_WORD, UNKNOWN_WORD)][: size - 2]
        )
    except ValueError as error:
        raise InputError(str(error), path) from None


def _bundled(part: str) -> Corpus:
    # Under its own name, so that a training of it never goes among the shipped model's versions.
    return dataclasses.replace(bundled_corpus(part), name="bundled")


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
