"""Where every octet went: frames and streams before it account here, the outbox after it ships the ledger by the minute.

Never decides what is looked into; it only counts what others decided.
"""
