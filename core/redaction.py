"""A second line of defence: what looks like a secret does not get into a log, should a message ever carry one."""

import re

_SECRETS = (
    (r"(dkd|whsec)_[\w+/=-]+", r"\1_***"),  # our API keys, secrets of webhooks
    (r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=,]\s*b?)(\"[^\"]*\"|'[^']*'|[^\r\n]+)", r"\1\2***"),
    (r"(?i)\b(bearer)\s+[\w.~+/=-]{8,}", r"\1 ***"),
    (r"(?i)(password|passwd|secret|token|api_?key)(['\"]?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)]+)", r"\1\2***"),
    (r"(://[^\s/:@]*):[^\s/]*@", r"\1:***@"),  # a password in a URL
)
# None begins with a repetition: a stranger's long word must not cost more than its length.
_PATTERNS = [(re.compile(pattern), instead) for pattern, instead in _SECRETS]


def redact(text: str) -> str:
    """The text with `***` in place of keys, passwords, cookies and headers of authorization."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
