"""Packets → records, on the gateway host; the pipeline comes after, by way of the outbox.

The only place where content is seen. Never shows it: excerpts are masked and values are tokens before they leave.
"""
