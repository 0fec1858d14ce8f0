"""One page a file: a question, its sentence, its parts in the order in which to act. SQL and law live elsewhere."""
