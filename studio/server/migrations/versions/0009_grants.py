"""When the grants of people end: a line for each end, and what an admin's command about them asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "grant_end",
        sa.Column("person_id", sa.String(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("grant", sa.String(), primary_key=True),
        sa.Column("ends_s", NUMBER, nullable=False),
        sa.Column("told", NUMBER, nullable=False),
    )
    op.add_column("command", sa.Column("ends", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("command", "ends")
    op.drop_table("grant_end")
