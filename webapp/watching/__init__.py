"""Who has a page open that follows what changes, and how a process learns of changes."""
