"""Every model, imported once, so that Base.metadata is the whole database (migrations and tests read it)."""

from pipeline.incident import models as incident
from pipeline.notice import models as notice
from pipeline.registry import models as registry
from pipeline.sampling import models as sampling
from pipeline.search import models as search
from pipeline.supervision import accounts
from pipeline.supervision.base import Base

ROOMS = (accounts, registry, incident, sampling, search, notice)
METADATA = Base.metadata
