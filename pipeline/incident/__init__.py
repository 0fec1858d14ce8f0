"""Incidents: findings set against permissions become alerts; alerts become cases with a life cycle and clocks.

Before it: store (findings), ledger (persons, obligations), registry (permissions). After it: dashboards, notice. It never alerts on
low-tier findings alone and never starts a statutory clock because an alert is red.
"""
