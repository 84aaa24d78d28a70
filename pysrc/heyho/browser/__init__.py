"""The adapters of `heyho.ports` to the browser: the only place that touches JavaScript."""
