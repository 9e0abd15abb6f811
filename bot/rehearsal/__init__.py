"""What a policy will do, found out by letting it happen: the real core, on a clock that is only moved."""
