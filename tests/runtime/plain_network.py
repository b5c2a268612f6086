"""The network a sentence and a token at a time, in float64: what the runtime must agree with."""

import numpy as np

from nertagger.runtime.document_context import SCALE
from nertagger.text.case_features import case_features
from nertagger.text.word_forms import fold


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
    "linear": lambda x: x,
}


def run(cell, g, w, xs):
    """The outputs of one direction for one sentence."""
    units = len(w["recurrent_kernel"])
    h = c = np.zeros(units)
    outputs = []

    def gate(number, x, h):
        part = slice(number * units, (number + 1) * units)
        return x @ w["kernel"][:, part] + h @ w["recurrent_kernel"][:, part] + w["bias"][part]

    for x in xs:
        if cell == "simple-rnn":
            h = g(gate(0, x, h))
        elif cell == "gru":
            update, reset = sigmoid(gate(0, x, h)), sigmoid(gate(1, x, h))
            h = (1 - update) * h + update * g(gate(2, x, reset * h))
        elif cell == "coupled-lstm":
            forget = sigmoid(gate(0, x, h))
            c = forget * c + (1 - forget) * g(gate(1, x, h))
            h = sigmoid(gate(2, x, h)) * g(c)
        else:
            peepholes = [w.get(f"peephole_{name}", 0) for name in ("input", "forget", "output")]
            take_in = sigmoid(gate(0, x, h) + peepholes[0] * c)
            forget = sigmoid(gate(1, x, h) + peepholes[1] * c)
            c = forget * c + take_in * g(gate(2, x, h))
            h = sigmoid(gate(3, x, h) + peepholes[2] * c) * g(c)
        outputs.append(h)
    return np.array(outputs)


def vector_row(token, words):
    for form in (token, fold(token), fold(token).replace(".", "")):
        if form in words[1:]:
            return words.index(form)
    return 0


def token_features(token, a, tensors, encoder):
    word = encoder.vocabulary.lookup(fold(token))
    if a["word_encoding"] == "one-hot":
        parts = [np.eye(a["vocabulary_size"])[word]]
    else:
        parts = [tensors["embedding.word"][word]]
    if a["character_encoding"] == "convolution":
        width, limit = a["character_width"], a["characters_per_token"]
        shown = token
        if len(token) > limit:
            shown = token[: (limit + 1) // 2] + token[len(token) - limit // 2 :]
        embedded = [tensors["embedding.character"][encoder.characters.lookup(x)] for x in shown]
        sums = []
        for j in range(len(shown)):
            total = tensors["character.convolution.bias"].copy()
            for k in range(width):
                source = j + k - (width - 1) // 2
                if 0 <= source < len(shown):
                    total += embedded[source] @ tensors["character.convolution.kernel"][k]
            sums.append(total)
        parts.append(np.tanh(np.max(sums, axis=0)))
    if a["vector_count"]:
        parts.append(vector_of(vector_row(token, encoder.vector_rows.words()), a, tensors))
    if a["case_count"]:
        parts.append(np.eye(a["case_count"])[case_features([token])[0]][1:])
    return np.concatenate(parts)


def vector_of(row, a, tensors):
    codes = [int(code) % 2**32 for code in tensors["vectors.codes"][row]]
    steps = [code // 16**place % 16 - 8 for code in codes for place in range(8)]
    return np.array(steps[: a["vector_dimension"]]) * tensors["vectors.scales"][row]


def context_of(document, a, tensors, encoder):
    rows = [vector_row(token, encoder.vector_rows.words()) for token in document]
    counted = [vector_of(row, a, tensors) for row in rows if row > a["context_skipped"]]
    mean = np.mean(counted, axis=0) if counted else np.zeros(a["vector_dimension"])
    return np.tanh(SCALE * mean @ tensors["context.kernel"] + tensors["context.bias"])


def logits(sentence, a, tensors, encoder, document=None):
    """Of a sentence of a document; alone it is all of its document."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    xs = np.array([token_features(token, a, tensors, encoder) for token in sentence])
    if a["context_dimension"]:
        context = context_of(document or sentence, a, tensors, encoder)
        xs = np.array([[*x, *context] for x in xs])
    g = ACTIVATIONS[a["activation"]]
    for layer in range(a["layers"]):
        halves = []
        for direction in ("forward", "backward"):
            prefix = f"encoder.{layer}.{direction}."
            w = {n[len(prefix) :]: t for n, t in tensors.items() if n.startswith(prefix)}
            ordered = xs if direction == "forward" else xs[::-1]
            outputs = run(a["cell"], g, w, ordered)
            halves.append(outputs if direction == "forward" else outputs[::-1])
        xs = np.concatenate(halves, axis=1)
    return xs @ tensors["head.kernel"] + tensors["head.bias"]
