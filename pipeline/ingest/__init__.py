"""Outbox or bus → store, each batch once; sensors come before, queries and correlation after."""
