"""Tagging from a model directory with NumPy alone: no TensorFlow, no Keras."""
