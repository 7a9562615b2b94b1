"""The tasks of the labs, one module per lab, each with a dict `TASKS` of name to judge.

A judge is a function of the reader's answers. It raises `helpers.labs.Wrong` or returns a note to
print after "right." (or None). The file name is the lab's, with underscores: `tail_batches.py`.
"""
