"""From functions of Python to machine code: Numba, for few entry points with many small helpers.

    Helper(function)                       is called from compiled code
    object_code(function, signature, name) machine code of a function and all the helpers that it calls

Numba expects functions that Python calls, each of them worth some work, and makes machine code of every one by itself.
Of our helpers nothing but the entry points is ever called, so here

- a helper remains a fragment of LLVM code. All that an entry point needs is put together first, then optimized and
  made into machine code once, not once for every caller;
- a function only goes through the passes that code like ours needs, without closures, generators, parallel loops and
  arithmetic of whole arrays;
- what an operator gives for numbers of certain types is found out once;
- no references to arrays are counted where none can come into being: half of our functions only look at arrays;
- no helper is compiled anew for every constant that it is called with;
- Python's garbage collector, which takes a fifth of the time, waits.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from llvmlite import ir
from llvmlite.binding import create_new_module_pass_manager
from numba.core import compiler, compiler_machinery, typed_passes, untyped_passes
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.datamodel.models import OpaqueModel
from numba.core.ir import Expr
from numba.core.ir_utils import build_definitions, check_and_legalize_ir
from numba.core.registry import CPUDispatcher, cpu_target
from numba.core.rewrites import rewrite_registry
from numba.core.runtime import rtsys
from numba.core.ssa import reconstruct_ssa
from numba.core.transforms import canonicalize_cfg
from numba.core.types import Array, BaseTuple, Function, Type, unliteral  # type: ignore[attr-defined]
from numba.core.typing.templates import _IntrinsicTemplate
from numba.extending import register_model

#: no fastmath: it would lose NaN, ±∞, the order of a sum, or what a subtraction of equal numbers must give
_OPTIONS = {
    "nopython": True,
    "error_model": "numpy",
    "boundscheck": None,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


@global_compiler_lock
def object_code(function: Callable, signature: Any, name: str) -> bytes:
    """An object file that defines the function under a name, as C calls it."""
    flags = compiler.Flags()
    cpu_target.options.parse_as_flags(flags, _OPTIONS)
    flags.no_compile = True
    contexts = cpu_target.typing_context, cpu_target.target_context
    library = _Whole(contexts[1].codegen(), name)
    with _without_garbage_collection():
        kinds = signature.args, signature.return_type
        compiled = compiler.compile_extra(*contexts, function, *kinds, flags, {}, library, _Pipeline)
        library.add_ir_module(_as_called_from_c(compiled, name))
        return library.object_code()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _as_called_from_c(compiled: Any, name: str) -> ir.Module:
    """A function that calls the compiled one, without the place for errors that Numba's functions have."""
    context, described = compiled.target_context, compiled.fndesc
    module = context.create_module(name)
    kinds = [context.get_value_type(kind) for kind in described.argtypes]
    entry = ir.Function(module, ir.FunctionType(context.get_value_type(described.restype), kinds), name)
    builder = ir.IRBuilder(entry.append_basic_block())
    callee = context.declare_function(module, described)
    _, result = context.call_conv.call_function(builder, callee, described.restype, described.argtypes, entry.args)
    builder.ret(result)
    return module


class _Whole(CPUCodeLibrary):
    """The code of an entry point and of all of its helpers."""

    def add_llvm_module(self, module: Any) -> None:
        self._final_module.link_in(module)

    def object_code(self) -> bytes:
        """Machine code, optimized, in which nothing but the entry point has a name."""
        module = self._final_module
        for library in dict.fromkeys(self._linking_libraries):
            module.link_in(library._get_module_for_linking(), preserve=True)
        passes, builder = self._codegen._module_pass_manager()
        passes.run(module, builder)
        self._hide_helpers()
        self._finalize_dynamic_globals()
        assert not self._dynamic_globals, f"{self.name} holds addresses of this process"
        return self._codegen._tm.emit_object(module)

    def _hide_helpers(self) -> None:
        """Or those of the same name in other machine code might be called; forget those that are no longer called."""
        for named in (*self._final_module.functions, *self._final_module.global_variables):
            if not named.is_declaration and named.name != self.name:
                named.linkage = "internal"
        passes = create_new_module_pass_manager()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(self._final_module, self._codegen._pass_builder())

    def finalize(self) -> None:
        raise NotImplementedError("an entry point is not called from compiled code")


class _Fragment(CPUCodeLibrary):
    """The code of a helper and of those that it calls, as it is before any optimization."""

    def add_llvm_module(self, module: Any) -> None:
        self._final_module.link_in(module)

    def add_linking_library(self, library: Any) -> None:
        if library is not rtsys.library:  # that of Numba's arrays, which an entry point adds once
            super().add_linking_library(library)

    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """None: there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing in the code looks for anything of Python's."""


class _Passes(compiler_machinery.PassManager):
    _ENFORCING = False  # those passes that need it analyse the function anew; the others do not ask for it


class _Pipeline(compiler.CompilerBase):
    """The way of a function through Numba."""

    def define_pipelines(self) -> list[compiler_machinery.PassManager]:
        passes = _Passes("kernels")
        for each in (
            untyped_passes.TranslateByteCode,
            untyped_passes.FixupArgs,
            _Loops,
            untyped_passes.RewriteSemanticConstants,
            untyped_passes.DeadBranchPrune,
            _Rewrites,
            _Assignments,
            _TypeInference,
            _Joins,
            _Lowering,
            typed_passes.NoPythonBackend,
        ):
            passes.add_pass(each, each.__name__)
        passes.finalize()
        self.state.type_annotation = None
        return [passes]


class _HelperPipeline(_Pipeline):
    def define_pipelines(self) -> list[compiler_machinery.PassManager]:
        self.state.library = _Fragment(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return super().define_pipelines()


class Helper(CPUDispatcher):
    """A function that compiled code calls; `inlined` copies it to where it is called."""

    def __init__(self, function: Callable, inlined: bool = False):
        super().__init__(function, {}, {**_OPTIONS, "forceinline": inlined}, _HelperPipeline)

    def get_call_template(self, args: tuple, kws: dict) -> Any:
        """The way to call it: with numbers, not with what they happen to be."""
        return super().get_call_template(
            tuple(map(unliteral, args)), {name: unliteral(kind) for name, kind in kws.items()}
        )


class _Pass(compiler_machinery.FunctionPass):
    def __init__(self):
        super().__init__()


@compiler_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _Loops(_Pass):
    """Each has one end."""

    _name = "loops_of_kernels"

    def run_pass(self, state: Any) -> bool:
        state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)
        return True


@compiler_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _Rewrites(_Pass):
    """What is simpler than it looks: indices that are known, errors."""

    _name = "rewrites_of_kernels"

    def run_pass(self, state: Any) -> bool:
        for rewrite in (kind(state) for kind in rewrite_registry.rewrites["before-inference"]):
            unseen = list(state.func_ir.blocks.items())
            while unseen:
                place, block = unseen.pop()
                if rewrite.match(state.func_ir, block, state.typemap, state.calltypes):
                    state.func_ir.blocks[place] = block = rewrite.apply()
                    unseen.append((place, block))
        return True


@compiler_machinery.register_pass(mutates_CFG=False, analysis_only=False)
class _Assignments(_Pass):
    """Each is to a variable of its own."""

    _name = "assignments_of_kernels"

    def run_pass(self, state: Any) -> bool:
        state.func_ir = reconstruct_ssa(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


@compiler_machinery.register_pass(mutates_CFG=False, analysis_only=False)
class _Joins(typed_passes.PreLowerStripPhis):
    """Where ways join, one variable gets the value of those of each way."""

    _name = "joins_of_kernels"

    def run_pass(self, state: Any) -> bool:
        state.func_ir = self._strip_phi_nodes(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


@compiler_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _TypeInference(typed_passes.NopythonTypeInference):
    _name = "type_inference_of_kernels"

    def run_pass(self, state: Any) -> bool:
        context, state.typingctx = state.typingctx, _Remembering(state.typingctx)
        try:
            return super().run_pass(state)
        finally:
            state.typingctx = context


@compiler_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(typed_passes.NativeLowering):
    """To LLVM code: where a function owns arrays, variables are deleted, and Numba counts references to them."""

    _name = "lowering_of_kernels"

    def run_pass(self, state: Any) -> bool:
        references = _owns_arrays(state)
        if references:
            check_and_legalize_ir(state.func_ir, state.flags)
        context, state.targetctx = state.targetctx, _settled(state.targetctx, references)
        try:
            return super().run_pass(state)
        finally:
            state.targetctx = context


def _owns_arrays(state: Any) -> bool:
    """Whether a function returns arrays or is given some by what it calls; slices of others are not its own."""
    results = [
        signature.return_type
        for expression, signature in state.calltypes.items()
        if signature is not None and not _is_intrinsic(expression, state.typemap)
    ]
    return any(_holds_arrays(kind) for kind in (state.return_type, *results))


def _is_intrinsic(expression: Any, kinds: dict) -> bool:
    """Whether it only looks at something: a part of an array, or what one of our intrinsics makes of it."""
    if not isinstance(expression, Expr) or expression.op in ("getitem", "static_getitem"):
        return True
    function = kinds[expression.func.name] if expression.op == "call" else None
    return isinstance(function, Function) and all(issubclass(each, _IntrinsicTemplate) for each in function.templates)


def _holds_arrays(kind: Type) -> bool:
    return isinstance(kind, Array) or (isinstance(kind, BaseTuple) and any(map(_holds_arrays, kind)))


def _settled(context: Any, references: bool) -> Any:
    """A context that counts references or not, and looks for news now instead of whenever it has not got something."""
    context.refresh()
    typing = _Remembering(context.typing_context)
    context = context.subtarget(enable_nrt=references, refresh=lambda: None, typing_context=typing)
    if not references:
        vars(context).pop("nrt", None)  # it remembers that there were references
    return context


class _Remembering:
    """Numba's knowledge of types, which does not forget what it has found out."""

    _signatures: ClassVar[dict] = {}
    _functions: ClassVar[dict] = {}

    def __init__(self, context: Any):
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, function: Any, args: tuple, kws: dict) -> Any:
        """The signature of a function for arguments of these types."""
        if kws or (isinstance(function, Type) and not isinstance(function, Function)):
            return self._context.resolve_function_type(function, args, kws)
        key = function, args
        if key not in self._signatures:
            self._signatures[key] = self._context.resolve_function_type(function, args, kws)
        return self._signatures[key]

    def resolve_value_type(self, value: Any) -> Any:
        """The type of a value; that of a function remembers, too."""
        kind = self._context.resolve_value_type(value)
        if type(kind) is not Function:
            return kind
        return self._functions.setdefault(kind, _Remembered(kind))


class _Remembered(Function):
    """The type of a function, which does not find out twice what it gives for arguments of the same types."""

    def __init__(self, function: Function):
        vars(self).update(vars(function))
        self._signatures: dict = {}

    def get_call_type(self, context: Any, args: tuple, kws: Any) -> Any:
        """The signature for arguments of these types."""
        if kws:
            return super().get_call_type(context, args, kws)
        if args not in self._signatures:
            self._signatures[args] = super().get_call_type(context, args, kws)
        return self._signatures[args]


register_model(_Remembered)(OpaqueModel)
