"""A small dashboard in Flask with SQLAlchemy and Jinja, as one writes it: a signed-in user, a list
of networks, and a function with its ten rows of the ranking."""

import json
import os
from pathlib import Path

from flask import Flask, abort, redirect, render_template, session
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tests.bench.peers.tables import Function, Network, Snapshot, User, engine

PAGE = 50
app = Flask(__name__, template_folder=Path(__file__).parent / "templates")
app.secret_key = os.environ["PEER_SECRET"]


@app.get("/sign-in")
def sign_in():
    with Session(engine) as database:
        session["user"] = database.scalars(select(User)).one().id
    return redirect("/networks")


@app.get("/networks")
def networks():
    with Session(engine) as database:
        user = signed_in(database)
        found = select(Network).where(Network.status == "ready").order_by(Network.name).limit(PAGE)
        rows = database.scalars(found.options(selectinload(Network.addresses))).all()
        return render_template("networks.html", user=user, networks=rows)


@app.get("/functions/<name>")
def function(name):
    with Session(engine) as database:
        user = signed_in(database)
        found = select(Function).where(Function.name == name)
        loaded = joinedload(Function.network).selectinload(Network.addresses)
        row = database.scalars(found.options(loaded, joinedload(Function.key))).one()
        snapshots = select(Snapshot).where(Snapshot.function_id == row.id, Snapshot.ok)
        last = database.scalars(snapshots.order_by(Snapshot.fetched_at.desc()).limit(1)).one()
        clans = json.loads(last.body)["items"]
        return render_template("function.html", user=user, function=row, snapshot=last, clans=clans)


def signed_in(database):
    user = database.get(User, session.get("user"))
    if user is None:
        abort(401)
    return user
