"""Who asked for what is being done: set for each request, and kept by the tasks that it starts."""

from contextvars import ContextVar

caller: ContextVar[str] = ContextVar("caller", default="")
"""The principal's ARN."""
passed_role: ContextVar[str] = ContextVar("passed_role", default="")
"""The ARN of the role that the request passes to CloudFormation."""
