"""Who made the link to a new password: it is dead once they manage no accounts any more."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("reset_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("account", "reset_by")
