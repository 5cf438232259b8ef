"""The API's description (OpenAPI 3.1), as tools and people read it at `/api/v1/openapi.json`.

FastAPI describes each route: its parameters, body and first answer. What all routes share is added
here, so that no route repeats it: what else it may answer (`answers`), an example of each body
(`examples`), who may ask, the words around it (`texts`). Tests compare the real answers with it.
"""

from webapp.routes.api.description.document import document

__all__ = ["document"]
