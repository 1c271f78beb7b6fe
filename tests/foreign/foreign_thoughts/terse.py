"""The style `terse`: the role `ex` is asked in one word."""

from thoughtmill.train.roles.styles import Style

TERSE = Style({"ex": "{problem}\nExpression: "}, ending="")
