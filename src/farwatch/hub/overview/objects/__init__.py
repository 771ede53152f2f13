"""One object: as it is or was, and what it went through."""
