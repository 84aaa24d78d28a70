"""The strategy lab: the same visits, sent as a trial in every way there is, and measured."""
