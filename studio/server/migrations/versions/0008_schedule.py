"""The schedule: plans, their hosts, and the shows that took place or come next."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("starts", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("length_s", NUMBER, nullable=False),
        sa.Column("repeats", sa.String(), nullable=False),
        sa.Column("interval", NUMBER, nullable=False),
        sa.Column("days", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.Column("go_live_before_s", NUMBER, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(), nullable=False),
        sa.Column("changed", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
    )
    op.create_table(
        "plan_host",
        sa.Column("plan_id", sa.String(), sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("host_id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
    )
    op.create_table(
        "show",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("plan_id", sa.String(), sa.ForeignKey("plan.id"), nullable=False),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("local", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_s", NUMBER, nullable=False),
        sa.Column("ends_s", NUMBER, nullable=False),
        sa.Column("opens_s", NUMBER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
    )
    op.create_index("show_by_state", "show", ["session_id", "state"])
    op.create_index("show_by_plan", "show", ["plan_id"])


def downgrade() -> None:
    for table in ("show", "plan_host", "plan"):
        op.drop_table(table)
