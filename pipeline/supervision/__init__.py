"""Supervision state: what needs transactions (registry, incidents, campaigns, notices, accounts), in SQLite or PostgreSQL.

Before it: nothing of ours. After it: registry, incident, sampling, notice, dashboards. It never holds traffic (that is the store's)
and never an identifier in clear.
"""
