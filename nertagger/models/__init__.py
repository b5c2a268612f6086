"""From an architecture to a `keras.Model`, and from a model to named tensors."""
