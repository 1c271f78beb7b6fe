"""The style `terse`: the role `ex` is asked in one word."""

from thoughtmill.train.styles import Style

TERSE = Style({"ex": "{problem}\nExpression: "}, ending="")
