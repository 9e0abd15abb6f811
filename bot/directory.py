"""Who is found where: people and receptions by their addresses, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.people import RECEPTION, Person
from bot.messages import Address
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory of one configuration. A reader is a person's id, or `reception:<site>` for a counter."""

    settings: Settings
    _by_address: dict[Address, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the addresses; the configuration has seen to it that no two persons share one."""
        by_address = {address: person for person, found in self.settings.addresses.items() for address in found}
        object.__setattr__(self, "_by_address", by_address)

    @property
    def receptions(self) -> tuple[str, ...]:
        """Give the readers of all receptions, in the order of the sites."""
        return tuple(reception_reader(site) for site in self.settings.sites)

    def person_at(self, address: Address) -> Person | None:
        """Give who is found at an address, or None when nobody is linked to it."""
        person = self._by_address.get(address)
        return self.settings.people[person] if person is not None else None

    def addresses(self, reader: str) -> tuple[Address, ...]:
        """Give where a reader is found; nothing for somebody who is in the directory no more."""
        kind, _, site = reader.partition(":")
        if kind == RECEPTION and site in self.settings.sites:
            return self.reception_addresses(site)
        return self.settings.addresses.get(reader, ())

    def reception_addresses(self, site: str) -> tuple[Address, ...]:
        """Give where the cards of a site's counter are shown."""
        return self.settings.sites[site].reception


def reception_reader(site: str) -> str:
    """Give a reception's name as the reader of cards."""
    return f"{RECEPTION}:{site}"
