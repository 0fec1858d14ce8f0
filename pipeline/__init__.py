"""From records to judgement: store and ingest, registry, ledger, incidents, sampling, notices.

Before it: the sensor's outbox. After it: dashboards. It never imports sensor, detectors or dashboards: what it shares with them is
pipeline.schema.
"""
