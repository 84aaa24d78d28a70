"""The page for people at `/`: what their server keeps. Plain HTML, without a script."""
