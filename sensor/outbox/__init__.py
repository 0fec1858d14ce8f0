"""The durable queue: the worker before it writes records as Arrow batches, ingest or a forwarder after it takes them away.

Never forgets a batch that was not acknowledged, and never holds an identifier in clear.
"""
