"""Scores of concepts for units, one short file each."""
