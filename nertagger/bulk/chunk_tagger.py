"""From a chunk of a file to what is written for it: the work that processes share."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from nertagger.bulk.chunks import Chunk
from nertagger.bulk.inputs import make_input
from nertagger.bulk.outputs import make_output
from nertagger.bulk.tagged import Counts, TaggedChunk
from nertagger.runtime.directory import ASSETS, find_model, read_model
from nertagger.runtime.tagger import Tagger
from nertagger.text.sentences import count_tokens_and_long_sentences


class ChunkTagger:
    """Tags chunks, each as if it were the only one.

    Args:
        model: a name or a path, see `find_model`.
        input_format: one of `INPUTS`.
        path: of the input, to be named in errors.
        input_options: of the input format, from its `options()`.
        output_format: one of `OUTPUTS`.
        fresh: whether each chunk begins with nothing remembered of the one before, so that its
            output is the same to the last digit whatever came before: products of matrices of other
            shapes may be rounded otherwise. For small chunks it is slow.

    Attributes:
        model_path: the version directory.
        labels: that its entities may have.

    Raises:
        InputError: there is no such model, or it cannot be used.
    """

    def __init__(
        self,
        model: str | None,
        input_format: str,
        path: str | os.PathLike[str],
        input_options: dict[str, Any],
        output_format: str,
        fresh: bool = True,
    ) -> None:
        self._model = read_model(find_model(model))
        self._fresh = fresh
        self._tagger = self._make_tagger()
        self.model_path = self._model.path
        self.labels = self._tagger.labels
        self._input = make_input(input_format, path, **input_options)
        self._output = make_output(output_format, self.labels)

    def __call__(self, chunk: Chunk) -> TaggedChunk:
        """Tags a chunk.

        Raises:
            InputError: something in it is not as the input format wants it.
        """
        records, replaced = self._input.read(chunk)
        if not records:
            return TaggedChunk(b"", Counts())
        if self._fresh:
            self._tagger = self._make_tagger()
        texts = [record.text for record in records]
        entities = 0

        def tagged() -> Any:
            nonlocal entities
            for document in self._tagger.pipe(texts):
                entities += len(document.entities)
                yield document

        # A format that can keep half surrogate pairs has escaped them by now.
        output = self._output.separator.encode().join(
            document.encode("utf-8", "replace")
            for document in self._output.documents(records, tagged())
        )
        tokens, long = count_tokens_and_long_sentences(texts)
        counts = Counts(len(records), tokens, entities, replaced, long)
        return TaggedChunk(output, counts)

    def fingerprint(self) -> str:
        """A digest of all that the model's results depend on."""
        digest = hashlib.sha256()
        assets = self.model_path / ASSETS
        for path in sorted(assets.iterdir()):
            if path.suffix in (".json", ".txt", ".safetensors"):
                digest.update(path.name.encode())
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
        return digest.hexdigest()

    def _make_tagger(self) -> Tagger:
        model = self._model
        return Tagger(model.config, model.encoder, model.tensors, model.path)
