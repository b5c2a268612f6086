"""Corpora and word vectors, read from files."""
