"""Why an alert was told to whom it was told, or was not: as data for programs, and in sentences for people."""
