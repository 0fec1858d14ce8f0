"""Every record, field by field: type, unit, meaning. Stands on the ground: imports nothing of ours.

The sensor writes these, the bus carries them as Arrow, the store keeps them, the screens show them.
A new field is added here, in the sensor's writer and in a migration of the store.
"""

from pipeline.schema.coverage import COVERAGE
from pipeline.schema.field import Field, Record
from pipeline.schema.finding import FINDING
from pipeline.schema.flow import FLOW
from pipeline.schema.sensor_report import SENSOR_REPORT
from pipeline.schema.subject import SUBJECT

RECORDS: tuple[Record, ...] = (FLOW, FINDING, SUBJECT, COVERAGE, SENSOR_REPORT)

__all__ = ["COVERAGE", "FINDING", "FLOW", "RECORDS", "SENSOR_REPORT", "SUBJECT", "Field", "Record"]
