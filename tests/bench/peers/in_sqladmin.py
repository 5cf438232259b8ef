"""sqladmin with the table of networks, as its documentation begins."""

from sqladmin import Admin, ModelView
from starlette.applications import Starlette

from tests.bench.peers.tables import Network, engine


class NetworkAdmin(ModelView, model=Network):
    name = "network"
    column_list = (
        Network.name,
        Network.status,
        Network.region,
        Network.cidr,
        Network.availability_zones,
        Network.created_at,
    )
    page_size = 50


app = Starlette()
Admin(app, engine).add_view(NetworkAdmin)
