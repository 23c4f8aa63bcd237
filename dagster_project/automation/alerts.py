"""Alerts: the messages that are sent when the warehouse could not do its work, and the channels they are sent by.

AFTERSALES_ALERTS names the channels, separated by blanks:

    https://…              a webhook: the alert as JSON
    dingtalk+https://…     a DingTalk (钉钉) group robot; `&secret=…` signs the message
    wecom+https://…        a WeCom (企业微信) group robot
    mailto:a@x.cn,b@x.cn   e-mail through AFTERSALES_SMTP, smtp[s]://user:password@host:port
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from functools import partial
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from dagster_project.errors import ExpectedError

_SECONDS_TO_ANSWER = 10
_LONGEST_TEXT = 3000

logger = logging.getLogger(__name__)


class AlertSettingsError(ExpectedError, ValueError):
    """AFTERSALES_ALERTS or AFTERSALES_SMTP can't be used; the message names the part at fault, without its secrets."""


@dataclass(frozen=True)
class Alert:
    """A message to people: `kind` is run_failed, publishing_blocked, dataset_stale or backup_overdue."""

    kind: str
    title: str
    text: str
    run_id: str = ""
    link: str = ""

    @property
    def body(self) -> str:
        """Title, text and link as one text."""
        return "\n\n".join(part for part in (self.title, self.text[:_LONGEST_TEXT], self.link) if part)


Send = Callable[[Alert], None]


def _post(url: str, content: Mapping) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    request = Request(url, data=body, headers={"Content-Type": "application/json; charset=utf-8"})
    with urlopen(request, timeout=_SECONDS_TO_ANSWER) as answer:
        response = answer.read(10_000)
    # DingTalk and WeCom always answer with status 200; an error is in the body.
    if b"errcode" in response and (code := json.loads(response).get("errcode")):
        raise OSError(f"the robot refused the message, errcode {code}")


def _signed(url: str, at_ms: int) -> str:
    """The address of a DingTalk robot, signed when it came with a secret."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    secret = query.pop("secret", "")
    if secret:
        digest = hmac.new(secret.encode(), f"{at_ms}\n{secret}".encode(), hashlib.sha256).digest()
        query |= {"timestamp": str(at_ms), "sign": base64.b64encode(digest).decode()}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _webhook(url: str) -> Send:
    return lambda alert: _post(url, asdict(alert))


def _dingtalk(url: str) -> Send:
    def send(alert: Alert) -> None:
        markdown = {"title": alert.title, "text": f"### {alert.title}\n\n{alert.text[:_LONGEST_TEXT]}\n\n{alert.link}"}
        _post(_signed(url, int(time.time() * 1000)), {"msgtype": "markdown", "markdown": markdown})

    return send


def _wecom(url: str) -> Send:
    # WeCom accepts at most 2,048 bytes of text.
    return lambda alert: _post(
        url, {"msgtype": "text", "text": {"content": alert.body.encode()[:2000].decode(errors="ignore")}}
    )


def _mail(recipients: str, server: str) -> Send:
    parts = urlsplit(server)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise AlertSettingsError("mailto: in AFTERSALES_ALERTS needs AFTERSALES_SMTP, smtp://[user:password@]host:port")
    sender = unquote(parts.username or "")

    def send(alert: Alert) -> None:
        message = EmailMessage()
        message["Subject"], message["To"] = alert.title, recipients
        message["From"] = sender if "@" in sender else f"aftersales@{parts.hostname}"
        message.set_content(alert.body)
        connect = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with connect(parts.hostname or "", parts.port or 0, timeout=_SECONDS_TO_ANSWER) as smtp:
            if parts.scheme == "smtp" and smtp.has_extn("starttls"):
                smtp.starttls()
            if parts.password:
                smtp.login(sender, unquote(parts.password))
            smtp.send_message(message)

    return send


def _host(url: str) -> str:
    """The host of an address; empty where it has none, or its port is not valid."""
    try:
        parts = urlsplit(url)
        return "" if parts.port == 0 else parts.hostname or ""
    except ValueError:
        return ""


def read_sinks(environment: Mapping[str, str] = os.environ) -> dict[str, Send]:
    """The channels of alerts, by a name that holds no secret; raises AlertSettingsError for one that can't be used."""
    sinks: dict[str, Send] = {}
    for number, channel in enumerate(environment.get("AFTERSALES_ALERTS", "").split(), start=1):
        scheme, _, rest = channel.partition(":")
        kind, _, protocol = scheme.partition("+")
        host = _host(f"{protocol or scheme}:{rest}")
        makers: dict[str, Callable[[], Send]] = {
            "http": partial(_webhook, channel),
            "https": partial(_webhook, channel),
            "dingtalk": partial(_dingtalk, f"{protocol}:{rest}"),
            "wecom": partial(_wecom, f"{protocol}:{rest}"),
            "mailto": partial(_mail, rest, environment.get("AFTERSALES_SMTP", "")),
        }
        if kind not in makers or (kind != "mailto" and not host):
            raise AlertSettingsError(
                f"AFTERSALES_ALERTS, part {number}: write https://…, dingtalk+https://…, wecom+https://… or mailto:…"
            )
        sinks[f"{kind} {host or rest} ({number})"] = makers[kind]()
    return sinks


def send_alert(alert: Alert, sinks: Mapping[str, Send]) -> list[str]:
    """Send the alert through every channel; returns the names of those that failed.

    A failure is logged and stops neither the other channels nor the run.
    """
    failed = []
    for name, send in sinks.items():
        try:
            send(alert)
        except Exception as error:
            # Whatever one channel raises, the others follow. The error's text may hold the address with its token.
            logger.error("alert %r could not be sent by %s: %s", alert.kind, name, type(error).__name__)
            failed.append(name)
    return failed
