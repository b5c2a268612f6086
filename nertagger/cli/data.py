"""`nertagger data`: look after corpora, and fetch public ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nertagger.corpora.public import GitFile, PublicFile

_MEGABYTE = 1e6


@click.group(name="data")
def command() -> None:
    """Look after corpora: check, convert and count them, and fetch public ones."""


@command.command(name="lint")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--labels", metavar="A,B,…", help="Labels that the corpus annotates.")
@click.option(
    "--shared-names",
    metavar="FILE",
    help="Names, a line each, that dev and test may share with train; checks that they are all.",
)
@click.option(
    "--ambiguous-words",
    metavar="FILE",
    help="Words, a line each, that must be there as an entity and as something else.",
)
def lint_command(
    files: tuple[str, ...],
    labels: str | None,
    shared_names: str | None,
    ambiguous_words: str | None,
) -> int:
    """Check a corpus; print each problem as file:line: message, and exit with 1 if there is one.

    Without a FILE, the bundled corpus is checked with its own labels and lists.
    """
    from nertagger.corpora.lint import lint, lint_bundled_corpus, read_list

    if files:
        problems = lint(
            files,
            labels.split(",") if labels else (),
            None if shared_names is None else read_list(shared_names),
            ambiguous_words,
        )
    elif labels or shared_names or ambiguous_words:
        raise click.UsageError("the bundled corpus is checked with its own lists; name a FILE")
    else:
        problems = lint_bundled_corpus()
    for problem in problems:
        click.echo(str(problem))
    count = len(problems)
    click.echo(f"{count} problem{'' if count == 1 else 's'}", err=True)
    return 1 if problems else 0


@command.command(name="convert")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
def convert_command(source: str, target: str) -> None:
    """Write the corpus IN in the format that the extension of OUT tells.

    CoNLL columns (.conll, .bio, .tsv) hold the tokens of the tagger, JSON Lines (.jsonl) the text.
    """
    import warnings

    from nertagger.corpora.reading import read_corpus, write_corpus

    if Path(target).is_dir():
        raise click.UsageError(f"{target} is a directory; a file is expected")
    corpus = read_corpus(source)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_corpus(target, corpus.documents)
    for warning in caught:
        click.echo(f"{source}: {warning.message}", err=True)
    counts = f"{len(corpus.documents):,} documents, {corpus.entity_count:,} entities"
    click.echo(f"{target}: {counts}", err=True)


@command.command(name="statistics")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    help="What to print.  [default: markdown]",
)
def statistics_command(files: tuple[str, ...], form: str) -> None:
    """Count what corpora hold.

    Without a FILE, the bundled corpus is counted.
    """
    import json

    from nertagger.corpora.bundled import bundled_corpora
    from nertagger.corpora.corpus_statistics import corpus_statistics, statistics_table
    from nertagger.corpora.reading import read_corpus

    paths = [Path(file) for file in files]
    paths = paths or [path for parts in bundled_corpora().values() for path in parts.values()]
    statistics = [corpus_statistics(read_corpus(path)) for path in paths]
    if form == "json":
        click.echo(json.dumps(statistics, ensure_ascii=False, indent=2))
    else:
        click.echo(statistics_table(statistics))


@command.command(name="list")
def list_command() -> None:
    """List the bundled corpus, and what `data pull` fetches."""
    from nertagger.corpora.bundled import bundled_corpora
    from nertagger.corpora.public import COLLECTIONS

    for language, parts in bundled_corpora().items():
        click.echo(f"{language}  (bundled)  CC0 1.0")
        for path in parts.values():
            click.echo(f"    {path}")
    for collection in COLLECTIONS.values():
        click.echo(f"{collection.name}  ({_size(collection.size)})  {collection.licence}")
        click.echo(f"    {collection.what}")
        click.echo(f"    {collection.home}")


@command.command(name="pull")
@click.argument("name")
def pull_command(name: str) -> None:
    """Fetch a public corpus or vectors, by its NAME in `data list`, and print where the files are.

    They are kept in the user's cache, or in $NERTAGGER_CACHE. Each is checked against a known hash:
    its SHA-256, or a commit of the Git repository that it is in. What was broken off is gone on
    with.
    """
    from nertagger.corpora.fetching import cache_directory, fetch, fetched_files
    from nertagger.corpora.public import COLLECTIONS

    collection = COLLECTIONS.get(name)
    if collection is None:
        raise click.UsageError(f"there is no {name!r} to fetch; there is {', '.join(COLLECTIONS)}")
    cache = cache_directory()
    if not all(path.is_file() for path in fetched_files(collection, cache)):
        click.echo(f"{collection.name}: {collection.what}", err=True)
        click.echo(f"Licence: {collection.licence}; see {collection.home}", err=True)
    paths = fetch(collection, cache, _progress if sys.stderr.isatty() else None)
    for path in paths:
        click.echo(str(path))


def _progress(file: PublicFile | GitFile, size: int, whole: int | None) -> None:
    end = "\n" if whole is not None and size >= whole else ""
    of_all = "" if whole is None else f" of {_size(whole)}"
    click.echo(f"\r{file.name}: {_size(size)}{of_all}{end}", err=True, nl=False)


def _size(count: int | None) -> str:
    return "size unknown" if count is None else f"{count / _MEGABYTE:.1f} MB"
