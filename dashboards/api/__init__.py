"""Rows for grids and files for people, by plain HTTP: JSON pages by key, CSV exports. Behind the same access check as the pages."""
