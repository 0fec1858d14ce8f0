"""Whose line a flow is on and where its far end lies; flows come before, streams after.

The registry decides first: dedicated lines carry private addresses, where geography is blind. Says what may be looked into, never looks.
"""
