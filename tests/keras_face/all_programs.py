"""Every program: importing this module registers them all."""

from . import programs_callbacks, programs_models, programs_parts, programs_training
from .program import PROGRAMS

__all__ = ["PROGRAMS", "programs_callbacks", "programs_models", "programs_parts", "programs_training"]
