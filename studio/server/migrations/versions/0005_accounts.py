"""Accounts of the server: who may sign in, where they are signed in, and which person of a session is theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("login_key", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created", sa.String(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("reset_hash", sa.String(), nullable=False),
        sa.Column("reset_ends_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False, unique=True),
        sa.Column("created", sa.String(), nullable=False),
        sa.Column("seen_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
    )
    op.create_index("sign_in_by_account", "sign_in", ["account_id"])
    op.add_column("invite", sa.Column("account", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("person", sa.Column("account_id", sa.String(), nullable=True))
    op.add_column("token", sa.Column("sign_in_id", sa.String(), nullable=True))
    op.create_index("person_by_account", "person", ["account_id"])
    op.create_index("token_by_sign_in", "token", ["sign_in_id"])


def downgrade() -> None:
    op.drop_index("token_by_sign_in", "token")
    op.drop_index("person_by_account", "person")
    op.drop_column("token", "sign_in_id")
    op.drop_column("person", "account_id")
    op.drop_column("invite", "account")
    op.drop_table("sign_in")
    op.drop_table("account")
