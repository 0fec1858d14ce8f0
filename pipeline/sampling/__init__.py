"""Sampling inspections: a frame of flows, a seeded draw anyone can repeat, verdicts, and what they say of the whole.

Before it: store (flows). After it: dashboards. It never speaks for flows whose content was not seen.
"""
