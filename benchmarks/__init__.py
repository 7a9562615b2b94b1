"""What the helpers cost, beside what others use: one module for each table.

    python -m benchmarks.tokens          # one table
    python -m benchmarks                 # all tables, and write benchmarks/results.json
    python -m benchmarks --quick         # all tables at a small size; writes nothing

Every time is processor time of this process, all its threads together. The candidates of a table
run in turn, round after round, and each keeps its best round; so a slow moment of the machine hits
all of them. The tables show ratios only. Their prose stands in ``book/benchmarks.md``, and the site
puts the tables of ``results.json`` beside it.
"""

MODULES = ("tokens", "planning", "assembling", "epochs", "feeding", "explaining")
