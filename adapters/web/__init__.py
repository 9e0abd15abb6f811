"""hello30 in a browser: the arrival form and the board of a reception, a person's cards, the story of a visit."""
