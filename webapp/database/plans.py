"""How PostgreSQL is to find rows: by an index, one after the other, as SQLite does.

Every statement is made for that, and finds few rows. PostgreSQL reads a whole table as soon as it
expects that to be cheaper; and of a subquery with LIMIT it expects more rows than there are, so a
page of keys read 1.5 million rows with 10,000 networks. Where there is no index, it still reads the
table. See also `webapp.database.columns.among`.
"""

BY_INDEX = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Options of a connection (https://www.postgresql.org/docs/current/runtime-config-query.html)."""
