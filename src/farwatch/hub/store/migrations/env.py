"""Run by Alembic itself; the connection comes from ``upgrade_schema``."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
