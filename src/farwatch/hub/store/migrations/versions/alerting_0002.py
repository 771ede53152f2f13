"""Groups are named by their route, too: the tree of routes may hold several with the same matchers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0002"
down_revision = "alerting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each timer in ``alert_groups`` its route: until now, the root was the only one."""
    op.rename_table("alert_groups", "alert_groups_0001")
    op.create_table(
        "alert_groups",
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("next_flush", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("route", "group_key", name="pk_alert_groups_0002"),
    )
    op.execute(
        "INSERT INTO alert_groups (route, group_key, next_flush)"
        " SELECT '{}', group_key, next_flush FROM alert_groups_0001"
    )
    op.drop_table("alert_groups_0001")
