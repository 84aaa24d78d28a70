"""From waiting visits to acknowledged ones: pure asyncio, no browser."""
