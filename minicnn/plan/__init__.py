"""Plans: a step of a model, written down once as a list of kernel calls, fused, and run without Python in between.

recorder.py   stand-ins for arrays, and the kernel namespace that writes calls down
steps.py      what a training step, a test step and a prediction call: a script
prelude.py    what is done to the arrays of a batch before: preprocessing layers
fusion.py     rules by which neighbouring calls become one
program.py    a script on real arrays: memory, and a list of launches
again.py      the numbers of the next update
plan.py       script and program of one step
planner.py    which steps run as plans, and when a plan is made anew
"""

from .planner import Planner

__all__ = ["Planner"]
