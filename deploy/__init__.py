"""How Guankou is run. Only `deploy.local` is for import; the rest are files for people and service managers."""
