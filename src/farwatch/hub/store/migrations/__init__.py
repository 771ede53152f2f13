"""How the records schema grows: one line of revisions per feature, in ``versions/<feature>_<number>.py``.

A feature's first revision has no ``down_revision`` and carries the feature's name as its branch label; each later one
names the one before. Lines are independent, so that features never wait for one another. Migrations say in full what
they create and import nothing from the features: a revision means the same for ever, whatever the code becomes.
"""
