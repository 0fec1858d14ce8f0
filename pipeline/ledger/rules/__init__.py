"""Rule packs: the law's numbers and labels as data, each with its articles and effective date."""
