"""Lists: one page of a long table, what is searched for, and how much there is of it."""
