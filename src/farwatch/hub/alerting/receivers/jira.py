"""Jira: an issue for each group of alerts, opened, brought up to date, and closed with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import LONG_ANSWER_LIMIT_BYTES, Client
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url
from farwatch.hub.alerting.receivers.words import TemplateTree, Words, compose, cut
from farwatch.hub.alerting.templates import Template, calling

SUMMARY_LIMIT, DESCRIPTION_LIMIT = 255, 32_767
_DONE = "done"


class JiraText:
    """A field as it may be written: a template, or a template and ``enable_update``."""

    def __init__(self, template: Template, *, enable_update: bool = True) -> None:
        self.template = template
        self.enable_update = enable_update
        self.templates = [template]

    @classmethod
    def convert(cls, value: Any) -> JiraText:
        """From either form.

        Raises:
            ValueError: It is of neither.
        """
        if isinstance(value, str):
            return cls(Template(value))
        if not isinstance(value, dict) or set(value) - {"template", "enable_update"}:
            raise ValueError("must be a template, or a mapping of `template` and `enable_update`")
        update = value.get("enable_update", True)
        if not isinstance(value.get("template"), str) or not isinstance(update, bool):
            raise ValueError("`template` must be a text, and `enable_update` true or false")  # noqa: TRY004 - as the reader expects
        return cls(Template(value["template"]), enable_update=update)


class JiraConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``jira_configs``."""

    inherited = (("api_url",),)
    prefix = "jira_"

    api_url: Url | None = None
    api_type: Literal["auto", "cloud", "datacenter"] = "auto"
    project: Template
    issue_type: Template
    summary: JiraText = JiraText(calling("jira.default.summary"))
    description: JiraText = JiraText(calling("jira.default.description"))
    priority: Template = calling("jira.default.priority")
    labels: list[Template] = msgspec.field(default_factory=list)
    reopen_transition: str = ""
    resolve_transition: str = ""
    wont_fix_resolution: str = ""
    reopen_duration: Duration = Duration(0)
    fields: TemplateTree = TemplateTree({})
    custom_fields: TemplateTree = TemplateTree({})

    def shortcomings(self) -> Iterator[Fault]:
        """The address."""
        if self.api_url is None:
            yield Fault((), "no address: set `api_url`, or `jira_api_url` in `global`")

    @property
    def is_v3(self) -> bool:
        """Whether version 3 of the API is spoken, which wants descriptions as documents."""
        return (self.api_url or "").rstrip("/").endswith("/3")


class StatusCategory(msgspec.Struct):
    """Whether an issue is open."""

    key: str = ""


class IssueStatus(msgspec.Struct, rename="camel"):
    """How an issue stands."""

    status_category: StatusCategory = msgspec.field(default_factory=StatusCategory)


class IssueFields(msgspec.Struct):
    """What is asked of an issue."""

    status: IssueStatus = msgspec.field(default_factory=IssueStatus)


class Issue(msgspec.Struct):
    """An issue that is there."""

    key: str
    fields: IssueFields = msgspec.field(default_factory=IssueFields)

    @property
    def is_done(self) -> bool:
        """Whether it is closed."""
        return self.fields.status.status_category.key == _DONE


class Found(msgspec.Struct):
    """What a search gives."""

    issues: list[Issue] = []


class Transition(msgspec.Struct):
    """A way from one state of an issue to another."""

    id: str
    name: str


class Transitions(msgspec.Struct):
    """The ways that there are now."""

    transitions: list[Transition] = []


class Jira:
    """Keeps an issue for each group."""

    kind = "jira"

    def __init__(self, config: JiraConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)

    async def send(self, message: Message) -> str:
        """Open the group's issue, or bring it up to date, or close it; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        project = words.exact("project", self._config.project)
        issue = await self._find(project, message)
        if issue is None:
            if message.status is Status.RESOLVED:
                return "no open issue"
            fields = await compose(message, lambda: self._fields(project, message, words))
            created = await self._ask("POST", "issue", {"fields": fields})
            return f"issue {_read(created, Issue).key}"
        fields = await compose(message, lambda: self._fields(project, message, words))
        for name in ("summary", "description"):
            if not getattr(self._config, name).enable_update:
                fields.pop(name, None)
        await self._ask("PUT", f"issue/{issue.key}", {"fields": fields})
        await self._move(issue, message.status)
        return f"issue {issue.key}"

    def _fields(self, project: str, message: Message, words: Words) -> dict[str, Any]:
        config = self._config
        fields: dict[str, Any] = {
            "project": {"key": project},
            "issuetype": {"name": words.exact("issue_type", config.issue_type)},
            "summary": cut(" ".join(words.title(config.summary.template).split()), SUMMARY_LIMIT),
            "labels": sorted(filter(None, [*map(words.line, config.labels), _label(message)])),
            **config.custom_fields.render(words),
            **config.fields.render(words),
        }
        if priority := words.line(config.priority).strip():
            fields["priority"] = {"name": priority}
        description = cut(words.text(config.description.template), DESCRIPTION_LIMIT)
        if description.strip():
            fields["description"] = _document(description) if config.is_v3 else description
        return fields

    async def _find(self, project: str, message: Message) -> Issue | None:
        """The group's issue that is open, or was closed so short a while ago that it is opened again."""
        config = self._config
        conditions = []
        if config.wont_fix_resolution:
            conditions.append(f"(resolution is EMPTY or resolution != {_quoted(config.wont_fix_resolution)})")
        minutes = int(config.reopen_duration // 60)
        if message.status is Status.FIRING and config.reopen_transition and minutes > 0:
            conditions.append(f"(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m)")
        else:
            conditions.append("statusCategory != Done")
        conditions += [f"project={_quoted(project)}", f"labels={_quoted(_label(message))}"]
        jql = f"{' and '.join(conditions)} order by status ASC,resolutiondate DESC"
        body = {"jql": jql, "maxResults": 2, "fields": ["status"]}
        found = _read(await self._ask("POST", self._search_path(), body), Found)
        return found.issues[0] if found.issues else None

    def _search_path(self) -> str:
        config = self._config
        host = urlsplit(config.api_url or "").hostname or ""
        if config.api_type == "cloud" or (config.api_type == "auto" and host.endswith("atlassian.net")):
            return "search/jql"
        return "search"

    async def _move(self, issue: Issue, status: Status) -> None:
        """Open an issue that is closed, or close one that is open, where the configuration says how."""
        config = self._config
        firing = status is Status.FIRING
        name = config.reopen_transition if firing else config.resolve_transition
        if not name or issue.is_done is not firing:
            return
        path = f"issue/{issue.key}/transitions"
        ways = _read(await self._ask("GET", path), Transitions).transitions
        way = next((way.id for way in ways if way.name == name), None)
        if way is None:
            names = ", ".join(way.name for way in ways)[:200]
            raise DeliveryError(
                f'issue {issue.key} has no transition "{name}" now, but {names or "none"}', retryable=False
            )
        await self._ask("POST", path, {"transition": {"id": way}})

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        url = (self._config.api_url or Url()).joined(path)
        if path == "search/jql":  # the cloud has it in version 3 alone
            url = url.replace("/rest/api/2/", "/rest/api/3/", 1)
        answer = await self._client.send(
            url,
            b"" if body is None else msgspec.json.encode(body),
            method=method,
            headers={"Accept-Language": "en"},
            answer_limit_bytes=LONG_ANSWER_LIMIT_BYTES,
        )
        return answer.body


def _label(message: Message) -> str:
    return f"ALERT{{{message.group_hash}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _document(text: str) -> Any:
    """A text in Atlassian's document format; one that is JSON is taken as such a document."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        return found
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in text.splitlines()
        if line
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _read(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise DeliveryError(f"Jira's answer is not what it must be: {error}", retryable=True) from error
