"""The subject ledger read as law: how many persons, and what that obliges, article by article.

Before it: store (sketches of keyed tokens). After it: incident, dashboards. It never holds a token and never guesses a number that no
rule pack states.
"""
