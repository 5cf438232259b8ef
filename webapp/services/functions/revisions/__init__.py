"""Revisions of functions: what each deployment was made of, and how two of them differ."""
