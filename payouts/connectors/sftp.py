"""Payout files to a bank's SFTP server, whose key is known beforehand: nothing is sent to a server that shows another."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import asyncssh
from django.conf import settings

from payouts.connectors import Acknowledged, NotTaken, Parcel

#: Seconds for the connection and the sign-in; the file itself may take longer.
SIGN_IN = 30
_PORT = 22
_READ = 1 << 16


class SftpConnector:
    """Writes beside and renames: whoever watches the folder sees whole files only. Settings: docs/payouts.md."""

    def __init__(
        self, url: str = "", *, host_key: str = "", password: str = "", key_file: str = ""
    ) -> None:
        self._url = urlsplit(url or settings.PAYOUT_SFTP_URL)
        self._host_key = host_key or settings.PAYOUT_SFTP_HOST_KEY
        self._password = password or settings.PAYOUT_SFTP_PASSWORD
        self._key_file = key_file or settings.PAYOUT_SFTP_KEY_FILE

    def deliver(self, parcel: Parcel) -> Acknowledged:
        """Put the file at its place."""
        if self._url.scheme != "sftp" or not self._url.hostname or not self._url.username or not self._host_key:
            raise NotTaken("PAYOUT_SFTP_URL or PAYOUT_SFTP_HOST_KEY does not say where to send it")
        # Read before: nothing of ours can be asked from within the library's loop. A file of a batch is some ten megabytes.
        return asyncio.run(self._deliver(parcel, list(parcel.content())))

    async def _deliver(self, parcel: Parcel, blocks: Sequence[bytes]) -> Acknowledged:
        try:
            connection = await asyncio.wait_for(self._connected(), SIGN_IN)
        except (TimeoutError, OSError, asyncssh.Error, ValueError) as error:
            # Signed in nowhere: nothing has left. What the library says may hold addresses, never a person's data.
            raise NotTaken(f"no connection to the bank: {type(error).__name__}") from error
        try:
            return await self._put(await connection.start_sftp_client(), parcel, blocks)
        finally:
            connection.close()
            await connection.wait_closed()

    async def _connected(self) -> asyncssh.SSHClientConnection:
        key = asyncssh.import_public_key(self._host_key)
        return await asyncssh.connect(
            self._url.hostname or "", self._url.port or _PORT, username=unquote(self._url.username or ""),
            password=self._password or None, client_keys=[self._key_file] if self._key_file else None,
            known_hosts=([key], [], []), agent_path=None, config=None,
        )

    async def _put(self, client: asyncssh.SFTPClient, parcel: Parcel, blocks: Sequence[bytes]) -> Acknowledged:
        folder = self._url.path.rstrip("/") or "."
        target, part = f"{folder}/{parcel.name}", f"{folder}/.{parcel.name}.part"
        if await client.exists(target):
            if await _digest(client, target) != parcel.sha256:
                raise NotTaken(f"another file lies at {parcel.name}")
            return Acknowledged(target)
        try:
            async with client.open(part, "wb") as written:
                for block in blocks:
                    await written.write(block)
            whole = await _digest(client, part) == parcel.sha256
        except asyncssh.SFTPError as error:
            # Under its own name nothing lies there yet.
            raise NotTaken(f"the bank refuses the file: {error.reason[:100]}") from error
        if not whole:
            raise NotTaken("the file did not arrive whole")
        # Whatever happens from here on, the bank may have it.
        await client.rename(part, target)
        return Acknowledged(target)


async def _digest(client: asyncssh.SFTPClient, path: str) -> str:
    found = hashlib.sha256()
    async with client.open(path, "rb") as read:
        while block := await read.read(_READ):
            found.update(block if isinstance(block, bytes) else block.encode())
    return found.hexdigest()
