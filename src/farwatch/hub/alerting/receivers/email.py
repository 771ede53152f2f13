"""E-mail, by a server that speaks SMTP."""

from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid
from typing import Literal, NamedTuple

import aiosmtplib
import msgspec
import structlog

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.clues import in_html, in_text
from farwatch.hub.alerting.receivers.deliveries import Deliveries
from farwatch.hub.alerting.receivers.http import DETAIL_LIMIT
from farwatch.hub.alerting.receivers.reading import read_secret, redact
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import HostPort, ReceiverSection, TlsConfig, at_most_one
from farwatch.hub.alerting.receivers.trust import tls_context
from farwatch.hub.alerting.receivers.words import Words, compose, cut, cut_bytes
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

_log = structlog.get_logger(__name__)

SUBJECT_LIMIT = 900
BODY_LIMIT_BYTES = 5_000_000
"""Servers take 10 MB and more; what is encoded grows by a third."""

QUIT_SECONDS = 1.0

_IMPLICIT_TLS_PORT = 465
_PERMANENT = 500
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_THREAD_HEADERS = ("References", "In-Reply-To")


class Threading(Section, frozen=True, kw_only=True):
    """Whether the mails of a group are shown as one conversation."""

    enabled: bool = False
    thread_by_date: Literal["daily", "none"] = "daily"


class EmailConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``email_configs``; what is not set is taken from ``smtp_...`` in ``global``."""

    inherited = (
        ("from_",),
        ("hello",),
        ("smarthost",),
        ("auth_username",),
        ("auth_identity",),
        ("auth_password", "auth_password_file"),
        ("auth_secret", "auth_secret_file"),
        ("require_tls",),
        ("tls_config",),
        ("force_implicit_tls",),
    )
    prefix = "smtp_"

    send_resolved: bool = False
    to: Template
    from_: Template | None = msgspec.field(name="from", default=None)
    hello: str | None = None
    smarthost: HostPort | None = None
    auth_username: str | None = None
    auth_identity: str | None = None
    auth_password: Secret | None = None
    auth_password_file: str | None = None
    auth_secret: Secret | None = None
    auth_secret_file: str | None = None
    headers: dict[str, Template] = msgspec.field(default_factory=dict)
    html: Template = calling("email.default.html")
    text: Template | None = None
    require_tls: bool | None = None
    tls_config: TlsConfig | None = None
    force_implicit_tls: bool | None = None
    threading: Threading = Threading()

    def faults(self) -> Iterator[Fault]:
        """One source of each secret; headers named once, and not those that threading sets."""
        if self.http_config is not None:
            yield Fault(("http_config",), "`http_config` means nothing here: mails go by SMTP")
        yield from at_most_one(self, "auth_password", "auth_password_file")
        yield from at_most_one(self, "auth_secret", "auth_secret_file")
        names = [name.title() for name in self.headers]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Fault(("headers",), f"`{name}` stands twice in `headers`")
        for name in self.headers:
            if self.threading.enabled and name.title() in _THREAD_HEADERS:
                yield Fault(("headers", name), f"`{name}` is set by `threading`: leave out one of the two")

    def shortcomings(self) -> Iterator[Fault]:
        """A server and a sender."""
        for name in ("smarthost", "from"):
            if getattr(self, name.replace("from", "from_")) is None:
                yield Fault((), f"`{name}` is missing: set it here, or `smtp_{name}` in `global`")


class Refusal(NamedTuple):
    """Why a server does not take a mail for somebody."""

    code: int
    words: str

    @property
    def is_passing(self) -> bool:
        """Whether it may be otherwise later."""
        return self.code < _PERMANENT


class Answer(NamedTuple):
    """What came of a mail: the server's receipt, and whom it was refused for."""

    receipt: str
    refused: dict[str, Refusal]


class Email:
    """Sends mails."""

    kind = "email"

    def __init__(self, config: EmailConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._timeout = context.timeout
        self._server = config.smarthost or HostPort("localhost", 25)
        self._tls = config.tls_config or TlsConfig()
        self._deliveries = Deliveries()

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt. Who had it when it was tried before does not get it again.

        Raises:
            DeliveryError: It was not taken, or somebody could not be told for now.
        """
        mail, sender, recipients = await compose(message, lambda: self._mail(message))
        settled = self._deliveries.settled(message)
        left = [recipient for recipient in recipients if recipient not in settled]
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._deliver(client, mail, sender, left)
            await _leave(client)
        except TimeoutError as error:
            raise DeliveryError(f"no answer within {self._timeout:g} s", retryable=True) from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"the server cannot be reached: {error}", retryable=True) from error
        except ValueError as error:  # an address that cannot be sent to
            raise DeliveryError(f"the mail cannot be sent: {error}", retryable=False) from error
        finally:
            client.close()
        settled |= dict.fromkeys(left, "")
        settled |= {name: str(self._refused(*refusal)) for name, refusal in answer.refused.items()}
        return self._judge(message, settled, answer)

    def _judge(self, message: Message, settled: dict[str, str], answer: Answer) -> str:
        """The receipt; whoever is refused for now is told when it is tried again, and they alone."""
        passing = {name: refusal for name, refusal in answer.refused.items() if refusal.is_passing}
        if passing:
            kept = {name: why for name, why in settled.items() if name not in passing}
            self._deliveries.keep(message, kept)
            (refusal, *_) = passing.values()
            told = f" ({len(passing)} of {len(settled)} recipients)" if kept else ""
            raise DeliveryError(f"{self._refused(*refusal)}{told}", retryable=True)
        self._deliveries.forget(message)
        refusals = [f"{name}: {why}" for name, why in settled.items() if why]
        if not refusals:
            return answer.receipt
        if len(refusals) == len(settled):
            raise DeliveryError(refusals[0].partition(": ")[2], retryable=False)
        # Not a failure: if it were tried again, those who have it would get it again, and these never.
        _log.warning("mail refused for some of its recipients", refusals=refusals)
        return f"{answer.receipt}; refused for {', '.join(refusals)}"

    def _client(self) -> aiosmtplib.SMTP:
        config = self._config
        implicit = config.force_implicit_tls
        if implicit is None:
            implicit = self._server.port == _IMPLICIT_TLS_PORT
        named = implicit and self._tls.server_name
        return aiosmtplib.SMTP(
            # With TLS from the start, the library looks for the certificate under this name: see `_deliver`.
            hostname=self._tls.server_name if named else self._server.host,
            port=None if named else self._server.port,
            use_tls=implicit,
            start_tls=False,
            local_hostname=config.hello,
            tls_context=tls_context(self._tls),
            timeout=None,
        )

    async def _deliver(
        self, client: aiosmtplib.SMTP, mail: EmailMessage, sender: str, recipients: list[str]
    ) -> Answer:
        if client.port is None:
            await client.connect(sock=await _open_socket(self._server))
        else:
            await client.connect()
        if self._config.require_tls and not client.use_tls:
            await self._start_tls(client)
        await self._log_in(client)
        try:
            refused, receipt = await client.send_message(mail, sender=sender, recipients=recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return Answer("", {each.recipient: Refusal(each.code, each.message) for each in error.recipients})
        return Answer(receipt, {name: Refusal(*refusal) for name, refusal in refused.items()})

    async def _start_tls(self, client: aiosmtplib.SMTP) -> None:
        await client.ehlo()
        if not client.supports_extension("starttls"):
            raise DeliveryError(
                "`require_tls` is true (the default), and the server offers no STARTTLS", retryable=True
            )
        await client.starttls(server_hostname=self._tls.server_name)

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        """Authenticate by the first of the server's ways that there is a secret for, as upstream; if there is a name."""
        config = self._config
        name = config.auth_username
        await client.ehlo()
        if not name or not client.supports_extension("auth"):
            return
        offered = {way.upper() for way in client.supported_auth_methods}
        if "CRAM-MD5" in offered and (config.auth_secret or config.auth_secret_file):
            await client.auth_crammd5(name, read_secret(config.auth_secret, config.auth_secret_file))
            return
        if not (config.auth_password or config.auth_password_file):
            raise DeliveryError(
                f"no secret for any way to log in that the server has: {offered}", retryable=False
            )
        password = read_secret(config.auth_password, config.auth_password_file)
        if "PLAIN" in offered:
            await self._log_in_plainly(client, name, password)
        else:
            await client.auth_login(name, password)

    async def _log_in_plainly(self, client: aiosmtplib.SMTP, name: str, password: str) -> None:
        """PLAIN (RFC 4616), as somebody else where there is an identity; the library has nobody else."""
        words = f"{self._config.auth_identity or ''}\0{name}\0{password}"
        answer = await client.execute_command(b"AUTH", b"PLAIN", b64encode(words.encode()))
        if answer.code != aiosmtplib.SMTPStatus.auth_successful:
            raise aiosmtplib.SMTPAuthenticationError(answer.code, answer.message)

    def _refused(self, code: int, words: str) -> DeliveryError:
        # As upstream, what the server refuses is tried again where it may be passing: 4xx (RFC 5321, 4.2.1).
        text = redact(words, self._secrets())[:DETAIL_LIMIT]
        return DeliveryError(f"status {code}: {text}", retryable=code < _PERMANENT)

    def _secrets(self) -> Iterator[str]:
        """What a server must not be heard repeating, plainly or as it was sent."""
        config = self._config
        for inline, file in (
            (config.auth_password, config.auth_password_file),
            (config.auth_secret, config.auth_secret_file),
        ):
            if inline or file:
                secret = read_secret(inline, file)
                words = f"{config.auth_identity or ''}\0{config.auth_username}\0{secret}"
                yield from (secret, *(b64encode(text.encode()).decode() for text in (words, secret)))

    def _mail(self, message: Message) -> tuple[EmailMessage, str, list[str]]:
        """A mail, its sender's address and its recipients'."""
        config = self._config
        words = Words(self._templates, message)
        to, from_ = words.exact("to", config.to), words.exact("from", config.from_)
        headers = {
            "Subject": cut(words.title(calling("email.default.subject")), SUBJECT_LIMIT),
            "To": to,
            "From": from_,
            "Date": formatdate(localtime=False),
            "Message-Id": make_msgid(domain="farwatch"),
            **{name.title(): words.line(template) for name, template in config.headers.items()},
            **self._thread(message),
        }
        mail = EmailMessage()
        for name, value in headers.items():
            mail[name] = _header(value)
        if config.text is not None:
            text = cut_bytes(words.text(config.text), BODY_LIMIT_BYTES)
            clues = "" if _shows_evidence(config.text) else in_text(message)
            mail.set_content(f"{text}\n\n{clues}" if clues else text)
        if config.html.source:
            mail.add_alternative(self._html(message, words), subtype="html")
        (sender,) = _addresses("from", from_)[:1]
        return mail, sender, _addresses("to", to)

    def _html(self, message: Message, words: Words) -> str:
        page = cut_bytes(words.text(self._config.html, html=True), BODY_LIMIT_BYTES)
        clues = "" if _shows_evidence(self._config.html) else in_html(message)
        body, end, after = page.rpartition("</body>")
        return f"{body}{clues}{end}{after}" if end else page + clues

    def _thread(self, message: Message) -> dict[str, str]:
        threading = self._config.threading
        if not threading.enabled:
            return {}
        day = f"{datetime.now(UTC):%Y-%m-%d}" if threading.thread_by_date == "daily" else ""
        root = f"<alert-{message.group_hash[:16]}-{day}@farwatch>"
        return dict.fromkeys(_THREAD_HEADERS, root)


def _shows_evidence(template: Template) -> bool:
    return ".Evidence" in template.source


def _header(value: str) -> str:
    # A line break within a label must not begin a header of its own.
    return _LINE_BREAKS.sub(" ", value)


def _addresses(name: str, text: str) -> list[str]:
    addresses = [address for _, address in getaddresses([_header(text)])]
    if not addresses or not all("@" in address for address in addresses):
        raise DeliveryError(f"`{name}` gives no addresses: {text!r}", retryable=False)
    return addresses


async def _open_socket(server: HostPort) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure = OSError(f"{server.host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(*server, type=socket.SOCK_STREAM):
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setblocking(False)  # noqa: FBT003 - the library's signature
            await loop.sock_connect(opened, address)
        except OSError as error:
            opened.close()
            failure = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise failure


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say good-bye; the mail is taken, whatever comes of that."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(QUIT_SECONDS):
            await client.quit()
