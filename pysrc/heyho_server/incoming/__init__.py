"""Bodies and batches: read within limits, and judged record by record."""
