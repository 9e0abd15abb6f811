"""The commands and their options. What they do stands in the modules beside this one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, get_args

import typer

from bot.commandline.kindly import KindGroup

CONFIG: Final = Path("config.yaml")
FASTEST: Final = 600
LAST_PORT: Final = 65535

app = typer.Typer(
    cls=KindGroup,
    help="hello30 greets whoever comes: a 30-second hello now, or a callback at a stated time.",
    epilog="Try it in a browser, with invented people: hello30 demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is quick, and reads the same in a pipe
    pretty_exceptions_enable=False,
)
people = typer.Typer(
    help="See who can be asked for.",
    epilog="Example: hello30 people list --config config.yaml",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(people, name="people")


Language: TypeAlias = Literal["en", "fr"]
Role: TypeAlias = Literal["owner", "reception"]


def _one_of(choices: object) -> Callable[[str], str]:
    """Give what reads one of a `Literal`'s values."""
    known: tuple[str, ...] = get_args(choices)

    def read(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f'"{text}" is not known here: please choose {" or ".join(known)}.')
        return text

    return read


def _port(text: str) -> int:
    with suppress(ValueError):
        if 1 <= int(text) <= LAST_PORT:
            return int(text)
    raise typer.BadParameter(f'"{text}" is no port: please choose a number from 1 to {LAST_PORT}.')


def _speed(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) <= FASTEST:
            return float(text)
    raise typer.BadParameter(
        f'"{text}" is no speed: please choose more than 0 and at most {FASTEST}; 60 makes a minute pass in a second.'
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a day that can be read: please write it as 2026-03-04.') from None


Config: TypeAlias = Annotated[Path, typer.Option(metavar="FILE", help="The configuration.")]
Lang: TypeAlias = Annotated[
    Language, typer.Option("--lang", parser=_one_of(Language), metavar="en|fr", help="The language of times and words.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.callback()
def hello30(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="When something unexpected happens, log where.")] = False,
) -> None:
    """Take what holds for every command; `KindGroup` reads it."""


@app.command(epilog="Example: hello30 run --config config.yaml")
def run(config: Config = CONFIG) -> None:
    """Run hello30 until it is told to stop (Ctrl+C, or SIGTERM)."""
    from bot.commandline import serving  # noqa: PLC0415 - slow to load, as in each command below

    serving.run(config)


@app.command(epilog="Example: hello30 demo --speed 60")
def demo(
    *,
    port: Annotated[
        int, typer.Option(parser=_port, metavar="NUMBER", help="Where the pages are, on this machine only.")
    ] = 8030,
    speed: Annotated[
        float, typer.Option(parser=_speed, metavar="FACTOR", help=f"How many seconds pass in one; at most {FASTEST}.")
    ] = 1.0,
    play: Annotated[bool, typer.Option("--play", help="Show a day at the counter as text, and end.")] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where visits are kept.  [default: among temporary files]")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin again on Wednesday at 09:12, with nobody waiting.")
    ] = False,
) -> None:
    """Try hello30 in a browser, with invented people."""
    from bot.commandline import serving  # noqa: PLC0415

    if fresh and data is not None:
        raise typer.BadParameter("--fresh is for the demo's own database; for a new one, name a new file with --data.")
    if play:
        raise typer.Exit(serving.play())
    serving.demo(port=port, speed=speed, database=data, fresh=fresh)


@app.command(epilog="Example: hello30 check config.yaml")
def check(
    config: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration.")] = CONFIG,
) -> None:
    """Check a configuration and its policies. Each fault is told as file:line:column, on standard error."""
    from bot.commandline import houses  # noqa: PLC0415

    houses.check(config)


@app.command(epilog="Example: hello30 log --since 2026-03-02 --owner martin --csv > march.csv")
def log(  # noqa: PLR0913 - an option each
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The configuration.  [default: config.yaml]")
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Read this database instead of the configuration's. Without --config, people and sites are told by "
            "their ids, and times in UTC.",
        ),
    ] = None,
    since: Annotated[
        date | None, typer.Option(parser=_day, metavar="DAY", help="From this day on, by the site's clock.")
    ] = None,
    until: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="Up to this day, included.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="PERSON", help="Asked for by name or id.")] = None,
    site: Annotated[str | None, typer.Option(metavar="SITE", help="Only this site.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only where something is still owed.")] = False,
    mistakes: Annotated[bool, typer.Option("--all", help="Also what was posted by mistake.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV, a line for each promise.")] = False,
    lang: Lang = "en",
) -> None:
    """Tell who came for whom, what was promised, what became of it. A running hello30 is not disturbed."""
    if json and csv:
        raise typer.BadParameter("please choose one of them.", param_hint="'--json' / '--csv'")
    if since and until and since > until:
        raise typer.BadParameter("it comes after the day of --until; please exchange them.", param_hint="'--since'")
    from bot.commandline import log_source, showing_log  # noqa: PLC0415
    from bot.visit_log import Wanted  # noqa: PLC0415

    wanted = Wanted(since=since, until=until, owner=owner, site=site, open_only=open_only, mistakes=mistakes)
    form: showing_log.Form = "json" if json else "csv" if csv else "table"
    showing_log.show(log_source.find(config, database), wanted, form=form, language=lang)


@app.command(epilog='Example: hello30 understand "Julie Tremblay for Martin" --as reception --config config.yaml')
def understand(  # noqa: PLR0913 - likewise
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One line, as somebody would type it.")],
    role: Annotated[
        Role, typer.Option("--as", parser=_one_of(Role), metavar="owner|reception", help="Who types it.")
    ] = "owner",
    now: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="As if it were then, as in 2026-03-04T09:12.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="As in America/Montreal.  [default: that of the first site, else UTC]"),
    ] = None,
    lang: Lang = "en",
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Whose people are known; without it nobody is.")
    ] = None,
    json: Json = False,
) -> None:
    """Show how a typed line is read."""
    from bot.commandline import reading  # noqa: PLC0415

    line = reading.Line(text=text, role=role, now=now, zone=zone, language=lang)
    reading.understand(line, config, as_json=json)


@people.command("list", epilog="Example: hello30 people list --config config.yaml")
def list_people(config: Config = CONFIG) -> None:
    """List who can be asked for, and who is away now."""
    from bot.commandline import houses  # noqa: PLC0415

    houses.list_people(config)
