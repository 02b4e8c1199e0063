"""No line of the audit log takes another's place; and which end of the session each person's studio has heard of."""

import sqlalchemy as sa
from alembic import op

from studio.server.append_only import forbid_replacing

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    forbid_replacing(op.get_bind(), "audit", "number")
    op.add_column("person", sa.Column("end_heard", NUMBER, nullable=False, server_default="0"))
    op.execute(
        "UPDATE person SET end_heard = COALESCE((SELECT MAX(number) FROM command"
        " WHERE command.session_id = person.session_id AND command.action = 'end'), 0)"
    )


def downgrade() -> None:
    op.drop_column("person", "end_heard")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_replace")
