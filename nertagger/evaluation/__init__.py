"""How well a tagger finds entities, and where it fails."""
