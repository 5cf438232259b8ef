"""A copy of the whole database in one file, from which SQLite and PostgreSQL can be restored.

Both databases give the same file, so it also moves an installation from one to the other. It is
made and read with nothing but a connection, on any machine from which Egret reaches its database.
"""
