"""What `hello30` does at a terminal, one module a command. All that is slow to load is imported as it is needed."""
