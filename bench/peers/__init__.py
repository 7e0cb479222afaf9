"""Side-by-side runs of Hawser and what a user would pick instead, on the lab of scripts/lab.

Each peer has one module that starts it, reads its figures and nothing else; rows.py says what is compared and what
must be shown, cli.py interleaves the runs, and table.py prints them. Only ratios within one run are claims: absolute
figures move with the machine.
"""
