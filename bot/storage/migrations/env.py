"""What Alembic runs around the steps: they go over the connection that `bot.storage.schema` gives."""

from alembic import context

from bot.storage.schema import VERSION_TABLE

# The transaction is the caller's: either all steps are taken, or none.
context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
