"""The commands and their options. What they do stands in the modules beside this one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.commandline.kindly import KindGroup
from bot.commandline.options import (
    CONFIG,
    FASTEST,
    AppId,
    AppVersion,
    Config,
    HostName,
    Json,
    Lang,
    Page,
    Person,
    Platform,
    ReadConfig,
    ReadDatabase,
    Role,
    read_day,
    read_hash,
    read_one_of,
    read_port,
    read_public_url,
    read_speed,
)

app = typer.Typer(
    cls=KindGroup,
    help="hello30 greets whoever comes: a 30-second hello now, or a callback at a stated time.",
    epilog="Try it in a browser, with invented people: hello30 demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is quick, and reads the same in a pipe
    pretty_exceptions_enable=False,
)
log = typer.Typer(
    epilog="Example: hello30 log --since 2026-03-02 --owner martin --csv > march.csv",
    rich_markup_mode=None,
    subcommand_metavar="[verify]",
)
app.add_typer(log, name="log")


def _group(name: str, what: str, example: str) -> typer.Typer:
    """Add a group of commands, which does nothing by itself."""
    group = typer.Typer(help=what, epilog=f"Example: {example}", no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


people = _group(
    "people", "See who can be asked for, and say who they are in Slack.", "hello30 people list --config config.yaml"
)
slack = _group("slack", "Set up hello30 in Slack.", "hello30 slack manifest")
teams = _group(
    "teams",
    "Set up hello30 in Microsoft Teams.",
    "hello30 teams package --app-id 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e --host desk.example.org",
)
db = _group("db", "Look after the database.", "hello30 db backup monday.db --config config.yaml")


def _say_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - slow to load

        typer.echo(f"hello30 {version('hello30')}")
        raise typer.Exit


@app.callback()
def hello30(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="When something unexpected happens, log where.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which hello30 this is.")
    ] = False,
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
        int, typer.Option(parser=read_port, metavar="NUMBER", help="Where the pages are, on this machine only.")
    ] = 8030,
    speed: Annotated[
        float,
        typer.Option(parser=read_speed, metavar="FACTOR", help=f"How many seconds pass in one; at most {FASTEST}."),
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


@log.callback(invoke_without_command=True)
def show_log(  # noqa: PLR0913 - an option each
    ctx: typer.Context,
    *,
    config: ReadConfig = None,
    database: ReadDatabase = None,
    since: Annotated[
        date | None, typer.Option(parser=read_day, metavar="DAY", help="From this day on, by the site's clock.")
    ] = None,
    until: Annotated[
        date | None, typer.Option(parser=read_day, metavar="DAY", help="Up to this day, included.")
    ] = None,
    owner: Annotated[str | None, typer.Option(metavar="PERSON", help="Asked for by name or id.")] = None,
    site: Annotated[str | None, typer.Option(metavar="SITE", help="Only this site.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only where something is still owed.")] = False,
    mistakes: Annotated[bool, typer.Option("--all", help="Also what was posted by mistake.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV, a line for each promise.")] = False,
    lang: Lang = "en",
) -> None:
    """Tell who came for whom, what was promised, what became of it. A running hello30 is not disturbed."""
    if ctx.invoked_subcommand is not None:
        if any(source.name == "COMMANDLINE" for name in ctx.params if (source := ctx.get_parameter_source(name))):
            raise typer.BadParameter(f"please write the options after `{ctx.invoked_subcommand}`.")
        return
    if json and csv:
        raise typer.BadParameter("please choose one of them.", param_hint="'--json' / '--csv'")
    if since and until and since > until:
        raise typer.BadParameter("it comes after the day of --until; please exchange them.", param_hint="'--since'")
    from bot.commandline import log_source, showing_log  # noqa: PLC0415
    from bot.visit_log import Wanted  # noqa: PLC0415

    wanted = Wanted(since=since, until=until, owner=owner, site=site, open_only=open_only, mistakes=mistakes)
    form: showing_log.Form = "json" if json else "csv" if csv else "table"
    showing_log.show(log_source.find(config, database), wanted, form=form, language=lang)


@log.command("verify", epilog="Example: hello30 log verify --config config.yaml --expect 9f2c41...")
def verify_log(
    *,
    config: ReadConfig = None,
    database: ReadDatabase = None,
    expect: Annotated[
        str | None,
        typer.Option(
            parser=read_hash, metavar="HASH", help="The hash of a checkpoint that was written down elsewhere."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Prove that nobody changed the journal or what follows from it. A running hello30 is not disturbed."""
    from bot.commandline import log_source, verifying_log  # noqa: PLC0415

    verifying_log.verify(log_source.find(config, database), expected=expect, as_json=json)


@app.command(epilog="Example: hello30 replay 3f9a --config config.yaml")
def replay(
    *,
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="The id of a visit, or how it begins.")],
    config: ReadConfig = None,
    database: ReadDatabase = None,
    json: Json = False,
    lang: Lang = "en",
) -> None:
    """Rebuild a visit from the journal, step by step."""
    from bot.commandline import log_source, showing_replay  # noqa: PLC0415

    showing_replay.replay(log_source.find(config, database), visit, language=lang, as_json=json)


@app.command(epilog='Example: hello30 understand "Julie Tremblay for Martin" --as reception --config config.yaml')
def understand(  # noqa: PLR0913 - likewise
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One line, as somebody would type it.")],
    role: Annotated[
        Role, typer.Option("--as", parser=read_one_of(Role), metavar="owner|reception", help="Who types it.")
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


@app.command(epilog='Example: hello30 rehearse policies/office.yaml --answers "2m: busy, 3m: in 5 min"')
def rehearse(
    *,
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="A policy file, or a policy of the configuration.")],
    answers: Annotated[
        str | None,
        typer.Option(metavar="ANSWERS", help='What is typed when, as in "2m: busy, 3m sophie: in 5 min".'),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whose house it is.  [default: config.yaml if it is there, else invented]"),
    ] = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """Rehearse a policy: who is told what and when. Nothing is sent or kept."""
    from bot.commandline import rehearsing  # noqa: PLC0415

    rehearsing.rehearse(policy, config, answers=answers, language=lang, as_json=json)


@app.command(epilog="Example: hello30 key")
def key() -> None:
    """Print a new key, with which hello30 signs links. Keep it secret; each run prints another."""
    from bot.links import new_key  # noqa: PLC0415

    typer.echo(new_key())


@app.command(epilog="Example: hello30 link martin --config config.yaml")
def link(person: Person, config: Config = CONFIG) -> None:
    """Print a link for somebody to sign in with. It works once, within 15 minutes, and needs HELLO30_KEYS."""
    from bot.commandline import signing  # noqa: PLC0415

    signing.link(config, person)


@app.command("sign-out", epilog="Example: hello30 sign-out martin --config config.yaml")
def sign_out(person: Person, config: Config = CONFIG) -> None:
    """Sign somebody out in every browser. Beside a running hello30: on PostgreSQL only; an admin's page does it too."""
    from bot.commandline import signing  # noqa: PLC0415

    signing.sign_out(config, person)


@people.command("list", epilog="Example: hello30 people list --config config.yaml")
def list_people(config: Config = CONFIG) -> None:
    """List who can be asked for, who is away now, and who is not reached. A running hello30 is not disturbed."""
    from bot.commandline import houses  # noqa: PLC0415

    houses.list_people(config)


@people.command("link", epilog="Example: hello30 people link martin U012AB3CD --config config.yaml")
def link_people(  # noqa: PLR0913 - likewise
    *,
    person: Annotated[str | None, typer.Argument(metavar="PERSON", help="A name, or an id.")] = None,
    member: Annotated[
        str | None, typer.Argument(metavar="MEMBER", help="Their member ID in Slack, such as U012AB3CD.")
    ] = None,
    by_email: Annotated[
        bool, typer.Option("--by-email", help="Ask Slack for everybody who has an email in the configuration.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of another member ID.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask Slack whether there is such a member.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    platform: Annotated[
        Platform, typer.Option(parser=read_one_of(Platform), metavar="slack", help="Where they are found.")
    ] = "slack",
    config: Config = CONFIG,
) -> None:
    """Write into the configuration who somebody is in Slack. Slack is asked where SLACK_BOT_TOKEN is set."""
    from bot.commandline import linking  # noqa: PLC0415

    if by_email:
        if person is not None or replace or offline:
            raise typer.BadParameter(
                "it asks Slack for everybody who is not linked: please leave out PERSON, --replace and --offline.",
                param_hint="'--by-email'",
            )
        linking.link_by_email(config, platform=platform, dry_run=dry_run)
    elif person is None or member is None:
        raise typer.BadParameter("please name both, as in: hello30 people link martin U012AB3CD; or use --by-email.")
    else:
        linking.link(config, person, member, platform=platform, replace=replace, offline=offline, dry_run=dry_run)


@slack.command("manifest", epilog="Example: hello30 slack manifest --url https://desk.example.org")
def slack_manifest(
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Where Slack posts to (with mode: http). Without it, Socket Mode, which needs no address.",
            parser=read_public_url,
        ),
    ] = None,
) -> None:
    """Print what makes the app in Slack: paste it at api.slack.com/apps, "From a manifest"."""
    from bot.commandline import slack_app  # noqa: PLC0415

    slack_app.print_manifest(url)


@teams.command(
    "package",
    epilog="Example: hello30 teams package --app-id 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e --host desk.example.org",
)
def teams_package(  # noqa: PLR0913 - likewise
    *,
    app_id: AppId,
    host: HostName,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the package goes; a new file.")] = Path(
        "hello30-teams.zip"
    ),
    app_version: AppVersion = "1.0.0",
    website: Page = None,
    privacy: Page = None,
    terms: Page = None,
) -> None:
    """Make the app package that an admin uploads to Teams."""
    from adapters.teams.package import App  # noqa: PLC0415
    from bot.commandline import teams_app  # noqa: PLC0415

    app = App(app_id=app_id, host=host, version=app_version, website=website, privacy=privacy, terms=terms)
    teams_app.write_package(app, out)


@db.command("backup", epilog="Example: hello30 db backup monday.db --config config.yaml")
def backup_database(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; a new file.")],
    config: Config = CONFIG,
) -> None:
    """Copy the database, also while hello30 runs. The copy is checked, and only you may read it."""
    from bot.commandline import backing_up  # noqa: PLC0415

    backing_up.backup(config, file)
