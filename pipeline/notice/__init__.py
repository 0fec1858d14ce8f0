"""Notices: drafted from an incident, signed by a second reader, sent through an outbox, receipt kept.

Before it: incident. After it: a mail server or the holder's webhook, dashboards. It never sends a draft with an unresolved field and
never an identifier in clear.
"""
