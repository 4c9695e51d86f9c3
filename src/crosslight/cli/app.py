"""The commands put together, and how every one of them ends."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..__about__ import __version__
from ..core.errors import CrosslightError
from . import (
    agree,
    convergence,
    demo,
    dissect,
    dynamics,
    edit,
    explain,
    export,
    figure,
    import_,
    layers,
    methods,
    models,
    report,
    run,
    scenes,
    score,
    train,
    tune,
    view,
)

BAD_INPUT, OUR_FAULT, INTERRUPTED = 2, 1, 130

#: what the machine refuses although the command is right: nothing that a traceback would help with
_REFUSED = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOSPC,
    errno.EROFS,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC,
}


class Commands(TyperGroup):
    """Turns the ways in which a command can fail into messages and exit statuses."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("interrupted; the same command goes on where it stopped")
            raise typer.Exit(INTERRUPTED) from None
        except CrosslightError as error:
            _say(f"error: {error}")
            raise typer.Exit(BAD_INPUT) from None
        except Exception as error:
            if hasattr(error, "exit_code") or isinstance(error, EOFError | BrokenPipeError):
                raise  # the parser's own, or a reader that has seen enough
            if isinstance(error, OSError) and error.errno in _REFUSED:
                where = f"{error.filename}: " if error.filename else ""
                _say(f"error: {where}{error.strerror}")
                raise typer.Exit(BAD_INPUT) from None
            traceback.print_exception(error, file=sys.stderr)
            _say("This is a bug in Crosslight: please report it with the lines above.")
            raise typer.Exit(OUR_FAULT) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


app = typer.Typer(
    cls=Commands,
    name="crosslight",
    help="Explain image classifiers, and measure where models and methods agree.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crosslight {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("explain")(explain.explain)
app.command("agree")(agree.agree)
app.command("score")(score.score)
app.command("edit")(edit.edit)
app.command("dissect")(dissect.dissect)
app.command("tune")(tune.tune)
app.command("train")(train.train)
app.command("convergence")(convergence.convergence)
app.command("dynamics")(dynamics.dynamics)
app.command("report")(report.report)
app.command("figure")(figure.figure)
app.command("view")(view.view)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("models")(models.models)
app.command("layers")(layers.layers)
app.command("methods")(methods.methods)
app.add_typer(scenes.scenes, name="scenes")
