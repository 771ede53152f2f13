"""What the client commands print: tables for people, JSON for scripts."""
