"""What the equations do, shown: one module per experiment, each with a picture and a number.

A new experiment is one module here, one in `cli/lab/` with its command, and one line in
`cli/lab/__init__.py`.
"""
