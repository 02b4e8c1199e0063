"""The first tables, and the triggers that make the audit log append-only."""

import sqlalchemy as sa
from alembic import op

from studio.server.append_only import forbid_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "server",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.String(), nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("needs_release", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "invite",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False, unique=True),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("uses", NUMBER, nullable=False),
        sa.Column("used", NUMBER, nullable=False),
        sa.Column("created", sa.String(), nullable=False),
        sa.Column("created_s", NUMBER, nullable=False),
        sa.Column("expires_s", NUMBER, nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("invite_id", sa.String(), sa.ForeignKey("invite.id"), nullable=True),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("joined_s", NUMBER, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("removed_s", NUMBER, nullable=False),
        sa.Column("muted_audio", sa.Boolean(), nullable=False),
        sa.Column("muted_video", sa.Boolean(), nullable=False),
    )
    op.create_index("person_by_name", "person", ["session_id", "name_key"])
    op.create_table(
        "token",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("invite_id", sa.String(), nullable=True),
        sa.Column("created", sa.String(), nullable=False),
        sa.Column("expires_s", NUMBER, nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
    )
    op.create_index("token_by_person", "token", ["person_id"])
    op.create_table(
        "event",
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("sender_role", sa.String(), nullable=True),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("audience_person", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.UniqueConstraint("session_id", "sender_id", "type", "id", name="event_once"),
    )
    op.create_table(
        "command",
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("target_name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("target_name", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
    )
    forbid_changes(op.get_bind(), "audit")


def downgrade() -> None:
    for table in ("audit", "command", "event", "token", "person", "invite", "session", "server"):
        op.drop_table(table)
