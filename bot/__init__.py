"""hello30: a visitor at the counter gets a hello or a callback at a stated time, never "busy" and never silence."""
