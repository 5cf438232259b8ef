"""What hostile or broken clients do, and how pages are served meanwhile: `python -m tests.load`."""
