"""The one command; joins the parts, holds no logic."""
