"""Which conversation a packet belongs to; frames come before, lines and streams after.

Flows never move in the table: a slot is a flow's number for its life, so that others can keep columns of their own beside it.
"""
