"""Outbox → Kafka → ingest: topics, messages, the forwarder, dead letters. Nothing leaves the outbox before the broker has acknowledged it."""
