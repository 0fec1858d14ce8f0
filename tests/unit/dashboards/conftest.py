"""What tests of the pages borrow from those of the pipeline."""

from tests.unit.pipeline.conftest import put_into

__all__ = ["put_into"]
