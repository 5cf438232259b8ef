"""Egret's tables as far as the peers show them, for SQLAlchemy."""

import os
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

engine = create_engine(f"sqlite:///{os.environ['PEER_DATABASE']}")


class Base(DeclarativeBase):
    type_annotation_map = {dict: JSON}  # noqa: RUF012 - SQLAlchemy's own way


class User(Base):
    __tablename__ = "user"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]


class Network(Base):
    __tablename__ = "network"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    region: Mapped[str]
    cidr: Mapped[str]
    availability_zones: Mapped[int]
    nat: Mapped[str]
    outputs: Mapped[dict]
    created_at: Mapped[datetime]
    addresses: Mapped[list["Address"]] = relationship(back_populates="network")
    functions: Mapped[list["Function"]] = relationship(back_populates="network")


class Address(Base):
    __tablename__ = "address"
    id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    public_ip: Mapped[str]
    network_id: Mapped[str] = mapped_column(ForeignKey("network.id"))
    network: Mapped[Network] = relationship(back_populates="addresses")


class Key(Base):
    __tablename__ = "key"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str]
    claims: Mapped[dict]


class Function(Base):
    __tablename__ = "function"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    template: Mapped[str]
    outputs: Mapped[dict]
    network_id: Mapped[str] = mapped_column(ForeignKey("network.id"))
    key_id: Mapped[str] = mapped_column(ForeignKey("key.id"))
    network: Mapped[Network] = relationship(back_populates="functions")
    key: Mapped[Key] = relationship()


class Snapshot(Base):
    __tablename__ = "snapshot"
    id: Mapped[str] = mapped_column(primary_key=True)
    function_id: Mapped[str]
    ok: Mapped[bool]
    fetched_at: Mapped[datetime]
    egress_ip: Mapped[str]
    body: Mapped[bytes]
