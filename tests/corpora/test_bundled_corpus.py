"""The corpus that this project wrote is what its README says, and has no fault the linter finds."""

from pathlib import Path

import pytest

from nertagger.corpora import bundled
from nertagger.corpora.conll import write_conll
from nertagger.corpora.corpus_statistics import corpus_statistics, statistics_table
from nertagger.corpora.lint import lint, lint_bundled_corpus, read_list
from nertagger.corpora.reading import read_corpus
from nertagger.text.document import Document

CHECKOUT = Path(__file__).resolve().parents[2] / "data"
PATHS = [path for parts in bundled.bundled_corpora().values() for path in parts.values()]


@pytest.fixture(scope="module")
def statistics():
    return [corpus_statistics(read_corpus(path)) for path in PATHS]


def test_the_linter_finds_nothing():
    assert [str(problem) for problem in lint_bundled_corpus()] == []


def test_the_paragraphs_of_news_have_no_fault_and_their_people_are_not_in_train():
    path = bundled.data_directory() / "news.jsonl"
    parts = bundled.bundled_corpora()["en"]
    problems = lint([*parts.values(), path], bundled.BUNDLED_LABELS)
    assert [str(problem) for problem in problems] == []
    news, train = read_corpus(path).documents, read_corpus(parts["train"]).documents
    assert len(news) == 10
    assert {entity.label for document in news for entity in document.entities} == set(
        bundled.BUNDLED_LABELS
    )
    assert people(news).isdisjoint(people(train))


def people(documents: list[Document]) -> set[str]:
    return {
        entity.text.casefold()
        for document in documents
        for entity in document.entities
        if entity.label == "PER"
    }


def test_it_is_as_large_and_as_varied_as_promised(statistics):
    assert [counts["name"] for counts in statistics] == [
        f"{language}/{part}" for language in ("en", "zh") for part in ("train", "dev", "test")
    ]
    for language, least in (("en", 1200), ("zh", 200)):
        parts = [counts for counts in statistics if counts["name"].startswith(language)]
        sentences = sum(counts["sentences"] for counts in parts)
        assert sentences >= least
        assert 15 <= sum(counts["tokens"] for counts in parts) / sentences <= 25
        assert all(set(counts["labels"]) == set(bundled.BUNDLED_LABELS) for counts in parts)
        assert all(counts["empty_sentences"] > 0 for counts in parts)
    assert len(read_list(bundled.data_directory() / "ambiguous_words.txt")) >= 60


def test_the_table_in_the_readme_is_in_step(statistics):
    readme = (bundled.data_directory() / "README.md").read_text(encoding="utf-8")
    table = statistics_table(statistics)
    assert f"\n\n{table}\n\n" in readme, f"put this into data/README.md:\n{table}"


def columns_of(path: Path) -> Path:
    """The same part as CoNLL columns, which the repository has and an installed package has not."""
    return CHECKOUT / path.parent.name / f"{path.stem}.conll"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_columns_are_in_step_with_the_spans(path, tmp_path):
    assert path.suffix == ".jsonl"
    columns = columns_of(path)
    write_conll(tmp_path / columns.name, read_corpus(path).documents)
    assert columns.read_bytes() == (tmp_path / columns.name).read_bytes(), (
        f"run: nertagger data convert {path} {columns}"
    )


def test_the_columns_have_the_same_entities():
    for path in PATHS:
        documents, columns = read_corpus(path), read_corpus(columns_of(path))
        for spans, tokens in zip(documents.documents, columns.documents, strict=True):
            kinds = [
                [(entity.label, "".join(entity.text.split())) for entity in document.entities]
                for document in (spans, tokens)
            ]
            assert kinds[0] == kinds[1]


def test_of_two_formats_of_a_part_the_spans_are_read(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "en"
    folder.mkdir(parents=True)
    for name in ("test.bio", "dev.conll", "train.conll", "train.jsonl", "notes.txt"):
        (folder / name).touch()
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "nertagger")
    assert [path.name for path in bundled.bundled_corpora()["en"].values()] == [
        "train.jsonl",
        "dev.conll",
        "test.bio",
    ]
