"""The chat: rules, held messages, reactions, polls, and words to search by."""

import json
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("person", sa.Column("chat_muted_s", NUMBER, nullable=False, server_default="0"))
    op.add_column("event", sa.Column("words", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "chat_sent",
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "chat",
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("slow_s", NUMBER, nullable=False),
        sa.Column("links", sa.Boolean(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("commands", sa.JSON(), nullable=False),
        sa.Column("pinned", NUMBER, nullable=False),
    )
    op.create_table(
        "chat_held",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reply_to", NUMBER, nullable=False),
    )
    op.create_table(
        "chat_reaction",
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("message", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("emoji", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
    )
    op.create_table(
        "poll",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("changes", NUMBER, nullable=False),
        sa.Column("told", NUMBER, nullable=False),
    )
    op.create_table(
        "poll_vote",
        sa.Column("poll_id", sa.String(), sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
        sa.Column("option", NUMBER, nullable=False),
    )
    _index_what_was_said()


def _index_what_was_said() -> None:
    """Words of the messages so far, as studio.server.chat_text folded them when this step was written."""
    connection = op.get_bind()
    said = connection.execute(sa.text("SELECT session_id, seq, data FROM event WHERE type = 'chat.message'")).all()
    for session_id, seq, data in said:
        text = (json.loads(data) if isinstance(data, str) else data)["text"]
        connection.execute(
            sa.text("UPDATE event SET words = :words WHERE session_id = :session AND seq = :seq"),
            {"words": _folded(text), "session": session_id, "seq": seq},
        )


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in plain if unicodedata.category(sign) != "Mn")
    return " " + " ".join("".join(sign if sign.isalnum() else " " for sign in kept).split()) + " "


def downgrade() -> None:
    for table in ("poll_vote", "poll", "chat_reaction", "chat_held", "chat", "chat_sent"):
        op.drop_table(table)
    op.drop_column("event", "words")
    op.drop_column("person", "chat_muted_s")
