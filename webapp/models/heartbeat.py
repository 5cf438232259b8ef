"""A row that is written to find out whether the database can be written."""

from sqlmodel import Field, SQLModel


class Heartbeat(SQLModel, table=True):
    id: int = Field(default=1, primary_key=True)
    at: float = Field(description="Seconds of the database's clock")
