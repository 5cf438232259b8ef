"""What a replica counts, and how a Prometheus reads it.

Counting is an addition in memory. What Prometheus needs is imported when it is first asked, so
whoever does not use it pays next to nothing.
"""
