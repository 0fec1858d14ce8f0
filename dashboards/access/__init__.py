"""Who may come in: sign-in, sessions, roles, response headers. Before every page; it draws nothing but the sign-in form."""
