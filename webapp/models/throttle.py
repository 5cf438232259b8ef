"""A region where AWS throttles: the replicas take turns there.

Times are seconds of the database's clock, so that the clocks of the replicas need not agree.
"""

from sqlmodel import Field, SQLModel


class Throttle(SQLModel, table=True):
    region: str = Field(primary_key=True)
    next_at: float = Field(description="When the next free turn is")
    slow_until: float = Field(description="Until then calls take turns")
