"""Where records stay: ingest comes before, queries and screens after.

One dialect, ClickHouse's: chDB in process where there is no server. Values never stand in SQL text, they are bound.
"""
