"""The right to a route of the API: the same as to the page whose rows it gives."""

from __future__ import annotations

from fastapi import HTTPException, Request

from dashboards.access.viewer import Viewer


def viewer_of(request: Request, page: str) -> Viewer:
    """The person asking; 403 where the role may not open the page."""
    viewer: Viewer = request.state.viewer
    if not viewer.may_open(page):
        raise HTTPException(403, f"{viewer.role} may not read {page}")
    return viewer
