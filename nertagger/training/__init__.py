"""The fit: from a corpus to a model directory."""
