"""A Slack that knows who works there: whoever is looked up by id or by e-mail address."""

from __future__ import annotations

from typing import Any

from bot.ports import Clock
from tests.adapters.slack.api import Refusal, SlackApi


class Staff(SlackApi):
    """Slack's side of the wire, with members; nobody sees the e-mail address of a member but by `by_email`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.members: dict[str, dict[str, Any]] = {}
        self.by_email: dict[str, str] = {}

    def hires(self, member: str, real_name: str, email: str = "", **more: Any) -> None:
        """Somebody has an account from now on."""
        self.members[member] = {"id": member, "name": member.lower(), "real_name": real_name, "is_bot": False, **more}
        if email:
            self.by_email[email] = member

    def _do(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        if method == "users.info":
            if args["user"] not in self.members:
                raise Refusal("user_not_found")
            return {"user": self.members[args["user"]]}
        if method == "users.lookupByEmail":
            if args["email"] not in self.by_email:
                raise Refusal("users_not_found")
            return {"user": self.members[self.by_email[args["email"]]]}
        return super()._do(method, args)
