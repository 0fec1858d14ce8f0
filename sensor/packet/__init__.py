"""Packets in batches, from capture files or a live ring; frames come after.

A packet is a row: where it starts, how long it is, when and on which interface it came. Never a Python object, never decoded here.
"""
