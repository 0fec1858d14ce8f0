"""One mark a file: coverage, level, verdict, persons, clocks, charts. They draw what they are given and ask nothing."""
