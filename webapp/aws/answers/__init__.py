"""What AWS's answers mean: one place for errors of its API and for reasons of stack events.

`understand` (in `reading`) gives the kind, the cause and the next step. The kinds are data: each
file here has patterns beside what they mean. Nothing in this room calls AWS.
"""

from webapp.aws.answers.kinds import Answer, Kind, Then
from webapp.aws.answers.reading import understand

__all__ = ["Answer", "Kind", "Then", "understand"]
