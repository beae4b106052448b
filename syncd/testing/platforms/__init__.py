"""The platforms of the built-in connectors, over the sandbox."""
