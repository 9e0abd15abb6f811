"""Serves the pages with invented visitors, to look at them: python -m tests.adapters.web.preview [0|1|5|12] [port]."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from adapters.web.adapter import WebAdapter
from bot.domain.card import Button
from bot.language.wording import Reader, Wording
from bot.messages import Announce, Incoming, Outcome, Press, Reply, Typed
from tests.adapters.web import house


class Preview(house.FakeInbox):
    """Answers as the inbox might, so that each kind of answer can be looked at."""

    async def receive(self, incoming: Incoming) -> Reply:
        act = incoming.act
        say = house.Say(Reader(incoming.language or house.PEOPLE[incoming.sender.id].language, house.ZONE))
        if isinstance(act, Announce) and act.owner == "Martin" and not (act.owner_id or act.another):
            same = house.WORDING.say(house.press("same", "same_person").label, say.reader, house.NOW)
            another = house.WORDING.say(house.press("another", "another_person").label, say.reader, house.NOW)
            buttons = (
                Button(name="same", label=same, main=True, value="v3"),
                Button(name="another", label=another),
            )
            return Reply(outcome=Outcome.ASKED_BACK, text=say("reception.twice_posted"), buttons=buttons)
        if isinstance(act, Announce):
            return Reply(outcome=Outcome.DONE, text=say("reply.posted"), visit="v5")
        if isinstance(act, Typed):
            card = house.WORDING.card(house.asked(house.JULIE, "martin"), say.reader, house.NOW)
            return Reply(outcome=Outcome.ASKED_BACK, text=say("replies.busy"), visit="v3", buttons=card.buttons)
        if isinstance(act, Press) and act.submitted:
            errors = {"phone": say("form.errors.number_missing"), "free": say("form.errors.time_missing")}
            return Reply(outcome=Outcome.REFUSED, text=errors["phone"], visit=act.visit, errors=errors)
        return Reply(outcome=Outcome.REFUSED, text=say("refused.not_here"), visit=getattr(act, "visit", ""))


async def main(count: int, port: int) -> None:
    """Serve until interrupted."""
    waiting = {0: (), 1: (house.AMELIE,), 5: house.FIVE}.get(count, house.twelve())
    views = house.FakeViews(
        visitors=waiting,
        calls=(house.LUC, house.ROBERT) if count else (),
        closed=(house.CLOSED,) if count else (),
        mine=(house.JULIE,) if count else (),
    )
    web = WebAdapter(
        house.settings(port=port),
        views=views,
        wording=Wording.load(),
        clock=house.FixedClock(),
        demo=house.FakeDemo(),
    )
    await web.start(Preview().receive)
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} http://127.0.0.1:{web.port}/reception\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await web.stop()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(numbers[0] if numbers else 5, numbers[1] if len(numbers) > 1 else 0))
