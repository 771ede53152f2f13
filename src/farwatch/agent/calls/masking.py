"""Takes out of a text what looks like a secret, before it leaves the cluster.

Nobody can find every secret in free text. What is found is what services write by mistake again and again: headers,
settings with telling names, addresses with passwords in them, and tokens whose makers gave them a prefix to be found by.
Whatever is found becomes ``***``; the name before it stays, so that the line can still be understood.

Each pattern begins with fixed letters and repeats single classes of characters up to a bound, so that the time it
takes grows with the text and not faster.
"""

from __future__ import annotations

import re

MASK = "***"

_NAMES = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|credential"
    r"|(?:api|access|account|client|encryption|master|private|signing)[_-]?key"
)
_QUOTE = r"""(?:\\?["'])?"""
_VALUE = (
    r"""(?:(?<=\\")[^"\\\n]{1,8000}"""  # in JSON within JSON
    r"""|(?<=")(?:[^"\\\n]|\\.){1,8000}"""
    r"""|(?<=')(?:[^'\\\n]|\\.){1,8000}"""
    r"""|[^\s"',;&}\])]{1,8000})"""
)
_SEPARATOR = r"[ \t]{0,3}[:=]>?[ \t]{0,3}"

_PATTERNS: tuple[re.Pattern[str], ...] = (
    # -----BEGIN RSA PRIVATE KEY----- and what follows
    re.compile(r"(?P<before>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?:[^-]|-(?!----)){1,8000}"),
    # the rest of one whose beginning is on earlier lines
    re.compile(r"\A(?P<before>)[A-Za-z0-9+/=\r\n]{1,8000}(?=-----END [A-Z ]{0,30}PRIVATE KEY-----)"),
    # Authorization: Basic dXNlcjpwYXNz, "authorization":"Bearer abc"
    re.compile(
        rf"(?i)(?P<before>authorization{_QUOTE}{_SEPARATOR}{_QUOTE}"
        rf"(?:(?:basic|bearer|digest|negotiate|token)[ \t]{{1,3}})?){_VALUE}"
    ),
    re.compile(r"(?i)(?P<before>\bbearer[ \t]{1,3})[a-z0-9._~+/=-]{8,8000}"),
    re.compile(rf"(?i)(?P<before>\b(?:set-)?cookie{_QUOTE}{_SEPARATOR})[^\n]{{1,8000}}"),
    # password=abc, "db_password": "abc", --token abc
    re.compile(rf"(?i)(?P<before>(?:{_NAMES})s?[a-z0-9_.-]{{0,30}}{_QUOTE}{_SEPARATOR}{_QUOTE}){_VALUE}"),
    re.compile(
        rf"(?i)(?P<before>(?<!-)--(?=[a-z])[a-z-]{{0,20}}(?:{_NAMES})[ \t]{{1,3}})[^\s-][^\s]{{0,8000}}"
    ),
    # postgres://user:abc@host
    re.compile(r"(?P<before>://[^\s:/@]{0,200}:)[^\s/@]{1,500}(?=@)"),
    # shop:abc@tcp(db:3306), as Go's drivers have it
    re.compile(r"(?P<before>\w:)[^\s:/@]{1,200}(?=@(?:tcp|unix)\()"),
    # {"auth": "dXNlcjpwYXNz"} of registries
    re.compile(r'(?P<before>"auth"[ \t]{0,3}:[ \t]{0,3}")[A-Za-z0-9+/]{12,8000}={0,2}(?=")'),
    # Addresses that are secrets: signed ones, and webhooks of Slack, Discord, Teams and Telegram
    re.compile(r"(?i)(?P<before>[?&](?:x-(?:amz|goog)-)?sig(?:nature)?=)[^\s&\"']{8,1000}"),
    re.compile(
        r"(?P<before>hooks\.slack\.com/(?:services|triggers|workflows)/|discord(?:app)?\.com/api/webhooks/"
        r"|webhook\.office\.com/webhookb2/)[A-Za-z0-9@/_-]{4,500}"
    ),
    re.compile(r"(?P<before>/bot)[0-9]{6,12}:[A-Za-z0-9_-]{10,100}"),
    # Tokens that say whose they are: GitHub, GitLab, Slack, npm, PyPI, Docker, Hugging Face, SendGrid, Stripe and others'
    # sk-, Vault, Google, AWS, Farwatch
    re.compile(
        r"\b(?P<before>gh[pousr]_|github_pat_|gl(?:pat|rt|dt|ptt)-|xox[abeoprs]-|xapp-|npm_|pypi-|dckr_pat_|hf_|SG\."
        r"|[rs]k_(?:live|test)_|whsec_|sk-|hv[bs]\.|AIza|ya29\.|AKIA|ASIA|fw[a-z]_)"
        r"[A-Za-z0-9_./=-]{12,500}"
    ),
    # JSON Web Tokens
    re.compile(r"\b(?P<before>eyJ)[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]{0,2000})?"),
)


def mask_secrets(text: str) -> tuple[str, int]:
    """The text with every secret that was found masked, and how many there were."""
    found = 0
    for pattern in _PATTERNS:
        text, count = pattern.subn(_mask, text)
        found += count
    return text, found


def _mask(match: re.Match[str]) -> str:
    return match["before"] + MASK
