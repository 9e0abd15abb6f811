"""Words: what hello30 says (wording), and what people write to it (understand, when, names)."""
