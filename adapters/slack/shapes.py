"""What Slack sends, looked at before anything takes it apart: only what has the shape that we know goes on.

What is null there counts as left out. Of everything else no more is kept than hello30 and Slack's framework read, for
that would fail at what it does not expect; Slack would deliver it again and again, and it would fail each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

log = structlog.get_logger(__name__)

_TYPE: Final = re.compile(r"[a-z_]{1,40}")
_PROFILE: Final = "user_change"
"""The event that tells a whole user; all others name theirs by the id."""


class _User(BaseModel):
    model_config = ConfigDict(extra="allow")  # that they have left is told in one of several ways
    id: str


class _Tokens(BaseModel):
    bot: list[str] = []


class _Event(BaseModel):
    type: str
    subtype: str = ""
    user: str | _User = ""
    bot_id: str = ""
    channel: str = ""
    channel_type: str = ""
    text: str = ""
    ts: str = ""
    thread_ts: str = ""
    tab: str = ""
    view: dict[str, Any] = {}
    tokens: _Tokens = _Tokens()


class _Authorization(BaseModel):
    user_id: str = ""
    is_bot: bool = False


class _Envelope(BaseModel):
    type: str
    event: _Event
    event_id: str
    event_time: int = 0
    team_id: str = ""
    authorizations: list[_Authorization] = []


class _Option(BaseModel):
    value: str = ""


class _Entered(BaseModel):
    type: str = ""
    value: str = ""
    selected_option: _Option = _Option()
    selected_user: str = ""
    selected_date_time: int = 0


class _State(BaseModel):
    values: dict[str, dict[str, _Entered]] = {}


class _Text(BaseModel):
    text: str = ""


class _Element(BaseModel):
    model_config = ConfigDict(extra="allow")
    options: list[dict[str, Any]] = []


class _Block(BaseModel):
    model_config = ConfigDict(extra="allow")  # it may be shown again as it is
    type: str
    block_id: str = ""
    element: _Element = _Element()


class _View(BaseModel):
    id: str
    type: str
    callback_id: str = ""
    hash: str = ""
    private_metadata: str = ""
    title: _Text = _Text()
    state: _State = _State()
    blocks: list[_Block] = []


class _Action(BaseModel):
    type: str = ""
    action_id: str
    action_ts: str
    value: str = ""
    selected_option: _Option = _Option()


class _Container(BaseModel):
    type: str = ""
    is_ephemeral: bool = False
    message_ts: str = ""
    channel_id: str = ""


class _Channel(BaseModel):
    id: str = ""


class _Message(BaseModel):
    ts: str = ""
    thread_ts: str = ""


class _Pressed(BaseModel):
    type: str
    user: _User
    actions: Annotated[list[_Action], Field(min_length=1)]
    trigger_id: str = ""
    response_url: str = ""
    view: _View | None = None
    container: _Container = _Container()
    channel: _Channel = _Channel()
    message: _Message = _Message()


class _Submitted(BaseModel):
    type: str
    user: _User
    view: _View
    trigger_id: str = ""


class _Command(BaseModel):
    command: str
    user_id: str
    trigger_id: str
    text: str = ""
    channel_id: str = ""
    response_url: str = ""


class _Challenge(BaseModel):
    type: str
    challenge: str


_SHAPES: Final[Mapping[str, type[BaseModel]]] = {
    "event_callback": _Envelope,
    "block_actions": _Pressed,
    "view_submission": _Submitted,
    "command": _Command,
    "url_verification": _Challenge,
}


def readable(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give what counts of something that Slack sent; None, and a line in the log, where it is nothing that we know."""
    kind = "command" if "command" in body else body.get("type")
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is not None:
        try:
            found = shape.model_validate(_without_nulls(body))
        except (ValidationError, RecursionError):  # the one quotes what people typed
            pass
        else:
            if not isinstance(found, _Envelope) or _is_of_its_type(found.event):
                return found.model_dump(exclude_unset=True)
    log.warning("slack.unreadable", type=kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else "")
    return None


def _is_of_its_type(event: _Event) -> bool:
    """Tell whether an event names its user as events of its type do."""
    return "user" not in event.model_fields_set or isinstance(event.user, _User) is (event.type == _PROFILE)


def _without_nulls(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {name: _without_nulls(each) for name, each in part.items() if each is not None}
    return [_without_nulls(each) for each in part] if isinstance(part, list) else part
