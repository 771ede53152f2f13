"""The page at `/`: the fleet and what fires now, live. A few static files, no build."""
