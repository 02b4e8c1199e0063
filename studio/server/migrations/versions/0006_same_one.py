"""Who is the same one again: what lasts of a person when they leave and come back, and since when somebody is muted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("token", sa.Column("visitor", sa.String(), nullable=False, server_default=""))
    op.add_column("token", sa.Column("client", sa.String(), nullable=False, server_default=""))
    op.create_index("token_by_visitor", "token", ["visitor"])
    op.create_index("token_by_client", "token", ["client", "invite_id"])
    op.add_column("person", sa.Column("chat_muted_at", sa.String(), nullable=False, server_default=""))
    op.add_column("poll_vote", sa.Column("at", sa.String(), nullable=False, server_default=""))
    op.create_index("chat_sent_by_age", "chat_sent", ["at_ms"])
    op.execute("UPDATE token SET visitor = person_id")


def downgrade() -> None:
    op.drop_index("chat_sent_by_age", "chat_sent")
    op.drop_column("poll_vote", "at")
    op.drop_column("person", "chat_muted_at")
    op.drop_index("token_by_client", "token")
    op.drop_index("token_by_visitor", "token")
    op.drop_column("token", "client")
    op.drop_column("token", "visitor")
