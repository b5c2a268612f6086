"""Tagging whole files: cut into chunks, tagged by one process or many, written in order."""
