"""`nertagger train`."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import click

from nertagger.training.options import (
    CHOICES,
    RECIPES,
    TrainingOptions,
    kind_of,
    options_of,
    read_options,
    sources_of,
)
from nertagger.training.sources import Source

_HELP = {
    "train": "Corpus to learn from, CoNLL columns or JSON Lines; may be given several times, also "
    "with different labels.  [default: the bundled corpus]",
    "dev": "Corpus that chooses the best epoch.  [default: a tenth of --train]",
    "dev_map": "Labels to rename before --dev is scored, such as COUNTRY=LOC,TIME=O; O drops them.",
    "output": "Where the model goes, as its next version.  [default: saved_models/<corpus>]",
    "cell": "Recurrent cell.",
    "activation": "Of the cell's candidate.",
    "units": "Units of each direction.",
    "layers": "Bidirectional layers.",
    "head": "What decides on the tags.",
    "word_encoding": "How a word enters the network.",
    "word_dimension": "Length of a word's embedding.  [default: the vectors', or 100]",
    "vocabulary_size": "Words, <PAD> and <UNK> included.",
    "vocabulary": "Word list, a word a line.  [default: the corpus's commonest]",
    "characters": "How a word's characters enter the network.",
    "vectors": "Pretrained vectors: GloVe or word2vec text, or a NumPy archive.",
    "vector_rows": "Keep the first so many vectors and the corpus's words'.  [default: all]",
    "misspellings": "Read an unknown word as the common one that is so many slips away: 0 or 1.",
    "unknown_probability": "With which a word seen once becomes <UNK> in training.",
    "case_variation": "With which a sentence is learnt all in capitals or in lower case.  "
    "[default: 0 for small corpora, else 0.05]",
    "lost_vector_probability": "With which a word seen once becomes <UNK> and loses its vector.  "
    "[default: 0 for small corpora, else 0.2]",
    "punctuation_variation": "With which a sentence is learnt without its punctuation.  "
    "[default: 0 for small corpora, else 0.15]",
    "name_variation": "With which a name is learnt as one that nobody has met.  "
    "[default: 0 for small corpora, else 0.25]",
    "context_dimension": "Length of what a sentence is told of its document, from its words' "
    "vectors; 0 for nothing.",
    "context_variation": "With which a sentence is learnt as if it were all of its document.",
    "epochs": "Passes over the corpus, at most.  [default: 20, small corpora to 100]",
    "patience": "Stop after so many epochs without a better dev F1.  [default: a third of them]",
    "batch_size": "Sentences of a step.  [default: 8 for small corpora, else 32]",
    "learning_rate": "At the start.",
    "clip_norm": "Threshold of the gradient's global norm.",
    "averaging": "Decay of the moving average of the weights, 0 for none.",
    "dropout": "Around the encoder.",
    "recurrent_dropout": "On the hidden state.",
    "l2": "Weight of the squared norm of the kernels.",
    "name_agreement": "How strongly a document's mentions of one name vote on its label.",
    "least_score": "Probability below which the model does not tell an entity.",
    "seed": "Of everything random.",
    "licence": "Of the model; for its card.",
    "about": "What else the model's card should say.",
}

_METAVARS = {
    **dict.fromkeys(("train", "dev", "vectors", "vocabulary"), "FILE"),
    "output": "DIR",
    "dev_map": "FROM=TO,…",
}


def _option(field: dataclasses.Field) -> Any:
    default = field.default
    choices = CHOICES.get(field.name)
    kind = click.Choice(choices) if choices else kind_of(field)
    shown = "" if default is None else f"  [default: {default}]"
    return click.option(
        f"--{field.name.replace('_', '-')}",
        field.name,
        type=kind,
        multiple=field.name == "train",
        metavar=_METAVARS.get(field.name),
        help=_HELP[field.name] + shown,
    )


def _options(function: Any) -> Any:
    for field in reversed(dataclasses.fields(TrainingOptions)):
        function = _option(field)(function)
    return function


@click.command(name="train")
@_options
@click.option(
    "--beside",
    multiple=True,
    metavar="FILE",
    help="Corpus learnt beside --train, whatever its labels; the model does not keep them. May be "
    "given several times; bundled is the one that comes with nertagger.",
)
@click.option(
    "--recipe",
    type=click.Choice(list(RECIPES)),
    help="Options that go together; others that are given win. accurate learns and tags more "
    "slowly; plain learns the text as it is and tells all it finds.  [default: default]",
)
@click.option(
    "--config", metavar="FILE", help="TOML file of these options, with _ for -; those here win."
)
@click.option("--resume", is_flag=True, help="Go on with the training that was stopped.")
def command(config: str | None, beside: tuple[str, ...], resume: bool, **given: Any) -> int:
    """Learn a tagger from labelled text, and write it as the next version of a model.

    Without options it learns from the corpus that comes with nertagger. Ctrl-C stops it and keeps
    the best model so far; after that, or after a crash, --resume goes on.
    """
    values = read_options(config) if config else {}
    given["train"] = sources_of(given["train"]) if given["train"] else None
    values |= {name: value for name, value in given.items() if value is not None}
    options = options_of(values)
    if beside:
        others = (Source(path, own_head=True) for path in beside)
        options = dataclasses.replace(options, train=(*options.sources, *others))

    from nertagger.training.train import train

    result = train(options, resume, export=_export)
    micro = result["scores"]["micro"]
    print(
        f"{result['model']}  dev F1 {100 * micro['f1']:.2f} "
        f"(precision {100 * micro['precision']:.2f}, recall {100 * micro['recall']:.2f}), "
        f"epoch {result['epoch']}"
    )
    if result["interrupted"]:
        print("interrupted: this is the best so far; --resume goes on", file=sys.stderr)
        return 130
    return 0


def _export(*parts: Any) -> None:
    # Imports TensorFlow: only once there is something to export.
    from nertagger.export.saved_model import export_saved_model

    export_saved_model(*parts)
