"""Recording: from raw browser events to visits. `heyho.recording.fold.fold` is the way in."""
