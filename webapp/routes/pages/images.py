"""Pictures of partners, through our own origin."""

from fastapi import Response

from webapp.deps import Router, Viewer
from webapp.edge.foreign import file_answer

router = Router()


@router.get("/images/{host}/{path:path}")
def image(ctx: Viewer, host: str, path: str) -> Response:
    return file_answer(ctx.parts.images.get(host, path), "image/png", "picture.png")
