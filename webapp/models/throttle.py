"""A region where AWS throttles: the replicas take turns there.

Times are seconds of the database's clock, so that the clocks of the replicas need not agree.
"""

from sqlmodel import Field, SQLModel

from webapp.models.texts import REGION_MAX, sized


class Throttle(SQLModel, table=True):
    region: str = Field(sa_type=sized(REGION_MAX), primary_key=True)
    next_at: float = Field(description="When the next free turn is")
    slow_until: float = Field(description="Until then calls take turns")
