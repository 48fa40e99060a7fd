"""Files: the upload in three steps, who sees it, and what is told of it when."""

from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Person, StandInSlack, User
from tests.sandbox.toy import MovableClock, refused

CSV = "timestamp,actor\n2026-03-02,Zoë\n".encode()


async def uploaded(client: AsyncWebClient, http: aiohttp.ClientSession, content: bytes = CSV) -> str:
    """The id of a file whose bytes were received, and that is not shared yet."""
    asked = await client.files_getUploadURLExternal(filename="acme.csv", length=len(content))
    async with http.post(asked["upload_url"], data=content) as answer:
        assert answer.status == 200
    found: str = asked["file_id"]
    return found


async def test_the_sdk_uploads_to_direct_messages(
    slack: StandInSlack, client: AsyncWebClient, sam: Person, user: User
) -> None:
    opened = await client.conversations_open(users=user.id)
    await client.files_upload_v2(
        channel=opened["channel"]["id"], filename="acme.csv", title="Acme", content=CSV, initial_comment="73 rows"
    )
    [shown] = sam.sees()
    assert shown.plain == "73 rows"
    assert shown.message is not None
    [file_id] = shown.message.files
    file = slack.workspace.files[file_id]
    assert (file.content, file.name, file.title) == (CSV, "acme.csv", "Acme")
    assert [each.method for each in slack.calls[-3:]] == [
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ]
    [message] = (await client.conversations_history(channel=slack.dm(user).id))["messages"]
    assert message["files"] == [{"id": file_id, "name": "acme.csv"}]


async def test_the_bytes_must_be_as_many_as_were_announced(
    client: AsyncWebClient, http: aiohttp.ClientSession, channel: Channel
) -> None:
    """Bytes, not characters."""
    asked = await client.files_getUploadURLExternal(filename="acme.csv", length=len(CSV.decode()))
    async with http.post(asked["upload_url"], data=CSV) as answer:
        assert answer.status == 400
        assert "length mismatch" in await answer.text()
    share = client.files_completeUploadExternal(files=[{"id": asked["file_id"]}], channel_id=channel.id)
    assert await refused(share) == "file_not_found"
    for length in (0, -1):
        call = client.files_getUploadURLExternal(filename="acme.csv", length=length)
        assert await refused(call) == "invalid_arguments"


async def test_an_upload_url_takes_one_upload_and_a_file_is_shared_once(
    client: AsyncWebClient, http: aiohttp.ClientSession, slack: StandInSlack, channel: Channel
) -> None:
    file_id = await uploaded(client, http)
    async with http.post(f"{slack.origin}/upload/v1/{file_id}", data=CSV) as answer:
        assert answer.status == 404
    async with http.post(f"{slack.origin}/upload/v1/F404", data=CSV) as answer:
        assert answer.status == 404
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=channel.id)
    again = client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=channel.id)
    assert await refused(again) == "file_not_found"
    assert len(slack.messages_in(channel)) == 1


async def test_where_it_was_shared_is_told_later(
    slack: StandInSlack, client: AsyncWebClient, http: aiohttp.ClientSession, channel: Channel, clock: MovableClock
) -> None:
    slack.faults.share_lag = timedelta(seconds=5)
    file_id = await uploaded(client, http)
    done = await client.files_completeUploadExternal(files=[{"id": file_id, "title": "Acme"}], channel_id=channel.id)
    assert done["files"] == [{"id": file_id, "title": "Acme", "name": "acme.csv"}]
    told = (await client.files_info(file=file_id))["file"]
    assert (told["shares"], told["channels"]) == ({}, [])
    clock.pass_(seconds=5)
    told = (await client.files_info(file=file_id))["file"]
    [message] = slack.messages_in(channel)
    assert told["shares"] == {"public": {channel.id: [{"ts": message.ts}]}}
    assert (told["channels"], told["size"], told["title"]) == ([channel.id], len(CSV), "Acme")


async def test_a_file_goes_into_a_thread_or_into_several_channels(
    slack: StandInSlack, client: AsyncWebClient, http: aiohttp.ClientSession, channel: Channel, user: User
) -> None:
    parent = await client.chat_postMessage(channel=channel.id, text="Your export")
    one = await uploaded(client, http)
    await client.files_completeUploadExternal(files=[{"id": one}], channel_id=channel.id, thread_ts=parent["ts"])
    assert [each.thread_ts for each in slack.messages_in(channel)] == [None, parent["ts"]]

    two = await uploaded(client, http)
    both = [channel.id, slack.dm(user).id]
    call = client.files_completeUploadExternal(files=[{"id": two}], channels=both, thread_ts=parent["ts"])
    assert await refused(call) == "invalid_arguments"
    await client.files_completeUploadExternal(files=[{"id": two}], channels=both)
    shares = (await client.files_info(file=two))["file"]["shares"]
    assert (shares["public"].keys(), shares["private"].keys()) == ({both[0]}, {both[1]})


async def test_where_a_file_cannot_go_it_goes_nowhere(
    slack: StandInSlack, client: AsyncWebClient, http: aiohttp.ClientSession, channel: Channel, user: User
) -> None:
    """Neither to a channel without the app, nor to a person's id or a channel's name, nor to the others named with it."""
    elsewhere = slack.add_channel("elsewhere", app_is_member=False)
    file_id = await uploaded(client, http)
    for place, code in (
        (elsewhere.id, "not_in_channel"),
        (user.id, "channel_not_found"),
        ("cs-acme", "channel_not_found"),
        (f"{channel.id},{elsewhere.id}", "not_in_channel"),
    ):
        call = client.api_call("files.completeUploadExternal", json={"files": [{"id": file_id}], "channels": place})
        assert await refused(call) == code
    assert slack.messages_in(channel) == []
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    assert (await client.files_info(file=file_id))["file"]["shares"] == {}


async def test_a_deleted_file_is_gone(
    slack: StandInSlack, client: AsyncWebClient, http: aiohttp.ClientSession, channel: Channel
) -> None:
    file_id = await uploaded(client, http)
    assert await refused(client.files_info(file=file_id)) == "file_not_found"
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=channel.id)
    await client.files_delete(file=file_id)
    assert slack.workspace.files[file_id].content is None
    assert await refused(client.files_info(file=file_id)) == "file_deleted"
    assert await refused(client.files_delete(file=file_id)) == "file_deleted"


@pytest.mark.parametrize("files", [[], "F1", [{"id": "F404"}], ["F404"]])
async def test_odd_lists_of_files(client: AsyncWebClient, files: object) -> None:
    code = await refused(client.api_call("files.completeUploadExternal", json={"files": files}))
    assert code in {"invalid_arguments", "file_not_found"}
