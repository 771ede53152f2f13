"""Users and their sessions; tokens with an owner, grants, limits and an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "auth_0002"
down_revision = "auth_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables ``users`` and ``sessions``; widen ``api_tokens``: those there were may do everything, as before."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("subject", sa.String(255)),
        sa.Column("password", sa.String(255)),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("seed", sa.String(255)),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("disabled_at", sa.Float),
        sa.Column("last_login_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sa.UniqueConstraint("provider", "subject", name="uq_users_provider_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(16), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sessions_user_id_users", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    for column in (
        sa.Column("owner", sa.String(16)),
        sa.Column("grants", sa.Text),
        sa.Column("scopes", sa.Text),
        sa.Column("created_by", sa.String(100), nullable=False, server_default=""),
        sa.Column("expires_at", sa.Float),
        sa.Column("last_used_at", sa.Float),
    ):
        op.add_column("api_tokens", column)
    op.execute("""UPDATE api_tokens SET grants = '[{"role":"admin"}]'""")
    op.create_table(
        "auth_generation",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auth_generation"),
    )
    op.execute("INSERT INTO auth_generation (id, number) VALUES (1, 0)")
