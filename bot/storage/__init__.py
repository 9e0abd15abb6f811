"""Where everything is kept: the same contract on SQLite (`sql.open_sqlite`) and in memory (`memory.MemoryStore`)."""
