"""Which columns of the flows' grid an account has chosen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("flow_columns", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("account", "flow_columns")
