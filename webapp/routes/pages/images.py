"""Pictures of partners, through our own origin."""

from fastapi import Response

from webapp.deps import Router, Viewer

CACHE = "private, max-age=604800, immutable"
"""The one answer to signed-in people that browsers keep: the partner shows these to everybody."""

router = Router()


@router.get("/images/{host}/{path:path}")
def image(ctx: Viewer, host: str, path: str) -> Response:
    body = ctx.parts.images.get(host, path)
    return Response(body, media_type="image/png", headers={"Cache-Control": CACHE})
