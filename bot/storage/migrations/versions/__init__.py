"""One module a step, each forward and back. A step that was released never changes again."""
