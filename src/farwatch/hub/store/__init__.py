"""Where the hub keeps things: records (SQLite or PostgreSQL) and telemetry (chDB or ClickHouse)."""
