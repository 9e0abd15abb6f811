"""The ids that people, channels and apps have on the chat platforms, as an admin writes them."""

from __future__ import annotations

import re
from urllib.parse import unquote

from bot.yaml_shape import Wrong

_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_THREAD = re.compile(r"19:[A-Za-z0-9_-]{1,120}@thread\.(?:tacv2|skype|v2)")


def read_member(text: str) -> str:
    """Read the id of a member of Slack; raises `Wrong`."""
    if not _MEMBER.fullmatch(text):
        where = 'in Slack, open the profile, then "…", and copy the member ID'
        raise Wrong(f'"{text}" is no member of Slack: write an id such as U012AB3CD ({where})')
    return text


def read_channel(text: str) -> str:
    """Read the id of a channel of Slack; raises `Wrong`."""
    if not _CHANNEL.fullmatch(text):
        where = "in Slack, open the channel's details; it stands at the end"
        raise Wrong(f'"{text}" is no channel of Slack: write an id such as C012AB3CD ({where})')
    return text


def read_object_id(text: str) -> str:
    """Read the object id of a user in Entra; raises `Wrong`."""
    if not _GUID.fullmatch(text.lower()):
        where = "in the Entra admin center, open the user; it stands in the overview"
        example = "5f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
        raise Wrong(f'"{text}" is nobody\'s object id: write one such as {example} ({where})')
    return text.lower()


def read_app_id(text: str) -> str:
    """Read the id of an app in Entra, which may be empty; raises `Wrong`."""
    if text and not _GUID.fullmatch(text.lower()):
        raise Wrong(f'"{text}" is no id of an app: copy "Microsoft App ID" from the Azure Bot, under Configuration')
    return text.lower()


def read_tenant_id(text: str) -> str:
    """Read the id of an organisation's tenant in Entra, which may be empty; raises `Wrong`."""
    if text and not _GUID.fullmatch(text.lower()):
        raise Wrong(f'"{text}" is no id of a tenant: copy "App Tenant ID" from the Azure Bot, under Configuration')
    return text.lower()


def read_teams_channel(text: str) -> str:
    """Read the id of a channel or a group chat of Teams; raises `Wrong`."""
    if _THREAD.fullmatch(text):
        return text
    plain = unquote(text)  # as it stands in the channel's link
    if _THREAD.fullmatch(plain):
        raise Wrong(f'"{text}" is written as in a link: write {plain}')
    where = "in Teams, copy the channel's link; it stands after /channel/, with %3A for : and %40 for @"
    raise Wrong(f'"{text}" is no channel of Teams: write an id such as 19:abc123def@thread.tacv2 ({where})')
