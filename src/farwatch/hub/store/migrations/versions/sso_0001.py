"""The groups in which identity providers say that people are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sso_0001"
down_revision = None
branch_labels = ("sso",)
depends_on = "auth_0002"


def upgrade() -> None:
    """Create the table ``sso_user_groups``."""
    op.create_table(
        "sso_user_groups",
        sa.Column("user_id", sa.String(16), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_sso_user_groups"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sso_user_groups_user_id_users", ondelete="CASCADE"
        ),
    )
