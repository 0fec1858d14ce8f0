"""Kafka and ClickHouse on this machine, without containers: for tests and laptops.

Knows none of our other packages. Everything listens on 127.0.0.1 alone.
"""
