"""What the admins' further commands keep: a locked session, bans with their end, raised hands, what a command says."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _added() -> tuple[tuple[str, sa.Column[Any]], ...]:
    return (
        ("session", sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("person", sa.Column("banned", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("person", sa.Column("ban_ends_s", NUMBER, nullable=False, server_default="0")),
        ("person", sa.Column("hand_s", NUMBER, nullable=False, server_default="0")),
        ("command", sa.Column("role", sa.String(), nullable=False, server_default="")),
        ("command", sa.Column("seconds", NUMBER, nullable=False, server_default="0")),
        ("command", sa.Column("audience", sa.String(), nullable=False, server_default="")),
    )


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(_added()):
        op.drop_column(table, column.name)
