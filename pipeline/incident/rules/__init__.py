"""House rules of incidents as data: levels, articles of verdicts, clocks."""
