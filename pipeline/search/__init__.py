"""Flow search: a filter that people type, asked of the store with bound values; one implementation for the command and the pages.

Before it: store and schema. After it: `guankou search` and the dashboards. What a person typed never becomes SQL text.
"""
