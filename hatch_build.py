"""Compiles what is worth it, where there is a C compiler; without one Subak does the same, some of it more slowly."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED = tuple(
    f"subak/analytics/{name}.py"
    for name in ("logs/numbers", "logs/stamps", "logs/hashing", "logs/scan", "facts/things")
)
"""Modules below src; a file `.pxd` beside each has its C types."""


SAFE = {"language_level": 3, "boundscheck": True, "wraparound": False, "initializedcheck": False, "cdivision": True}
"""No access outside of what was given, but to the bytes of a block: what these modules read comes from strangers."""


class Compile(BuildHookInterface[Any]):
    """Puts compiled modules beside their sources, for an editable installation as for a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "src")
        built = [source / module.replace(".py", sysconfig.get_config_var("EXT_SUFFIX")) for module in COMPILED]
        if not all(map(_newer, built, (source / module for module in COMPILED))):
            for path in built:
                path.unlink(missing_ok=True)  # Python would take it for the source
            try:
                _compile(source)
            except _failures() as error:
                print(f"subak: not compiled, so logs are read more slowly: {error}", file=sys.stderr)
                return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"] += [str(path.relative_to(self.root)) for path in built]


def _newer(built: Path, source: Path) -> bool:
    """Is it there, and made from what the source is now? An installer asks twice, for the metadata and the whole."""
    sources = (source, source.with_suffix(".pxd"), Path(__file__))
    return built.exists() and built.stat().st_mtime > max(path.stat().st_mtime for path in sources)


def _failures() -> tuple[type[Exception], ...]:
    """What a machine without a compiler or Python's headers leads to; a mistake in the source is raised."""
    from setuptools.errors import CCompilerError, CompileError, ExecError, LinkError, PlatformError

    return CCompilerError, CompileError, ExecError, LinkError, PlatformError


def _compile(source: Path) -> None:
    """Compile in a temporary folder and put into place what came whole."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    with tempfile.TemporaryDirectory(prefix="subak-build-") as folder:
        extensions = [
            Extension(module.removesuffix(".py").replace("/", "."), [str(source / module)], extra_compile_args=["-O3"])
            for module in COMPILED
        ]
        made = cythonize(
            extensions,
            build_dir=f"{folder}/c",
            include_path=[str(source)],
            compiler_directives=SAFE,
            quiet=True,
            force=True,
        )
        command = Distribution({"ext_modules": made}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = f"{folder}/lib", f"{folder}/o"
        command.ensure_finalized()
        command.run()
        for path in map(Path, command.get_outputs()):
            shutil.copy(path, source / path.relative_to(command.build_lib))
