"""The registry: holders, their lines and what they may send, from TOML into the supervision database, with history.

Before it: the operator's and the regulator's files. After it: ledger, incident, dashboards. It never decides whether a transfer is
allowed and never reads traffic.
"""
