"""The popup and the options page, run by MicroPython.

MicroPython has no `typing`, `dataclasses` or `__future__`: these modules keep to plain Python,
write annotations as strings where they name something that only mypy knows, and import
`heyho.pages.shapes` for mypy alone.
"""
