"""The audit log becomes a chain: each line has the hash of the line before and of itself. Older lines are chained too.

The form that is hashed stands here once more, as it was when this step was written; studio.server.audit_chain has it
for every line since.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from studio.server.append_only import allow_changes, forbid_changes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIELDS = (
    "number", "at", "session_id", "actor_id", "actor_name", "actor_role", "action", "target", "target_name", "command",
    "outcome", "words", "address",
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    allow_changes(connection, "audit")
    op.add_column("audit", sa.Column("hash", sa.String(), nullable=False, server_default=""))
    head = sa.table("audit_head", sa.column("id"), sa.column("number"), sa.column("hash"))
    op.create_table(
        "audit_head",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
    )
    number, last = 0, "0" * 64
    lines = connection.execute(sa.text(f"SELECT {', '.join(FIELDS)} FROM audit ORDER BY number")).all()
    for line in lines:
        form = json.dumps([last, *line], ensure_ascii=True, separators=(",", ":"))
        number, last = line[0], hashlib.sha256(form.encode()).hexdigest()
        connection.execute(sa.text("UPDATE audit SET hash = :hash WHERE number = :n"), {"hash": last, "n": number})
    connection.execute(head.insert().values(id=1, number=number, hash=last))
    forbid_changes(connection, "audit")


def downgrade() -> None:
    op.drop_table("audit_head")
    allow_changes(op.get_bind(), "audit")
    op.drop_column("audit", "hash")
    forbid_changes(op.get_bind(), "audit")
