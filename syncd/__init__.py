"""Keeps people in step, both ways, between a CRM and e-mail platforms."""

__version__ = "0.1.0"
