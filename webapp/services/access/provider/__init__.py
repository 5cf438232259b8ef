"""Signing in by the provider: a journey there and back, and who comes back from it."""
