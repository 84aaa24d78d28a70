"""The database that an export makes: one table of visits, filled from lists in JSON. Pure."""

TABLE = """CREATE TABLE visits (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  domain TEXT NOT NULL,
  started_at INTEGER NOT NULL,   -- epoch milliseconds, as all times
  ended_at INTEGER NOT NULL,
  started TEXT NOT NULL,         -- the same as ISO 8601, in UTC
  active_ms INTEGER,
  engagement_rate REAL,
  idle_periods TEXT,             -- JSON: [{start, end, reason}]
  transition TEXT,
  source_visit_id TEXT,
  device TEXT,
  tab_id INTEGER,
  window_id INTEGER,
  category TEXT
) WITHOUT ROWID"""

FILL = """INSERT OR IGNORE INTO visits SELECT
  value ->> '$.id', value ->> '$.url', coalesce(value ->> '$.title', ''), value ->> '$.domain',
  value ->> '$.startedAt', value ->> '$.endedAt',
  strftime('%Y-%m-%dT%H:%M:%fZ', (value ->> '$.startedAt') / 1000.0, 'unixepoch'),
  value ->> '$.activeDuration', value ->> '$.engagementRate', value -> '$.idlePeriods',
  value ->> '$.transition', value ->> '$.sourcePageVisitId', value ->> '$.anonymousClientId',
  value ->> '$.tabId', value ->> '$.windowId', value ->> '$.category'
FROM json_each(?)"""

INDEXES = """CREATE INDEX visits_by_time ON visits (started_at);
CREATE INDEX visits_by_domain ON visits (domain, started_at)"""
