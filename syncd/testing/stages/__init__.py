"""The stages of the built-in connectors, over the sandbox."""
