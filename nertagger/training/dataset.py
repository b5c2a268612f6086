"""From corpora to what a training needs: vocabularies, tags, and the arrays of every token."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from nertagger.corpora import Corpus, bundled_corpus, read_corpus, read_vectors
from nertagger.corpora.alignment import labelled_sentences
from nertagger.errors import InputError
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.document import Document
from nertagger.text.tags import NAME, tags_from_spans, tags_of_labels
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import UNKNOWN, Vocabulary
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


def read_dataset(options: TrainingOptions, log: Callable[[str], None]) -> Dataset:
    """Reads and checks everything that a training reads.

    Args:
        options: which files, and how large a vocabulary.
        log: is told what was found and every warning, a line a time.

    Raises:
        InputError: a file that cannot be used, or a corpus with nothing to learn.
    """
    train = read_corpus(options.train) if options.train else bundled_corpus("train")
    if options.dev:
        dev = read_corpus(options.dev)
    elif options.train:
        train, dev = _split(train, options.seed)
        log(f"no --dev given: one document in ten of {train.name}, {len(dev.documents)}, are kept for it")
    else:
        dev = bundled_corpus("dev")
    scheme = {"sigmoid": "BIO", "softmax": "BIO", "crf": "BIOES"}[options.head]
    tokens, spans, offsets = _sentences(train, log)
    if not any(spans):
        raise InputError("no entity in the whole corpus; expected at least one", options.train)
    labels = sorted({label for sentence in spans for _, _, label in sentence})
    for label in sorted({entity.label for document in dev.documents for entity in document.entities}):
        if label not in labels and options.head != "sigmoid":
            log(f"warning: {dev.name} has {label}, which {train.name} never has: its spans count as missed")
    if options.head == "sigmoid":
        labels, tags = [NAME], [NAME]
    else:
        tags = tags_of_labels(labels, scheme)
    numbers = _tag_numbers(spans, offsets, scheme, tags)

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
    distinct = sorted(set(tokens))
    number_of = {token: number for number, token in enumerate(distinct)}
    rows = np.fromiter((number_of[token] for token in tokens), np.int64, len(tokens))
    features = {name: values[rows] for name, values in encoder.encode(distinct).items()}
    rare = np.zeros(vocabulary.size, bool)
    rare[[vocabulary.lookup(word) for word, count in counts.items() if count == 1]] = True
    rare[: UNKNOWN + 1] = False
    known = np.mean(features["words"] != UNKNOWN)
    log(
        f"{train.name}: {len(offsets) - 1:,} sentences, {len(tokens):,} tokens, "
        f"{sum(map(len, spans)):,} entities of {', '.join(labels)} ({train.scheme}); "
        f"vocabulary {vocabulary.size:,}, {known:.1%} of the tokens"
    )
    log(f"{dev.name}: {len(dev.documents):,} documents, {sum(len(d.entities) for d in dev.documents):,} entities")
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
) -> tuple[list[str], list[list[tuple[int, int, str]]], np.ndarray]:
    tokens: list[str] = []
    spans: list[list[tuple[int, int, str]]] = []
    offsets = [0]
    for document in corpus.documents:
        for sentence in labelled_sentences(document, warn=log):
            tokens += sentence.tokens
            spans.append(sentence.spans)
            offsets.append(len(tokens))
    return tokens, spans, np.array(offsets, np.int64)


def _tag_numbers(
    spans: Iterable[list[tuple[int, int, str]]], offsets: np.ndarray, scheme: str, tags: Sequence[str]
) -> np.ndarray:
    if list(tags) == [NAME]:
        numbers = np.zeros(offsets[-1], np.int32)
        for first, sentence in zip(offsets, spans, strict=False):
            for start, end, _ in sentence:
                numbers[first + start : first + end] = 1
        return numbers
    number_of = {tag: number for number, tag in enumerate(tags)}
    sentences = zip(np.diff(offsets), spans, strict=True)
    return np.fromiter(
        (number_of[tag] for length, sentence in sentences for tag in tags_from_spans(sentence, length, scheme)),
        np.int32,
        offsets[-1],
    )


def _vectors(options: TrainingOptions, log: Callable[[str], None]) -> tuple[Sequence[str], np.ndarray | None]:
    if not options.vectors:
        return (), None
    words, rows = read_vectors(options.vectors)
    log(f"{options.vectors}: {len(words):,} vectors of {rows.shape[1]} dimensions")
    padded = np.zeros((len(words) + 1, rows.shape[1]), np.float16)
    padded[1:] = rows
    return ["<PAD>", *words], padded


def _read_word_list(path: str, size: int) -> Vocabulary:
    try:
        with open(path, encoding="utf-8") as file:
            words = file.read().split("\n")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); expected a word a line", path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}; expected a word a line", path) from None
    distinct = list(dict.fromkeys(fold(word.strip()) for word in words if word.strip()))
    try:
        return Vocabulary(distinct[: size - 2])
    except ValueError as error:
        raise InputError(str(error), path) from None


def _split(corpus: Corpus, seed: int) -> tuple[Corpus, Corpus]:
    if len(corpus.documents) < 2:
        raise InputError("a single document, which cannot be split; expected --dev FILE as well", corpus.path)
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
