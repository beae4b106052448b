"""Decisions about a text that is HTML on one side: what it says counts, not how it is written."""

import pytest

from syncd.core.absent import plan_gone  # noqa: F401
from syncd.mapping.compile import compile_rules
from syncd.mapping.line import Line
from syncd.model.rule import Direction
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, ResourceSpec

from .world import LEFT, RIGHT, Person, catalogue, mapping

HTML, TEXT = catalogue(FieldSpec("body", html=True)), catalogue(FieldSpec("text"))
