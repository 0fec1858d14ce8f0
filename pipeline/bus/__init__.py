"""Outbox → Kafka → ingest: topics, messages, forwarder, dead letters. Nothing leaves the outbox before the broker acknowledged it."""
