"""How everything looks: tokens, one stylesheet, one script, one sprite of icons. Holds no words and no data."""
