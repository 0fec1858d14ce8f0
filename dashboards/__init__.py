"""Pages, widgets, accounts and the JSON API: what people see of the store and of supervision, in Chinese and English.

Before it: pipeline (store, ledger, incident, sampling, notice). After it: a browser. It never imports sensor or detectors, never
decides what the law says, and never receives an identifier in clear.
"""
